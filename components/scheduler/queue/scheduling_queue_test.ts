import assert from "node:assert/strict";
import { FakeClock } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import { backoffEnd, DEFAULT_BACKOFF } from "./backoff_window.ts";
import { HintTable } from "./hint_table.ts";
import { InFlight } from "./in_flight.ts";
import { SchedulingQueue } from "./scheduling_queue.ts";

const ADD_NODE = { resource: "Node", action: "Add", after: { name: "n1" } } as const;
const DELETE_POD = { resource: "AssignedPod", action: "Delete", before: {} } as const;

function fixture() {
  const clock = new FakeClock(1_000_000);
  const asked: string[] = [];
  const queue = new SchedulingQueue({
    clock,
    gate: (pod) => (pod.spec?.schedulingGates ?? []).length > 0 ? "SchedulingGates" : undefined,
    hints: new HintTable([
      {
        plugin: "Name",
        hints: [{
          resource: "Node",
          actions: ["Add"],
          helps: (pod) => {
            asked.push(pod.metadata?.name ?? "");
            return pod.metadata?.name !== "never";
          },
        }],
      },
      { plugin: "Room", hints: [{ resource: "AssignedPod", actions: ["Delete"] }] },
      {
        plugin: "SchedulingGates",
        hints: [{ resource: "Pod", actions: ["UpdatePodSchedulingGatesEliminated"] }],
      },
      { plugin: "Anything", hints: undefined },
    ]),
  });
  return { clock, queue, asked };
}

function pod(name: string, priority = 0, more: Partial<Pod["spec"]> = {}): Pod {
  return { metadata: { name, namespace: "d", uid: `uid-${name}` }, spec: { priority, ...more } };
}

Deno.test("SchedulingQueue gives the highest priority first, then the first that came", async () => {
  const { clock, queue } = fixture();
  queue.add("d/a", pod("a"));
  await clock.advance(10);
  queue.add("d/b", pod("b"));
  queue.add("d/high", pod("high", 10));
  queue.add("d/gone", pod("gone", 20));
  queue.delete("d/gone");
  assert.deepEqual([1, 2, 3, 4].map(() => queue.takeNow()?.key), [
    "d/high",
    "d/a",
    "d/b",
    undefined,
  ]);
});

Deno.test("SchedulingQueue moves only pods that the event's plugins refused", () => {
  const { queue, asked } = fixture();
  for (const [name, plugin] of [["named", "Name"], ["never", "Name"], ["roomless", "Room"]]) {
    queue.add(`d/${name}`, pod(name!));
    queue.unschedulable(queue.takeNow()!, [plugin!]);
  }
  assert.equal(queue.depths().unschedulable, 3);
  queue.event(ADD_NODE);
  assert.deepEqual(asked.toSorted(), ["named", "never"]);
  assert.deepEqual(queue.depths(), { active: 0, backoff: 1, unschedulable: 2, gated: 0 });
  queue.event({ resource: "Node", action: "UpdateNodeCondition" });
  queue.event({ resource: "Node", action: "Delete" });
  assert.equal(queue.depths().unschedulable, 2);
  queue.event(DELETE_POD);
  assert.deepEqual(queue.depths(), { active: 0, backoff: 2, unschedulable: 1, gated: 0 });
});

Deno.test("SchedulingQueue tries a pod again that an event helped while it was being tried", () => {
  const cases = [
    { rejectedBy: ["Name"], event: ADD_NODE, backoff: 1 },
    { rejectedBy: ["Room"], event: ADD_NODE, backoff: 0 },
    { rejectedBy: ["Room", "Name"], event: ADD_NODE, backoff: 1 },
    { rejectedBy: ["Anything"], event: DELETE_POD, backoff: 1 },
    { rejectedBy: [], event: { resource: "Node", action: "Delete" }, backoff: 1 },
  ] as const;
  for (const { rejectedBy, event, backoff } of cases) {
    const { queue } = fixture();
    queue.event(event);
    queue.add("d/a", pod("a"));
    const taken = queue.takeNow()!;
    queue.event(event);
    queue.unschedulable(taken, rejectedBy);
    assert.equal(queue.depths().backoff, backoff, JSON.stringify(rejectedBy));
    assert.equal(queue.eventsInFlight, 0);
  }
});

Deno.test("SchedulingQueue takes from back-off early when nothing is ready, but no pod with an error", async () => {
  const { clock, queue } = fixture();
  queue.add("d/refused", pod("refused"));
  queue.unschedulable(queue.takeNow()!, ["Name"]);
  queue.event(ADD_NODE);
  queue.add("d/broken", pod("broken"));
  const broken = queue.takeNow()!;
  assert.equal(broken.key, "d/broken");
  queue.failed(broken);
  assert.equal(queue.takeNow()?.key, "d/refused");
  assert.equal(queue.takeNow(), undefined);
  await clock.advance(1_000);
  assert.equal(queue.takeNow()?.key, "d/broken");
});

Deno.test("SchedulingQueue hands a pod to who waits for it, when its back-off ends", async () => {
  const { clock, queue } = fixture();
  queue.add("d/a", pod("a"));
  queue.failed(queue.takeNow()!);
  const taken = queue.take();
  await clock.advance(1_000);
  assert.equal((await taken)?.key, "d/a");
  const none = queue.take();
  queue.close();
  assert.equal(await none, undefined);
  assert.equal(clock.pending, 0);
});

Deno.test("SchedulingQueue tries what has rested for five minutes", async () => {
  const { clock, queue } = fixture();
  queue.add("d/a", pod("a"));
  queue.unschedulable(queue.takeNow()!, ["Name"]);
  await clock.advance(299_000);
  assert.equal(queue.takeNow(), undefined);
  await clock.advance(31_000);
  assert.equal(queue.takeNow()?.key, "d/a");
});

Deno.test("SchedulingQueue keeps a gated pod out until its gates are gone", () => {
  const { queue } = fixture();
  queue.add("d/a", pod("a", 0, { schedulingGates: [{ name: "x" }] }));
  queue.event(ADD_NODE);
  assert.deepEqual(queue.depths(), { active: 0, backoff: 0, unschedulable: 0, gated: 1 });
  queue.update("d/a", pod("a", 0, { schedulingGates: [{ name: "y" }] }));
  assert.equal(queue.takeNow(), undefined);
  queue.update("d/a", pod("a"));
  assert.equal(queue.takeNow()?.key, "d/a");
});

Deno.test("SchedulingQueue tries at once what waited for its own plugin", () => {
  const { queue } = fixture();
  queue.add("d/a", pod("a"));
  queue.unschedulable(queue.takeNow()!, [], ["Room"]);
  queue.event(DELETE_POD);
  assert.deepEqual(queue.depths(), { active: 1, backoff: 0, unschedulable: 0, gated: 0 });
});

Deno.test("SchedulingQueue forgets what was deleted or replaced while it was being tried", () => {
  const { queue } = fixture();
  queue.add("d/a", pod("a"));
  const first = queue.takeNow()!;
  queue.delete("d/a");
  queue.unschedulable(first, ["Name"]);
  assert.deepEqual(queue.depths(), { active: 0, backoff: 0, unschedulable: 0, gated: 0 });
  queue.add("d/a", { ...pod("a"), metadata: { ...pod("a").metadata, uid: "other" } });
  queue.failed(first);
  assert.equal(queue.takeNow()?.uid, "other");
});

Deno.test("backoffEnd doubles to ten seconds, at the begin of a second, errors by themselves", () => {
  const cases = [
    [10_500, 0, 0, 10_500],
    [10_500, 1, 0, 11_000],
    [10_500, 2, 0, 12_000],
    [10_000, 3, 0, 14_000],
    [10_000, 4, 0, 18_000],
    [10_000, 5, 0, 20_000],
    [10_000, 500, 0, 20_000],
    [10_000, 5, 1, 11_000],
  ] as const;
  for (const [now, refusals, errors, expected] of cases) {
    assert.equal(backoffEnd(DEFAULT_BACKOFF, now, refusals, errors), expected);
  }
});

Deno.test("InFlight shows each pod what came after it was taken, and keeps no more", () => {
  const events = new InFlight();
  events.record(ADD_NODE);
  events.begin("a");
  events.record(ADD_NODE);
  events.begin("b");
  events.record(DELETE_POD, "a");
  assert.deepEqual(events.end("b"), []);
  assert.equal(events.events, 2);
  assert.deepEqual(events.end("a"), [ADD_NODE, DELETE_POD]);
  assert.equal(events.events, 0);
  events.begin("slow");
  for (let i = 0; i < 20_000; i++) events.record(ADD_NODE);
  assert.ok(events.events <= 10_000);
  assert.equal(events.end("slow"), undefined);
});
