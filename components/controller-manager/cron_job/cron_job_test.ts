import assert from "node:assert/strict";
import { CRON_JOBS, type CronJob, type Job, type Pod } from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { planCronJob } from "./plan.ts";
import { parseSchedule } from "./schedule.ts";

const at = (text: string): number => Date.parse(`2026-01-01T${text}Z`);
const iso = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString().slice(11, 19);

Deno.test("parseSchedule() reads fields, descriptors and intervals", () => {
  const cases: [string, string | undefined, string, string, number | undefined][] = [
    ["*/5 * * * *", undefined, "00:05:00", "00:10:00", 2],
    ["@hourly", undefined, "01:00:00", "", undefined],
    ["@every 90s", undefined, "00:01:30", "00:10:30", 7],
    ["30 1 * * *", "Europe/Berlin", "00:30:00", "", undefined],
  ];
  for (const [text, zone, next, latest, missed] of cases) {
    const schedule = parseSchedule(text, zone, at("00:00:00"));
    assert.equal(iso(schedule.next(at("00:00:00"))), next, text);
    const due = schedule.latest(at("00:00:00"), at("00:10:30"));
    assert.equal(iso(due?.at) ?? "", latest, text);
    assert.equal(due?.missed, missed, text);
  }
  for (const text of ["* * * * * *", "bad", "@every 1x", "@every", "61 * * * *"]) {
    assert.throws(() => parseSchedule(text, undefined, 0), text);
  }
});

const cron = (spec: CronJob["spec"] = {}, status: CronJob["status"] = {}): CronJob => ({
  metadata: { name: "c", namespace: "d", uid: "u", creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: { schedule: "*/10 * * * *", jobTemplate: { spec: {} }, ...spec },
  status: status!,
});

const job = (name: string, type?: string, startTime = "2026-01-01T00:00:00Z"): Job => ({
  metadata: { name, uid: name },
  status: { startTime, ...(type === undefined ? {} : { conditions: [{ type, status: "True" }] }) },
});

Deno.test("planCronJob() starts what is due, by its policy", () => {
  const active = { active: [{ name: "j", uid: "j" }] };
  const minutes = at("00:20:00") / 60_000;
  const cases: [string, CronJob, Job[], string, string | undefined, string[]][] = [
    ["not yet", cron(), [], "00:09:59", undefined, []],
    ["due", cron(), [], "00:20:05", `c-${minutes}`, []],
    [
      "done already",
      cron({}, { lastScheduleTime: "2026-01-01T00:20:00Z" }),
      [],
      "00:25:00",
      undefined,
      [],
    ],
    ["suspended", cron({ suspend: true }), [], "00:20:05", undefined, []],
    ["too late", cron({ startingDeadlineSeconds: 60 }), [], "00:25:00", undefined, []],
    ["beside another", cron({}, active), [job("j")], "00:20:05", `c-${minutes}`, []],
    [
      "forbidden",
      cron({ concurrencyPolicy: "Forbid" }, active),
      [job("j")],
      "00:20:05",
      undefined,
      ["JobAlreadyActive"],
    ],
    [
      "after another",
      cron({ concurrencyPolicy: "Forbid" }, active),
      [job("j", "Complete")],
      "00:20:05",
      `c-${minutes}`,
      ["SawCompletedJob"],
    ],
    ["lost", cron({ suspend: true }, active), [], "00:20:05", undefined, ["MissingJob"]],
    ["unreadable", cron({ schedule: "x" }), [], "00:20:05", undefined, ["UnparseableSchedule"]],
    [
      "long missed",
      cron({ schedule: "* * * * *" }),
      [],
      "03:00:00",
      `c-${at("03:00:00") / 60_000}`,
      ["TooManyMissedTimes"],
    ],
  ];
  for (const [name, cronJob, jobs, now, create, events] of cases) {
    const plan = planCronJob(cronJob, jobs, at(now));
    assert.equal(plan.create?.metadata?.name, create, name);
    assert.deepEqual(plan.events.map(({ reason }) => reason), events, name);
  }
  const replaced = planCronJob(
    cron({ concurrencyPolicy: "Replace" }, active),
    [job("j")],
    at("00:20:05"),
  );
  assert.deepEqual(replaced.replace.map(({ metadata }) => metadata?.name), ["j"]);
  const history = [1, 2, 3, 4].map((n) => job(`j${n}`, "Complete", `2026-01-01T00:0${n}:00Z`));
  const { forget } = planCronJob(cron({ suspend: true }), [...history, job("f", "Failed")], 0);
  assert.deepEqual(forget.map(({ metadata }) => metadata?.name), ["j1"]);
});

Deno.test("a CronJob starts a job every minute and keeps the last three", async () => {
  const simulation = new Simulation(["cronjob", "job"]);
  const { api, client } = simulation;
  await client.create(CRON_JOBS, {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "c", namespace: "d" },
    spec: {
      schedule: "* * * * *",
      jobTemplate: {
        spec: {
          template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "a" }] } },
        },
      },
    },
  });
  for (let minute = 0; minute < 5; minute++) {
    await simulation.pass(60_000, 20_000);
    for (const pod of api.list("pods")) {
      api.change<Pod>("pods", pod.metadata!.name!, (pod) => {
        pod.status = { phase: "Succeeded" };
      });
    }
  }
  await simulation.pass(1000);
  const jobs = api.list<Job>("jobs");
  assert.equal(jobs.length, 4, "three that are done and one that runs");
  const [cronJob] = api.list<CronJob>("cronjobs");
  assert.equal(cronJob?.status?.active?.length ?? 0, 1);
  assert.ok(cronJob?.status?.lastSuccessfulTime !== undefined);
  await simulation.end();
});
