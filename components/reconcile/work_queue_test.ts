import assert from "node:assert/strict";
import { FakeClock } from "../base/mod.ts";
import { WorkQueue } from "./work_queue.ts";

Deno.test("WorkQueue gives a key to one worker at a time and again when it was added meanwhile", async () => {
  const queue = new WorkQueue(new FakeClock());
  queue.add("a");
  queue.add("a");
  assert.equal(queue.depth, 1);
  const key = await queue.take();
  assert.equal(key, "a");
  queue.add("a");
  assert.equal(queue.depth, 0);
  queue.done("a");
  assert.equal(queue.depth, 1);
  assert.equal(await queue.take(), "a");
  queue.done("a");
  assert.ok(queue.idle);
});

Deno.test("WorkQueue hands a key straight to a waiting worker", async () => {
  const queue = new WorkQueue(new FakeClock());
  const taken = queue.take();
  queue.add("x");
  queue.add("x");
  assert.equal(await taken, "x");
  queue.done("x");
  assert.equal(await queue.take(), "x");
});

Deno.test("WorkQueue keeps the earliest of several delays", async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock);
  queue.addAfter("a", 1000);
  queue.addAfter("a", 100);
  queue.addAfter("a", 500);
  await clock.advance(99);
  assert.equal(queue.depth, 0);
  await clock.advance(1);
  assert.equal(queue.depth, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("WorkQueue doubles the back-off with each failure until the key is forgotten", async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue(clock, { initialMilliseconds: 10, maximumMilliseconds: 30 });
  for (const delay of [10, 20, 30, 30]) {
    queue.retry("a");
    await clock.advance(delay - 1);
    assert.equal(queue.depth, 0, `before ${delay}`);
    await clock.advance(1);
    assert.equal(await queue.take(), "a");
    queue.done("a");
  }
  queue.forget("a");
  queue.retry("a");
  await clock.advance(10);
  assert.equal(queue.depth, 1);
});

Deno.test("WorkQueue lets waiting workers go when it closes", async () => {
  const queue = new WorkQueue(new FakeClock());
  const taken = queue.take();
  queue.addAfter("late", 10);
  queue.close();
  assert.equal(await taken, undefined);
  queue.add("after");
  assert.equal(await queue.take(), undefined);
});
