import type { Decision, NodeRefusal, Refusal } from "../core_contract.ts";

/** Why no node takes a pod. */
export interface FitError {
  readonly nodes: number;
  /** A rule that no node can meet, whatever nodes there are: it stands in the place of counts. */
  readonly preFilter?: string;
  /** How many nodes gave each reason. */
  readonly counts: ReadonlyMap<string, number>;
  readonly rejectedBy: ReadonlySet<string>;
  /** Those of them that wait for what they have set going themselves. */
  readonly pendingOn: ReadonlySet<string>;
  /** Nodes where removing pods might help. */
  readonly resolvable: number;
}

/** A cluster without nodes refuses in this name: an added node helps. */
export const NO_NODES = "NoNodes";

export function noNodes(): FitError {
  return {
    nodes: 0,
    counts: new Map(),
    rejectedBy: new Set([NO_NODES]),
    pendingOn: new Set(),
    resolvable: 0,
  };
}

/** Of what the core counted. Pure. */
export function fitErrorOfCounts(
  nodes: number,
  refusals: readonly Refusal[],
  resolvable: number,
): FitError {
  const counts = new Map<string, number>();
  const rejectedBy = new Set<string>();
  for (const { nodes: many, plugin, text } of refusals) {
    counts.set(text, (counts.get(text) ?? 0) + many);
    rejectedBy.add(plugin);
  }
  return {
    nodes,
    counts,
    rejectedBy,
    pendingOn: new Set(),
    resolvable,
  };
}

/** Of the core's whole decision. Pure. */
export function fitErrorOfDecision(nodes: number, decision: Decision): FitError {
  const { preFilter, refusals, resolvable } = decision;
  // The only such rule of the core's is that of a pod's node affinity, which contradicts itself.
  if (preFilter !== undefined) return fitErrorOfPlugin(nodes, "NodeAffinity", preFilter);
  return fitErrorOfCounts(nodes, refusals, resolvable);
}

/** Of single nodes' refusals. Pure. */
export function fitErrorOfNodes(
  nodes: number,
  refused: Iterable<NodeRefusal>,
  pendingOn: ReadonlySet<string> = new Set(),
): FitError {
  const counts = new Map<string, number>();
  const rejectedBy = new Set<string>();
  let resolvable = 0;
  for (const { plugin, reasons, unresolvable } of refused) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    rejectedBy.add(plugin);
    if (!unresolvable) resolvable++;
  }
  return { nodes, counts, rejectedBy, pendingOn, resolvable };
}

/** One plugin refuses the pod before any node is looked at. Pure. */
export function fitErrorOfPlugin(
  nodes: number,
  plugin: string,
  reason: string,
  options: { readonly pending?: boolean; readonly resolvable?: boolean } = {},
): FitError {
  return {
    nodes,
    preFilter: reason,
    counts: new Map(),
    rejectedBy: new Set([plugin]),
    pendingOn: new Set(options.pending === true ? [plugin] : []),
    resolvable: options.resolvable === true ? nodes : 0,
  };
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` Pure. */
export function fitMessage(error: FitError, postFilter = ""): string {
  if (error.nodes === 0) return "no nodes available to schedule pods";
  const items = [...error.counts].map(([text, count]) => `${count} ${text}`).sort();
  const why = error.preFilter ?? items.join(", ");
  const head = `0/${error.nodes} nodes are available${why === "" ? "" : `: ${why}`}.`;
  return postFilter === "" ? head : `${head} ${postFilter}`;
}
