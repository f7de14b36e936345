import { humanDuration } from "../human_duration.ts";
import type {
  APIService,
  CertificateSigningRequest,
  ClusterRoleBinding,
  FlowSchema,
  Lease,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ParamKind,
  ParamRef,
  PriorityLevelConfiguration,
  ResourceClaim,
  ResourceSlice,
  ValidatingAdmissionPolicy,
} from "../generated/types.ts";
import { formatLabelSelector } from "../label_selector.ts";
import type { TableCell } from "../resource_definition.ts";
import {
  cells,
  type CellTable,
  nameAndAge,
  nameAndCreation,
  nameOf,
  NONE,
  objectAge,
  UNSET,
} from "./cells.ts";

const bindingCells = cells((binding: ClusterRoleBinding, now) => {
  const names = (wanted: string) =>
    (binding.subjects ?? [])
      .filter(({ kind }) => kind === wanted)
      .map(({ name, namespace }) =>
        wanted === "ServiceAccount" ? `${namespace ?? ""}/${name ?? ""}` : name ?? ""
      )
      .join(", ");
  return [
    nameOf(binding),
    `${binding.roleRef?.kind ?? ""}/${binding.roleRef?.name ?? ""}`,
    objectAge(binding, now),
    names("User"),
    names("Group"),
    names("ServiceAccount"),
  ];
});

const webhookCells = cells((config: MutatingWebhookConfiguration, now) => [
  nameOf(config),
  config.webhooks?.length ?? 0,
  objectAge(config, now),
]);

const policyBindingCells = cells(({ spec, ...object }: MutatingAdmissionPolicyBinding, now) => [
  nameOf(object),
  spec?.policyName ?? "",
  paramRefText(spec?.paramRef),
  objectAge(object, now),
]);

export const CLUSTER_CELLS: CellTable = {
  "apiregistration.k8s.io/APIService": cells(({ spec, status, ...object }: APIService, now) => {
    const available = status?.conditions?.find(({ type }) => type === "Available");
    const { service } = spec ?? {};
    return [
      nameOf(object),
      service === undefined ? "Local" : `${service.namespace ?? ""}/${service.name ?? ""}`,
      available === undefined
        ? "Unknown"
        : available.status === "True"
        ? "True"
        : `${available.status} (${available.reason})`,
      objectAge(object, now),
    ];
  }),
  "certificates.k8s.io/CertificateSigningRequest": cells(requestCells),
  "rbac.authorization.k8s.io/ClusterRole": nameAndCreation,
  "rbac.authorization.k8s.io/Role": nameAndCreation,
  "rbac.authorization.k8s.io/ClusterRoleBinding": bindingCells,
  "rbac.authorization.k8s.io/RoleBinding": bindingCells,
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": webhookCells,
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": webhookCells,
  "admissionregistration.k8s.io/MutatingAdmissionPolicy": cells(
    ({ spec, ...object }: MutatingAdmissionPolicy, now) => [
      nameOf(object),
      spec?.mutations?.length ?? 0,
      paramKindText(spec?.paramKind),
      objectAge(object, now),
    ],
  ),
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": cells(
    ({ spec, ...object }: ValidatingAdmissionPolicy, now) => [
      nameOf(object),
      spec?.validations?.length ?? 0,
      paramKindText(spec?.paramKind),
      objectAge(object, now),
    ],
  ),
  "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding": policyBindingCells,
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": policyBindingCells,
  "apiextensions.k8s.io/CustomResourceDefinition": nameAndCreation,
  "coordination.k8s.io/Lease": cells(({ spec, ...object }: Lease, now) => [
    nameOf(object),
    spec?.holderIdentity ?? "",
    objectAge(object, now),
  ]),
  "resource.k8s.io/DeviceClass": nameAndAge,
  "resource.k8s.io/ResourceClaimTemplate": nameAndAge,
  "resource.k8s.io/ResourceClaim": cells((claim: ResourceClaim, now) => [
    nameOf(claim),
    claimState(claim),
    objectAge(claim, now),
  ]),
  "resource.k8s.io/ResourceSlice": cells(({ spec, ...object }: ResourceSlice, now) => [
    nameOf(object),
    spec?.nodeName ?? "",
    spec?.driver ?? "",
    spec?.pool?.name ?? "",
    objectAge(object, now),
  ]),
  "flowcontrol.apiserver.k8s.io/FlowSchema": cells((
    { spec, status, ...object }: FlowSchema,
    now,
  ) => [
    nameOf(object),
    spec?.priorityLevelConfiguration?.name || NONE,
    spec?.matchingPrecedence ?? 0,
    spec?.distinguisherMethod?.type ?? NONE,
    objectAge(object, now),
    status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
  ]),
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": cells(levelCells),
};

function requestCells(
  { spec, status, ...object }: CertificateSigningRequest,
  now: number,
): TableCell[] {
  const has = (wanted: string) => status?.conditions?.some(({ type }) => type === wanted) ?? false;
  const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  const seconds = spec?.expirationSeconds;
  return [
    nameOf(object),
    objectAge(object, now),
    spec?.signerName || NONE,
    spec?.username ?? "",
    seconds === undefined ? NONE : humanDuration(seconds * 1000),
    decision + (has("Failed") ? ",Failed" : "") + (status?.certificate ? ",Issued" : ""),
  ];
}

function paramKindText(kind: ParamKind | undefined): string {
  return kind === undefined ? UNSET : `${kind.apiVersion ?? ""}/${kind.kind ?? ""}`;
}

function paramRefText(ref: ParamRef | undefined): string {
  if (ref === undefined) return UNSET;
  if (ref.name) return `${ref.namespace || "*"}/${ref.name}`;
  return ref.selector === undefined ? UNSET : formatLabelSelector(ref.selector);
}

function claimState({ metadata, status }: ResourceClaim): string {
  const states: string[] = [];
  const deleted = metadata?.deletionTimestamp !== undefined;
  if (deleted) states.push("deleted");
  if (status?.allocation === undefined) {
    if (!deleted) states.push("pending");
  } else {
    states.push("allocated");
    if ((status.reservedFor?.length ?? 0) > 0) states.push("reserved");
  }
  return states.join(",");
}

function levelCells({ spec, ...object }: PriorityLevelConfiguration, now: number): TableCell[] {
  const shares = spec?.limited?.nominalConcurrencyShares ?? spec?.exempt?.nominalConcurrencyShares;
  const queuing = spec?.limited?.limitResponse?.queuing;
  return [
    nameOf(object),
    spec?.type ?? "",
    shares ?? NONE,
    queuing?.queues ?? NONE,
    queuing?.handSize ?? NONE,
    queuing?.queueLengthLimit ?? NONE,
    objectAge(object, now),
  ];
}
