import assert from "node:assert/strict";
import { type Random, randomInteger } from "../../components/base/mod.ts";
import type { Pod } from "../../components/api/mod.ts";
import { Simulation } from "../../components/scheduler/simulation.ts";
import type { SoakTask } from "./task.ts";

const STEPS = 250;
const NODES = 6;
const NODE_CPU = 4;

/**
 * A scheduler whose server refuses requests, loses answers, breaks watches and forgets history, while nodes and pods
 * come and go: no pod is bound twice, none to a node that was full, and when the faults end none that fits is forgotten.
 */
export const schedulerSimulation: SoakTask = {
  name: "scheduler",
  async run(random) {
    const simulation = await Simulation.start({}, randomInteger(random, 0x7fffffff));
    const run = new Run(random, simulation);
    try {
      for (let i = 0; i < STEPS; i++) {
        await run.step();
        run.check();
      }
      await run.settle();
    } finally {
      await simulation.end();
    }
    return `${STEPS} steps, ${run.pods} pods, ${simulation.api.bindings.size} bound`;
  },
};

class Run {
  pods = 0;

  constructor(readonly random: Random, readonly simulation: Simulation) {}

  async step(): Promise<void> {
    const { api } = this.simulation;
    const node = `n${randomInteger(this.random, NODES)}`;
    const chance = this.random.next();
    if (chance < 0.35) {
      const cpu = String(1 + randomInteger(this.random, 3));
      const priority = this.random.next() < 0.2 ? 100 : 0;
      this.simulation.pod(`p${this.pods++}`, { cpu, spec: { priority } });
    } else if (chance < 0.5) {
      this.simulation.node(node, { cpu: String(NODE_CPU) });
    } else if (chance < 0.55) {
      api.remove("nodes", node);
      // Who was on it is collected, as by the pod garbage collector.
      for (const pod of api.list<Pod>("pods")) {
        if (pod.spec?.nodeName === node) api.remove("pods", pod.metadata?.name ?? "", "d");
      }
    } else if (chance < 0.7) {
      const pods = api.list<Pod>("pods");
      const pod = pods[randomInteger(this.random, Math.max(1, pods.length))];
      if (pod !== undefined) api.remove("pods", pod.metadata?.name ?? "", "d");
    } else if (chance < 0.8) {
      api.faults = { refuse: this.random.next() * 0.3, loseAnswer: this.random.next() * 0.2 };
    } else if (chance < 0.85) {
      api.hangUp(this.random.next() < 0.5);
    } else {
      await this.simulation.pass(randomInteger(this.random, 3_000));
    }
    await turn();
  }

  check(): void {
    for (const [uid, nodes] of this.simulation.api.bindings) {
      assert.equal(nodes.length, 1, `${uid} is bound once`);
    }
    for (const [node, used] of this.#used()) {
      assert.ok(used <= NODE_CPU, `${node} is not overcommitted: ${used}`);
    }
  }

  /** Without faults every pod gets its place that has one. */
  async settle(): Promise<void> {
    const { api } = this.simulation;
    api.faults = { refuse: 0, loseAnswer: 0 };
    api.hangUp(true);
    for (let i = 0; i < 12; i++) await this.simulation.pass(30_000);
    this.check();
    const nodes = api.list("nodes").map(({ metadata }) => metadata?.name ?? "");
    const used = this.#used();
    const most = Math.max(0, ...nodes.map((node) => NODE_CPU - (used.get(node) ?? 0)));
    for (const pod of api.list<Pod>("pods")) {
      if ((pod.spec?.nodeName ?? "") !== "") continue;
      assert.ok(cpuOf(pod) > most, `${pod.metadata?.name} was forgotten: ${most} CPUs are free`);
    }
  }

  #used(): Map<string, number> {
    const used = new Map<string, number>();
    for (const pod of this.simulation.api.list<Pod>("pods")) {
      const node = pod.spec?.nodeName ?? "";
      if (node !== "") used.set(node, (used.get(node) ?? 0) + cpuOf(pod));
    }
    return used;
  }
}

function cpuOf(pod: Pod): number {
  return Number(pod.spec?.containers?.[0]?.resources?.requests?.["cpu"] ?? 0);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
