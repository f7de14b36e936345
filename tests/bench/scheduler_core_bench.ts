/**
 * Measures the scheduler's core alone: pods encoded in TypeScript, decisions made in WebAssembly, the chosen pod put on
 * its node each time. `deno run -A tests/bench/scheduler_core_bench.ts [--pods N] [--memory]`.
 */
import { parseArgs } from "node:util";
import type { PodSpec } from "../../components/api/mod.ts";
import { Core } from "../../components/scheduler/core_wasm.ts";
import { measure, printRows, type Row } from "./measure.ts";
import { KINDS, node, pod } from "./scheduler_pods.ts";

const GROWTH = [100, 1000, 5000, 15_000];
const KINDS_NODES = 5000;
const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    pods: { type: "string", default: "3000" },
    memory: { type: "boolean", default: false },
  },
});
const pods = Number(flags.pods);

if (flags.memory) {
  fill(15_000, 10);
} else {
  const rows: Row[] = [];
  const basic = KINDS["basic"]!;
  // The first round is only to let the engine compile what the others measure.
  await decide("", 100, 0, basic);
  for (const nodes of GROWTH) {
    // As the scheduler asks by default: enough feasible nodes end the search (upstream's adaptive percentage).
    rows.push(await decide(`${nodes} nodes, upstream's share`, nodes, 0, basic));
    rows.push(await decide(`${nodes} nodes, all looked at`, nodes, 100, basic));
  }
  for (const [kind, spec] of Object.entries(KINDS)) {
    rows.push(await decide(`${kind}, upstream's share`, KINDS_NODES, 0, spec));
    rows.push(await decide(`${kind}, all looked at`, KINDS_NODES, 100, spec));
  }
  rows.push(await preempt());
  printRows(rows);
}

function clusterOf(nodes: number, percentageOfNodesToScore: number): Core {
  const core = new Core();
  core.configure([{ name: "default-scheduler", percentageOfNodesToScore }]);
  for (let i = 0; i < nodes; i++) core.putNode(node(i));
  return core;
}

async function decide(
  name: string,
  nodes: number,
  percentageOfNodesToScore: number,
  spec: (i: number) => Partial<PodSpec>,
): Promise<Row> {
  const core = clusterOf(nodes, percentageOfNodesToScore);
  let unplaced = 0;
  const row = await measure({ name, workers: 1, operations: pods }, (_, i) => {
    const item = core.encode(i + 1, pod(i, spec(i)));
    const decision = core.schedule(item);
    if (decision.node === undefined) unplaced++;
    else core.assume(item, decision.node);
    return Promise.resolve();
  });
  core.end();
  return { ...row, errors: row.errors + unplaced };
}

/** A full cluster: each pod is refused, preempts, and takes the room that its victims leave. */
async function preempt(): Promise<Row> {
  const core = clusterOf(KINDS_NODES, 0);
  const containers = (cpu: string) => [{
    name: "web",
    image: "registry.example/web:1",
    resources: { requests: { cpu } },
  }];
  let handle = 0;
  for (let i = 0; i < KINDS_NODES; i++) {
    for (let j = 0; j < 4; j++) {
      core.putPod(++handle, `node-${i}`, pod(handle, { containers: containers("8") }));
    }
  }
  let unplaced = 0;
  const operations = Math.min(pods, 1000);
  const row = await measure({ name: "preemption", workers: 1, operations }, () => {
    const item = core.encode(++handle, pod(handle, { priority: 10, containers: containers("20") }));
    const decision = core.schedule(item);
    const chosen = decision.node === undefined
      ? core.preempt(item, { offset: handle }).chosen
      : undefined;
    for (const victim of chosen?.victims ?? []) core.removePod(victim);
    const node = decision.node ?? chosen?.node;
    if (node === undefined) unplaced++;
    else core.assume(item, node);
    return Promise.resolve();
  });
  core.end();
  return { ...row, errors: row.errors + unplaced };
}

/** What a cluster of that size takes in memory: the module's and JavaScript's own, beyond what an empty core has. */
function fill(nodes: number, podsPerNode: number): void {
  const before = Deno.memoryUsage();
  const core = clusterOf(nodes, 0);
  const withNodes = Deno.memoryUsage();
  let handle = 0;
  for (let i = 0; i < nodes; i++) {
    for (let j = 0; j < podsPerNode; j++) {
      const app = { app: `app-${handle % 1000}` };
      const item = pod(++handle);
      core.putPod(handle, `node-${i}`, { ...item, metadata: { ...item.metadata, labels: app } });
    }
  }
  const withPods = Deno.memoryUsage();
  const placed = nodes * podsPerNode;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(`${nodes} nodes, ${placed} pods of ${1000} kinds`);
  console.log(`resident before     ${megabytes(before.rss)}`);
  console.log(`nodes               ${megabytes(withNodes.rss - before.rss)}`);
  console.log(`pods                ${megabytes(withPods.rss - withNodes.rss)}`);
  console.log(`bytes a node        ${Math.round((withNodes.rss - before.rss) / nodes)}`);
  console.log(`bytes a pod         ${Math.round((withPods.rss - withNodes.rss) / placed)}`);
  console.log(
    `decides             ${core.schedule(core.encode(handle + 1, pod(0))).node !== undefined}`,
  );
  console.log(`resident            ${megabytes(Deno.memoryUsage().rss)}`);
  core.end();
}
