import type { Clock, GroupResource, Logger, Random } from "../../base/mod.ts";
import type { ResourceDefinition } from "../../api/mod.ts";
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
  /** Hears of each watch that opens; answers whom to tell of its end. */
  readonly watching?: (info: RequestInfo) => () => void;
}

export function resourceOf({ definition }: ReadRequest): GroupResource {
  return { group: definition.group, resource: definition.plural };
}
