import type { Clock, Timer } from "../base/mod.ts";
import type { KvHistory } from "./kv_history.ts";

/** How much history a store keeps: all that is younger than `seconds`, unless `events` or `bytes` end it sooner. */
export interface HistoryLimits {
  readonly seconds: number;
  readonly events: number;
  readonly bytes: number;
}

/** etcd's usual five minutes; as many events as Kubernetes' largest watch cache. */
export const HISTORY_LIMITS: HistoryLimits = {
  seconds: 300,
  events: 100_000,
  bytes: 512 * 1024 * 1024,
};

export const RETENTION_INTERVAL_MILLISECONDS = 10_000;

/** Decides how far history is to be compacted. */
export class KvRetention {
  /** Which revision was the last at which time, one an interval. */
  readonly #marks: { readonly at: number; readonly revision: number }[] = [];
  #timer: Timer | undefined;

  constructor(
    readonly history: KvHistory,
    readonly limits: HistoryLimits,
    readonly clock: Clock,
    readonly compact: (revision: number) => void,
  ) {
    this.#mark();
  }

  /** Holds the bounds by count and bytes; cheap, called after every commit. */
  check(): void {
    const { history, limits } = this;
    // A tenth at a time, so that compaction is not a matter of every commit.
    if (history.length > limits.events * 1.1) {
      this.compact(history.revisionLeaving(limits.events));
    }
    if (history.bytes > limits.bytes) {
      this.compact(history.revisionLeaving(Math.floor(history.length * 0.9)));
    }
  }

  close(): void {
    this.#timer?.cancel();
  }

  #mark(): void {
    const now = this.clock.monotonic();
    let revision = 0;
    for (let mark = this.#marks[0]; mark !== undefined; mark = this.#marks[0]) {
      if (mark.at > now - this.limits.seconds * 1000) break;
      revision = mark.revision;
      this.#marks.shift();
    }
    if (revision > this.history.compactedRevision) this.compact(revision);
    this.#marks.push({ at: now, revision: this.history.revision });
    this.#timer = this.clock.after(RETENTION_INTERVAL_MILLISECONDS, () => this.#mark());
  }
}
