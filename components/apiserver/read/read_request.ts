import type { Clock, GroupResource, Logger, Random } from "../../base/mod.ts";
import type { ResourceDefinition } from "../../api/served.ts";
import type { RequestInfo } from "../ports.ts";
import type { ResourceStore } from "../registry/resource_store.ts";

/** One read: what is asked, and where the objects are. */
export interface ReadRequest {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  readonly resource: ResourceStore;
  /** The version that is asked for, which need not be the stored one. */
  readonly definition: ResourceDefinition;
}

/** What reads need of the server around them. */
export interface ReadServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Aborts when the server ends: watches end too. */
  readonly shutdown: AbortSignal;
  /** A watch that names no time lasts so long, or up to twice that: so that clients do not come back all at once. */
  readonly minimumWatchSeconds: number;
  /** Hears of each watch that opens; answers whom to tell how it goes on. */
  readonly watching?: (info: RequestInfo) => WatchMeter;
}

/** Hears how a watch goes on. Called for every watcher and event: it must be quick. */
export interface WatchMeter {
  sent(frames: readonly Uint8Array[]): void;
  /** How many objects there were when it began. */
  initial(count: number): void;
  /** All of these have been written, and that they have. */
  listed(): void;
  /** Ended because its client does not keep up. */
  tooSlow(): void;
  /** Called once, last. */
  closed(): void;
}

export function resourceOf({ definition }: ReadRequest): GroupResource {
  return { group: definition.group, resource: definition.plural };
}
