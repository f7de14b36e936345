import { ApiError, type BackoffPolicy, type Clock, hasReason, type Logger } from "../base/mod.ts";
import { WorkQueue } from "./work_queue.ts";

export interface ControlLoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly workers?: number;
  readonly retry?: BackoffPolicy;
  /**
   * Brings the world a step towards what the key's object asks. May answer when to look again, in milliseconds.
   * What it throws is retried with back-off; a conflict or a namespace that is going are not worth a log line.
   */
  reconcile(key: string): Promise<number | void>;
}

/** Workers that take keys from one queue and reconcile them. */
export class ControlLoop {
  readonly queue: WorkQueue;
  readonly #options: ControlLoopOptions;
  #workers: Promise<void>[] = [];

  constructor(options: ControlLoopOptions) {
    this.#options = options;
    this.queue = new WorkQueue(options.clock, options.retry);
  }

  start(): this {
    const count = this.#options.workers ?? 1;
    for (let i = 0; i < count; i++) this.#workers.push(this.#work());
    return this;
  }

  /** Takes no more keys; resolves when those in hand are done. */
  async end(): Promise<void> {
    this.queue.close();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    for (;;) {
      const key = await this.queue.take();
      if (key === undefined) return;
      try {
        const again = await this.#options.reconcile(key);
        this.queue.forget(key);
        if (typeof again === "number") this.queue.addAfter(key, again);
      } catch (error) {
        if (!isExpected(error)) {
          this.#options.logger.error("reconcile failed", { loop: this.#options.name, key, error });
        }
        this.queue.retry(key);
      } finally {
        this.queue.done(key);
      }
    }
  }
}

function isExpected(error: unknown): boolean {
  return hasReason(error, "Conflict") || hasReason(error, "AlreadyExists") ||
    (error instanceof ApiError &&
      (error.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating") ?? false));
}
