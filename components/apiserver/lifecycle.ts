import { ApiError, type Clock, sleep } from "../base/mod.ts";

const RETRY_AFTER_SECONDS = 1;

/** How a server ends: it says so, turns new requests away, and waits for those that it has. */
export class Lifecycle {
  readonly #clock: Clock;
  readonly #watches = new AbortController();
  #running = 0;
  #stopping = false;
  #draining = false;
  #drained: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True from when the end was asked for: the server is not ready any more. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** True when no new request is taken. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Aborts when watches shall end. */
  get watches(): AbortSignal {
    return this.#watches.signal;
  }

  /** Requests that are being answered. */
  get running(): number {
    return this.#running;
  }

  enter(): void {
    this.#running++;
  }

  leave(): void {
    if (--this.#running === 0) this.#drained?.();
  }

  /**
   * Not ready at once; after `delayMilliseconds` no new requests and no more watches; resolves when the last request is
   * answered, or after `drainMilliseconds` more. Answers whether all were.
   */
  async stop(delayMilliseconds: number, drainMilliseconds: number): Promise<boolean> {
    this.#stopping = true;
    if (delayMilliseconds > 0) await sleep(this.#clock, delayMilliseconds);
    this.#draining = true;
    this.#watches.abort(shuttingDown());
    if (this.#running === 0) return true;
    return await new Promise((resolve) => {
      const timer = this.#clock.after(drainMilliseconds, () => resolve(false));
      this.#drained = () => {
        timer.cancel();
        resolve(true);
      };
    });
  }
}

/** What a request gets that comes too late. */
export const shuttingDown = (): ApiError =>
  new ApiError(503, "ServiceUnavailable", "apiserver is shutting down", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
