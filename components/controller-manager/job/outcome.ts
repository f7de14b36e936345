import type { Job, JobCondition } from "../../api/mod.ts";
import { conditionOf, restartsTotal, timeOf } from "../pod_state.ts";
import { parseIndexes } from "./indexes.ts";
import { isIndexed } from "./job_pod.ts";
import type { Tally } from "./tally.ts";

/** How a job ends. */
export interface Outcome {
  readonly success: boolean;
  readonly reason: string;
  readonly message: string;
}

export const holds = (job: Job, type: string): JobCondition | undefined => {
  const condition = conditionOf(job.status?.conditions, type);
  return condition?.status === "True" ? condition : undefined;
};

/** True for a job that is over: nothing is done about it any more. */
export const isFinished = (job: Job): boolean =>
  holds(job, "Complete") !== undefined || holds(job, "Failed") !== undefined;

/** The end that was decided earlier and waits for the last pods. */
export function decidedOutcome(job: Job): Outcome | undefined {
  for (const [type, success] of [["FailureTarget", false], ["SuccessCriteriaMet", true]] as const) {
    const condition = holds(job, type);
    if (condition !== undefined) {
      return { success, reason: condition.reason ?? "", message: condition.message ?? "" };
    }
  }
  return undefined;
}

/** Decides whether the job ends now, and how. */
export function decideOutcome(job: Job, tally: Tally, now: number): Outcome | undefined {
  const spec = job.spec ?? {};
  const failure = (reason: string, message: string): Outcome => ({
    success: false,
    reason,
    message,
  });
  if (tally.fatal !== undefined) return failure("PodFailurePolicy", tally.fatal);
  if (isPastBackoffLimit(job, tally)) {
    return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  }
  const deadline = deadlineAt(job);
  if (deadline !== undefined && now >= deadline) {
    return failure("DeadlineExceeded", "Job was active longer than specified deadline");
  }
  const { maxFailedIndexes } = spec;
  if (maxFailedIndexes !== undefined && tally.failedIndexes.size > maxFailedIndexes) {
    return failure(
      "MaxFailedIndexesExceeded",
      "Job has exceeded the specified maximal number of failed indexes",
    );
  }
  const rule = isIndexed(job) ? successRule(job, tally) : undefined;
  if (rule !== undefined) {
    return { success: true, reason: "SuccessPolicy", message: `Matched rules at index ${rule}` };
  }
  if (!isComplete(job, tally)) return undefined;
  if (tally.failedIndexes.size > 0) return failure("FailedIndexes", "Job has failed indexes");
  return {
    success: true,
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
  };
}

function isPastBackoffLimit(job: Job, tally: Tally): boolean {
  const limit = job.spec?.backoffLimit ?? 6;
  if (tally.failed > limit) return true;
  if (job.spec?.template?.spec?.restartPolicy !== "OnFailure") return false;
  const restarts = tally.active.reduce((sum, pod) => sum + restartsTotal(pod), 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** When the job has been active for too long; undefined where it may be for ever, or is not active. */
export function deadlineAt(job: Job): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec ?? {};
  const started = job.status?.startTime;
  if (activeDeadlineSeconds === undefined || started === undefined || suspend === true) {
    return undefined;
  }
  return timeOf(started) + activeDeadlineSeconds * 1000;
}

function isComplete(job: Job, tally: Tally): boolean {
  const completions = job.spec?.completions;
  if (completions === undefined) return tally.succeeded > 0 && tally.active.length === 0;
  return tally.succeeded + tally.failedIndexes.size >= completions;
}

function successRule(job: Job, tally: Tally): number | undefined {
  const completions = job.spec?.completions ?? 0;
  const rules = job.spec?.successPolicy?.rules ?? [];
  const found = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted = succeededIndexes === undefined
      ? undefined
      : parseIndexes(succeededIndexes, completions);
    const met = wanted === undefined
      ? tally.completedIndexes
      : new Set([...tally.completedIndexes].filter((index) => wanted.has(index)));
    const needed = succeededCount ?? wanted?.size ?? completions;
    return met.size >= needed;
  });
  return found < 0 ? undefined : found;
}
