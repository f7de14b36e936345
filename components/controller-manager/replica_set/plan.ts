import { equalJson, timestamp } from "../../base/mod.ts";
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "../../api/mod.ts";
import { conditionOf, isActive, isAvailable, isReady, isTerminal } from "../pod_state.ts";
import { inDeletionOrder } from "./deletion_order.ts";

/** Pods that one pass creates or deletes at most. */
const BURST = 500;

export interface ReplicaPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

/** What brings the number of active pods to what is asked. `owned` are all pods that the set controls. */
export function planReplicas(
  set: ReplicaSet,
  owned: readonly Pod[],
  neighbours: (node: string) => number,
  now: number,
): ReplicaPlan {
  const active = owned.filter(isActive);
  const surplus = active.length - (set.spec?.replicas ?? 1);
  if (surplus < 0) return { create: Math.min(-surplus, BURST), remove: [] };
  if (surplus === 0) return { create: 0, remove: [] };
  const ordered = surplus >= active.length ? active : inDeletionOrder(active, neighbours, now);
  return { create: 0, remove: ordered.slice(0, Math.min(surplus, BURST)) };
}

/** What went wrong in a pass, if anything did. */
export interface ReplicaFailure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly message: string;
}

/** The status that the observed pods make; the same object as before where nothing has changed. */
export function replicaSetStatus(
  set: ReplicaSet,
  owned: readonly Pod[],
  failure: ReplicaFailure | undefined,
  now: number,
): ReplicaSetStatus {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const templateLabels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
  let replicas = 0;
  let labeled = 0;
  let ready = 0;
  let available = 0;
  let terminating = 0;
  for (const pod of owned) {
    if (!isActive(pod)) {
      if (!isTerminal(pod)) terminating++;
      continue;
    }
    replicas++;
    const labels = pod.metadata?.labels ?? {};
    if (templateLabels.every(([key, value]) => labels[key] === value)) labeled++;
    if (isReady(pod)) ready++;
    if (isAvailable(pod, minReadySeconds, now)) available++;
  }
  const previous = set.status ?? {};
  const conditions = failureConditions(previous.conditions ?? [], failure, now);
  const status: ReplicaSetStatus = {
    replicas,
    fullyLabeledReplicas: labeled,
    readyReplicas: ready,
    availableReplicas: available,
    terminatingReplicas: terminating,
    observedGeneration: set.metadata?.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
  return equalJson(normal(previous), normal(status)) ? previous : status;
}

/** Counts of zero may be left out by a server. */
function normal(status: ReplicaSetStatus): ReplicaSetStatus {
  return {
    fullyLabeledReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
    terminatingReplicas: 0,
    conditions: [],
    ...status,
  };
}

function failureConditions(
  previous: ReplicaSetCondition[],
  failure: ReplicaFailure | undefined,
  now: number,
): ReplicaSetCondition[] {
  const known = conditionOf(previous, "ReplicaFailure");
  if (failure === undefined) {
    return known === undefined ? previous : previous.filter((one) => one !== known);
  }
  if (known?.reason === failure.reason && known.message === failure.message) return previous;
  return [...previous.filter((one) => one !== known), {
    type: "ReplicaFailure",
    status: "True",
    ...failure,
    lastTransitionTime: timestamp(now),
  }];
}
