/**
 * Measures the scheduler's core alone: messages built in TypeScript, decisions made in WebAssembly, the chosen pod put
 * on its node each time. `deno run -A tests/bench/scheduler_core_bench.ts [--pods N]`.
 */
import { parseArgs } from "node:util";
import type { Node, Pod } from "../../components/api/mod.ts";
import { Core } from "../../components/scheduler/core_wasm.ts";
import { measure, printRows, type Row } from "./measure.ts";

const NODES = [100, 1000, 5000];
const { values: flags } = parseArgs({
  args: Deno.args,
  options: { pods: { type: "string", default: "3000" } },
});
const pods = Number(flags.pods);

const rows: Row[] = [];
// The first round is only to let the engine compile what the others measure.
await decide(100, 0);
for (const nodes of NODES) {
  // As the scheduler asks by default: enough feasible nodes end the search (upstream's adaptive percentage).
  rows.push(await decide(nodes, 0));
  rows.push(await decide(nodes, 100));
}
printRows(rows);

async function decide(nodes: number, percentageOfNodesToScore: number): Promise<Row> {
  const core = new Core();
  core.configure([{ name: "default-scheduler", percentageOfNodesToScore }]);
  for (let i = 0; i < nodes; i++) core.putNode(node(i));
  let unplaced = 0;
  const place = (i: number): void => {
    const item = core.encode(i + 1, pod(i));
    const decision = core.schedule(item);
    if (decision.node === undefined) unplaced++;
    else core.assume(item, decision.node);
  };
  const looked = percentageOfNodesToScore === 0 ? "upstream's share" : "all looked at";
  const row = await measure(
    { name: `${nodes} nodes, ${looked}`, workers: 1, operations: pods },
    (_, i) => {
      place(i);
      return Promise.resolve();
    },
  );
  core.end();
  return { ...row, errors: row.errors + unplaced };
}

function node(i: number): Node {
  return {
    metadata: {
      name: `node-${i}`,
      labels: {
        "kubernetes.io/hostname": `node-${i}`,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": `zone-${i % 3}`,
        "topology.kubernetes.io/region": "region",
        disk: i % 2 === 0 ? "ssd" : "hdd",
      },
    },
    spec: i % 50 === 0 ? { taints: [{ key: "dedicated", value: "x", effect: "NoSchedule" }] } : {},
    status: {
      allocatable: { cpu: "32", memory: "128Gi", "ephemeral-storage": "200Gi", pods: "110" },
      images: [{ names: ["registry.example/web:1"], sizeBytes: 150_000_000 }],
    },
  };
}

function pod(i: number): Pod {
  return {
    metadata: { name: `pod-${i}`, namespace: "bench", uid: `uid-${i}` },
    spec: {
      ...(i % 4 === 0 ? { nodeSelector: { disk: "ssd" } } : {}),
      tolerations: [
        { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
        { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
      ],
      containers: [{
        name: "web",
        image: "registry.example/web:1",
        resources: { requests: { cpu: "100m", memory: "128Mi" } },
      }],
    },
  };
}
