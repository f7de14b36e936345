import assert from "node:assert/strict";
import { type Job, JOBS, type Pod } from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { judgeFailure } from "./failure_policy.ts";
import { formatIndexes, parseIndexes } from "./indexes.ts";
import { indexOf, TRACKING } from "./job_pod.ts";

Deno.test("indexes are written as ranges and read back", () => {
  const cases: [number[], string][] = [
    [[], ""],
    [[3], "3"],
    [[1, 2], "1,2"],
    [[0, 2, 3, 4, 5, 9], "0,2-5,9"],
    [[5, 4, 4, 3], "3-5"],
  ];
  for (const [indexes, text] of cases) {
    assert.equal(formatIndexes(indexes), text);
    assert.deepEqual([...parseIndexes(text, 10)].sort(), [...new Set(indexes)].sort());
  }
  assert.deepEqual([...parseIndexes("1-9999999,x,-3", 3)], [1, 2]);
});

const failed = (exitCode: number, conditions: { type: string; status: string }[] = []): Pod => ({
  metadata: { name: "p", namespace: "d" },
  status: {
    phase: "Failed",
    conditions,
    containerStatuses: [{ name: "c", state: { terminated: { exitCode } } }],
  },
});

Deno.test("judgeFailure() takes the first rule that fits", () => {
  const job: Job = {
    spec: {
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] },
          { action: "FailJob", onExitCodes: { operator: "In", values: [42], containerName: "c" } },
          { action: "FailIndex", onExitCodes: { operator: "NotIn", values: [1, 2] } },
        ],
      },
    },
  };
  const cases: [Pod, string][] = [
    [failed(42, [{ type: "DisruptionTarget", status: "True" }]), "Ignore"],
    [failed(42), "FailJob"],
    [failed(7), "FailIndex"],
    [failed(1), "Count"],
    [failed(0), "Count"],
  ];
  for (const [pod, action] of cases) assert.equal(judgeFailure(job, pod).action, action);
  const verdict = judgeFailure(job, failed(42));
  assert.equal(
    verdict.action === "FailJob" ? verdict.message : "",
    "Container c for pod d/p failed with exit code 42 matching FailJob rule at index 1",
  );
});

const job = (spec: Job["spec"] = {}): Job => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "j", namespace: "d" },
  spec: {
    template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "a" }] } },
    ...spec,
  },
});

async function run(spec: Job["spec"] = {}): Promise<Simulation> {
  const simulation = new Simulation(["job", "ttl-after-finished"]);
  await simulation.client.create(JOBS, job(spec));
  await simulation.pass(100);
  return simulation;
}

const pods = (simulation: Simulation) => simulation.api.list<Pod>("pods");
const live = (simulation: Simulation) =>
  pods(simulation).filter(({ status, metadata }) =>
    (status?.phase === "Running" || status?.phase === "Pending") && !metadata?.deletionTimestamp
  );
const status = (simulation: Simulation) => simulation.api.list<Job>("jobs")[0]?.status ?? {};
const conditions = (simulation: Simulation) =>
  status(simulation).conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

/** Ends running pods, in a phase. */
async function end(
  simulation: Simulation,
  phase: "Succeeded" | "Failed",
  which = live(simulation),
) {
  for (const { metadata } of which) {
    simulation.api.change<Pod>("pods", metadata!.name!, (pod) => {
      pod.status = { ...pod.status, phase, conditions: [] };
    });
  }
  await simulation.pass(100);
}

Deno.test("a Job runs its pods to the end, counts each once, and frees them", async () => {
  const simulation = await run({ completions: 5, parallelism: 2 });
  assert.equal(live(simulation).length, 2);
  assert.ok(live(simulation).every((pod) => pod.metadata?.finalizers?.includes(TRACKING)));
  assert.equal(status(simulation).active, 2);
  await end(simulation, "Succeeded");
  assert.equal(status(simulation).succeeded, 2);
  assert.equal(live(simulation).length, 2);
  await end(simulation, "Succeeded");
  assert.equal(live(simulation).length, 1, "no more than are missing");
  await end(simulation, "Succeeded");
  assert.equal(pods(simulation).length, 5);
  assert.ok(pods(simulation).every((pod) => !pod.metadata?.finalizers?.includes(TRACKING)));
  const { startTime, completionTime, succeeded, active } = status(simulation);
  assert.deepEqual([succeeded, active], [5, 0]);
  assert.ok(startTime !== undefined && completionTime !== undefined);
  assert.deepEqual(conditions(simulation), [
    "SuccessCriteriaMet=True CompletionsReached",
    "Complete=True CompletionsReached",
  ]);
  const writes = simulation.api.writes.length;
  await simulation.pass(60_000);
  assert.equal(simulation.api.writes.length, writes, "a finished job is left alone");
  await simulation.end();
});

Deno.test("a Job retries with back-off and fails at its limit", async () => {
  const simulation = await run({ backoffLimit: 2 });
  await end(simulation, "Failed");
  assert.deepEqual([status(simulation).failed, live(simulation).length], [1, 0]);
  await simulation.pass(9_000);
  assert.equal(live(simulation).length, 0, "waits ten seconds");
  await simulation.pass(3_000);
  assert.equal(live(simulation).length, 1);
  await end(simulation, "Failed");
  await simulation.pass(25_000);
  await end(simulation, "Failed");
  await simulation.pass(1000);
  assert.equal(status(simulation).failed, 3);
  assert.deepEqual(conditions(simulation), [
    "FailureTarget=True BackoffLimitExceeded",
    "Failed=True BackoffLimitExceeded",
  ]);
  await simulation.end();
});

Deno.test("an indexed Job gives every index to one pod until it has succeeded", async () => {
  const simulation = await run({ completions: 3, parallelism: 3, completionMode: "Indexed" });
  const indexes = () => live(simulation).map((pod) => indexOf(pod, 3)).sort();
  assert.deepEqual(indexes(), [0, 1, 2]);
  const [first] = live(simulation).filter((pod) => indexOf(pod, 3) === 1);
  assert.equal(first?.spec?.hostname, "j-1");
  assert.ok(first?.spec?.containers?.[0]?.env?.some(({ name }) => name === "JOB_COMPLETION_INDEX"));
  await end(simulation, "Failed", [first!]);
  await simulation.pass(12_000);
  assert.deepEqual(indexes(), [0, 1, 2]);
  await end(simulation, "Succeeded", live(simulation).filter((pod) => indexOf(pod, 3) !== 1));
  assert.equal(status(simulation).completedIndexes, "0,2");
  assert.equal(live(simulation).length, 1);
  await end(simulation, "Succeeded");
  assert.deepEqual([status(simulation).completedIndexes, status(simulation).failed], ["0-2", 1]);
  assert.equal(conditions(simulation)?.at(-1), "Complete=True CompletionsReached");
  await simulation.end();
});

Deno.test("an index fails for good at its own limit", async () => {
  const simulation = await run({
    completions: 2,
    parallelism: 2,
    completionMode: "Indexed",
    backoffLimit: 100,
    backoffLimitPerIndex: 1,
  });
  const of = (index: number) => live(simulation).filter((pod) => indexOf(pod, 2) === index);
  await end(simulation, "Failed", of(0));
  assert.equal(of(0).length, 1);
  await end(simulation, "Failed", of(0));
  assert.deepEqual([of(0).length, status(simulation).failedIndexes], [0, "0"]);
  await end(simulation, "Succeeded", of(1));
  assert.equal(conditions(simulation)?.at(-1), "Failed=True FailedIndexes");
  await simulation.end();
});

Deno.test("a suspended Job has no pods, and counts none of them as failed", async () => {
  const simulation = await run({ parallelism: 2, completions: 2 });
  simulation.api.change<Job>("jobs", "j", (job) => {
    job.spec!.suspend = true;
  });
  await simulation.pass(1000);
  assert.equal(live(simulation).length, 0);
  assert.deepEqual(conditions(simulation), ["Suspended=True JobSuspended"]);
  assert.deepEqual([status(simulation).startTime, status(simulation).failed ?? 0], [undefined, 0]);
  simulation.api.change<Job>("jobs", "j", (job) => {
    job.spec!.suspend = false;
  });
  await simulation.pass(1000);
  assert.equal(live(simulation).length, 2);
  assert.deepEqual(conditions(simulation), ["Suspended=False JobResumed"]);
  await simulation.end();
});

Deno.test("a Job past its deadline fails and ends its pods; its time to live then takes it away", async () => {
  const simulation = await run({ activeDeadlineSeconds: 30, ttlSecondsAfterFinished: 60 });
  await simulation.pass(31_000);
  assert.equal(live(simulation).length, 0);
  assert.equal(conditions(simulation)?.at(-1), "Failed=True DeadlineExceeded");
  await simulation.pass(65_000);
  const [left] = simulation.api.list<Job>("jobs");
  assert.ok(left?.metadata?.deletionTimestamp !== undefined, "deleted in the foreground");
  await simulation.end();
});

Deno.test("pods of a job that is gone lose their finalizer", async () => {
  const simulation = await run();
  await simulation.client.delete(JOBS, "j", { namespace: "d" });
  await simulation.pass(1000);
  assert.ok(pods(simulation).every((pod) => !pod.metadata?.finalizers?.includes(TRACKING)));
  await simulation.end();
});
