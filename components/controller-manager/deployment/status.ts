import { equalJson, timestamp } from "../../base/mod.ts";
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from "../../api/mod.ts";
import { conditionOf, timeOf } from "../pod_state.ts";
import {
  availableOf,
  maxUnavailable,
  progressDeadline,
  replicasOf,
  sizeOf,
  sum,
} from "./limits.ts";

type Conditions = readonly DeploymentCondition[];

/** A condition without its times. */
export interface ConditionDraft {
  readonly type: "Available" | "Progressing" | "ReplicaFailure";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/** Puts a condition in unless status and reason are there already. */
export function withCondition(list: Conditions, draft: ConditionDraft, now: number): Conditions {
  const known = conditionOf(list, draft.type);
  if (known?.status === draft.status && known.reason === draft.reason) return list;
  return renewed(list, draft, now);
}

/** Puts a condition in with a new update time; the transition time moves only with the status. */
function renewed(list: Conditions, draft: ConditionDraft, now: number): Conditions {
  const known = conditionOf(list, draft.type);
  const at = timestamp(now);
  const since = known?.status === draft.status ? known.lastTransitionTime : undefined;
  const next = { ...draft, lastUpdateTime: at, lastTransitionTime: since ?? at };
  return [...list.filter((one) => one.type !== draft.type), next];
}

export const without = (list: Conditions, type: ConditionDraft["type"]): Conditions =>
  list.filter((one) => one.type !== type);

/** What the sets add up to, and whether enough of it is available. */
export function countedStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const available = sum(all, availableOf);
  const isEnough = available >= replicasOf(deployment) - maxUnavailable(deployment);
  const conditions = withCondition(
    deployment.status?.conditions ?? [],
    isEnough
      ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
      : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      },
    now,
  );
  const collisionCount = deployment.status?.collisionCount;
  return {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: sum(all, (set) => set.status?.replicas ?? 0),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, sizeOf) - available),
    terminatingReplicas: sum(all, (set) => set.status?.terminatingReplicas ?? 0),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...conditions],
  };
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = replicasOf(deployment);
  return (status.updatedReplicas ?? 0) === replicas && (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0);
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const count = (
    status: DeploymentStatus,
    member: "updatedReplicas" | "readyReplicas" | "availableReplicas" | "replicas",
  ) => status[member] ?? 0;
  const old = (status: DeploymentStatus) =>
    count(status, "replicas") - count(status, "updatedReplicas");
  return count(after, "updatedReplicas") > count(before, "updatedReplicas") ||
    old(after) < old(before) ||
    count(after, "readyReplicas") > count(before, "readyReplicas") ||
    count(after, "availableReplicas") > count(before, "availableReplicas");
}

/** When the roll-out counts as stuck, in milliseconds since the epoch; undefined where it cannot. */
export function deadlineAt(deployment: Deployment, conditions: Conditions): number | undefined {
  const seconds = progressDeadline(deployment);
  const progress = conditionOf(conditions, "Progressing");
  if (seconds === undefined || progress === undefined) return undefined;
  if (progress.reason === "NewReplicaSetAvailable") return undefined;
  return timeOf(progress.lastUpdateTime) + seconds * 1000;
}

/** The status of a roll-out: counts, and how it progresses. */
export function rolloutStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const status = countedStatus(deployment, newest, all, now);
  let conditions: Conditions = status.conditions ?? [];
  const progress = conditionOf(deployment.status?.conditions, "Progressing");
  if (progressDeadline(deployment) === undefined) conditions = without(conditions, "Progressing");
  else if (
    status.replicas !== status.updatedReplicas || progress?.reason !== "NewReplicaSetAvailable"
  ) {
    conditions = progressed(deployment, newest, status, conditions, now);
  }
  const failing = [...newest === undefined ? [] : [newest], ...all]
    .map((set) => conditionOf(set.status?.conditions, "ReplicaFailure"))
    .find((failure) => failure !== undefined);
  conditions = failing === undefined
    ? without(conditions, "ReplicaFailure")
    : withCondition(conditions, {
      type: "ReplicaFailure",
      status: failing.status === "True" ? "True" : "False",
      reason: failing.reason ?? "",
      message: failing.message ?? "",
    }, now);
  return { ...status, conditions: [...conditions] };
}

function progressed(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  status: DeploymentStatus,
  conditions: Conditions,
  now: number,
): Conditions {
  const subject = newest === undefined
    ? `Deployment "${deployment.metadata?.name}"`
    : `ReplicaSet "${newest.metadata?.name}"`;
  const draft = (value: "True" | "False", reason: string, message: string) => ({
    type: "Progressing" as const,
    status: value,
    reason,
    message: `${subject} ${message}`,
  });
  if (isComplete(deployment, status)) {
    const done = draft("True", "NewReplicaSetAvailable", "has successfully progressed.");
    return withCondition(conditions, done, now);
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    return renewed(conditions, draft("True", "ReplicaSetUpdated", "is progressing."), now);
  }
  const deadline = deadlineAt(deployment, conditions);
  if (deadline !== undefined && deadline < now) {
    const late = draft("False", "ProgressDeadlineExceeded", "has timed out progressing.");
    return withCondition(conditions, late, now);
  }
  return conditions;
}

/** True when the two say the same; counts of zero may be left out. */
export function sameStatus(a: DeploymentStatus | undefined, b: DeploymentStatus): boolean {
  return equalJson(filled(a ?? {}), filled(b));
}

function filled(status: DeploymentStatus): DeploymentStatus {
  const zeros = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
  return { ...zeros, unavailableReplicas: 0, terminatingReplicas: 0, conditions: [], ...status };
}
