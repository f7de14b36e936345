import type { RequestInfo, UserInfo } from "../ports.ts";
import type { FairQueue } from "./fair_queues.ts";
import type { LevelState } from "./level_state.ts";
import type { SchemaState } from "./schema_state.ts";
import type { Work } from "./work_estimate.ts";

/** Why a request was turned away, as the metrics have it. */
export type Rejection = "queue-full" | "concurrency-limit" | "time-out" | "cancelled";

/** One request under flow control, from its arrival until its seats are free again. */
export class Turn {
  queue: FairQueue | undefined;
  started = false;
  startedAt = 0;
  /** Set when it was turned away. */
  rejection: Rejection | undefined;
  /** Tells who waits that it may go on, or not. */
  settle: (() => void) | undefined;
  #left = false;

  constructor(
    readonly level: LevelState,
    readonly schema: SchemaState,
    readonly distinguisher: string,
    readonly work: Work,
    readonly info: RequestInfo,
    readonly user: UserInfo,
    readonly arrivedAt: number,
  ) {}

  /** The most seats that it takes at any time. */
  get seats(): number {
    const { seats, finalSeats } = this.work;
    return seats > finalSeats ? seats : finalSeats;
  }

  /** All of its work, in seat milliseconds, if answering takes `milliseconds`. */
  cost(milliseconds: number): number {
    const { seats, finalSeats, finalMilliseconds } = this.work;
    return seats * milliseconds + finalSeats * finalMilliseconds;
  }

  /** Gives the seats back, once. */
  leave(): void {
    if (this.#left || this.rejection !== undefined) return;
    this.#left = true;
    this.level.leave(this);
  }
}
