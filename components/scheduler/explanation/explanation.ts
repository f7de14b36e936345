import type { Verdict } from "../core_contract.ts";

/** What one node is to one pod. Scores are after normalisation, times their weight. */
export type NodeVerdict =
  | { readonly scores: Readonly<Record<string, number>>; readonly total: number }
  | { readonly rejectedBy: string; readonly reason: string };

/** A decision: where the pod was put, or why nowhere, and what every node was to it. */
export interface Explanation {
  readonly pod: string;
  readonly node: string | null;
  /** Why no node took it. */
  readonly message?: string;
  readonly nodes: Readonly<Record<string, NodeVerdict>>;
}

/** Nodes' verdicts, with the points that plugins outside the core gave. Pure. */
export function nodeVerdicts(
  verdicts: readonly Verdict[],
  more: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map(),
): Readonly<Record<string, NodeVerdict>> {
  return Object.fromEntries(verdicts.map((verdict) => {
    const { node } = verdict;
    if (!("scores" in verdict)) {
      return [node, { rejectedBy: verdict.plugin, reason: verdict.reasons.join(", ") }];
    }
    const scores: Record<string, number> = { ...verdict.scores };
    let total = verdict.total;
    for (const [plugin, points] of more) {
      const given = points.get(node);
      if (given === undefined) continue;
      scores[plugin] = given;
      total += given;
    }
    return [node, { scores, total }];
  }));
}
