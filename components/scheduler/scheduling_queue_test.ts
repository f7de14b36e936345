import assert from "node:assert/strict";
import { FakeClock } from "../base/mod.ts";
import { SchedulingQueue } from "./scheduling_queue.ts";

const pod = (key: string, priority = 0) => ({ key, uid: `uid-${key}`, priority });

Deno.test("SchedulingQueue gives the highest priority first, then first come", async () => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod("a"));
  await clock.advance(1);
  queue.add(pod("b", 10));
  await clock.advance(1);
  queue.add(pod("c"));
  queue.add(pod("d", 10));
  const order = [];
  for (let i = 0; i < 4; i++) order.push((await queue.take())?.key);
  assert.deepEqual(order, ["b", "d", "a", "c"]);
});

Deno.test("SchedulingQueue holds an unschedulable pod until something changes, and not before its back-off", async () => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod("a"));
  const a = (await queue.take())!;
  queue.unschedulable(a, queue.moves);
  assert.deepEqual(queue.depths(), { active: 0, backoff: 0, unschedulable: 1 });
  await clock.advance(60_000);
  assert.equal(queue.depths().unschedulable, 1);
  queue.moveAll();
  assert.equal((await queue.take())?.key, "a");
  queue.unschedulable(a, queue.moves);
  queue.moveAll();
  assert.equal(queue.depths().backoff, 1);
  await clock.advance(1_999);
  assert.equal(queue.depths().active, 0);
  await clock.advance(1);
  assert.equal((await queue.take())?.key, "a");
});

Deno.test("SchedulingQueue does not let a pod sleep through an event that came while it was tried", async () => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod("a"));
  const a = (await queue.take())!;
  const moves = queue.moves;
  queue.moveAll();
  queue.unschedulable(a, moves);
  assert.deepEqual(queue.depths(), { active: 0, backoff: 1, unschedulable: 0 });
});

Deno.test("SchedulingQueue tries what was left after five minutes", async () => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod("a"));
  queue.unschedulable((await queue.take())!, queue.moves);
  await clock.advance(300_000);
  assert.equal((await queue.take())?.key, "a");
});

Deno.test("SchedulingQueue forgets a pod that is deleted, in whichever queue it is", async () => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock);
  for (const key of ["a", "b", "c"]) queue.add(pod(key));
  queue.unschedulable((await queue.take())!, queue.moves);
  queue.failed((await queue.take())!);
  for (const key of ["a", "b", "c"]) queue.delete(key);
  await clock.advance(600_000);
  assert.deepEqual(queue.depths(), { active: 1, backoff: 0, unschedulable: 0 });
  const taken = queue.take();
  queue.close();
  assert.equal(await taken, undefined);
});
