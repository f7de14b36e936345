import assert from "node:assert/strict";
import { MetricRegistry, seededRandom, silentLogger } from "../base/mod.ts";
import { Client } from "../client/mod.ts";
import { openCore } from "./open_core.ts";
import { startScheduler } from "./scheduler.ts";
import { Simulation } from "./simulation.ts";

const PODS = 30;

/** Another scheduler of the same name over the same server. */
function second({ api, clock }: Simulation) {
  return startScheduler({
    client: new Client({ server: "http://api", fetch: api.fetch, userAgent: "second" }),
    clock,
    random: seededRandom(2),
    logger: silentLogger,
    metrics: new MetricRegistry(),
    core: openCore(),
  });
}

function assertBoundOnce({ api }: Simulation): void {
  assert.equal(api.bindings.size, PODS);
  for (const nodes of api.bindings.values()) assert.equal(nodes.length, 1);
}

Deno.test("a second instance goes on where the first ended: no pod bound twice, none forgotten", async () => {
  const simulation = await Simulation.start();
  for (let i = 0; i < 3; i++) simulation.node(`n${i}`, { cpu: "16" });
  for (let i = 0; i < PODS; i++) simulation.pod(`p${i}`, { cpu: "1" });
  await simulation.until(() => simulation.api.bindings.size > PODS / 3);
  await simulation.scheduler.end();
  const next = second(simulation);
  try {
    await simulation.until(() => simulation.api.bindings.size === PODS);
    assertBoundOnce(simulation);
  } finally {
    await next.end();
    await simulation.end();
  }
});

Deno.test("two that both believe to lead bind no pod twice", async () => {
  const simulation = await Simulation.start();
  const other = second(simulation);
  try {
    await other.ready;
    for (let i = 0; i < 3; i++) simulation.node(`n${i}`, { cpu: "16" });
    for (let i = 0; i < PODS; i++) simulation.pod(`p${i}`, { cpu: "1" });
    await simulation.until(() => simulation.api.bindings.size === PODS);
    assertBoundOnce(simulation);
  } finally {
    await other.end();
    await simulation.end();
  }
});

Deno.test("a pod whose node is deleted on the way to it is placed again", async () => {
  const simulation = await Simulation.start();
  try {
    const { api } = simulation;
    simulation.node("n1", { cpu: "4" });
    await simulation.until(() => simulation.metric('scheduler_cache_size{type="nodes"}') === 1);
    // Its binding is refused until the node is gone.
    api.faults = { refuse: 1, loseAnswer: 0 };
    simulation.pod("a", { cpu: "1" });
    await simulation.until(() =>
      simulation.metric('scheduler_cache_size{type="assumed_pods"}') === 1
    );
    api.remove("nodes", "n1");
    simulation.node("n2", { cpu: "4" });
    await simulation.until(() => simulation.metric('scheduler_cache_size{type="nodes"}') === 1);
    api.faults = { refuse: 0, loseAnswer: 0 };
    await simulation.until(() => simulation.nodeOf("a") === "n2");
    assert.equal([...api.bindings.values()].flat().length, 1);
  } finally {
    await simulation.end();
  }
});
