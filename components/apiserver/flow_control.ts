import { tooManyRequests } from "../base/mod.ts";
import type { RequestInfo, UserInfo } from "./ports.ts";
import { isLongRunning } from "./request_info.ts";

/** Upstream's bounds on requests in flight. */
export const IN_FLIGHT_MAXIMUM = { readOnly: 400, mutating: 200 } as const;
const RETRY_AFTER_SECONDS = 1;
const MASTERS_GROUP = "system:masters";
const READ_ONLY_VERBS = new Set(["get", "list", "watch", "head", "options"]);

export interface InFlightLimits {
  readonly readOnly: number;
  readonly mutating: number;
}

/** Bounds requests in flight, those that read and those that write apart. Long-running ones do not count. */
export class InFlightGate {
  readonly #limits: InFlightLimits;
  #readOnly = 0;
  #mutating = 0;

  constructor(limits: InFlightLimits = IN_FLIGHT_MAXIMUM) {
    this.#limits = limits;
  }

  get readOnly(): number {
    return this.#readOnly;
  }

  get mutating(): number {
    return this.#mutating;
  }

  /** Takes a place and answers how to give it back; undefined when there is none. Masters are never kept out. */
  enter(info: RequestInfo, user: UserInfo): (() => void) | undefined {
    if (isLongRunning(info)) return () => {};
    const free = user.groups.includes(MASTERS_GROUP);
    if (READ_ONLY_VERBS.has(info.verb)) {
      if (!free && this.#readOnly >= this.#limits.readOnly) return undefined;
      this.#readOnly++;
      return () => this.#readOnly--;
    }
    if (!free && this.#mutating >= this.#limits.mutating) return undefined;
    this.#mutating++;
    return () => this.#mutating--;
  }
}

/** What a request gets for which there is no place. */
export function tooManyInFlight(): Response {
  const error = tooManyRequests("too many requests, please try again later", RETRY_AFTER_SECONDS);
  return Response.json(error.toStatus(), {
    status: error.code,
    headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
  });
}
