import type { Clock, Logger, Random } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import type { ImagePuller } from "./image_puller.ts";
import type { PodEvents } from "./pod_events.ts";
import type { PodSetup } from "./pod_setup.ts";
import type { ProbeManager } from "./probe_manager.ts";
import type { ContainerRuntime } from "./runtime.ts";
import type { RuntimeCache } from "./runtime_cache.ts";

/** What the parts of one kubelet share. */
export interface KubeletContext {
  readonly nodeName: string;
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: PodEvents;
  readonly cache: RuntimeCache;
  readonly images: ImagePuller;
  readonly setup: PodSetup;
  readonly probes: ProbeManager;
  /** Addresses of the node, primary first. */
  readonly hostIPs: readonly string[];
}
