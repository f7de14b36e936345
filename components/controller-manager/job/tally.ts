import type { Job, JobStatus, Pod } from "../../api/mod.ts";
import { isActive, isGoing, isReady, isTerminal } from "../pod_state.ts";
import { type FailureVerdict, judgeFailure } from "./failure_policy.ts";
import { formatIndexes, parseIndexes } from "./indexes.ts";
import { earlierFailures, hasFailed, indexOf, isIndexed, isTracked } from "./job_pod.ts";

/** Pods that may wait in the status between their end and the loss of their finalizer. */
const UNCOUNTED_MAXIMUM = 500;

/** What there is of a job's pods, each counted once. */
export interface Tally {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Counts, those in `uncounted` included. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
  /** How often each index has failed, where the job counts by index. */
  readonly indexFailures: ReadonlyMap<number, number>;
  /** Ended pods that the status does not name yet. */
  readonly newlySucceeded: number;
  readonly newlyFailed: readonly Pod[];
  /** Why the job's policy ends the job, if it does. */
  readonly fatal?: string;
  /** The members of the status that make the counts safe. */
  readonly counts: Pick<
    JobStatus,
    "succeeded" | "failed" | "completedIndexes" | "failedIndexes" | "uncountedTerminatedPods"
  >;
  /** Pods whose finalizer may go once `counts` is written. */
  readonly untrack: readonly Pod[];
  /** True when no ended pod waits to be counted. */
  readonly settled: boolean;
}

/**
 * Counts a job's pods without counting one twice or losing one: an ended pod is first named in the status, then loses
 * its finalizer, and when that is seen its name becomes a number. `finishing` counts all that still run as failed.
 */
export function tallyPods(job: Job, pods: readonly Pod[], finishing: boolean): Tally {
  const status = job.status ?? {};
  const tracked = new Map(
    pods.filter(isTracked).map((pod) => [pod.metadata?.uid ?? "", pod]),
  );
  const indexed = isIndexed(job);
  const completions = job.spec?.completions ?? 0;
  const perIndex = job.spec?.backoffLimitPerIndex;
  const completed = parseIndexes(status.completedIndexes, completions);
  const failedIndexes = parseIndexes(status.failedIndexes, completions);
  const indexFailures = new Map<number, number>();
  let succeeded = indexed ? 0 : status.succeeded ?? 0;
  let failed = status.failed ?? 0;
  const settleUids = (uids: readonly string[], count: () => void): string[] =>
    uids.filter((uid) => {
      if (tracked.has(uid)) return true;
      count();
      return false;
    });
  const named = {
    succeeded: settleUids(status.uncountedTerminatedPods?.succeeded ?? [], () => succeeded++),
    failed: settleUids(status.uncountedTerminatedPods?.failed ?? [], () => failed++),
  };
  const known = new Set([...named.succeeded, ...named.failed]);
  const untrack: Pod[] = [...known].map((uid) => tracked.get(uid)!);
  const newlyFailed: Pod[] = [];
  let newlySucceeded = 0;
  let fatal: string | undefined;
  let leftOut = 0;
  for (const pod of pods) {
    const uid = pod.metadata?.uid ?? "";
    const index = indexed ? indexOf(pod, completions) : undefined;
    const isSucceeded = pod.status?.phase === "Succeeded";
    const isFailed = hasFailed(pod, job) || (finishing && isGoing(pod) && !isSucceeded);
    if (isFailed && index !== undefined && perIndex !== undefined) {
      indexFailures.set(index, Math.max(indexFailures.get(index) ?? 0, earlierFailures(pod) + 1));
    }
    if (!tracked.has(uid) || known.has(uid) || (!isSucceeded && !isFailed)) continue;
    if (known.size + leftOut >= UNCOUNTED_MAXIMUM && !known.has(uid)) {
      leftOut++;
      continue;
    }
    untrack.push(pod);
    if (isSucceeded) {
      if (indexed && (index === undefined || completed.has(index))) continue;
      if (index !== undefined) completed.add(index);
      newlySucceeded++;
      named.succeeded.push(uid);
      known.add(uid);
      continue;
    }
    const verdict: FailureVerdict = judgeFailure(job, pod);
    if (verdict.action === "FailJob") fatal ??= verdict.message;
    if (verdict.action === "Ignore") continue;
    if (index !== undefined && perIndex !== undefined) {
      if (verdict.action === "FailIndex" || (indexFailures.get(index) ?? 0) > perIndex) {
        failedIndexes.add(index);
      }
    }
    newlyFailed.push(pod);
    named.failed.push(uid);
    known.add(uid);
  }
  const counted = { succeeded: indexed ? completed.size : succeeded, failed };
  const active = pods.filter((pod) => isActive(pod));
  return {
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter((pod) => isGoing(pod) && !isTerminal(pod)).length,
    succeeded: indexed ? completed.size : succeeded + named.succeeded.length,
    failed: failed + named.failed.length,
    completedIndexes: completed,
    failedIndexes,
    indexFailures,
    newlySucceeded,
    newlyFailed,
    ...(fatal === undefined ? {} : { fatal }),
    counts: {
      ...(counted.succeeded === 0 ? {} : { succeeded: counted.succeeded }),
      ...(counted.failed === 0 ? {} : { failed: counted.failed }),
      ...(indexed && completed.size > 0 ? { completedIndexes: formatIndexes(completed) } : {}),
      ...(perIndex === undefined ? {} : { failedIndexes: formatIndexes(failedIndexes) }),
      uncountedTerminatedPods: {
        ...(named.succeeded.length === 0 ? {} : { succeeded: named.succeeded }),
        ...(named.failed.length === 0 ? {} : { failed: named.failed }),
      },
    },
    untrack,
    settled: known.size + leftOut === 0,
  };
}
