/**
 * Measures the scheduler through the real API server with durable writes: pods a second from the first that is created
 * to the last that is bound, creation and events counted in; then how long a pod waits for its node under steady load.
 *
 *     deno run -A tests/bench/scheduler_bench.ts                        all cases at 5,000 nodes
 *     deno run -A tests/bench/scheduler_bench.ts --only basic --nodes 1000 --share 10
 *
 * `--only NAME` one case; `--nodes N`; `--share S` a share of each case's pods, in per cent; `--rate R` pods a second of
 * the steady load, 0 for none; `--directory D` where the data lies.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { EVENTS, NAMESPACES, NODES, type Pod, PODS } from "../../components/api/mod.ts";
import { percentiles, printTable } from "./measure.ts";
import { BoundPods } from "./scheduler/bound_pods.ts";
import { SCHEDULER_CASES, type SchedulerCase } from "./scheduler/scheduler_cases.ts";
import { type SchedulerCluster, startSchedulerCluster } from "./scheduler/scheduler_cluster.ts";

const WRITERS = 32;
const NAMESPACE = "bench";

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    only: { type: "string" },
    nodes: { type: "string", default: "5000" },
    share: { type: "string", default: "100" },
    rate: { type: "string", default: "100" },
    directory: { type: "string" },
  },
});
const nodes = Number(flags.nodes);
const share = Number(flags.share) / 100;
const cases = SCHEDULER_CASES.filter(({ name }) => flags.only === undefined || name === flags.only);
if (cases.length === 0) {
  console.error(`no such case; there are: ${SCHEDULER_CASES.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}
const lines: string[][] = [];
for (const one of cases) {
  const { events, processor, seconds } = await run(one);
  const pods = Math.ceil(one.pods * share);
  const rate = pods / seconds;
  lines.push([
    one.name,
    String(pods),
    seconds.toFixed(1),
    rate.toFixed(0),
    (processor / pods).toFixed(0),
    String(events),
    String(one.goal),
    String(one.floor),
  ]);
  console.log(
    `${one.name}: ${rate.toFixed(0)} pods/s, ${(processor / pods).toFixed(0)} us of processor each`,
  );
}
printTable(
  ["case", "pods", "seconds", "pods/s", "CPU us/pod", "events", "goal", "upstream's floor"],
  lines,
);
if (Number(flags.rate) > 0) await steady(Number(flags.rate));

async function run(one: SchedulerCase): Promise<Run> {
  return await withCluster(async (cluster) => {
    const { client } = cluster;
    await inParallel(nodes, (i) => client.create(NODES, one.node(i)));
    // The last one counts until its events are written, too.
    const place = async (count: number, pod: (i: number) => Pod, isLast = false) => {
      const bound = new BoundPods(client, NAMESPACE, count);
      const started = performance.now();
      const before = processorMicroseconds();
      await inParallel(count, (i) => client.create(PODS, pod(i)));
      await bound.all;
      bound.end();
      if (isLast) await cluster.scheduler.end();
      return {
        seconds: (performance.now() - started) / 1000,
        processor: processorMicroseconds() - before,
      };
    };
    const { before, unschedulable } = one;
    if (before !== undefined) await place(Math.ceil(before.pods * share), before.pod);
    if (unschedulable !== undefined) {
      const count = Math.ceil(unschedulable.pods * share);
      await inParallel(count, (i) => client.create(PODS, unschedulable.pod(i)));
    }
    const churning = one.churn === true ? churn(cluster, one) : undefined;
    const timed = await place(Math.ceil(one.pods * share), one.pod, true);
    await churning?.end();
    const { items, metadata } = await client.list(EVENTS, { namespace: NAMESPACE, limit: 1 });
    return { ...timed, events: items.length + (metadata?.remainingItemCount ?? 0) };
  });
}

interface Timed {
  readonly seconds: number;
  /** Microseconds of all threads of this process: client, server and scheduler. */
  readonly processor: number;
}

/** Events that were written: a flood of them is cut, as upstream cuts it. */
interface Run extends Timed {
  readonly events: number;
}

function processorMicroseconds(): number {
  const { system, user } = process.cpuUsage();
  return system + user;
}

/** A node comes and goes five times a second. */
function churn({ client }: SchedulerCluster, one: SchedulerCase) {
  let open = true;
  const loop = (async () => {
    for (let i = 0; open; i++) {
      await client.create(NODES, one.node(nodes + i));
      await new Promise((resolve) => setTimeout(resolve, 200));
      await client.delete(NODES, `node-${nodes + i}`);
    }
  })();
  return {
    end: () => {
      open = false;
      return loop;
    },
  };
}

async function steady(rate: number): Promise<void> {
  const one = SCHEDULER_CASES[0]!;
  const count = rate * 20;
  await withCluster(async (cluster) => {
    const { client } = cluster;
    await inParallel(nodes, (i) => client.create(NODES, one.node(i)));
    const bound = new BoundPods(client, NAMESPACE, count);
    const created = new Map<string, number>();
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      const wait = started + i * 1000 / rate - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      created.set(`pod-${i}`, performance.now());
      void client.create(PODS, one.pod(i));
    }
    await bound.all;
    const waits = [...created].map(([name, at]) => (bound.times.get(name) ?? Infinity) - at);
    const { p50Milliseconds, p99Milliseconds } = percentiles(waits);
    console.log(
      `created to bound at ${rate} pods/s: p50 ${p50Milliseconds.toFixed(1)} ms, ` +
        `p99 ${p99Milliseconds.toFixed(1)} ms`,
    );
    bound.end();
  });
}

async function withCluster<T>(work: (cluster: SchedulerCluster) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir({
    prefix: "coracle-scheduler-",
    ...(flags.directory === undefined ? {} : { dir: flags.directory }),
  });
  const cluster = await startSchedulerCluster(directory);
  try {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
    await cluster.client.create(NAMESPACES, namespace);
    return await work(cluster);
  } finally {
    await cluster.end();
    await Deno.remove(directory, { recursive: true });
  }
}

async function inParallel(count: number, once: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    while (next < count) await once(next++);
  }));
}
