import type {
  DaemonSet,
  Deployment,
  Job,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from "../generated/types.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";
import { nonNegative } from "./pod/probes.ts";

const STATUS = Path.of("status");
type Counts = Readonly<Record<string, unknown>>;

const countOf = (status: Counts, member: string): number => Number(status[member] ?? 0);

function notNegative(status: Counts, members: readonly string[], errors: Errors): void {
  for (const member of members) {
    nonNegative(countOf(status, member), STATUS.child(member), errors);
  }
}

/** Parts are no more than the whole that they are of; `whole` is told in upstream's words. */
function notMore(
  status: Counts,
  parts: readonly string[],
  whole: string,
  told: string,
  errors: Errors,
): void {
  for (const part of parts) {
    const count = countOf(status, part);
    if (count <= countOf(status, whole)) continue;
    errors.invalid(STATUS.child(part), count, `cannot be greater than ${told}`);
  }
}

function notLess(now: Counts, before: Counts, errors: Errors): void {
  const at = STATUS.child("collisionCount");
  const [count, old] = [now["collisionCount"], before["collisionCount"]];
  nonNegative(count as number | undefined, at, errors);
  if (old !== undefined && Number(count ?? 0) < Number(old)) {
    errors.invalid(at, count ?? 0, "cannot be decremented");
  }
}

export function validateDeploymentStatus(next: Deployment, old: Deployment, errors: Errors): void {
  const status = (next.status ?? {}) as Counts;
  notNegative(status, [
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
  ], errors);
  notLess(status, (old.status ?? {}) as Counts, errors);
  const parts = ["updatedReplicas", "readyReplicas", "availableReplicas"];
  notMore(status, parts, "replicas", "status.replicas", errors);
  notMore(status, ["availableReplicas"], "readyReplicas", "readyReplicas", errors);
}

/** Of ReplicaSets and their ancestors. */
export function validateReplicaStatus(
  next: ReplicaSet | ReplicationController,
  _old: unknown,
  errors: Errors,
): void {
  const status = (next.status ?? {}) as Counts;
  const parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];
  notNegative(
    status,
    ["replicas", ...parts, "observedGeneration", "terminatingReplicas"],
    errors,
  );
  notMore(status, parts, "replicas", "status.replicas", errors);
  notMore(status, ["availableReplicas"], "readyReplicas", "readyReplicas", errors);
}

export function validateStatefulSetStatus(
  next: StatefulSet,
  old: StatefulSet,
  errors: Errors,
): void {
  const status = (next.status ?? {}) as Counts;
  const parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
  notNegative(status, ["replicas", ...parts, "observedGeneration"], errors);
  notLess(status, (old.status ?? {}) as Counts, errors);
  notMore(status, parts, "replicas", "status.replicas", errors);
  notMore(status, ["availableReplicas"], "readyReplicas", "status.readyReplicas", errors);
}

export function validateDaemonSetStatus(next: DaemonSet, old: DaemonSet, errors: Errors): void {
  const status = (next.status ?? {}) as Counts;
  notNegative(status, [
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
  ], errors);
  notLess(status, (old.status ?? {}) as Counts, errors);
}

export function validateJobStatus(next: Job, old: Job, errors: Errors): void {
  const status = next.status ?? {};
  notNegative(
    status as Counts,
    ["active", "succeeded", "failed", "ready", "terminating"],
    errors,
  );
  notMore(status as Counts, ["ready"], "active", "active", errors);
  const is = (type: string, { conditions = [] }: NonNullable<Job["status"]>) =>
    conditions.some((each) => each.type === type && each.status === "True");
  const [complete, failed] = [is("Complete", status), is("Failed", status)];
  const conditions = STATUS.child("conditions");
  if (complete && failed) {
    errors.invalid(
      conditions,
      status.conditions,
      "cannot set Complete=True and Failed=True conditions",
    );
  }
  for (const type of ["Complete", "Failed"]) {
    if (is(type, old.status ?? {}) && !is(type, status)) {
      errors.invalid(
        conditions,
        status.conditions ?? [],
        `cannot disable the terminal ${type}=True condition`,
      );
    }
  }
  if (complete && status.completionTime === undefined) {
    errors.required(
      STATUS.child("completionTime"),
      "completionTime is required for Complete jobs",
    );
  }
  if (status.completionTime !== undefined && !complete) {
    errors.invalid(
      STATUS.child("completionTime"),
      status.completionTime,
      "cannot set completionTime when there is no Complete=True condition",
    );
  }
}
