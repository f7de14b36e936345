import type { NodeSelectorTerm } from "../../api/mod.ts";
import type { NodeTerms } from "./volume_view.ts";

/** Nodes as the core takes them in a rule. */
export type NodeRule =
  | { readonly terms: readonly NodeSelectorTerm[] }
  | { readonly names: readonly string[] };

/** The nodes that match a term of each of the lists: one rule, so that a node is refused once. At least one list. */
export function nodesOfAll(
  lists: readonly (readonly NodeSelectorTerm[])[],
  nodes: NodeTerms,
): NodeRule {
  const [only] = lists;
  if (lists.length === 1 && only !== undefined) return { terms: only };
  const sets = lists.map((terms) => nodes.matching(terms)).sort((a, b) => a.size - b.size);
  const [smallest = NO_NODES, ...others] = sets;
  return { names: [...smallest].filter((name) => others.every((set) => set.has(name))) };
}

const NO_NODES: ReadonlySet<string> = new Set();
