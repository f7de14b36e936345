import type { Clock, Timer } from "./clock.ts";

/** A clock that stands still until `advance` is called: for tests and the simulation. */
export class FakeClock implements Clock {
  #now: number;
  #sequence = 0;
  #timers: { at: number; order: number; callback: () => void }[] = [];

  constructor(startMilliseconds = Date.UTC(2026, 0, 1)) {
    this.#now = startMilliseconds;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMilliseconds: number, callback: () => void): Timer {
    const entry = {
      at: this.#now + Math.max(0, delayMilliseconds),
      order: this.#sequence++,
      callback,
    };
    this.#timers.push(entry);
    return { cancel: () => this.#timers = this.#timers.filter((other) => other !== entry) };
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves time on and fires what falls due, in order of time, letting microtasks run in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      const due = this.#timers.filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }
}
