import { equalJson, timestamp } from "../../base/mod.ts";
import {
  CRON_JOBS,
  type CronJob,
  type CronJobStatus,
  type Job,
  type ObjectReference,
} from "../../api/mod.ts";
import { controllerReference } from "../ownership.ts";
import { holds } from "../job/outcome.ts";
import { timeOf } from "../pod_state.ts";
import { parseSchedule, type Schedule } from "./schedule.ts";

const SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp";
const MISSES_TOLERATED = 100;
/** Looks a little after the time: never before it by another machine's clock. */
const LATE_MILLISECONDS = 100;

export interface CronEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface CronPlan {
  readonly status: CronJobStatus;
  readonly events: readonly CronEvent[];
  /** Finished jobs beyond the history that is kept. */
  readonly forget: readonly Job[];
  /** Running jobs that the new one takes the place of. */
  readonly replace: readonly Job[];
  readonly create?: Job;
  readonly again?: number;
}

/** One look at a cron job; `jobs` are those that it controls. */
export function planCronJob(cron: CronJob, jobs: readonly Job[], now: number): CronPlan {
  const events: CronEvent[] = [];
  const { active, lastSuccessfulTime } = settleActive(cron, jobs, events);
  const status: CronJobStatus = {
    ...cron.status,
    ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
  };
  setActive(status, active);
  const base = { forget: surplusHistory(cron, jobs), replace: [], events };
  const unchanged = () => ({ ...base, status: settled(cron, status) });
  if (cron.metadata?.deletionTimestamp !== undefined || cron.spec?.suspend === true) {
    return unchanged();
  }
  let schedule: Schedule;
  const created = timeOf(cron.metadata?.creationTimestamp);
  try {
    schedule = parseSchedule(cron.spec?.schedule ?? "", cron.spec?.timeZone, created);
  } catch (error) {
    const text = `"${cron.spec?.schedule}": ${error instanceof Error ? error.message : error}`;
    events.push({
      type: "Warning",
      reason: "UnparseableSchedule",
      message: `unparseable schedule: ${text}`,
    });
    return unchanged();
  }
  const next = schedule.next(now);
  const again = next === undefined ? {} : { again: next - now + LATE_MILLISECONDS };
  const since = timeOf(cron.status?.lastScheduleTime) || created;
  const deadline = cron.spec?.startingDeadlineSeconds;
  const due = schedule.latest(
    deadline === undefined ? since : Math.max(since, now - deadline * 1000),
    now,
  );
  if (due === undefined) return { ...unchanged(), ...again };
  if (due.missed > MISSES_TOLERATED) {
    events.push({
      type: "Warning",
      reason: "TooManyMissedTimes",
      message:
        "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
    });
  }
  const job = jobOf(cron, due.at);
  const isThere = jobs.some(({ metadata }) => metadata?.name === job.metadata?.name);
  if (isThere) return { ...unchanged(), ...again };
  const policy = cron.spec?.concurrencyPolicy ?? "Allow";
  if (policy === "Forbid" && active.length > 0) {
    events.push({
      type: "Normal",
      reason: "JobAlreadyActive",
      message:
        "Not starting job because prior execution is running and concurrency policy is Forbid",
    });
    return { ...unchanged(), ...again };
  }
  const replace = policy === "Replace"
    ? jobs.filter(({ metadata }) => active.some(({ uid }) => uid === metadata?.uid))
    : [];
  if (replace.length > 0) setActive(status, []);
  status.lastScheduleTime = timestamp(due.at);
  return { ...base, status, replace, create: job, ...again };
}

const settled = (cron: CronJob, status: CronJobStatus): CronJobStatus =>
  equalJson(cron.status ?? {}, status) ? cron.status ?? status : status;

function setActive(status: CronJobStatus, active: readonly ObjectReference[]): void {
  if (active.length === 0) delete status.active;
  else status.active = [...active];
}

export const isOver = (job: Job): boolean =>
  holds(job, "Complete") !== undefined || holds(job, "Failed") !== undefined;

/** Takes jobs that are over or gone off the list of active ones. */
function settleActive(
  cron: CronJob,
  jobs: readonly Job[],
  events: CronEvent[],
): { active: ObjectReference[]; lastSuccessfulTime: string | undefined } {
  const byUid = new Map(jobs.map((job) => [job.metadata?.uid, job]));
  let lastSuccessfulTime = cron.status?.lastSuccessfulTime;
  const active: ObjectReference[] = [];
  for (const reference of cron.status?.active ?? []) {
    const job = byUid.get(reference.uid);
    if (job === undefined) {
      const message = `Active job went missing: ${reference.name}`;
      events.push({ type: "Normal", reason: "MissingJob", message });
    } else if (isOver(job)) {
      const condition = holds(job, "Complete") === undefined ? "Failed" : "Complete";
      const message = `Saw completed job: ${reference.name}, condition: ${condition}`;
      events.push({ type: "Normal", reason: "SawCompletedJob", message });
    } else active.push(reference);
  }
  for (const job of jobs) {
    const completed = holds(job, "Complete") === undefined ? undefined : job.status?.completionTime;
    if (completed !== undefined && timeOf(completed) > timeOf(lastSuccessfulTime)) {
      lastSuccessfulTime = completed;
    }
  }
  return { active, lastSuccessfulTime };
}

function surplusHistory(cron: CronJob, jobs: readonly Job[]): Job[] {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cron.spec ?? {};
  const oldest = (type: string, limit: number) => {
    const over = jobs.filter((job) =>
      holds(job, type) !== undefined && job.metadata?.deletionTimestamp === undefined
    ).sort((a, b) =>
      timeOf(a.status?.startTime) - timeOf(b.status?.startTime) ||
      ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1)
    );
    return over.slice(0, Math.max(0, over.length - limit));
  };
  return [
    ...oldest("Complete", successfulJobsHistoryLimit),
    ...oldest("Failed", failedJobsHistoryLimit),
  ];
}

function jobOf(cron: CronJob, at: number): Job {
  const { metadata, spec } = cron.spec?.jobTemplate ?? {};
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${cron.metadata?.name}-${Math.floor(at / 60_000)}`,
      namespace: cron.metadata?.namespace ?? "",
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, [SCHEDULED_AT]: timestamp(at) },
      ownerReferences: [controllerReference(cron, CRON_JOBS)],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}
