import { Backoff, type BackoffPolicy, type Clock, invariant, type Timer } from "../base/mod.ts";

/** More keys than any cluster has objects of one kind: reaching it is a bug. */
const QUEUE_KEYS_MAXIMUM = 2_000_000;

/** As client-go's per-item limiter: 5 ms doubling to 1,000 s. */
export const DEFAULT_RETRY: BackoffPolicy = {
  initialMilliseconds: 5,
  maximumMilliseconds: 1_000_000,
};

/**
 * Keys to work on: each at most once in the queue and with at most one worker; a key added while it is being worked
 * on comes back when that worker is done. Order is first come, first served; delayed keys join when they are due.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { at: number; timer: Timer }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(clock: Clock, retry: BackoffPolicy = DEFAULT_RETRY) {
    this.#clock = clock;
    this.#backoff = new Backoff(retry);
  }

  /** Keys waiting for a worker. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** True when nothing waits, nothing is worked on and nothing is delayed. */
  get idle(): boolean {
    return this.#waiting.size + this.#working.size + this.#delayed.size === 0;
  }

  add(key: string): void {
    if (this.#closed) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    if (this.#waiting.has(key)) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.#working.add(key);
      taker(key);
      return;
    }
    invariant(this.#waiting.size < QUEUE_KEYS_MAXIMUM, "work queue over its bound");
    this.#waiting.add(key);
  }

  /** Adds after a delay; of several delays for one key the earliest counts. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed) return;
    if (milliseconds <= 0) return this.add(key);
    const at = this.#clock.monotonic() + milliseconds;
    const pending = this.#delayed.get(key);
    if (pending !== undefined) {
      if (pending.at <= at) return;
      pending.timer.cancel();
    }
    const timer = this.#clock.after(milliseconds, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, timer });
  }

  /** Adds after the back-off of one more failure. */
  retry(key: string): void {
    this.addAfter(key, this.#backoff.fail(key));
  }

  /** Failures in a row. */
  failures(key: string): number {
    return this.#backoff.failures(key);
  }

  /** Ends the key's back-off: it succeeded, or nobody will try again. */
  forget(key: string): void {
    this.#backoff.forget(key);
  }

  /** The next key, or undefined when the queue is closed. Call `done` for every key that it gives. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      this.#working.add(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }
}
