import type { Clock, Random } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import type { SchedulerPlugin } from "../framework/mod.ts";
import type { NodeTerms } from "../volumes/volume_view.ts";
import { ClaimWriter } from "./claim_writer.ts";
import { DynamicResources } from "./dynamic_resources.ts";
import type { ResourceClaimCache } from "./resource_claim_cache.ts";

export interface DevicePluginOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly cache: ResourceClaimCache;
  readonly nodes: NodeTerms;
  /** status.allocatable of a node. */
  readonly allocatable: (node: string) => Readonly<Record<string, string>> | undefined;
  /** DynamicResourcesArgs.bindingTimeout in seconds. */
  readonly bindingTimeoutSeconds: number;
  /** Aborts when the scheduler ends. */
  readonly signal: AbortSignal;
  /** A pod waits for its devices to be prepared: the event BindingConditionsPending. */
  onWaiting?(pod: Pod, message: string): void;
}

/** The plugin of devices. */
export function devicePlugin(options: DevicePluginOptions): SchedulerPlugin {
  return new DynamicResources({ ...options, writer: new ClaimWriter(options) });
}
