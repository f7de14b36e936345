import type { Clock } from "../../base/mod.ts";
import type { Client } from "../../client/mod.ts";
import type { SchedulerPlugin } from "../framework/mod.ts";
import { NodeVolumeLimits } from "./node_volume_limits.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import { VolumeBinder } from "./volume_binder.ts";
import { VolumeBinding } from "./volume_binding.ts";
import type { VolumeCache } from "./volume_cache.ts";
import { VolumeRestrictions } from "./volume_restrictions.ts";
import type { NodeTerms } from "./volume_view.ts";
import { VolumeZone } from "./volume_zone.ts";

export interface VolumePluginOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly cache: VolumeCache;
  readonly used: UsedVolumes;
  readonly nodes: NodeTerms;
  /** VolumeBindingArgs.bindTimeoutSeconds. */
  readonly bindTimeoutSeconds: number;
  /** Aborts when the scheduler ends. */
  readonly signal: AbortSignal;
}

/** The plugins of volumes, in the order in which they filter. */
export function volumePlugins(options: VolumePluginOptions): SchedulerPlugin[] {
  const { cache, nodes, signal, used } = options;
  return [
    new VolumeRestrictions(cache, used),
    new NodeVolumeLimits(cache, used),
    new VolumeBinding({ view: cache, nodes, binder: new VolumeBinder(options), signal }),
    new VolumeZone(cache, nodes),
  ];
}
