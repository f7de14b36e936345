import type { Pod } from "../../api/mod.ts";
import { isReady, readySince, restartsMaximum, timeOf } from "../pod_state.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASES: readonly string[] = ["Pending", "Unknown", "Running"];

/** The `pod-deletion-cost` of a pod; 0 for none, or one that is not a 32-bit integer. */
export function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.[DELETION_COST] ?? "0";
  if (!/^(0|-?[1-9][0-9]{0,9})$/.test(text)) return 0;
  const cost = Number(text);
  return cost > 0x7fffffff || cost < -0x80000000 ? 0 : cost;
}

/**
 * Sorts so that what is missed least comes first: unassigned, not running, not ready, cheap, crowded on its node,
 * ready or created lately, often restarted. `neighbours` counts the pods of the same family on a node.
 */
export function inDeletionOrder(
  pods: readonly Pod[],
  neighbours: (node: string) => number,
  now: number,
): Pod[] {
  const phase = (pod: Pod) => PHASES.indexOf(pod.status?.phase ?? "");
  const crowd = (pod: Pod) => isReady(pod) ? neighbours(pod.spec?.nodeName ?? "") : 0;
  return [...pods].sort((a, b) =>
    +((a.spec?.nodeName ?? "") !== "") - +((b.spec?.nodeName ?? "") !== "") ||
    phase(a) - phase(b) ||
    +isReady(a) - +isReady(b) ||
    deletionCost(a) - deletionCost(b) ||
    crowd(b) - crowd(a) ||
    (isReady(a) ? byAge(readySince(a), readySince(b), now) : 0) ||
    restartsMaximum(b) - restartsMaximum(a) ||
    byAge(timeOf(a.metadata?.creationTimestamp), timeOf(b.metadata?.creationTimestamp), now) ||
    ((a.metadata?.uid ?? "") < (b.metadata?.uid ?? "") ? -1 : 1)
  );
}

/** Younger first, but only where their ages differ by a power of two: so old pods are not always the ones that stay. */
function byAge(a: number, b: number, now: number): number {
  const rank = (time: number) => Math.floor(Math.log2(Math.max(1, now - time)));
  return rank(a) - rank(b);
}
