import assert from "node:assert/strict";
import { Simulation } from "../simulation.ts";
import { coreBudgets } from "./budgets.ts";
import { notEligible } from "./eligibility.ts";

Deno.test("a pod of higher priority gets its room: condition, then DELETE, event, nomination", async () => {
  const simulation = await Simulation.start();
  try {
    const { api } = simulation;
    simulation.node("n1", { cpu: "2" });
    simulation.pod("low", { cpu: "2", spec: { priority: 0 } });
    await simulation.until(() => simulation.nodeOf("low") === "n1");
    const victim = api.pod("low")!.metadata!.uid!;
    simulation.pod("high", { cpu: "1", spec: { priority: 100 } });
    await simulation.until(() => simulation.nodeOf("high") === "n1");
    assert.equal(api.pod("low"), undefined);
    const writes = api.writes.filter((write) => / pods\/low/.test(write));
    assert.deepEqual(writes.slice(1), ["PATCH pods/low/status", "DELETE pods/low"]);
    const { uid } = api.pod("high")!.metadata!;
    const told = `EVENT Preempted Preempted by pod ${uid} on node n1`;
    await simulation.until(() => api.writes.some((write) => write.startsWith(told)));
    assert.ok(api.writes.includes("PATCH pods/high/status"), "the node is kept for it");
    assert.equal(api.bindings.get(victim)?.length, 1);
  } finally {
    await simulation.end();
  }
});

const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
  [
    "preemptionPolicy Never",
    { priority: 100, preemptionPolicy: "Never" },
    "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
  ],
  [
    "no lower priority",
    { priority: 0 },
    "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
  ],
  [
    "a rule that no removal changes",
    { priority: 100, nodeSelector: { a: "b" } },
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  ],
];

for (const [name, spec, message] of REFUSED) {
  Deno.test(`no pod is preempted: ${name}`, async () => {
    const simulation = await Simulation.start();
    try {
      simulation.node("n1", { cpu: "2" });
      simulation.pod("there", { cpu: "2", spec: { priority: 0 } });
      await simulation.until(() => simulation.nodeOf("there") === "n1");
      simulation.pod("late", { cpu: "1", spec });
      const said = () => simulation.api.pod("late")?.status?.conditions?.[0]?.message;
      await simulation.until(() => said() !== undefined);
      assert.equal(said(), message);
      assert.notEqual(simulation.api.pod("there"), undefined);
    } finally {
      await simulation.end();
    }
  });
}

Deno.test("coreBudgets leaves out pods that a budget has let go already", () => {
  const selector = { matchLabels: { app: "web" } };
  const found = coreBudgets([
    {
      metadata: { namespace: "d", name: "b" },
      spec: { selector },
      status: {
        currentHealthy: 1,
        desiredHealthy: 1,
        disruptedPods: { gone: "2026-01-01T00:00:00Z", unknown: "2026-01-01T00:00:00Z" },
        disruptionsAllowed: 1,
        expectedPods: 1,
      },
    },
    { metadata: { namespace: "d", name: "c" } },
  ], (namespace, name) => namespace === "d" && name === "gone" ? 7 : undefined);
  assert.deepEqual(found, [
    { namespace: "d", selector, allowed: 1, except: [7] },
    { namespace: "d", selector: undefined, allowed: 0, except: [] },
  ]);
});

Deno.test("notEligible speaks in upstream's words", () => {
  const policy = (preemptionPolicy?: string) => ({
    spec: { ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }) },
  });
  assert.equal(notEligible(policy() as never, false), undefined);
  assert.equal(
    notEligible(policy("Never") as never, false),
    "not eligible due to preemptionPolicy=Never.",
  );
  assert.equal(
    notEligible(policy("PreemptLowerPriority") as never, true),
    "not eligible due to a terminating pod on the nominated node.",
  );
});
