import { equalJson } from "../../base/mod.ts";
import type { ClusterEvent, EventAction } from "./cluster_event.ts";
import { anyLess } from "./request_change.ts";

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** What the queue's hints read of a pod with a node: `before` and `after` of its events. */
export interface KnownPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly node: string;
  readonly terminating: boolean;
  readonly requests: ReadonlyMap<string, number>;
  /** Absent where it takes none. */
  readonly hostPorts?: readonly HostPort[];
  /** Whether it keeps others away by a required rule. */
  readonly keepsAway?: boolean;
}

/** What a change of a pod with a node is to pods that wait; its status is nothing. Pure. */
export function assignedPodEvents(
  before: KnownPod | undefined,
  after: KnownPod | undefined,
): ClusterEvent[] {
  if (after === undefined) {
    return before === undefined ? [] : [{ resource: "AssignedPod", action: "Delete", before }];
  }
  if (before === undefined) return [{ resource: "AssignedPod", action: "Add", after }];
  const actions: EventAction[] = [];
  if (before.labels !== after.labels && !equalJson(before.labels, after.labels)) {
    actions.push("UpdatePodLabel");
  }
  if (before.requests !== after.requests && anyLess(before.requests, after.requests)) {
    actions.push("UpdatePodScaleDown");
  }
  if (before.terminating !== after.terminating) actions.push("Update");
  return actions.map((action) => ({ resource: "AssignedPod", action, before, after }));
}
