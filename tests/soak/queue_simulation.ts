import assert from "node:assert/strict";
import { FakeClock, type Random, randomInteger } from "../../components/base/mod.ts";
import { WorkQueue } from "../../components/reconcile/mod.ts";
import type { SoakTask } from "./task.ts";

const STEPS = 5_000;
const KEYS = 12;
const WORKERS = 4;

/** Random orders of what a queue can be told: a key has one worker at most, and what was added is worked on after. */
export const queueSimulation: SoakTask = {
  name: "work queue",
  async run(random) {
    const clock = new FakeClock();
    const queue = new WorkQueue(clock, { initialMilliseconds: 5, maximumMilliseconds: 500 });
    const run = new Run(random, clock, queue);
    for (let i = 0; i < STEPS; i++) await run.step();
    await run.drain();
    return `${STEPS} steps, ${run.taken} keys worked on`;
  },
};

class Run {
  taken = 0;
  readonly #held = new Set<string>();
  /** Keys that were added or delayed since a worker last took them. */
  readonly #owed = new Set<string>();

  constructor(readonly random: Random, readonly clock: FakeClock, readonly queue: WorkQueue) {}

  async step(): Promise<void> {
    const key = `key-${randomInteger(this.random, KEYS)}`;
    const chance = this.random.next();
    if (chance < 0.35) {
      this.queue.add(key);
      this.#owed.add(key);
    } else if (chance < 0.5) {
      this.queue.addAfter(key, randomInteger(this.random, 300));
      this.#owed.add(key);
    } else if (chance < 0.75) {
      if (this.#held.size < WORKERS && this.queue.depth > 0) await this.#take();
    } else if (chance < 0.95) {
      await this.#finish();
    } else {
      await this.clock.advance(randomInteger(this.random, 100));
    }
  }

  async drain(): Promise<void> {
    while (!this.queue.idle) {
      while (this.#held.size > 0) await this.#finish();
      await this.clock.advance(1_000);
      while (this.queue.depth > 0) await this.#take();
    }
    assert.deepEqual([...this.#owed], [], "everything that was added was worked on");
    assert.equal(this.clock.pending, 0);
  }

  async #take(): Promise<void> {
    const key = await this.queue.take();
    assert.ok(key !== undefined);
    assert.ok(!this.#held.has(key), `${key} has one worker at most`);
    this.#held.add(key);
    this.#owed.delete(key);
    this.taken++;
  }

  async #finish(): Promise<void> {
    const [key] = this.#held;
    if (key === undefined) return;
    this.#held.delete(key);
    if (this.random.next() < 0.3) {
      this.queue.retry(key);
      this.#owed.add(key);
    } else {
      this.queue.forget(key);
    }
    this.queue.done(key);
    await Promise.resolve();
  }
}
