import type { Pod, PodCondition } from "../api/mod.ts";

/** The condition of a type, of any list of conditions. */
export function conditionOf<C extends { type?: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

const readyCondition = (pod: Pod): PodCondition | undefined =>
  conditionOf(pod.status?.conditions, "Ready");

export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === "True";

export const isTerminal = (pod: Pod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

export const isGoing = (pod: Pod): boolean => pod.metadata?.deletionTimestamp !== undefined;

/** Neither finished nor on its way out. */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isGoing(pod);

/** Milliseconds since the epoch; 0 for a pod that is not ready. */
export function readySince(pod: Pod): number {
  const ready = readyCondition(pod);
  return ready?.status === "True" ? timeOf(ready.lastTransitionTime) : 0;
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  return minReadySeconds === 0 || readySince(pod) + minReadySeconds * 1000 <= now;
}

/** When the next of the ready pods becomes available, in milliseconds from now; undefined where none will. */
export function nextAvailable(
  pods: Iterable<Pod>,
  minReadySeconds: number,
  now: number,
): number | undefined {
  let next: number | undefined;
  for (const pod of pods) {
    if (!isReady(pod) || isAvailable(pod, minReadySeconds, now)) continue;
    const wait = readySince(pod) + minReadySeconds * 1000 - now;
    if (next === undefined || wait < next) next = wait;
  }
  return next;
}

/** A time of the API in milliseconds since the epoch; 0 for none. */
export function timeOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}

/** The most often restarted container's count. */
export function restartsMaximum(pod: Pod): number {
  let most = 0;
  for (const status of pod.status?.containerStatuses ?? []) {
    most = Math.max(most, status.restartCount ?? 0);
  }
  return most;
}

/** The sum over all containers. */
export function restartsTotal(pod: Pod): number {
  let sum = 0;
  for (const status of pod.status?.containerStatuses ?? []) sum += status.restartCount ?? 0;
  for (const status of pod.status?.initContainerStatuses ?? []) sum += status.restartCount ?? 0;
  return sum;
}
