import { equalJson } from "../../base/mod.ts";
import {
  type DaemonSet,
  type DaemonSetStatus,
  type Node,
  type Pod,
  scaledValue,
} from "../../api/mod.ts";
import { isAvailable, isGoing, isReady, isTerminal, nextAvailable, timeOf } from "../pod_state.ts";
import { POD_REVISION } from "../revisions.ts";
import { daemonFits, targetNode } from "./node_fit.ts";

/** Pods that one pass creates or deletes at most. */
const BURST = 250;

export interface DaemonInput {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  /** Pods that the set controls. */
  readonly pods: readonly Pod[];
  /** The hash of the template's revision, as pods carry it. */
  readonly hash: string;
  readonly now: number;
}

export interface DaemonRemoval {
  readonly pod: Pod;
  /** Why, where it did not just become superfluous. */
  readonly because?: "failed" | "succeeded";
}

export interface DaemonPlan {
  /** Nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly DaemonRemoval[];
  readonly status: DaemonSetStatus;
  readonly again?: number;
}

const isUpdated = (pod: Pod, hash: string): boolean =>
  pod.metadata?.labels?.[POD_REVISION] === hash;

const oldestFirst = (a: Pod, b: Pod): number =>
  timeOf(a.metadata?.creationTimestamp) - timeOf(b.metadata?.creationTimestamp) ||
  ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1);

/** One step of a daemon set: what every node needs, then what an update may replace. */
export function planDaemonSet(input: DaemonInput): DaemonPlan {
  const { set, now } = input;
  const byNode = new Map<string, Pod[]>();
  for (const pod of input.pods) {
    const node = targetNode(pod);
    if (node === undefined) continue;
    byNode.set(node, [...byNode.get(node) ?? [], pod]);
  }
  const create: string[] = [];
  const remove = new Map<Pod, DaemonRemoval>();
  const running = new Map<string, Pod[]>();
  const isSurging = limits(set, 1).surge > 0;
  for (const node of input.nodes) {
    const name = node.metadata?.name ?? "";
    const pods = byNode.get(name) ?? [];
    const { runs, stays } = daemonFits(set, node);
    if (runs) running.set(name, pods);
    if (!stays) {
      for (const pod of pods) if (!isGoing(pod)) remove.set(pod, { pod });
      continue;
    }
    const alive: Pod[] = [];
    for (const pod of pods) {
      if (isGoing(pod)) continue;
      if (!isTerminal(pod)) alive.push(pod);
      else {remove.set(pod, {
          pod,
          because: pod.status?.phase === "Failed" ? "failed" : "succeeded",
        });}
    }
    if (runs && pods.length === 0) create.push(name);
    alive.sort(oldestFirst);
    if (!isSurging) {
      for (const pod of alive.slice(1)) remove.set(pod, { pod });
    } else {
      for (const updated of [true, false]) {
        const same = alive.filter((pod) => isUpdated(pod, input.hash) === updated);
        for (const pod of same.slice(1)) remove.set(pod, { pod });
      }
    }
  }
  if (set.metadata?.deletionTimestamp !== undefined) {
    create.length = 0;
    remove.clear();
  } else if (create.length === 0 && remove.size === 0 && isRolling(set)) {
    rollOut(input, running, create, remove);
  }
  const status = statusOf(input, byNode);
  const again = nextAvailable(input.pods, set.spec?.minReadySeconds ?? 0, now);
  return {
    create: create.slice(0, BURST),
    remove: [...remove.values()].slice(0, BURST),
    status: equalJson(filled(set.status), filled(status)) ? set.status! : status,
    ...(again === undefined ? {} : { again }),
  };
}

const isRolling = (set: DaemonSet): boolean => set.spec?.updateStrategy?.type !== "OnDelete";

function limits(set: DaemonSet, desired: number): { unavailable: number; surge: number } {
  const { maxUnavailable = 1, maxSurge = 0 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, desired, "up") ?? 0;
  const unavailable = scaledValue(maxUnavailable, desired, "up") ?? 1;
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** Replaces old pods: the sick ones at once, the others as far as enough stay available. */
function rollOut(
  { set, hash, now }: DaemonInput,
  running: ReadonlyMap<string, readonly Pod[]>,
  create: string[],
  remove: Map<Pod, DaemonRemoval>,
): void {
  const { unavailable, surge } = limits(set, running.size);
  const minReady = set.spec?.minReadySeconds ?? 0;
  const isUp = (pod: Pod) => !isGoing(pod) && isAvailable(pod, minReady, now);
  let down = 0;
  let surging = 0;
  const candidates: { node: string; pod: Pod }[] = [];
  for (const [node, pods] of running) {
    const old = pods.find((pod) => !isUpdated(pod, hash) && !isGoing(pod));
    const fresh = pods.find((pod) => isUpdated(pod, hash) && !isGoing(pod));
    if (surge > 0) {
      if (old !== undefined && fresh !== undefined) {
        surging++;
        if (isUp(fresh)) remove.set(old, { pod: old });
      } else if (old !== undefined) {
        if (isUp(old)) candidates.push({ node, pod: old });
        else create.push(node);
      }
      continue;
    }
    if (!pods.some(isUp)) {
      down++;
      // One that serves nobody costs nothing to replace.
      if (old !== undefined) remove.set(old, { pod: old });
    } else if (old !== undefined) candidates.push({ node, pod: old });
  }
  const budget = surge > 0 ? surge - surging : unavailable - down;
  for (const { node, pod } of candidates.slice(0, Math.max(0, budget))) {
    if (surge > 0) create.push(node);
    else remove.set(pod, { pod });
  }
}

function statusOf(
  { set, nodes, hash, now }: DaemonInput,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): DaemonSetStatus {
  const minReady = set.spec?.minReadySeconds ?? 0;
  let desired = 0;
  let current = 0;
  let misscheduled = 0;
  let ready = 0;
  let updated = 0;
  let available = 0;
  for (const node of nodes) {
    const pods = byNode.get(node.metadata?.name ?? "") ?? [];
    if (!daemonFits(set, node).runs) {
      if (pods.length > 0) misscheduled++;
      continue;
    }
    desired++;
    if (pods.length === 0) continue;
    current++;
    const [pod] = [...pods].sort((a, b) =>
      +isUpdated(b, hash) - +isUpdated(a, hash) || oldestFirst(a, b)
    );
    if (pods.some(isReady)) ready++;
    if (pods.some((one) => isAvailable(one, minReady, now))) available++;
    if (pod !== undefined && isUpdated(pod, hash)) updated++;
  }
  return {
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
    ...(set.status?.collisionCount === undefined
      ? {}
      : { collisionCount: set.status.collisionCount }),
    observedGeneration: set.metadata?.generation ?? 0,
    desiredNumberScheduled: desired,
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    numberReady: ready,
    updatedNumberScheduled: updated,
    numberAvailable: available,
    numberUnavailable: desired - available,
  };
}

const filled = (status: DaemonSetStatus | undefined): DaemonSetStatus => ({
  desiredNumberScheduled: 0,
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  numberReady: 0,
  updatedNumberScheduled: 0,
  numberAvailable: 0,
  numberUnavailable: 0,
  ...status,
});
