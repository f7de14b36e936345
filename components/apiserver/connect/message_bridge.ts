import type { Clock, Timer } from "../../base/mod.ts";
import type { StreamPipe } from "../kubelet_connector.ts";

/** A side is not sent more while this much of what it was sent has not left the process. */
const SENT_WAITING_MAXIMUM_BYTES = 1024 * 1024;
/** A source that can wait is told to when this much of it waits, and to go on at the half. */
const PAUSE_BYTES = 1024 * 1024;
/** What may wait of a source that cannot: past that the session ends. */
export const MESSAGES_WAITING_MAXIMUM_BYTES = 64 * 1024 * 1024;
/** WebSockets do not tell when they have sent. */
const POLL_MILLISECONDS = 5;

/**
 * Carries messages both ways until either side ends; then what came before is delivered and the other side closed.
 * Resolves with that end.
 */
export function bridge(left: StreamPipe, right: StreamPipe, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const toRight = new Lane(left, right, clock);
  const toLeft = new Lane(right, left, clock);
  left.receive((message) => toRight.carry(message), () => {
    toLeft.drop();
    toRight.finish();
    resolve();
  });
  right.receive((message) => toLeft.carry(message), () => {
    toRight.drop();
    toLeft.finish();
    resolve();
  });
  return promise;
}

/** One direction of a bridge. */
class Lane {
  readonly #source: StreamPipe;
  readonly #target: StreamPipe;
  readonly #clock: Clock;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #paused = false;
  #finished = false;
  #dropped = false;
  #timer: Timer | undefined;

  constructor(source: StreamPipe, target: StreamPipe, clock: Clock) {
    this.#source = source;
    this.#target = target;
    this.#clock = clock;
  }

  carry(message: Uint8Array): void {
    if (this.#dropped) return;
    if (this.#waiting.length === 0 && this.#target.buffered <= SENT_WAITING_MAXIMUM_BYTES) {
      return this.#target.send(message);
    }
    this.#waiting.push(message);
    this.#bytes += message.length;
    if (this.#bytes > MESSAGES_WAITING_MAXIMUM_BYTES) {
      this.drop();
      this.#source.close();
      this.#target.close();
      return;
    }
    if (!this.#paused && this.#bytes > PAUSE_BYTES && this.#source.pause !== undefined) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#poll();
  }

  /** Closes the target once everything has been sent to it. */
  finish(): void {
    this.#finished = true;
    if (this.#waiting.length === 0) this.#target.close();
  }

  /** The target is gone: nothing more goes there. */
  drop(): void {
    this.#dropped = true;
    this.#waiting = [];
    this.#bytes = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #poll(): void {
    if (this.#timer !== undefined || this.#dropped) return;
    this.#timer = this.#clock.after(POLL_MILLISECONDS, () => {
      this.#timer = undefined;
      this.#drain();
    });
  }

  #drain(): void {
    let sent = 0;
    while (sent < this.#waiting.length && this.#target.buffered <= SENT_WAITING_MAXIMUM_BYTES) {
      const message = this.#waiting[sent++];
      if (message === undefined) break;
      this.#bytes -= message.length;
      this.#target.send(message);
    }
    this.#waiting.splice(0, sent);
    if (this.#paused && this.#bytes <= PAUSE_BYTES / 2) {
      this.#paused = false;
      this.#source.resume?.();
    }
    if (this.#waiting.length > 0) this.#poll();
    else if (this.#finished) this.#target.close();
  }
}
