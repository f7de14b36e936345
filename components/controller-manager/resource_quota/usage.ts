import {
  addQuantity,
  type PersistentVolumeClaim,
  type Pod,
  type Quantity,
  type ResourceQuota,
  type Service,
  tryParseQuantity,
} from "../../api/mod.ts";
import { isGoing, isTerminal, timeOf } from "../pod_state.ts";
import { isBestEffort, podTotals, totalText } from "./pod_totals.ts";

/** What a namespace holds, as far as a quota asks. `count` knows any resource as `plural` or `plural.group`. */
export interface NamespaceContents {
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly claims: readonly PersistentVolumeClaim[];
  count(resource: string): number;
}

/** Resources whose plain name counts objects. */
export const PLAIN_COUNTS: readonly string[] = [
  "configmaps",
  "secrets",
  "replicationcontrollers",
  "resourcequotas",
];

const PLAIN_COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const CLASS_SUFFIX = ".storageclass.storage.k8s.io/";

/** The resource that a quota's entry counts objects of; undefined for one that measures. */
export function countedResource(name: string): string | undefined {
  if (name.startsWith("count/")) return name.slice("count/".length);
  return PLAIN_COUNTS.includes(name) ? name : undefined;
}

/** How much of each entry of `hard` the namespace uses. */
export function quotaUsage(
  quota: ResourceQuota,
  contents: NamespaceContents,
  now: number,
): Record<string, string> {
  const pods = contents.pods.filter((pod) => isCharged(pod, now) && inScopes(quota, pod));
  const totals = {
    requests: sumOf(pods.map((pod) => podTotals(pod, "requests"))),
    limits: sumOf(pods.map((pod) => podTotals(pod, "limits"))),
  };
  const used: Record<string, string> = {};
  for (const name of Object.keys(quota.spec?.hard ?? {})) {
    used[name] = usageOf(name, contents, pods, totals);
  }
  return used;
}

function usageOf(
  name: string,
  contents: NamespaceContents,
  pods: readonly Pod[],
  totals: Record<"requests" | "limits", ReadonlyMap<string, Quantity>>,
): string {
  const services = (matches: (service: Service) => number) =>
    String(contents.services.reduce((sum, service) => sum + matches(service), 0));
  const slash = name.indexOf(CLASS_SUFFIX);
  if (slash > 0) {
    const mine = contents.claims.filter(({ spec }) =>
      spec?.storageClassName === name.slice(0, slash)
    );
    return claimUsage(name.slice(slash + CLASS_SUFFIX.length), mine);
  }
  switch (name) {
    case "pods":
    case "count/pods":
      return String(pods.length);
    case "services":
    case "count/services":
      return String(contents.services.length);
    case "services.loadbalancers":
      return services(({ spec }) => spec?.type === "LoadBalancer" ? 1 : 0);
    case "services.nodeports":
      return services(({ spec }) =>
        spec?.type === "NodePort" ||
          (spec?.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false)
          ? spec.ports?.length ?? 0
          : 0
      );
    case "persistentvolumeclaims":
    case "count/persistentvolumeclaims":
    case "requests.storage":
      return claimUsage(name.replace("count/", ""), contents.claims);
  }
  const counted = countedResource(name);
  if (counted !== undefined) return String(contents.count(counted));
  if (name.startsWith("limits.")) return totalText(totals.limits.get(name.slice("limits.".length)));
  if (name.startsWith("requests.")) {
    return totalText(totals.requests.get(name.slice("requests.".length)));
  }
  return PLAIN_COMPUTE.includes(name) ? totalText(totals.requests.get(name)) : "0";
}

function claimUsage(name: string, claims: readonly PersistentVolumeClaim[]): string {
  if (name === "persistentvolumeclaims") return String(claims.length);
  let total: Quantity | undefined;
  for (const { spec } of claims) {
    const asked = tryParseQuantity(spec?.resources?.requests?.["storage"] ?? "0");
    if (asked !== undefined) total = total === undefined ? asked : addQuantity(total, asked);
  }
  return totalText(total);
}

function sumOf(all: readonly ReadonlyMap<string, Quantity>[]): Map<string, Quantity> {
  const sum = new Map<string, Quantity>();
  for (const totals of all) {
    for (const [name, amount] of totals) {
      const known = sum.get(name);
      sum.set(name, known === undefined ? amount : addQuantity(known, amount));
    }
  }
  return sum;
}

/** Finished pods use nothing, nor does one whose node should long have ended it. */
function isCharged(pod: Pod, now: number): boolean {
  if (isTerminal(pod)) return false;
  return !isGoing(pod) || timeOf(pod.metadata?.deletionTimestamp) >= now;
}

function inScopes(quota: ResourceQuota, pod: Pod): boolean {
  const selected = (quota.spec?.scopeSelector?.matchExpressions ?? []).every((one) =>
    meets(pod, one.scopeName ?? "", one.operator ?? "Exists", one.values ?? [])
  );
  return selected && (quota.spec?.scopes ?? []).every((scope) => meets(pod, scope, "Exists", []));
}

function meets(pod: Pod, scope: string, operator: string, values: readonly string[]): boolean {
  switch (scope) {
    case "Terminating":
      return pod.spec?.activeDeadlineSeconds !== undefined;
    case "NotTerminating":
      return pod.spec?.activeDeadlineSeconds === undefined;
    case "BestEffort":
      return isBestEffort(pod);
    case "NotBestEffort":
      return !isBestEffort(pod);
    case "PriorityClass": {
      const name = pod.spec?.priorityClassName ?? "";
      if (operator === "In") return values.includes(name);
      if (operator === "NotIn") return !values.includes(name);
      return (name !== "") === (operator === "Exists");
    }
    case "CrossNamespacePodAffinity":
      return hasCrossNamespaceTerms(pod);
    default:
      return false;
  }
}

function hasCrossNamespaceTerms(pod: Pod): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const terms = [
      ...affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
        .map(({ podAffinityTerm }) => podAffinityTerm ?? {}),
    ];
    return terms.some(({ namespaces, namespaceSelector }) =>
      (namespaces ?? []).length > 0 || namespaceSelector !== undefined
    );
  });
}
