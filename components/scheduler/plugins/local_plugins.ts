import { type Clock, parseDuration, type Random } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { argsOf, type SchedulerProfile } from "../config/mod.ts";
import { devicePlugin } from "../dynamic_resources/mod.ts";
import type { SchedulerPlugin } from "../framework/mod.ts";
import type { ClusterState } from "../state/cluster_state.ts";
import { volumePlugins } from "../volumes/mod.ts";

export interface LocalPluginsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly state: ClusterState;
  readonly signal: AbortSignal;
  /** A pod waits for its devices to be prepared. */
  onWaiting(pod: Pod, message: string): void;
}

/** The project's own plugins in TypeScript, for one profile. */
export function localPlugins(
  options: LocalPluginsOptions,
  profile: SchedulerProfile,
): SchedulerPlugin[] {
  const { state } = options;
  const { bindTimeoutSeconds } = argsOf(profile, "VolumeBinding");
  const { bindingTimeout = "600s" } = argsOf(profile, "DynamicResources");
  const nodes = state.matches;
  return [
    ...volumePlugins({
      ...options,
      cache: state.volumes,
      used: state.usedVolumes,
      nodes,
      bindTimeoutSeconds,
    }),
    devicePlugin({
      ...options,
      cache: state.claims,
      allocatable: (node) => state.nodes.get(node)?.allocatable,
      nodes,
      bindingTimeoutSeconds: parseDuration(bindingTimeout) / 1000,
    }),
  ];
}
