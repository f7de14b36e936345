import { backoffDelay, type BackoffPolicy, type Clock } from "../base/mod.ts";

/** A failed action is tried again after this. */
const RETRY: BackoffPolicy = { initialMilliseconds: 500, maximumMilliseconds: 30_000 };

/** What runs for one pod: one action a slot at a time, and after a failure not again at once. */
export class ActionSlots {
  readonly #clock: Clock;
  readonly #onDone: (slot: string, error: unknown) => void;
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** `onDone` is told of every end; `error` is undefined where there was none. */
  constructor(clock: Clock, onDone: (slot: string, error: unknown) => void) {
    this.#clock = clock;
    this.#onDone = onDone;
  }

  busy(): ReadonlySet<string> {
    return this.#busy;
  }

  /** Begins the work unless its slot is taken or must wait; answers how long it must, in milliseconds. */
  launch(slot: string, work: () => Promise<void>): number {
    if (this.#busy.has(slot)) return 0;
    const wait = (this.#failures.get(slot)?.until ?? 0) - this.#clock.now();
    if (wait > 0) return wait;
    this.#busy.add(slot);
    work().then(() => {
      this.#failures.delete(slot);
      this.#busy.delete(slot);
      this.#onDone(slot, undefined);
    }, (error) => {
      const count = (this.#failures.get(slot)?.count ?? 0) + 1;
      const until = this.#clock.now() + backoffDelay(RETRY, count);
      this.#failures.set(slot, { count, until });
      this.#busy.delete(slot);
      this.#onDone(slot, error ?? new Error("failed"));
    });
    return 0;
  }

  /** What made actions fail may be mended: all may be tried at once. */
  forgive(): void {
    this.#failures.clear();
  }
}
