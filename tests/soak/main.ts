/**
 * Tries for as long as it is told what must hold always, in orders that a seed decides:
 * `deno task soak [--minutes N] [--seed S] [--only NAME]`. The seed is printed; giving it again repeats what does not
 * depend on the machine. The last line is the result.
 */
import { parseArgs } from "node:util";
import { seededRandom } from "../../components/base/mod.ts";
import { controlPlaneKills } from "./control_plane_kills.ts";
import { decoderFuzz } from "./decoder_fuzz.ts";
import { etcdKills } from "./etcd_kills.ts";
import { informerSimulation } from "./informer_simulation.ts";
import { nodeReboots } from "./node_reboots.ts";
import { requestFuzz } from "./request_fuzz.ts";
import { queueSimulation } from "./queue_simulation.ts";
import { schedulerSimulation } from "./scheduler_simulation.ts";
import { storeKills } from "./store_kills.ts";
import { streamFuzz } from "./stream_fuzz.ts";
import type { SoakTask } from "./task.ts";

const TASKS: readonly SoakTask[] = [
  storeKills,
  controlPlaneKills,
  decoderFuzz,
  requestFuzz,
  streamFuzz,
  informerSimulation,
  queueSimulation,
  schedulerSimulation,
  nodeReboots,
  etcdKills,
];

/** A round takes seconds; one that takes so long hangs, and that is a failure too. */
const ROUND_SECONDS_MAXIMUM = 120;

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string" },
    only: { type: "string" },
  },
});
const seed = flags.seed === undefined
  ? crypto.getRandomValues(new Uint32Array(1))[0]!
  : Number(flags.seed);
const tasks = TASKS.filter(({ name }) => flags.only === undefined || name === flags.only);
if (tasks.length === 0) {
  console.error(`no such task; there are: ${TASKS.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}
const started = performance.now();
const end = started + Number(flags.minutes) * 60_000;
console.log(`seed ${seed}`);

let rounds = 0;
let failures = 0;
do {
  for (const task of tasks) await runOnce(task, seed + rounds);
  rounds++;
} while (performance.now() < end);
for (const task of tasks) await task.end?.();
console.log(`${rounds} rounds of ${tasks.length} tasks, ${failures} failed, seed ${seed}`);
if (failures > 0) Deno.exit(1);

async function runOnce(task: SoakTask, taskSeed: number): Promise<void> {
  const from = performance.now();
  let outcome: string;
  try {
    outcome = await inTime(task.run(seededRandom(taskSeed)));
  } catch (error) {
    failures++;
    outcome = `FAILED: ${error instanceof Error ? error.stack ?? error.message : error}`;
    outcome += `\nagain: deno task soak --minutes 0 --seed ${taskSeed} --only "${task.name}"`;
    // What a failed round left behind must not fail the next.
    await task.end?.().catch(() => {});
  }
  const memory = (Deno.memoryUsage().rss / 2 ** 20).toFixed(0);
  const seconds = (performance.now() - from) / 1000;
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`${minutes} min  ${memory} MB  ${task.name} (${seconds.toFixed(1)} s): ${outcome}`);
}

async function inTime(round: Promise<string>): Promise<string> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no end after ${ROUND_SECONDS_MAXIMUM} s`)),
    ROUND_SECONDS_MAXIMUM * 1000,
  );
  try {
    return await Promise.race([round, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
