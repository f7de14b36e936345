import type {
  PersistentVolumeClaim,
  Pod,
  ResourceClaim,
  ScopedResourceSelectorRequirement,
  Service,
} from "../generated/types.ts";
import type { KubeObject } from "../object.ts";
import { compareQuantity, type Quantity } from "../quantity.ts";
import { addAmounts, type Amounts, amountsOf, countOf } from "./amounts.ts";
import { hasPodLevelResources, podTotals } from "./pod_totals.ts";
import { claimInScope, podInScope } from "./scopes.ts";

/** How one resource counts against quotas. Pure. */
export interface QuotaEvaluator {
  /** Whether a quota's entry of that name is about this resource. */
  tracks(name: string): boolean;
  /** What the object uses, by every name that a quota may have for it. `now` is in milliseconds since the epoch. */
  usage(object: KubeObject, now: number): Amounts;
  /** Whether the object is within a quota's scope. */
  inScope(object: KubeObject, scope: ScopedResourceSelectorRequirement): boolean;
  /** What the object fails to say although a quota with entries of those names must know; undefined: nothing. */
  lacks(object: KubeObject, names: readonly string[]): string | undefined;
}

/** The devices that a claim for all of a class may get at most. */
const DEVICES_MAXIMUM = 32;
const STORAGE_CLASS = ".storageclass.storage.k8s.io/";
const DEVICE_CLASS = ".deviceclass.resource.k8s.io/devices";
const HUGE_PAGES = "hugepages-";
const REQUESTS = "requests.";

const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const POD_NAMES = new Set([
  "count/pods",
  "pods",
  ...COMPUTE,
  ...COMPUTE.map((name) => `requests.${name}`),
  ...COMPUTE.map((name) => `limits.${name}`),
]);
/** Where a quota has one of these, every container must say the same amount. */
const MUST_BE_SAID = new Set(
  ["cpu", "memory"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
);

const isExtended = (name: string): boolean =>
  name.includes("/") && !name.startsWith(REQUESTS) &&
  (!name.includes("kubernetes.io/") || name.startsWith("deviceclass.resource.kubernetes.io/"));

const pods: QuotaEvaluator = {
  tracks: (name) =>
    POD_NAMES.has(name) || name.startsWith(HUGE_PAGES) ||
    name.startsWith(REQUESTS + HUGE_PAGES) ||
    (name.startsWith(REQUESTS) && isExtended(name.slice(REQUESTS.length))),
  usage(object, now) {
    const pod = object as Pod;
    const count: Amounts = new Map([["count/pods", countOf(1)]]);
    if (!isCharged(pod, now)) return count;
    const { requests, limits } = podTotals(pod);
    return addAmounts(count, computeUsage(requests, limits));
  },
  inScope: (object, scope) => podInScope(object as Pod, scope),
  lacks(object, names) {
    const pod = object as Pod;
    if (hasPodLevelResources(pod)) return undefined;
    const wanted = names.filter((name) => MUST_BE_SAID.has(name)).sort();
    const problems: string[] = [];
    const containers = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []]
      .map(({ name = "", resources }) => ({
        name,
        says: computeUsage(amountsOf(resources?.requests), amountsOf(resources?.limits)),
      }));
    for (const one of wanted) {
      const silent = containers.filter(({ says }) => !says.has(one)).map(({ name }) => name);
      if (silent.length > 0) problems.push(`${one} for: ${[...new Set(silent)].sort().join(",")}`);
    }
    return problems.length === 0 ? undefined : `must specify ${problems.join("; ")}`;
  },
};

/** Finished pods use nothing, nor does one whose node should long have ended it. */
function isCharged({ metadata, status }: Pod, now: number): boolean {
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return !(now > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000);
}

function computeUsage(requests: Amounts, limits: Amounts): Amounts {
  const usage = new Map<string, Quantity>([["pods", countOf(1)]]);
  for (const [name, amount] of requests) {
    const isPlain = COMPUTE.includes(name) || name.startsWith(HUGE_PAGES);
    if (isPlain) usage.set(name, amount);
    if (isPlain || isExtended(name)) usage.set(REQUESTS + name, amount);
  }
  for (const name of COMPUTE) {
    const amount = limits.get(name);
    if (amount !== undefined) usage.set(`limits.${name}`, amount);
  }
  return usage;
}

const services: QuotaEvaluator = {
  tracks: (name) =>
    name === "services" || name === "count/services" || name === "services.nodeports" ||
    name === "services.loadbalancers",
  usage(object) {
    const { type, ports = [], allocateLoadBalancerNodePorts } = (object as Service).spec ?? {};
    const isBalancer = type === "LoadBalancer";
    // Node ports are not given yet when a service is made: what it is going to get counts.
    const nodePorts = isBalancer && allocateLoadBalancerNodePorts === false
      ? ports.filter(({ nodePort }) => (nodePort ?? 0) !== 0).length
      : isBalancer || type === "NodePort"
      ? ports.length
      : 0;
    return new Map([
      ["count/services", countOf(1)],
      ["services", countOf(1)],
      ["services.loadbalancers", countOf(isBalancer ? 1 : 0)],
      ["services.nodeports", countOf(nodePorts)],
    ]);
  },
  inScope: () => false,
  lacks: () => undefined,
};

const CLAIM_NAMES = ["persistentvolumeclaims", "requests.storage"];

const volumeClaims: QuotaEvaluator = {
  tracks: (name) =>
    CLAIM_NAMES.includes(name) || name === "count/persistentvolumeclaims" ||
    CLAIM_NAMES.some((one) => name.endsWith(STORAGE_CLASS + one)),
  usage(object) {
    const claim = object as PersistentVolumeClaim;
    const className = claim.metadata?.annotations?.["volume.beta.kubernetes.io/storage-class"] ??
      claim.spec?.storageClassName ?? "";
    const usage = new Map<string, Quantity>([["count/persistentvolumeclaims", countOf(1)]]);
    const charge = (name: string, amount: Quantity) => {
      usage.set(name, amount);
      if (className !== "") usage.set(className + STORAGE_CLASS + name, amount);
    };
    charge("persistentvolumeclaims", countOf(1));
    const asked = amountsOf(claim.spec?.resources?.requests).get("storage");
    if (asked === undefined) return usage;
    const allocated = amountsOf(claim.status?.allocatedResources).get("storage");
    const isMore = allocated !== undefined && compareQuantity(allocated, asked) > 0;
    charge("requests.storage", wholeUnits(isMore ? allocated : asked));
    return usage;
  },
  inScope: (object, scope) => claimInScope(object as PersistentVolumeClaim, scope),
  lacks: () => undefined,
};

function wholeUnits(amount: Quantity): Quantity {
  const unit = 1_000_000_000n;
  const rest = amount.nano % unit;
  return rest <= 0n ? amount : { ...amount, nano: amount.nano - rest + unit };
}

const resourceClaims: QuotaEvaluator = {
  tracks: (name) => name === "count/resourceclaims.resource.k8s.io" || name.endsWith(DEVICE_CLASS),
  usage(object) {
    let usage: Amounts = new Map([["count/resourceclaims.resource.k8s.io", countOf(1)]]);
    for (const request of (object as ResourceClaim).spec?.devices?.requests ?? []) {
      // Of alternatives the worst counts, for each class by itself.
      const most = new Map<string, number>();
      const parts = request.firstAvailable?.length
        ? request.firstAvailable
        : request.exactly === undefined
        ? []
        : [request.exactly];
      for (const { deviceClassName = "", allocationMode = "ExactCount", count = 1 } of parts) {
        const devices = allocationMode === "ExactCount"
          ? count
          : allocationMode === "All"
          ? DEVICES_MAXIMUM
          : 0;
        const name = deviceClassName + DEVICE_CLASS;
        most.set(name, Math.max(most.get(name) ?? 0, devices));
      }
      usage = addAmounts(usage, new Map([...most].map(([name, count]) => [name, countOf(count)])));
    }
    return usage;
  },
  inScope: () => false,
  lacks: () => undefined,
};

/** Resources whose plain name counts objects, too. */
const PLAIN_COUNTS = new Set(["configmaps", "secrets", "replicationcontrollers", "resourcequotas"]);

const MEASURED = new Map<string, QuotaEvaluator>([
  ["pods", pods],
  ["services", services],
  ["persistentvolumeclaims", volumeClaims],
  ["resourceclaims.resource.k8s.io", resourceClaims],
]);

/** How the resource counts: some are measured, of all others the number of objects counts. */
export function quotaEvaluator(group: string, plural: string): QuotaEvaluator {
  const resource = group === "" ? plural : `${plural}.${group}`;
  return MEASURED.get(resource) ?? counting(resource);
}

function counting(resource: string): QuotaEvaluator {
  const names = PLAIN_COUNTS.has(resource)
    ? [`count/${resource}`, resource]
    : [`count/${resource}`];
  return {
    tracks: (name) => names.includes(name),
    usage: () => new Map(names.map((name) => [name, countOf(1)])),
    inScope: () => false,
    lacks: () => undefined,
  };
}

/** The resource, as `plural` or `plural.group`, that a quota's entry of that name is about; undefined: no resource. */
export function quotaResource(name: string): string | undefined {
  for (const [resource, evaluator] of MEASURED) if (evaluator.tracks(name)) return resource;
  if (name.startsWith("count/")) return name.slice("count/".length);
  return PLAIN_COUNTS.has(name) ? name : undefined;
}
