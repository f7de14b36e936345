import type { Deployment, ReplicaSet } from "../../api/mod.ts";
import { maxSurge, replicasOf } from "./limits.ts";

export const REVISION = "deployment.kubernetes.io/revision";
export const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED = "deployment.kubernetes.io/desired-replicas";
export const MAXIMUM = "deployment.kubernetes.io/max-replicas";

const NOT_COPIED = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAXIMUM,
  "deprecated.deployment.rollback.to",
]);

/** Characters that the list of earlier revisions may take. */
const HISTORY_MAXIMUM_CHARACTERS = 2000;

export type Annotations = Readonly<Record<string, string>>;

/** The revision that a set or a deployment says it is; 0 for none. */
export function revisionOf(object: { metadata?: { annotations?: Annotations } }): number {
  const text = object.metadata?.annotations?.[REVISION];
  return text === undefined || !/^[0-9]{1,15}$/.test(text) ? 0 : Number(text);
}

export function highestRevision(sets: readonly ReplicaSet[]): number {
  return sets.reduce((most, set) => Math.max(most, revisionOf(set)), 0);
}

/** The annotations of the newest set: the deployment's own, and a revision that is never lowered. */
export function newSetAnnotations(
  deployment: Deployment,
  current: Annotations,
  revision: number,
): Annotations {
  const next: Record<string, string> = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) next[key] = value;
  }
  const before = current[REVISION];
  const known = revisionOf({ metadata: { annotations: current } });
  if (known < revision) {
    next[REVISION] = String(revision);
    if (before !== undefined && before !== "") {
      next[REVISION_HISTORY] = appended(current[REVISION_HISTORY], before);
    }
  }
  return next;
}

function appended(history: string | undefined, revision: string): string {
  const all = history === undefined || history === "" ? [] : history.split(",");
  all.push(revision);
  while (all.length > 1 && all.join(",").length > HISTORY_MAXIMUM_CHARACTERS) all.shift();
  return all.join(",");
}

/** What a set is told of the whole it is a part of: how many replicas are wanted, and how many there may be. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const replicas = replicasOf(deployment);
  return { [DESIRED]: String(replicas), [MAXIMUM]: String(replicas + maxSurge(deployment)) };
}

/** A number that a set's annotation gives, or undefined. */
export function annotatedNumber(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata?.annotations?.[annotation];
  return text === undefined || !/^[0-9]{1,10}$/.test(text) ? undefined : Number(text);
}
