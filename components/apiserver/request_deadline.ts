import {
  ApiError,
  badRequest,
  type Clock,
  parseDuration,
  timedOut,
  type Timer,
} from "../base/mod.ts";

/** How often the requests are looked over that have the usual time. */
const SWEEP_MILLISECONDS = 1000;

/**
 * The time that a request may take: what its query asks for, at most the server's own. Throws 400 for what is no
 * duration. Pure.
 */
export function timeoutOf(query: URLSearchParams, maximumMilliseconds: number): number {
  const text = query.get("timeout") ?? "";
  if (text === "") return maximumMilliseconds;
  let asked;
  try {
    asked = parseDuration(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`invalid timeout specified in the request URL - ${why}`);
  }
  return asked > 0 && asked < maximumMilliseconds ? asked : maximumMilliseconds;
}

interface Running {
  readonly until: number;
  expire(): void;
}

/** Ends the wait for answers that take too long: the work itself goes on, and whatever it answers is dropped. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #usual: number;
  /** Those with the usual time, so in the order of their ends. */
  readonly #running = new Set<Running>();
  #timer: Timer | undefined;

  constructor(clock: Clock, usualMilliseconds: number) {
    this.#clock = clock;
    this.#usual = usualMilliseconds;
  }

  /**
   * The work's answer, or a rejection with 504 when there is none in `milliseconds`; `late` then hears how the work
   * ended.
   */
  run(
    work: () => Promise<Response>,
    milliseconds: number,
    late: (outcome: Response | unknown, failed: boolean) => void,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      let expired = false;
      const running: Running = {
        until: this.#clock.monotonic() + milliseconds,
        expire: () => {
          expired = true;
          reject(requestTimedOut());
        },
      };
      const forget = this.#watch(running, milliseconds);
      work().then((response) => {
        if (expired) return late(response, false);
        forget();
        resolve(response);
      }, (error) => {
        if (expired) return late(error, true);
        forget();
        reject(error);
      });
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  #watch(running: Running, milliseconds: number): () => void {
    if (milliseconds < this.#usual) {
      const timer = this.#clock.after(milliseconds, () => running.expire());
      return () => timer.cancel();
    }
    this.#running.add(running);
    if (this.#timer === undefined) this.#sweepLater();
    return () => this.#running.delete(running);
  }

  #sweepLater(): void {
    this.#timer = this.#clock.after(SWEEP_MILLISECONDS, () => {
      this.#timer = undefined;
      const now = this.#clock.monotonic();
      for (const running of this.#running) {
        if (running.until > now) break;
        this.#running.delete(running);
        running.expire();
      }
      if (this.#running.size > 0) this.#sweepLater();
    });
  }
}

const requestTimedOut = (): ApiError =>
  timedOut("request did not complete within the allotted timeout");
