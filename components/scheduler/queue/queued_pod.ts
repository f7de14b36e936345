import type { Pod } from "../../api/mod.ts";

/** Where a pod is that has no node yet. */
export type QueuePlace = "active" | "backoff" | "errors" | "unschedulable" | "gated" | "in flight";

/** A pod that waits, or is being tried. Only the queue changes it. */
export interface QueuedPod {
  readonly key: string;
  readonly uid: string;
  readonly priority: number;
  /** When it first came, in monotonic milliseconds. */
  readonly since: number;
  /** The newest that is known of it. */
  pod: Pod;
  place: QueuePlace;
  /** When it last came, in monotonic milliseconds: among equals the first is first. */
  queuedAt: number;
  attempts: number;
  /** Attempts that found no node. */
  refusals: number;
  /** Attempts in a row that failed for another reason. */
  errors: number;
  /** When its back-off ends; 0 for none. */
  backoffUntil: number;
  /** Plugins that refused it at the last attempt, or keep it out. */
  rejectedBy: ReadonlySet<string>;
  /** Those of them that wait for something they have set going themselves. */
  pendingOn: ReadonlySet<string>;
}

/** Highest priority first, then first come. */
export function byPriority(a: QueuedPod, b: QueuedPod): number {
  return b.priority - a.priority || a.queuedAt - b.queuedAt;
}

/** The end of the back-off, then as above: who leaves in one second leaves in the order of priority. */
export function byBackoff(a: QueuedPod, b: QueuedPod): number {
  return a.backoffUntil - b.backoffUntil || byPriority(a, b);
}
