/**
 * Measures how long a whole cluster in the calling process takes to be ready, and a Deployment's rollout in it:
 * `deno run -A tests/bench/cluster_bench.ts [--nodes N] [--rounds R]`. Nodes are hollow and the store is in memory.
 */
import { parseArgs } from "node:util";
import { Cluster, type Deployment, DEPLOYMENTS } from "../../mod.ts";
import { printTable } from "./measure.ts";

const REPLICAS = 10;

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    nodes: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
  },
});

const lines: string[][] = [];
for (let round = 0; round < Number(flags.rounds); round++) {
  const started = performance.now();
  const cluster = await Cluster.start({
    nodes: Number(flags.nodes),
    runtime: "hollow",
    store: "memory",
  });
  const ready = performance.now() - started;
  const rollout = await rollOut(cluster);
  const ending = performance.now();
  await cluster[Symbol.asyncDispose]();
  const end = performance.now() - ending;
  // The first start also compiles and fills caches of the process.
  lines.push([
    round === 0 ? "first" : `again ${round}`,
    ...[ready, rollout, end].map(milliseconds),
  ]);
}
const rollout = `${REPLICAS} pods rolled out, ms`;
printTable([`${flags.nodes} hollow nodes`, "start, ms", rollout, "end, ms"], lines);
Deno.exit(0);

/** From the request that creates a Deployment until its status says that all replicas are available. */
async function rollOut(cluster: Cluster): Promise<number> {
  const labels = { app: "web" };
  const deployment: Deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "web", image: "registry.example/web:1" }] },
      },
    },
  };
  const started = performance.now();
  const created = await cluster.client.create(DEPLOYMENTS, deployment);
  const events = await cluster.client.watch(DEPLOYMENTS, {
    namespace: "default",
    resourceVersion: created.metadata?.resourceVersion ?? "",
  });
  for await (const { object } of events) {
    if (object.status?.availableReplicas === REPLICAS) break;
  }
  return performance.now() - started;
}

function milliseconds(value: number): string {
  return value.toFixed(0);
}
