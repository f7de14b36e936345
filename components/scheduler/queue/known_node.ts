import { equalJson } from "../../base/mod.ts";
import type { Node, Taint } from "../../api/mod.ts";
import type { ClusterEvent, EventAction } from "./cluster_event.ts";

/** What the queue's hints read of a node: `before` and `after` of its events. */
export interface KnownNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly declaredFeatures: readonly string[];
}

export function knownNode(node: Node): KnownNode {
  const status = node.status as { declaredFeatures?: readonly string[] } | undefined;
  return {
    name: node.metadata?.name ?? "",
    labels: node.metadata?.labels ?? {},
    taints: node.spec?.taints ?? [],
    unschedulable: node.spec?.unschedulable === true,
    allocatable: node.status?.allocatable ?? {},
    declaredFeatures: status?.declaredFeatures ?? [],
  };
}

const CHANGES: readonly (readonly [EventAction, (a: KnownNode, b: KnownNode) => boolean])[] = [
  ["UpdateNodeAllocatable", (a, b) => !equalJson(a.allocatable, b.allocatable)],
  ["UpdateNodeLabel", (a, b) => !equalJson(a.labels, b.labels)],
  [
    "UpdateNodeTaint",
    (a, b) => a.unschedulable !== b.unschedulable || !equalJson(a.taints, b.taints),
  ],
  ["UpdateNodeDeclaredFeature", (a, b) => !equalJson(a.declaredFeatures, b.declaredFeatures)],
];

/** What a node's change is to pods that wait; a heartbeat is nothing. Pure. */
export function nodeEvents(
  before: KnownNode | undefined,
  after: KnownNode | undefined,
): ClusterEvent[] {
  if (after === undefined) {
    return before === undefined ? [] : [{ resource: "Node", action: "Delete", before }];
  }
  if (before === undefined) return [{ resource: "Node", action: "Add", after }];
  return CHANGES.filter(([, differs]) => differs(before, after))
    .map(([action]) => ({ resource: "Node", action, before, after }));
}
