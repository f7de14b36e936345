import { type Deployment, type ReplicaSet, scaledValue } from "../../api/mod.ts";

const FOREVER_SECONDS = 0x7fffffff;

export const replicasOf = (deployment: Deployment): number => deployment.spec?.replicas ?? 1;

export const isRolling = (deployment: Deployment): boolean =>
  (deployment.spec?.strategy?.type ?? "RollingUpdate") === "RollingUpdate";

/** How many pods may be above and below the wanted number while a template rolls out. */
function bounds(deployment: Deployment): { surge: number; unavailable: number } {
  const replicas = replicasOf(deployment);
  const { maxSurge = "25%", maxUnavailable = "25%" } = deployment.spec?.strategy?.rollingUpdate ??
    {};
  const surge = scaledValue(maxSurge, replicas, "up") ?? 0;
  const unavailable = scaledValue(maxUnavailable, replicas, "down") ?? 0;
  // Both zero would never move.
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function maxSurge(deployment: Deployment): number {
  return isRolling(deployment) ? bounds(deployment).surge : 0;
}

export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment) || replicas === 0) return 0;
  return Math.min(bounds(deployment).unavailable, replicas);
}

/** Seconds that a roll-out may stand still before it counts as stuck; undefined for ever. */
export function progressDeadline(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds === undefined || seconds === FOREVER_SECONDS ? undefined : seconds;
}

export const sizeOf = (set: ReplicaSet): number => set.spec?.replicas ?? 1;
export const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;

export const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + count(set), 0);
