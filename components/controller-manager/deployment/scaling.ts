import type { Deployment, ReplicaSet } from "../../api/mod.ts";
import { annotatedNumber, DESIRED, MAXIMUM } from "./annotations.ts";
import {
  availableOf,
  isRolling,
  maxSurge,
  maxUnavailable,
  replicasOf,
  sizeOf,
  sum,
} from "./limits.ts";
import { byCreation, isActiveSet } from "./sets.ts";

/** The size that a set is to get. A size that stays still renews the set's annotations. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly to: number;
}

/** How large the newest set may be now. */
export function newSetSize(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  current: number,
): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment)) return replicas;
  const room = replicas + maxSurge(deployment) - sum(all, sizeOf);
  if (room <= 0) return current;
  return current + Math.min(room, replicas - current);
}

/** One step of a rolling update on the old sets: sick replicas first, then what is not needed to stay available. */
export function shrinkOldSets(
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
): Resize[] {
  const all = [...old, newest];
  const needed = replicasOf(deployment) - maxUnavailable(deployment);
  const newUnavailable = sizeOf(newest) - availableOf(newest);
  const budget = sum(all, sizeOf) - needed - newUnavailable;
  if (budget <= 0) return [];
  const sizes = new Map(old.map((set) => [set, sizeOf(set)]));
  const ordered = [...old].sort(byCreation);
  let left = budget;
  for (const set of ordered) {
    const sick = Math.max(0, sizeOf(set) - availableOf(set));
    const step = Math.min(left, sick);
    left -= step;
    sizes.set(set, sizeOf(set) - step);
  }
  let spare = sum(all, availableOf) - needed;
  for (const set of ordered) {
    if (spare <= 0) break;
    const size = sizes.get(set)!;
    const step = Math.min(size, spare);
    spare -= step;
    sizes.set(set, size - step);
  }
  return ordered.filter((set) => sizes.get(set) !== sizeOf(set))
    .map((set) => ({ set, to: sizes.get(set)! }));
}

/** True when the deployment's size was changed since its sets were last sized. */
export function isScaling(deployment: Deployment, all: readonly ReplicaSet[]): boolean {
  return all.filter(isActiveSet).some((set) => {
    const desired = annotatedNumber(set, DESIRED);
    return desired !== undefined && desired !== replicasOf(deployment);
  });
}

/** Spreads a new size over all sets that have pods, in proportion to their sizes. */
export function spreadSize(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Resize[] {
  const replicas = replicasOf(deployment);
  const active = [...newest === undefined ? [] : [newest], ...old].filter(isActiveSet);
  if (active.length <= 1) {
    const only = active[0] ?? newest ?? [...old].sort(byCreation).at(-1);
    return only === undefined || sizeOf(only) === replicas ? [] : [{ set: only, to: replicas }];
  }
  if (newest !== undefined && isSaturated(deployment, newest)) {
    return old.filter(isActiveSet).map((set) => ({ set, to: 0 }));
  }
  if (!isRolling(deployment)) return [];
  const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0;
  const toAdd = allowed - sum(active, sizeOf);
  const newestFirst = toAdd > 0 ? -1 : 1;
  const ordered = [...active].sort((a, b) =>
    sizeOf(b) - sizeOf(a) || newestFirst * byCreation(a, b)
  );
  let added = 0;
  const sizes = ordered.map((set) => {
    if (toAdd === 0) return sizeOf(set);
    const share = shareOf(deployment, set);
    const step = toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
    added += step;
    return sizeOf(set) + step;
  });
  // What rounding leaves over goes to the largest.
  sizes[0] = Math.max(0, sizes[0]! + (toAdd === 0 ? 0 : toAdd - added));
  return ordered.map((set, i) => ({ set, to: sizes[i]! }));
}

function shareOf(deployment: Deployment, set: ReplicaSet): number {
  const replicas = replicasOf(deployment);
  if (replicas === 0) return -sizeOf(set);
  const before = annotatedNumber(set, MAXIMUM) || deployment.status?.replicas || 0;
  if (before === 0) return 0;
  return Math.round(sizeOf(set) * (replicas + maxSurge(deployment)) / before) - sizeOf(set);
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const replicas = replicasOf(deployment);
  return sizeOf(set) === replicas && annotatedNumber(set, DESIRED) === replicas &&
    availableOf(set) === replicas;
}
