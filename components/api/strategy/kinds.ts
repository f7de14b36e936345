import type {
  APIService,
  AutoscalingV1HorizontalPodAutoscaler,
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  CustomResourceDefinition,
  Endpoints,
  EndpointSlice,
  Event,
  EventsV1Event,
  FlowSchema,
  HorizontalPodAutoscaler,
  Ingress,
  IngressClass,
  IPAddress,
  Lease,
  LimitRange,
  MutatingWebhookConfiguration,
  Namespace,
  NetworkPolicy,
  Node,
  PodDisruptionBudget,
  PriorityClass,
  PriorityLevelConfiguration,
  ResourceQuota,
  Role,
  RoleBinding,
  RuntimeClass,
  Secret,
  ServiceAccount,
  ServiceCIDR,
} from "../generated/types.ts";
import {
  definitionProblems,
  definitionStatusProblems,
  definitionUpdateProblems,
} from "../structural/check/definition_rules.ts";
import { definitionWarnings } from "../structural/check/warnings.ts";
import { heldForCleanup } from "../structural/cleanup.ts";
import { dnsLabelProblems, pathSegmentProblems } from "../names.ts";
import {
  validateAutoscaler,
  validateAutoscalerStatus,
  validateAutoscalerV1,
  validateDisruptionBudget,
  validateDisruptionBudgetStatus,
} from "../validation/autoscaling.ts";
import * as addresses from "../validation/addresses.ts";
import { validateApiService, validateApiServiceStatus } from "../validation/api_service.ts";
import * as certificates from "../validation/certificates.ts";
import * as endpoints from "../validation/endpoints.ts";
import * as events from "../validation/events.ts";
import * as ingress from "../validation/ingress.ts";
import * as cluster from "../validation/cluster.ts";
import * as config from "../validation/config.ts";
import * as extensions from "../validation/extensions.ts";
import * as flowControl from "../validation/flow_control.ts";
import * as network from "../validation/network.ts";
import * as quota from "../validation/quota.ts";
import * as rbac from "../validation/rbac.ts";
import { networkPolicyWarnings, nodeWarnings } from "../validation/warnings/addresses.ts";
import { accountWarnings, runtimeClassWarnings } from "../validation/warnings/workloads.ts";
import { DEVICE_RULES } from "./devices.ts";
import { POLICY_RULES } from "./policies.ts";
import { type KindRules, rules, type RuleTable } from "./rules.ts";

const SPEC = ["spec"];
const WEBHOOKS = rules<MutatingWebhookConfiguration>({
  generation: ["webhooks"],
  conditional: true,
  create: extensions.validateWebhooks,
});
/** Names that stand in a path, colons included. */
const ROLE: KindRules = { names: pathSegmentProblems, createOnUpdate: true };

export const KIND_RULES: RuleTable = {
  "/ConfigMap": rules<ConfigMap>({
    create: config.validateConfigMap,
    update: config.validateConfigMapUpdate,
  }),
  "/Endpoints": rules<Endpoints>({
    createOnUpdate: true,
    create: endpoints.validateEndpoints,
  }),
  "/Event": rules<Event>({ createOnUpdate: true, create: events.validateEvent }),
  "events.k8s.io/Event": rules<EventsV1Event>({
    createOnUpdate: true,
    create: events.validateEventsEvent,
    update: events.validateEventsEventUpdate,
  }),
  "/LimitRange": rules<LimitRange>({ createOnUpdate: true, create: quota.validateLimitRange }),
  "/Namespace": rules<Namespace>({
    names: dnsLabelProblems,
    returnsDeleted: true,
    status: () => ({ phase: "Active" }),
    prepareCreate(next) {
      const spec = next.spec ??= {};
      const finalizers = spec.finalizers ?? [];
      if (!finalizers.includes("kubernetes")) spec.finalizers = [...finalizers, "kubernetes"];
    },
    prepareUpdate(next, previous) {
      if (previous.spec === undefined) delete next.spec;
      else next.spec = previous.spec;
    },
    create: cluster.validateNamespace,
    update: () => {},
    statusUpdate: cluster.validateNamespaceStatus,
  }),
  "/Node": rules<Node>({
    status: "kept",
    create: cluster.validateNode,
    update: cluster.validateNodeUpdate,
    statusUpdate: (next, _previous, errors) => cluster.validateNode(next, errors),
    warnings: nodeWarnings,
  }),
  "/ResourceQuota": rules<ResourceQuota>({
    returnsDeleted: true,
    create: quota.validateQuota,
    update: quota.validateQuotaUpdate,
    statusUpdate: quota.validateQuotaStatus,
  }),
  "/Secret": rules<Secret>({
    create: config.validateSecret,
    update: config.validateSecretUpdate,
  }),
  "/ServiceAccount": rules<ServiceAccount>({ returnsDeleted: true, warnings: accountWarnings }),
  "apiregistration.k8s.io/APIService": rules<APIService>({
    conditional: true,
    create: validateApiService,
    statusUpdate: validateApiServiceStatus,
    names: pathSegmentProblems,
  }),
  "autoscaling/v1/HorizontalPodAutoscaler": rules<AutoscalingV1HorizontalPodAutoscaler>({
    status: () => ({ currentReplicas: 0, desiredReplicas: 0 }),
    create: validateAutoscalerV1,
    statusUpdate: validateAutoscalerStatus,
  }),
  "autoscaling/v2/HorizontalPodAutoscaler": rules<HorizontalPodAutoscaler>({
    status: () => ({ desiredReplicas: 0 }),
    create: validateAutoscaler,
    statusUpdate: validateAutoscalerStatus,
  }),
  "certificates.k8s.io/CertificateSigningRequest": rules<CertificateSigningRequest>({
    names: pathSegmentProblems,
    create: certificates.validateSigningRequest,
    prepareUpdate(next, previous) {
      if (previous.spec !== undefined) next.spec = previous.spec;
    },
    prepareStatus(next, previous) {
      // Decisions are made at the door for approvals: none is changed here, and one more or less is refused.
      const of = (type: string, { status }: CertificateSigningRequest) =>
        (status?.conditions ?? []).filter((each) => each.type === type);
      for (const type of ["Approved", "Denied"]) {
        const [given, held] = [of(type, next), of(type, previous)];
        if (held.length === 0 || given.length !== held.length) continue;
        const kept = [...held];
        const conditions = (next.status?.conditions ?? []).map((each) =>
          each.type === type ? kept.shift() ?? each : each
        );
        next.status = { ...next.status, conditions };
      }
    },
    statusUpdate: (next, previous, errors) =>
      certificates.validateSigningStatus(next, previous, errors, "status"),
  }),
  "networking.k8s.io/Ingress": rules<Ingress>({
    generation: SPEC,
    warnings: ({ metadata }) =>
      metadata?.annotations?.["kubernetes.io/ingress.class"] === undefined ? [] : [
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead",
      ],
    status: () => ({ loadBalancer: {} }),
    create: ingress.validateNewIngress,
    update: (next, _previous, errors) => ingress.validateIngress(next, errors),
    statusUpdate: ingress.validateIngressStatus,
  }),
  "networking.k8s.io/IngressClass": rules<IngressClass>({
    generation: SPEC,
    create: ingress.validateIngressClass,
    update: ingress.validateIngressClassUpdate,
  }),
  "networking.k8s.io/IPAddress": rules<IPAddress>({
    generation: "one",
    names: addresses.addressProblems,
    create: addresses.validateAddress,
    update: addresses.validateAddressUpdate,
  }),
  "networking.k8s.io/NetworkPolicy": rules<NetworkPolicy>({
    generation: SPEC,
    create: network.validateNetworkPolicy,
    warnings: networkPolicyWarnings,
  }),
  "networking.k8s.io/ServiceCIDR": rules<ServiceCIDR>({
    generation: SPEC,
    create: addresses.validateServiceCidr,
    update: addresses.validateServiceCidrUpdate,
  }),
  "policy/PodDisruptionBudget": rules<PodDisruptionBudget>({
    generation: SPEC,
    conditional: true,
    status: () => ({
      currentHealthy: 0,
      desiredHealthy: 0,
      disruptionsAllowed: 0,
      expectedPods: 0,
    }),
    create: validateDisruptionBudget,
    statusUpdate: validateDisruptionBudgetStatus,
  }),
  "rbac.authorization.k8s.io/Role": rules<Role>({ ...ROLE, create: rbac.validateRole }),
  "rbac.authorization.k8s.io/ClusterRole": rules<ClusterRole>({
    ...ROLE,
    create: rbac.validateClusterRole,
  }),
  "rbac.authorization.k8s.io/RoleBinding": rules<RoleBinding>({
    ...ROLE,
    create: rbac.validateRoleBinding,
    update(next, previous, errors) {
      rbac.validateRoleBinding(next, errors);
      rbac.validateRoleRefUpdate(next, previous, errors);
    },
  }),
  "rbac.authorization.k8s.io/ClusterRoleBinding": rules<ClusterRoleBinding>({
    ...ROLE,
    create: rbac.validateClusterRoleBinding,
    update(next, previous, errors) {
      rbac.validateClusterRoleBinding(next, errors);
      rbac.validateRoleRefUpdate(next, previous, errors);
    },
  }),
  ...POLICY_RULES,
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": WEBHOOKS,
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": WEBHOOKS,
  "apiextensions.k8s.io/CustomResourceDefinition": rules<CustomResourceDefinition>({
    generation: SPEC,
    conditional: true,
    status: () => ({}),
    prepareCreate: addStoredVersion,
    prepareUpdate: addStoredVersion,
    anyFinalizer: true,
    ownsSchema: true,
    prepareDelete: heldForCleanup,
    create: (next, errors) => errors.list.push(...definitionProblems(next)),
    update: (next, previous, errors) =>
      errors.list.push(...definitionUpdateProblems(next, previous)),
    statusUpdate: (next, _previous, errors) => errors.list.push(...definitionStatusProblems(next)),
    warnings: definitionWarnings,
  }),
  "scheduling.k8s.io/PriorityClass": rules<PriorityClass>({
    generation: "one",
    create: cluster.validatePriorityClass,
    update: cluster.validatePriorityClassUpdate,
  }),
  "coordination.k8s.io/Lease": rules<Lease>({
    conditional: true,
    createOnUpdate: true,
    create: cluster.validateLease,
  }),
  "node.k8s.io/RuntimeClass": rules<RuntimeClass>({
    conditional: true,
    createOnUpdate: true,
    create: cluster.validateRuntimeClass,
    update: cluster.validateRuntimeClassUpdate,
    warnings: runtimeClassWarnings,
  }),
  "discovery.k8s.io/EndpointSlice": rules<EndpointSlice>({
    generation: ["endpoints", "ports", "addressType"],
    create: endpoints.validateEndpointSlice,
    update: endpoints.validateEndpointSliceUpdate,
  }),
  ...DEVICE_RULES,
  "flowcontrol.apiserver.k8s.io/FlowSchema": rules<FlowSchema>({
    generation: SPEC,
    create: flowControl.validateFlowSchema,
  }),
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": rules<PriorityLevelConfiguration>({
    generation: SPEC,
    create: flowControl.validatePriorityLevel,
  }),
};

/** A version that is stored from now on stands in the status, where storage migrations look. */
function addStoredVersion(definition: CustomResourceDefinition): void {
  const stored = definition.spec?.versions?.find(({ storage }) => storage === true)?.name;
  if (stored === undefined) return;
  const status = definition.status ?? {};
  const versions = status.storedVersions ?? [];
  if (versions.includes(stored)) return;
  definition.status = { ...status, storedVersions: [...versions, stored] };
}
