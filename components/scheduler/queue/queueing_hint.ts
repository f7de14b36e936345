import type { Pod } from "../../api/mod.ts";
import type { ClusterEvent, EventAction, EventResource } from "./cluster_event.ts";

/**
 * One line of the table of what may help: an event that a plugin waits for, and whether this very change could make
 * this very pod fit. Without `helps` it always could. Pure: old and new object and the pod are all it knows; which
 * projection `before` and `after` are is said by the informer of the resource.
 */
export interface QueueingHint {
  readonly resource: EventResource;
  readonly actions: readonly EventAction[];
  helps?(pod: Pod, event: ClusterEvent): boolean;
}
