import { equalJson } from "../../base/mod.ts";
import { type Pod, type StatefulSet, type StatefulSetStatus } from "../../api/mod.ts";
import { isAvailable, isGoing, isReady, isTerminal, nextAvailable } from "../pod_state.ts";
import { POD_REVISION } from "../revisions.ts";
import { ordinalOf } from "./identity.ts";

/** Pods that one pass of a parallel set creates or deletes at most. */
const BURST = 500;

export interface StatefulInput {
  readonly set: StatefulSet;
  /** Pods that the set controls. */
  readonly pods: readonly Pod[];
  /** Names of the revisions that pods have now and are to get. */
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly now: number;
}

export interface StatefulPlan {
  readonly create: readonly { readonly ordinal: number; readonly revision: string }[];
  readonly remove: readonly Pod[];
  /** Pods that are scaled away: their claims may have to follow. */
  readonly condemned: readonly Pod[];
  /** Ordinals whose claims have to be there. */
  readonly claims: readonly number[];
  readonly status: StatefulSetStatus;
  readonly again?: number;
}

const isUp = (pod: Pod): boolean => pod.status?.phase === "Running" && isReady(pod);
export const podRevision = (pod: Pod): string | undefined => pod.metadata?.labels?.[POD_REVISION];
const isRolling = (set: StatefulSet): boolean => set.spec?.updateStrategy?.type !== "OnDelete";

/** One step of a stateful set. */
export function planStatefulSet(input: StatefulInput): StatefulPlan {
  const { set, now } = input;
  const start = set.spec?.ordinals?.start ?? 0;
  const replicas = set.spec?.replicas ?? 1;
  const byOrdinal = new Map<number, Pod>();
  const condemned: { ordinal: number; pod: Pod }[] = [];
  for (const pod of input.pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (ordinal >= start && ordinal < start + replicas) byOrdinal.set(ordinal, pod);
    else condemned.push({ ordinal, pod });
  }
  condemned.sort((a, b) => b.ordinal - a.ordinal);
  const status = statusOf(input, byOrdinal);
  const steps = set.metadata?.deletionTimestamp === undefined
    ? step(input, start, replicas, byOrdinal, condemned.map(({ pod }) => pod))
    : { create: [], remove: [] };
  const again = nextAvailable(input.pods, set.spec?.minReadySeconds ?? 0, now);
  return {
    ...steps,
    condemned: condemned.map(({ pod }) => pod),
    claims: [
      ...steps.create.map(({ ordinal }) => ordinal),
      ...[...byOrdinal].filter(([, pod]) => pod.status?.phase === "Pending").map(([one]) => one),
    ],
    status: equalJson(filled(set.status), filled(status)) ? set.status! : status,
    ...(again === undefined ? {} : { again }),
  };
}

interface Steps {
  readonly create: { ordinal: number; revision: string }[];
  readonly remove: Pod[];
}

function step(
  input: StatefulInput,
  start: number,
  replicas: number,
  byOrdinal: ReadonlyMap<number, Pod>,
  condemned: readonly Pod[],
): Steps {
  const { set, now } = input;
  const inOrder = set.spec?.podManagementPolicy !== "Parallel";
  const minReady = set.spec?.minReadySeconds ?? 0;
  const create: Steps["create"] = [];
  const remove: Pod[] = [];
  for (let ordinal = start; ordinal < start + replicas; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod !== undefined && isTerminal(pod)) {
      if (!isGoing(pod)) remove.push(pod);
      if (inOrder) return { create, remove };
      continue;
    }
    if (pod === undefined) {
      if (create.length < BURST) create.push({ ordinal, revision: revisionFor(input, ordinal) });
      if (inOrder) return { create, remove };
      continue;
    }
    if (inOrder && (isGoing(pod) || !isUp(pod) || !isAvailable(pod, minReady, now))) {
      return { create, remove };
    }
  }
  const firstSick = [...byOrdinal.values(), ...[...condemned].reverse()]
    .find((pod) => !isUp(pod) || isGoing(pod));
  for (const pod of condemned) {
    if (isGoing(pod)) {
      if (inOrder) return { create, remove };
      continue;
    }
    if (inOrder && !isUp(pod) && pod !== firstSick) return { create, remove };
    if (remove.length < BURST) remove.push(pod);
    if (inOrder) return { create, remove };
  }
  if (!isRolling(set) || create.length > 0) return { create, remove };
  const partition = start + (set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  for (let ordinal = start + replicas - 1; ordinal >= partition; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) continue;
    if (podRevision(pod) !== input.updateRevision && !isGoing(pod)) {
      return { create, remove: remove.includes(pod) ? remove : [...remove, pod] };
    }
    if (isGoing(pod) || !isUp(pod) || !isAvailable(pod, minReady, now)) break;
  }
  return { create, remove };
}

/** Below the partition a new pod is made as the others there are. */
function revisionFor({ set, currentRevision, updateRevision }: StatefulInput, ordinal: number) {
  if (!isRolling(set)) return updateRevision;
  const start = set.spec?.ordinals?.start ?? 0;
  const rolling = set.spec?.updateStrategy?.rollingUpdate;
  const keeps = rolling?.partition !== undefined && ordinal < start + rolling.partition;
  return keeps ? currentRevision : updateRevision;
}

function statusOf(input: StatefulInput, byOrdinal: ReadonlyMap<number, Pod>): StatefulSetStatus {
  const { set, currentRevision, updateRevision, now } = input;
  const replicas = set.spec?.replicas ?? 1;
  const known = input.pods.filter((pod) => ordinalOf(set, pod) !== undefined);
  const staying = known.filter((pod) => !isGoing(pod) && !isTerminal(pod));
  const updated = staying.filter((pod) => podRevision(pod) === updateRevision).length;
  const ready = known.filter(isUp).length;
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const isDone = isRolling(set) && partition === 0 && updated === replicas &&
    byOrdinal.size === replicas && known.length === replicas && ready === replicas;
  const current = isDone ? updateRevision : currentRevision;
  const minReady = set.spec?.minReadySeconds ?? 0;
  return {
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: known.length,
    readyReplicas: ready,
    availableReplicas: known.filter((pod) => isUp(pod) && isAvailable(pod, minReady, now)).length,
    currentReplicas: staying.filter((pod) => podRevision(pod) === current).length,
    updatedReplicas: updated,
    currentRevision: current,
    updateRevision,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}

const filled = (status: StatefulSetStatus | undefined): StatefulSetStatus => ({
  replicas: 0,
  readyReplicas: 0,
  availableReplicas: 0,
  currentReplicas: 0,
  updatedReplicas: 0,
  collisionCount: 0,
  ...status,
});
