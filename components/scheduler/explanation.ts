import type { Pod } from "../api/mod.ts";
import { placePod } from "./core_message.ts";
import type { Core } from "./core_wasm.ts";
import type { Interner } from "./interner.ts";
import { reasonText } from "./message.ts";

/** What one node is to one pod. Scores are after normalisation, times their weight. */
export type NodeVerdict =
  | { readonly scores: Readonly<Record<string, number>>; readonly total: number }
  | { readonly rejectedBy: string; readonly reason: string };

export interface Explanation {
  readonly pod: string;
  readonly nodes: Readonly<Record<string, NodeVerdict>>;
}

/** Asks the core about every node. */
export function explainPod(core: Core, interner: Interner, pod: Pod): Explanation {
  const filters = core.plugins;
  // The module lists filters first, and scores in the order of the plugins that score.
  const scorers = SCORERS.filter((name) => core.plugins.some((plugin) => plugin.name === name));
  const nodes: Record<string, NodeVerdict> = {};
  for (const verdict of core.explain(placePod(interner, pod, 0))) {
    const name = interner.text(verdict.node);
    if ("scores" in verdict) {
      const scores: Record<string, number> = {};
      let total = 0;
      verdict.scores.forEach((score, i) => {
        if (score === undefined) return;
        scores[scorers[i] ?? String(i)] = score;
        total += score;
      });
      nodes[name] = { scores, total };
    } else {
      const reasons = verdict.reasons.map(({ reason, detail }) =>
        reasonText(reason, interner.text(detail))
      );
      nodes[name] = { rejectedBy: filters[verdict.filter]?.name ?? "", reason: reasons.join(", ") };
    }
  }
  return { pod: `${pod.metadata?.namespace}/${pod.metadata?.name}`, nodes };
}

const SCORERS = [
  "TaintToleration",
  "NodeAffinity",
  "NodeResourcesFit",
  "NodeResourcesBalancedAllocation",
  "ImageLocality",
];
