import type { Clock, Timer } from "../base/mod.ts";
import type { Version } from "./kv_record.ts";

/** How late an expiry may be noticed. */
export const EXPIRY_INTERVAL_MILLISECONDS = 1000;
/** Deletes started at once; the rest waits for the next turn. */
const EXPIRED_PER_TURN_MAXIMUM = 500;

interface Due {
  readonly key: string;
  readonly revision: number;
  readonly expiresAt: number;
}

/** Remembers which keys end when (a heap by time) and has them deleted, if they still are what they were. */
export class KvExpiry {
  readonly #heap: Due[] = [];
  #timer: Timer | undefined;
  #closed = false;

  constructor(
    readonly clock: Clock,
    /** Deletes the key where it is still at the revision; false when that is to be tried again. */
    readonly expire: (key: string, revision: number) => Promise<boolean>,
  ) {}

  add({ key, revision, expiresAt }: Version): void {
    if (expiresAt === 0) return;
    this.#push({ key, revision, expiresAt });
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    const next = this.#heap[0];
    if (next === undefined || this.#timer !== undefined || this.#closed) return;
    // Not later than the interval allows: an earlier one may be added while this timer runs.
    this.#timer = this.clock.after(EXPIRY_INTERVAL_MILLISECONDS, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    const now = this.clock.now();
    const expired: Promise<void>[] = [];
    const expire = async (due: Due) => {
      if (!await this.expire(due.key, due.revision)) this.#push(due);
    };
    while (expired.length < EXPIRED_PER_TURN_MAXIMUM) {
      const next = this.#heap[0];
      if (next === undefined || next.expiresAt > now) break;
      this.#pop();
      expired.push(expire(next));
    }
    await Promise.all(expired);
    this.#timer = undefined;
    this.#schedule();
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = heap[parent] as Due;
      if (above.expiresAt <= due.expiresAt) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.expiresAt < (heap[child] as Due).expiresAt) child++;
      const below = heap[child] as Due;
      if (below.expiresAt >= last.expiresAt) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
