import { timestamp } from "../../base/mod.ts";
import type { Node, NodeCondition } from "../../api/mod.ts";
import { conditionOf, timeOf } from "../pod_state.ts";

export interface HealthLimits {
  /** How long after a node's last sign of life it still counts as alive, in milliseconds. */
  readonly grace: number;
  /** The same for a node that has never posted its status. */
  readonly startupGrace: number;
}

/**
 * When this process last saw a node move: comparing its own clock with itself, never with the node's. `sign` is what
 * was seen then.
 */
export interface Sighting {
  readonly sign: string;
  readonly at: number;
}

/** The conditions that only the kubelet can tell. */
const KUBELET_CONDITIONS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] as const;

/** Notes whether the node has moved since the last look: a new heartbeat, a new status, a renewed lease. */
export function sight(
  node: Node,
  leaseRenewal: string | undefined,
  previous: Sighting | undefined,
  now: number,
): Sighting {
  const ready = conditionOf(node.status?.conditions, "Ready");
  const sign = `${ready?.lastHeartbeatTime ?? ""}|${ready?.status ?? ""}|${leaseRenewal ?? ""}`;
  if (previous === undefined) {
    const first = ready === undefined ? timeOf(node.metadata?.creationTimestamp) : now;
    return { sign, at: first === 0 ? now : first };
  }
  return previous.sign === sign ? previous : { sign, at: now };
}

/** When a node that does not move again counts as gone. */
export function silentAt(node: Node, sighting: Sighting, limits: HealthLimits): number {
  const ready = conditionOf(node.status?.conditions, "Ready");
  const posted = ready !== undefined && (ready.lastHeartbeatTime ?? "") !== "";
  return sighting.at + (posted ? limits.grace : limits.startupGrace);
}

/** The conditions to write for a node that went silent: those that are not Unknown yet. Empty when nothing changes. */
export function unknownConditions(node: Node, now: number): NodeCondition[] {
  const written: NodeCondition[] = [];
  for (const type of KUBELET_CONDITIONS) {
    const old = conditionOf(node.status?.conditions, type);
    if (old?.status === "Unknown") continue;
    const at = timestamp(now);
    written.push(
      old === undefined
        ? {
          type,
          status: "Unknown",
          reason: "NodeStatusNeverUpdated",
          message: "Kubelet never posted node status.",
          lastHeartbeatTime: node.metadata?.creationTimestamp ?? at,
          lastTransitionTime: at,
        }
        : {
          ...old,
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
          lastTransitionTime: at,
        },
    );
  }
  return written;
}
