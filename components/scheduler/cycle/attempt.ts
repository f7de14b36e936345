import type { Pod } from "../../api/mod.ts";
import type { Cycle, SchedulerPlugin } from "../framework/mod.ts";
import type { QueuedPod } from "../queue/mod.ts";
import type { TrackedPod } from "../state/tracked_pod.ts";
import type { FitError } from "./fit_error.ts";
import type { Profile } from "./profile.ts";

/** One attempt to place one pod. */
export interface Attempt {
  readonly queued: QueuedPod;
  readonly tracked: TrackedPod;
  readonly pod: Pod;
  readonly profile: Profile;
  /** The plugins in TypeScript that have to do with the pod. */
  readonly concerned: ReadonlySet<SchedulerPlugin>;
  readonly cycle: Cycle;
  /** In monotonic milliseconds. */
  readonly started: number;
}

/** What an attempt's decision is. */
export type Outcome =
  | { readonly kind: "placed"; readonly node: string }
  | { readonly kind: "refused"; readonly error: FitError }
  /** Another reason than the nodes. */
  | { readonly kind: "failed"; readonly message: string };

/** Whether a plugin has work to do before the pod is bound. */
export function worksBeforeBinding({ concerned, cycle, profile }: Attempt, node: string): boolean {
  return concerned.size > 0 &&
    profile.at("preBind").some(({ plugin }) =>
      concerned.has(plugin) && plugin.preBindWorks?.(cycle, node) === true
    );
}
