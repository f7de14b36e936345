import { equalJson, timestamp } from "../../base/mod.ts";
import type { Job, JobCondition, JobStatus, Pod } from "../../api/mod.ts";
import { inDeletionOrder } from "../replica_set/deletion_order.ts";
import { isGoing, isTerminal } from "../pod_state.ts";
import { indexOf, isIndexed, isTracked, replacesOnlyFailed } from "./job_pod.ts";
import { deadlineAt, decidedOutcome, decideOutcome, isFinished, type Outcome } from "./outcome.ts";
import { type Tally, tallyPods } from "./tally.ts";

/** Pods that one pass creates or deletes at most. */
const BURST = 500;
const BACKOFF_MILLISECONDS = 10_000;
const BACKOFF_MAXIMUM_MILLISECONDS = 600_000;

/** Failures since the last success, as this process has seen them. */
export interface FailureStreak {
  readonly failures: number;
  readonly lastAt: number;
}

export interface JobEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export interface JobPlan {
  /** To be written first; undefined where it stands. */
  readonly status: JobStatus | undefined;
  /** Pods that lose their finalizer once the status is written. */
  readonly untrack: readonly Pod[];
  /** One entry a pod: its index, or undefined where the job has none. */
  readonly create: readonly { readonly index?: number; readonly failures?: number }[];
  readonly remove: readonly Pod[];
  /** True where the removed pods are not to count as failed. */
  readonly removeUncounted: boolean;
  readonly events: readonly JobEvent[];
  readonly streak: FailureStreak;
  readonly again?: number;
}

/** One step of a job. */
export function planJob(
  job: Job,
  pods: readonly Pod[],
  streak: FailureStreak,
  now: number,
): JobPlan {
  const nothing = { create: [], remove: [], removeUncounted: false, events: [], streak };
  if (isFinished(job)) {
    return { ...nothing, status: undefined, untrack: pods.filter(isTracked) };
  }
  const decided = decidedOutcome(job);
  const tally = tallyPods(job, pods, decided !== undefined);
  const going = job.metadata?.deletionTimestamp !== undefined;
  const outcome = decided ?? (going ? undefined : decideOutcome(job, tally, now));
  const nextStreak = continued(streak, tally, now);
  const suspension = outcome === undefined && !going ? suspend(job, now) : undefined;
  const events: JobEvent[] = [...suspension?.events ?? []];
  const base: JobStatus = { ...job.status, ...suspension?.status };
  if (suspension?.clearsStart) delete base.startTime;
  let conditions: readonly JobCondition[] = base.conditions ?? [];
  let completionTime = base.completionTime;
  if (outcome !== undefined) {
    if (decided === undefined) {
      const type = outcome.success ? "SuccessCriteriaMet" : "FailureTarget";
      conditions = [...conditions, condition(type, outcome, now)];
    }
    const isOver = tally.settled && tally.active.length === 0 && tally.terminating === 0;
    if (isOver) {
      conditions = [
        ...conditions,
        condition(outcome.success ? "Complete" : "Failed", outcome, now),
      ];
      if (outcome.success) completionTime = timestamp(now);
      events.push(
        outcome.success
          ? { type: "Normal", reason: "Completed", message: "Job completed" }
          : { type: "Warning", reason: outcome.reason, message: outcome.message },
      );
    }
  }
  const { succeeded: _s, failed: _f, completedIndexes: _c, failedIndexes: _i, ...kept } = base;
  const status: JobStatus = {
    ...kept,
    ...tally.counts,
    ...(tally.active.length === 0 ? { active: 0 } : { active: tally.active.length }),
    ready: tally.ready,
    terminating: tally.terminating,
    ...(conditions.length === 0 ? {} : { conditions: [...conditions] }),
    ...(completionTime === undefined ? {} : { completionTime }),
  };
  const work = outcome !== undefined
    ? { create: [], remove: tally.active.slice(0, BURST), removeUncounted: false }
    : going
    ? { create: [], remove: [], removeUncounted: false }
    : manage(job, pods, tally, nextStreak, now);
  const deadline = deadlineAt({ ...job, status });
  const waits = [
    "again" in work ? work.again : undefined,
    deadline === undefined || outcome !== undefined ? undefined : Math.max(0, deadline - now),
  ].filter((wait) => wait !== undefined);
  return {
    ...work,
    status: equalJson(filled(job.status), filled(status)) ? undefined : status,
    untrack: tally.untrack,
    events,
    streak: nextStreak,
    ...(waits.length === 0 ? {} : { again: Math.min(...waits) }),
  };
}

const filled = (status: JobStatus | undefined): JobStatus => ({
  active: 0,
  succeeded: 0,
  failed: 0,
  uncountedTerminatedPods: {},
  conditions: [],
  ...status,
});

function condition(type: string, { reason, message }: Outcome, now: number): JobCondition {
  const at = timestamp(now);
  return { type, status: "True", reason, message, lastProbeTime: at, lastTransitionTime: at };
}

function continued(streak: FailureStreak, tally: Tally, now: number): FailureStreak {
  const failures = tally.newlyFailed.length;
  if (tally.newlySucceeded > 0) return { failures, lastAt: failures > 0 ? now : 0 };
  return failures === 0 ? streak : { failures: streak.failures + failures, lastAt: now };
}

/** Start time and the Suspended condition as the spec asks for them. */
function suspend(
  job: Job,
  now: number,
): { status: JobStatus; clearsStart: boolean; events: JobEvent[] } | undefined {
  const status = job.status ?? {};
  const known = status.conditions?.find(({ type }) => type === "Suspended");
  const at = timestamp(now);
  const set = (value: "True" | "False", reason: string, message: string): JobCondition[] => [
    ...(status.conditions ?? []).filter((one) => one !== known),
    {
      type: "Suspended",
      status: value,
      reason,
      message,
      lastProbeTime: at,
      lastTransitionTime: at,
    },
  ];
  if (job.spec?.suspend === true) {
    if (known?.status === "True") return undefined;
    return {
      status: { conditions: set("True", "JobSuspended", "Job suspended") },
      clearsStart: true,
      events: [{ type: "Normal", reason: "Suspended", message: "Job suspended" }],
    };
  }
  if (known?.status === "True") {
    return {
      status: { conditions: set("False", "JobResumed", "Job resumed"), startTime: at },
      clearsStart: false,
      events: [{ type: "Normal", reason: "Resumed", message: "Job resumed" }],
    };
  }
  if (status.startTime !== undefined) return undefined;
  return { status: { startTime: at }, clearsStart: false, events: [] };
}

type Work = Pick<JobPlan, "create" | "remove" | "removeUncounted" | "again">;

/** Brings the number of active pods to what the job wants now. */
function manage(
  job: Job,
  pods: readonly Pod[],
  tally: Tally,
  streak: FailureStreak,
  now: number,
): Work {
  const wanted = wantedActive(job, tally);
  const ordered = inDeletionOrder(tally.active, () => 0, now);
  const surplus = surplusPods(job, ordered, tally, wanted);
  if (surplus.length > 0) {
    return { create: [], remove: surplus.slice(0, BURST), removeUncounted: true };
  }
  const replaced = replacesOnlyFailed(job) ? tally.terminating : 0;
  const missing = Math.min(wanted - tally.active.length - replaced, BURST);
  if (missing <= 0) return { create: [], remove: [], removeUncounted: false };
  if (!isIndexed(job)) {
    const wait = backoffWait(streak, now);
    if (wait > 0) return { create: [], remove: [], removeUncounted: false, again: wait };
    return {
      create: Array.from({ length: missing }, () => ({})),
      remove: [],
      removeUncounted: false,
    };
  }
  const perIndex = job.spec?.backoffLimitPerIndex !== undefined;
  const wait = perIndex ? 0 : backoffWait(streak, now);
  if (wait > 0) return { create: [], remove: [], removeUncounted: false, again: wait };
  const create = freeIndexes(job, pods, tally, missing).map((index) => ({
    index,
    ...(perIndex ? { failures: tally.indexFailures.get(index) ?? 0 } : {}),
  }));
  return { create, remove: [], removeUncounted: false };
}

function wantedActive(job: Job, tally: Tally): number {
  const { parallelism = 1, completions, suspend } = job.spec ?? {};
  if (suspend === true) return 0;
  if (completions === undefined) {
    return tally.succeeded > 0 ? Math.min(tally.active.length, parallelism) : parallelism;
  }
  return Math.max(
    0,
    Math.min(parallelism, completions - tally.succeeded - tally.failedIndexes.size),
  );
}

/** Pods to take away: of indexes that are done or doubled first, then beyond the number. */
function surplusPods(job: Job, ordered: readonly Pod[], tally: Tally, wanted: number): Pod[] {
  if (!isIndexed(job)) return ordered.slice(0, Math.max(0, ordered.length - wanted));
  const completions = job.spec?.completions ?? 0;
  const seen = new Set<number>();
  const useless = new Set<Pod>();
  for (const pod of [...ordered].reverse()) {
    const index = indexOf(pod, completions);
    const isDone = index === undefined || tally.completedIndexes.has(index) ||
      tally.failedIndexes.has(index);
    if (isDone || seen.has(index)) useless.add(pod);
    else seen.add(index);
  }
  const useful = ordered.filter((pod) => !useless.has(pod));
  return [...useless, ...useful.slice(0, Math.max(0, useful.length - wanted))];
}

function freeIndexes(job: Job, pods: readonly Pod[], tally: Tally, count: number): number[] {
  const completions = job.spec?.completions ?? 0;
  const taken = new Set([...tally.completedIndexes, ...tally.failedIndexes]);
  const blocks = (pod: Pod) => !isTerminal(pod) && (!isGoing(pod) || replacesOnlyFailed(job));
  for (const pod of pods) {
    const index = indexOf(pod, completions);
    if (index !== undefined && blocks(pod)) taken.add(index);
  }
  const free: number[] = [];
  for (let index = 0; index < completions && free.length < count; index++) {
    if (!taken.has(index)) free.push(index);
  }
  return free;
}

function backoffWait({ failures, lastAt }: FailureStreak, now: number): number {
  if (failures === 0) return 0;
  const delay = Math.min(
    BACKOFF_MILLISECONDS * 2 ** Math.min(failures - 1, 20),
    BACKOFF_MAXIMUM_MILLISECONDS,
  );
  return lastAt + delay - now;
}
