import type { Clock, Timer } from "../../base/mod.ts";
import type { BatchLimits } from "./audit_backend.ts";

/** Gathers events and sends them several at a time, one batch after the other. */
export class BatchBuffer {
  readonly #limits: BatchLimits;
  readonly #clock: Clock;
  readonly #send: (lines: readonly string[]) => Promise<void>;
  #waiting: string[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #closed = false;

  /** `send` never rejects. */
  constructor(
    limits: BatchLimits,
    clock: Clock,
    send: (lines: readonly string[]) => Promise<void>,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#send = send;
  }

  /** False when there is no room. */
  add(line: string): boolean {
    if (this.#closed || this.#waiting.length >= this.#limits.bufferEvents) return false;
    this.#waiting.push(line);
    if (this.#waiting.length >= this.#limits.batchEvents) this.#flush();
    else this.#timer ??= this.#clock.after(this.#limits.waitMilliseconds, () => this.#flush());
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#flush();
    await this.#sending;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length >= this.#limits.batchEvents || this.#closed) {
        if (this.#waiting.length > 0) this.#flush();
      } else if (this.#waiting.length > 0) {
        this.#timer ??= this.#clock.after(this.#limits.waitMilliseconds, () => this.#flush());
      }
    });
  }

  async #drain(): Promise<void> {
    do {
      const { batchEvents } = this.#limits;
      const batch = this.#waiting.slice(0, batchEvents);
      this.#waiting = this.#waiting.slice(batchEvents);
      if (batch.length > 0) await this.#send(batch);
    } while (
      this.#waiting.length > 0 && (this.#closed || this.#waiting.length >= this.#limits.batchEvents)
    );
  }
}
