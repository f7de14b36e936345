import { type Clock, FeatureGates, type MetricRegistry, type Random } from "../../base/mod.ts";
import type { Toleration } from "../../api/served.ts";
import type { RbacAuthorizer } from "../authz/mod.ts";
import {
  choice,
  ConfigurationError,
  fallback,
  type Field,
  integer,
  list,
  mapOf,
  members,
  text,
} from "../configuration/mod.ts";
import type { AdmissionPlugin, Authorizer, ObjectReader, ObjectWriter } from "../ports.ts";
import type { WebhookEndpoint } from "../review_webhook.ts";
import { alwaysAdmit, alwaysDeny } from "./always.ts";
import { alwaysPullImages } from "./always_pull_images.ts";
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from "./certificates.ts";
import { persistentVolumeClaimResize } from "./claim_resize.ts";
import { pluginConfiguration, type PluginConfigurations } from "./configuration.ts";
import { defaultIngressClass, defaultStorageClass } from "./default_class.ts";
import { nodeDeclaredFeatureValidator } from "./declared_features.ts";
import { denyServiceExternalIps, limitPodHardAntiAffinityTopology } from "./denied_fields.ts";
import { DEFAULT_CACHE_KEYS, EventRateLimit, LIMIT_TYPES } from "./event_rate_limit.ts";
import { extendedResourceToleration } from "./extended_resource_toleration.ts";
import type { AdmissionExtensions, ExtensionName } from "./extensions.ts";
import { IMAGE_POLICY, imagePolicyOf, ImagePolicyWebhook } from "./image_policy.ts";
import { LimitRanger } from "./limit_ranger.ts";
import { NamespaceLifecycle } from "./namespace_lifecycle.ts";
import { namespaceAutoProvision, namespaceExists } from "./namespace_presence.ts";
import { NodeRestriction } from "./node_restriction.ts";
import { type KindLookup, ownerReferencesPermissionEnforcement } from "./owner_references.ts";
import {
  DefaultTolerationSeconds,
  RuntimeClassAdmission,
  TaintNodesByCondition,
} from "./pod_defaults.ts";
import { PodNodeSelector } from "./pod_node_selector.ts";
import { podResizeValidator } from "./pod_resize.ts";
import { podSecurityConfiguration } from "./pod_security/configuration.ts";
import { PodSecurity } from "./pod_security/pod_security.ts";
import { podSecurityMeter } from "./pod_security/pod_security_metrics.ts";
import { PodTolerationRestriction } from "./pod_toleration_restriction.ts";
import { podTopologyLabels } from "./pod_topology_labels.ts";
import { Priority } from "./priority.ts";
import { resourceQuotaConfiguration } from "./resource_quota/configuration.ts";
import { ResourceQuotaAdmission } from "./resource_quota/resource_quota.ts";
import { ServiceAccountAdmission } from "./service_account.ts";
import { storageObjectInUseProtection } from "./storage_protection.ts";

/** What plugins look at. */
export interface AdmissionOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly kindOf: KindLookup;
  readonly clock: Clock;
  readonly random: Random;
  readonly gates?: FeatureGates;
  readonly metrics?: MetricRegistry;
  /** Where backends of plugins are, by the paths of the kubeconfigs that lead there. */
  readonly endpoints?: ReadonlyMap<string, WebhookEndpoint>;
  /** Webhooks and policies, which are kept from change events; none where not given. */
  readonly extensions?: AdmissionExtensions;
}

interface Row {
  readonly name: string;
  /** Whether it runs unless it is told not to. */
  readonly usual: boolean;
  make(options: AdmissionOptions, configurations: PluginConfigurations): AdmissionPlugin;
}

const on = (name: string, make: Row["make"]): Row => ({ name, usual: true, make });
const off = (name: string, make: Row["make"]): Row => ({ name, usual: false, make });

const extension = (name: ExtensionName): Row =>
  on(name, ({ extensions }) => extensions?.plugins[name] ?? { name, handles: () => false });

const positive: Field<number> = (value, path) => {
  const number = integer(value, path);
  if (number > 0) return number;
  throw new ConfigurationError(`${path}: Invalid value: ${number}: must be positive`);
};
const toleration = (value: unknown): Toleration => value as Toleration;

/** Every plugin that there is, in the order in which both passes call them. */
export const PLUGINS: readonly Row[] = [
  off("AlwaysAdmit", () => alwaysAdmit),
  off("NamespaceAutoProvision", ({ reader, writer }) => namespaceAutoProvision(reader, writer)),
  on("NamespaceLifecycle", ({ reader }) => new NamespaceLifecycle(reader)),
  off("NamespaceExists", ({ reader }) => namespaceExists(reader)),
  off("LimitPodHardAntiAffinityTopology", () => limitPodHardAntiAffinityTopology),
  on("LimitRanger", ({ reader }) => new LimitRanger(reader)),
  on(
    "ServiceAccount",
    ({ reader, clock, random }) => new ServiceAccountAdmission(reader, clock, random),
  ),
  // Off in a bare kube-apiserver; whoever sets up a cluster turns it on.
  on("NodeRestriction", ({ reader, authorizer }) => new NodeRestriction(reader, authorizer)),
  on("TaintNodesByCondition", () => new TaintNodesByCondition()),
  off("AlwaysPullImages", () => alwaysPullImages),
  off(IMAGE_POLICY, ({ clock, endpoints }, all) => {
    const policy = imagePolicyOf(all);
    const endpoint = endpoints?.get(policy?.kubeconfig ?? "");
    if (policy === undefined || endpoint === undefined) {
      throw new ConfigurationError(
        `couldn't init admission plugin "${IMAGE_POLICY}": no config specified`,
      );
    }
    return new ImagePolicyWebhook(policy, endpoint, clock);
  }),
  on(
    "PodSecurity",
    ({ reader, metrics }, all) =>
      new PodSecurity(
        reader,
        pluginConfiguration(all, "PodSecurity", podSecurityConfiguration),
        metrics === undefined ? undefined : podSecurityMeter(metrics),
      ),
  ),
  off("PodNodeSelector", ({ reader }, all) =>
    new PodNodeSelector(
      reader,
      pluginConfiguration(
        all,
        "PodNodeSelector",
        members({ podNodeSelectorPluginConfig: mapOf(text) }),
      )?.podNodeSelectorPluginConfig,
    )),
  on("Priority", ({ reader }) => new Priority(reader)),
  on("DefaultTolerationSeconds", () => new DefaultTolerationSeconds()),
  off("PodTolerationRestriction", ({ reader }, all) =>
    new PodTolerationRestriction(
      reader,
      pluginConfiguration(
        all,
        "PodTolerationRestriction",
        members({ default: list(toleration), whitelist: list(toleration) }),
      ),
    )),
  off("EventRateLimit", ({ clock }, all) => {
    const limits = pluginConfiguration(
      all,
      "EventRateLimit",
      members({
        limits: list(members({
          type: choice(...LIMIT_TYPES),
          qps: positive,
          burst: positive,
          cacheSize: fallback(positive, DEFAULT_CACHE_KEYS),
        })),
      }),
    )?.limits ?? [];
    if (limits.length === 0) {
      throw new ConfigurationError(
        'couldn\'t init admission plugin "EventRateLimit": limits: Required value',
      );
    }
    return new EventRateLimit(clock, limits);
  }),
  off("ExtendedResourceToleration", () => extendedResourceToleration),
  on("DefaultStorageClass", ({ reader }) => defaultStorageClass(reader)),
  on("StorageObjectInUseProtection", () => storageObjectInUseProtection),
  off(
    "OwnerReferencesPermissionEnforcement",
    ({ authorizer, kindOf }) => ownerReferencesPermissionEnforcement(authorizer, kindOf),
  ),
  on("PersistentVolumeClaimResize", ({ reader }) => persistentVolumeClaimResize(reader)),
  on("RuntimeClass", ({ reader }) => new RuntimeClassAdmission(reader)),
  on("CertificateApproval", ({ authorizer }) => certificateApproval(authorizer)),
  on("CertificateSigning", ({ authorizer }) => certificateSigning(authorizer)),
  on("ClusterTrustBundleAttest", ({ authorizer }) => clusterTrustBundleAttest(authorizer)),
  on("CertificateSubjectRestriction", () => certificateSubjectRestriction),
  on("DefaultIngressClass", ({ reader }) => defaultIngressClass(reader)),
  off("DenyServiceExternalIPs", () => denyServiceExternalIps),
  on("PodTopologyLabels", ({ reader }) => podTopologyLabels(reader)),
  on(
    "NodeDeclaredFeatureValidator",
    ({ reader, gates = FeatureGates.DEFAULT }) =>
      nodeDeclaredFeatureValidator(reader, gates.enabled("NodeDeclaredFeatures")),
  ),
  on("PodResizeValidator", ({ reader }) => podResizeValidator(reader)),
  extension("MutatingAdmissionPolicy"),
  extension("MutatingAdmissionWebhook"),
  extension("ValidatingAdmissionPolicy"),
  extension("ValidatingAdmissionWebhook"),
  on("ResourceQuota", ({ reader, writer, clock }, all) =>
    new ResourceQuotaAdmission({
      reader,
      writer,
      clock,
      limited:
        pluginConfiguration(all, "ResourceQuota", resourceQuotaConfiguration)?.limitedResources ??
          [],
    })),
  off("AlwaysDeny", () => alwaysDeny),
];
