import type { OwnerReference } from "../../api/mod.ts";
import type { GraphNode } from "./graph.ts";

/** What is known of one owner: there, there but waiting for its dependents to go, or not there. */
export type OwnerState = "solid" | "waiting" | "absent";

export type CollectPlan =
  | { readonly kind: "keep" }
  /** Some owners are gone and others are not: forget those that are. */
  | { readonly kind: "disown"; readonly keep: readonly OwnerReference[] }
  | {
    readonly kind: "delete";
    readonly propagationPolicy: "Background" | "Foreground" | "Orphan";
    /** Dependents that wait on this very object, whose wait would never end. */
    readonly unblock: readonly GraphNode[];
  };

/** Decides about an object by the states of its owners, in the order of `node.owners`. */
export function planCollection(
  node: GraphNode,
  states: readonly OwnerState[],
  dependents: readonly GraphNode[],
): CollectPlan {
  if (node.owners.length === 0) return { kind: "keep" };
  if (states.includes("solid")) {
    const keep = node.owners.filter((_, i) => states[i] === "solid");
    return keep.length === node.owners.length ? { kind: "keep" } : { kind: "disown", keep };
  }
  if (node.isGoing) return { kind: "keep" };
  if (states.includes("waiting") && dependents.length > 0) {
    const unblock = dependents.some((dependent) => dependent.isForeground) ? [node] : [];
    return { kind: "delete", propagationPolicy: "Foreground", unblock };
  }
  return { kind: "delete", propagationPolicy: "Background", unblock: [] };
}

/** The dependents that an object which is deleted in the foreground has to wait for. */
export function blockingDependents(
  node: GraphNode,
  dependents: readonly GraphNode[],
): GraphNode[] {
  return dependents.filter((dependent) =>
    dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true)
  );
}
