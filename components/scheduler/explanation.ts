import type { Pod } from "../api/mod.ts";
import type { SchedulerCore } from "./core_contract.ts";

/** What one node is to one pod. Scores are after normalisation, times their weight. */
export type NodeVerdict =
  | { readonly scores: Readonly<Record<string, number>>; readonly total: number }
  | { readonly rejectedBy: string; readonly reason: string };

export interface Explanation {
  readonly pod: string;
  readonly nodes: Readonly<Record<string, NodeVerdict>>;
}

/** Asks the core about every node. */
export function explainPod(core: SchedulerCore, handle: number, pod: Pod): Explanation {
  const nodes: Record<string, NodeVerdict> = {};
  for (const verdict of core.explain(core.encode(handle, pod))) {
    nodes[verdict.node] = "scores" in verdict
      ? { scores: verdict.scores, total: verdict.total }
      : { rejectedBy: verdict.plugin, reason: verdict.reasons.join(", ") };
  }
  return { pod: `${pod.metadata?.namespace}/${pod.metadata?.name}`, nodes };
}
