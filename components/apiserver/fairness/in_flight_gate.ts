import type { RequestInfo, UserInfo } from "../ports.ts";
import { isLongRunning } from "../request_info.ts";
import { type Gate, type Place, requestKind, unlimited } from "./gate.ts";

/** Upstream's bounds on requests in flight. */
export const IN_FLIGHT_MAXIMUM: InFlightLimits = { readOnly: 400, mutating: 200 };
const RETRY_AFTER_SECONDS = 1;
const MASTERS_GROUP = "system:masters";

export interface InFlightLimits {
  readonly readOnly: number;
  readonly mutating: number;
}

/**
 * Bounds requests in flight, those that read and those that write apart: what there is without priority and fairness.
 * Long-running ones do not count, and masters are never kept out.
 */
export class InFlightGate implements Gate {
  readonly #limits: InFlightLimits;
  readonly count = { readOnly: 0, mutating: 0 };

  constructor(limits: InFlightLimits = IN_FLIGHT_MAXIMUM) {
    this.#limits = limits;
  }

  enter(info: RequestInfo, user: UserInfo): Place {
    if (isLongRunning(info)) return unlimited();
    const kind = requestKind(info);
    const { count } = this;
    if (!user.groups.includes(MASTERS_GROUP) && count[kind] >= this.#limits[kind]) {
      return { retryAfterSeconds: RETRY_AFTER_SECONDS, leave() {} };
    }
    count[kind]++;
    let left = false;
    return {
      retryAfterSeconds: undefined,
      leave() {
        if (!left) count[kind]--;
        left = true;
      },
    };
  }
}
