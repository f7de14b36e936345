import type { KubeObject, OwnerReference } from "../../api/mod.ts";
import type { ServedResource } from "../discovery.ts";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

const NO_OWNERS: readonly OwnerReference[] = [];

/** What the collector remembers of an object: there is one for every object of the cluster. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: ServedResource;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly owners: readonly OwnerReference[];
  readonly isGoing: boolean;
  /** Waits for its dependents, which go first. */
  readonly isForeground: boolean;
  /** Lets its dependents go on without it. */
  readonly isOrphaning: boolean;
}

export function graphNode(object: KubeObject, resource: ServedResource): GraphNode {
  const metadata = object.metadata ?? {};
  const isGoing = metadata.deletionTimestamp !== undefined;
  const owners = metadata.ownerReferences;
  return {
    uid: metadata.uid ?? "",
    resource,
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    owners: owners === undefined || owners.length === 0 ? NO_OWNERS : owners,
    isGoing,
    isForeground: isGoing && (metadata.finalizers?.includes(FOREGROUND) ?? false),
    isOrphaning: isGoing && (metadata.finalizers?.includes(ORPHAN) ?? false),
  };
}

/** Who owns whom, by uid. An owner need not be in it for its dependents to be found. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** Puts or replaces; answers what was there. */
  put(node: GraphNode): GraphNode | undefined {
    const previous = this.#nodes.get(node.uid);
    if (previous !== undefined && previous.owners !== node.owners) this.#unlink(previous);
    this.#nodes.set(node.uid, node);
    for (const owner of node.owners) {
      const dependents = this.#dependents.get(owner.uid);
      if (dependents === undefined) this.#dependents.set(owner.uid, new Set([node.uid]));
      else dependents.add(node.uid);
    }
    return previous;
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    this.#unlink(node);
    this.#nodes.delete(uid);
  }

  dependents(uid: string): GraphNode[] {
    const nodes: GraphNode[] = [];
    for (const dependent of this.#dependents.get(uid) ?? []) {
      const node = this.#nodes.get(dependent);
      if (node !== undefined) nodes.push(node);
    }
    return nodes;
  }

  #unlink(node: GraphNode): void {
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid);
      dependents?.delete(node.uid);
      if (dependents?.size === 0) this.#dependents.delete(uid);
    }
  }
}
