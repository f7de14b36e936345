import {
  type Container,
  type ContainerStatus,
  type Pod,
  quantityMilli,
  quantityValue,
} from "../api/mod.ts";

/** Whole amounts: CPU in thousandths, everything else in its own unit. */
export type Amounts = Map<string, number>;
type Quantities = Readonly<Record<string, string>>;

/** What scoring assumes for a container that does not say: 100m CPU, 200 MiB of memory. */
const ASSUMED_MILLI_CPU = 100;
const ASSUMED_MEMORY_BYTES = 200 * 1024 * 1024;

const NO_QUANTITIES: Quantities = {};

export interface PodRequest {
  readonly requests: Amounts;
  readonly assumedCpu: number;
  readonly assumedMemory: number;
}

/**
 * What a pod takes on a node: containers and sidecars together, or the highest peak of its init containers. While a
 * resize is under way, a container takes the most of what it wants, what it was granted and what it has.
 */
export function podRequest(pod: Pod): PodRequest {
  const statuses = statusesOf(pod);
  const requests = effective(pod, statuses, false, false);
  const whole = pod.spec?.resources?.requests ?? NO_QUANTITIES;
  const set = Object.keys(whole).some(isPodLevel);
  // Where the pod as a whole asks, its containers are assumed to ask for nothing more.
  const assumed = effective(
    pod,
    statuses,
    !set || (requests.get("cpu") ?? 0) === 0,
    !set || (requests.get("memory") ?? 0) === 0,
  );
  return {
    requests,
    assumedCpu: assumed.get("cpu") ?? 0,
    assumedMemory: assumed.get("memory") ?? 0,
  };
}

function effective(
  pod: Pod,
  statuses: ReadonlyMap<string, ContainerStatus> | undefined,
  assumeCpu: boolean,
  assumeMemory: boolean,
): Amounts {
  const infeasible = resizeIsInfeasible(pod);
  const of = (container: Container): Amounts => {
    const own = amounts(container.resources?.requests ?? NO_QUANTITIES);
    const status = statuses?.get(container.name ?? "");
    if (status?.resources !== undefined) {
      if (infeasible) own.clear();
      raise(own, amounts(status.resources.requests ?? NO_QUANTITIES));
      raise(own, amounts(status.allocatedResources ?? NO_QUANTITIES));
    }
    if (assumeCpu && !own.has("cpu")) own.set("cpu", ASSUMED_MILLI_CPU);
    if (assumeMemory && !own.has("memory")) own.set("memory", ASSUMED_MEMORY_BYTES);
    return own;
  };
  const containers = pod.spec?.containers ?? [];
  const total: Amounts = containers.length > 0 ? of(containers[0]!) : new Map();
  for (let i = 1; i < containers.length; i++) add(total, of(containers[i]!));
  const initContainers = pod.spec?.initContainers;
  if (initContainers !== undefined) raise(total, peak(total, initContainers, of));
  // Requests of the pod as a whole stand above those of its containers.
  for (const [name, value] of wholePod(pod, infeasible)) total.set(name, value);
  const overhead = pod.spec?.overhead ?? NO_QUANTITIES;
  for (const name in overhead) {
    total.set(name, (total.get(name) ?? 0) + amount(name, overhead[name]!));
  }
  return total;
}

/** What the pod as a whole asks for; while a resize is under way the most of that, what was granted and what it has. */
function wholePod(pod: Pod, infeasible: boolean): Amounts {
  const asked = pod.spec?.resources?.requests;
  const whole: Amounts = new Map();
  if (asked === undefined) return whole;
  const { allocatedResources = NO_QUANTITIES, resources } = pod.status ?? {};
  const granted = amounts(allocatedResources);
  raise(granted, amounts(resources?.requests ?? NO_QUANTITIES));
  for (const name in asked) {
    if (!isPodLevel(name)) continue;
    const wanted = amount(name, asked[name]!);
    const has = granted.get(name);
    whole.set(name, has === undefined ? wanted : infeasible ? has : Math.max(wanted, has));
  }
  return whole;
}

/** The highest that init containers need, with the sidecars that run beside them; these are added to the total. */
function peak(
  total: Amounts,
  containers: readonly Container[],
  of: (container: Container) => Amounts,
): Amounts {
  const sidecars: Amounts = new Map();
  const highest: Amounts = new Map();
  for (const container of containers) {
    const own = of(container);
    if (container.restartPolicy === "Always") {
      add(sidecars, own);
      add(total, own);
      raise(highest, sidecars);
    } else {
      add(own, sidecars);
      raise(highest, own);
    }
  }
  return highest;
}

function statusesOf(pod: Pod): ReadonlyMap<string, ContainerStatus> | undefined {
  const { containerStatuses, initContainerStatuses } = pod.status ?? {};
  if (containerStatuses === undefined && initContainerStatuses === undefined) return undefined;
  const found = new Map<string, ContainerStatus>();
  for (const status of containerStatuses ?? []) found.set(status.name ?? "", status);
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always")
      .map((container) => container.name),
  );
  for (const status of initContainerStatuses ?? []) {
    if (sidecars.has(status.name)) found.set(status.name ?? "", status);
  }
  return found;
}

function resizeIsInfeasible(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some((condition) =>
    condition.type === "PodResizePending" && condition.reason === "Infeasible"
  );
}

/** What a pod as a whole may ask for. */
function isPodLevel(name: string): boolean {
  return name === "cpu" || name === "memory" || name.startsWith("hugepages-");
}

function amounts(quantities: Quantities): Amounts {
  const found: Amounts = new Map();
  for (const name in quantities) found.set(name, amount(name, quantities[name]!));
  return found;
}

function add(total: Amounts, more: Amounts): void {
  for (const [name, value] of more) total.set(name, (total.get(name) ?? 0) + value);
}

function raise(total: Amounts, other: Amounts): void {
  for (const [name, value] of other) total.set(name, Math.max(total.get(name) ?? 0, value));
}

/** Few different quantities occur, so they are remembered. */
const milli = new Map<string | number, number>();
const units = new Map<string | number, number>();
const REMEMBERED_MAXIMUM = 4096;

/** A quantity as a whole number, CPU in thousandths; rounded up. */
export function amount(resource: string, quantity: string | number): number {
  const known = resource === "cpu" ? milli : units;
  const found = known.get(quantity);
  if (found !== undefined) return found;
  const text = String(quantity);
  const whole = resource === "cpu" ? quantityMilli(text) : quantityValue(text);
  if (known.size >= REMEMBERED_MAXIMUM) known.clear();
  known.set(quantity, whole);
  return whole;
}
