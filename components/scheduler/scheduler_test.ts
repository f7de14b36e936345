import assert from "node:assert/strict";
import type { Pod } from "../api/mod.ts";
import { Simulation } from "./simulation.ts";

Deno.test("a pod is bound to a node that it fits on, and told of", async () => {
  const simulation = await Simulation.start();
  try {
    simulation.node("n1", { cpu: "1" });
    simulation.node("n2", { cpu: "4" });
    simulation.pod("a", { cpu: "2" });
    await simulation.until(() => simulation.nodeOf("a") === "n2");
    await simulation.until(() =>
      simulation.api.writes.includes("EVENT Scheduled Successfully assigned d/a to n2")
    );
    const explanation = simulation.scheduler.explain("d", "a");
    assert.equal(explanation?.node, "n2");
    assert.deepEqual(explanation?.nodes["n1"], {
      rejectedBy: "NodeResourcesFit",
      reason: "Insufficient cpu",
    });
    assert.ok("scores" in explanation!.nodes["n2"]!);
  } finally {
    await simulation.end();
  }
});

Deno.test("a pod that fits nowhere is told why, and tried again when room comes, by no heartbeat", async () => {
  const simulation = await Simulation.start();
  try {
    simulation.node("n1", { cpu: "1" });
    simulation.pod("a", { cpu: "2" });
    await simulation.until(() => condition(simulation.api.pod("a")) !== undefined);
    const { message = "", reason } = condition(simulation.api.pod("a"))!;
    assert.equal(reason, "Unschedulable");
    assert.ok(message.startsWith("0/1 nodes are available: 1 Insufficient cpu."), message);
    const tries = () => simulation.metric("scheduler_schedule_attempts_total");
    const before = tries();
    for (let i = 0; i < 5; i++) simulation.node("n1", { cpu: "1" });
    await simulation.pass(11_000);
    assert.equal(tries(), before);
    simulation.node("n1", { cpu: "3" });
    await simulation.until(() => simulation.nodeOf("a") === "n1");
  } finally {
    await simulation.end();
  }
});

Deno.test("a cluster without nodes says so, and a node that comes is used", async () => {
  const simulation = await Simulation.start();
  try {
    simulation.pod("a", {});
    await simulation.until(() => condition(simulation.api.pod("a")) !== undefined);
    assert.equal(
      condition(simulation.api.pod("a"))?.message,
      "no nodes available to schedule pods",
    );
    simulation.node("n1", { cpu: "1" });
    await simulation.until(() => simulation.nodeOf("a") === "n1");
  } finally {
    await simulation.end();
  }
});

Deno.test("a gated pod waits for its gates; one that is being deleted is left", async () => {
  const simulation = await Simulation.start();
  try {
    simulation.node("n1", { cpu: "4" });
    simulation.pod("gated", { spec: { schedulingGates: [{ name: "x" }] } });
    simulation.pod("going", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
    await simulation.until(() =>
      simulation.api.writes.some((write) =>
        write === "EVENT FailedScheduling skip schedule deleting pod: d/going"
      )
    );
    assert.equal(simulation.nodeOf("gated"), "");
    const gated = simulation.api.pod("gated")!;
    const { schedulingGates: _, ...spec } = gated.spec!;
    simulation.api.put("pods", { ...gated, spec } as Pod);
    await simulation.until(() => simulation.nodeOf("gated") === "n1");
    assert.equal(simulation.nodeOf("going"), "");
  } finally {
    await simulation.end();
  }
});

Deno.test("pods of other schedulers are nobody's business, yet their room is taken", async () => {
  const simulation = await Simulation.start();
  try {
    simulation.node("n1", { cpu: "2" });
    simulation.pod("other", { spec: { schedulerName: "another" }, cpu: "2" });
    simulation.pod("mine", { cpu: "1" });
    await simulation.until(() => simulation.nodeOf("mine") === "n1");
    assert.equal(simulation.nodeOf("other"), "");
    simulation.pod("bound", { spec: { schedulerName: "another", nodeName: "n1" }, cpu: "1" });
    simulation.pod("late", { cpu: "1" });
    await simulation.until(() => condition(simulation.api.pod("late")) !== undefined);
    simulation.api.remove("pods", "bound", "d");
    await simulation.until(() => simulation.nodeOf("late") === "n1");
  } finally {
    await simulation.end();
  }
});

function condition(pod: Pod | undefined) {
  return pod?.status?.conditions?.find(({ type }) => type === "PodScheduled");
}

Deno.test("rules that no node can meet are told as such, and the pod rests", async () => {
  const simulation = await Simulation.start();
  try {
    simulation.node("n1", {});
    const field = (name: string) => ({
      matchFields: [{ key: "metadata.name", operator: "In", values: [name] }],
    });
    const both = { matchFields: [...field("a").matchFields, ...field("b").matchFields] };
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [both] },
    };
    simulation.pod("a", { spec: { affinity: { nodeAffinity } } });
    await simulation.until(() => condition(simulation.api.pod("a")) !== undefined);
    assert.equal(
      condition(simulation.api.pod("a"))?.message,
      "0/1 nodes are available: pod affinity terms conflict. preemption: 0/1 nodes are " +
        "available: 1 Preemption is not helpful for scheduling.",
    );
    const before = simulation.metric("scheduler_schedule_attempts_total");
    await simulation.pass(30_000);
    assert.equal(simulation.metric("scheduler_schedule_attempts_total"), before);
  } finally {
    await simulation.end();
  }
});
