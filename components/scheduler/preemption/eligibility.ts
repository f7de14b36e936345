import type { Pod } from "../../api/mod.ts";

/** Why a pod may not have others removed for it; undefined where it may. Pure. */
export function notEligible(
  pod: Pod,
  /** Pods of lower priority that end for its sake on the node that is kept for it. */
  endingForIt: boolean,
): string | undefined {
  if (pod.spec?.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  if (endingForIt) return "not eligible due to a terminating pod on the nominated node.";
  return undefined;
}
