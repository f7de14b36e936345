import type { Pod } from "../../api/mod.ts";

/** What an extender lets through. */
export interface ExtenderFilter {
  readonly feasible: readonly string[];
  /** Removing pods might help. */
  readonly failed: ReadonlyMap<string, string>;
  readonly unresolvable: ReadonlyMap<string, string>;
}

/** Pods by uid that an extender would have removed from a node. */
export interface ExtenderVictims {
  readonly uids: readonly string[];
  readonly violations: number;
}

/**
 * A program beside the scheduler that takes part in its decisions. Every call may reject: where the extender may be
 * ignored its part is left out, else the attempt is an error of the pod's alone.
 */
export interface Extender {
  readonly name: string;
  readonly isIgnorable: boolean;
  /** Whether this pod is its business. */
  concerns(pod: Pod): boolean;
  readonly filters: boolean;
  readonly prioritizes: boolean;
  readonly binds: boolean;
  readonly preempts: boolean;
  filter(pod: Pod, nodes: readonly string[]): Promise<ExtenderFilter>;
  /** Points to be added to each node's total. */
  prioritize(pod: Pod, nodes: readonly string[]): Promise<ReadonlyMap<string, number>>;
  bind(pod: Pod, node: string): Promise<void>;
  /** The nodes that are left, each with its victims. */
  preempt(
    pod: Pod,
    victims: ReadonlyMap<string, ExtenderVictims>,
  ): Promise<ReadonlyMap<string, ExtenderVictims>>;
}
