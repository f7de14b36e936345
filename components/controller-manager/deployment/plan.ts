import { equalJson } from "../../base/mod.ts";
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  Pod,
  ReplicaSet,
} from "../../api/mod.ts";
import { conditionOf, isTerminal } from "../pod_state.ts";
import {
  DESIRED,
  highestRevision,
  MAXIMUM,
  newSetAnnotations,
  revisionOf,
  sizeAnnotations,
} from "./annotations.ts";
import { availableOf, isRolling, progressDeadline, replicasOf, sizeOf } from "./limits.ts";
import { isScaling, newSetSize, type Resize, shrinkOldSets, spreadSize } from "./scaling.ts";
import { byCreation, findNewSet, isActiveSet, newSet } from "./sets.ts";
import {
  countedStatus,
  deadlineAt,
  isComplete,
  rolloutStatus,
  sameStatus,
  withCondition,
} from "./status.ts";

/** What there is to see of a deployment: all sets it controls, and the pods of those sets. */
export interface DeploymentView {
  readonly deployment: Deployment;
  readonly sets: readonly ReplicaSet[];
  readonly podsOf: (set: ReplicaSet) => readonly Pod[];
}

export type DeploymentAction =
  | { readonly kind: "create"; readonly set: ReplicaSet }
  /** Writes annotations or minReadySeconds of a set whose size stays. */
  | { readonly kind: "update"; readonly set: ReplicaSet }
  | { readonly kind: "resize"; readonly set: ReplicaSet; readonly from: number }
  | { readonly kind: "delete"; readonly set: ReplicaSet }
  | { readonly kind: "warn"; readonly reason: string; readonly message: string };

export interface DeploymentPlan {
  /** To be done in this order; when one fails the rest waits. */
  readonly actions: readonly DeploymentAction[];
  /** The status to write after them; undefined where it stands already. */
  readonly status: DeploymentStatus | undefined;
  /** The deployment's own revision, written with the status: an annotation by itself would be a new generation. */
  readonly revision?: string;
  /** When to look again although nothing happens, in milliseconds. */
  readonly again?: number;
}

/** One step of a deployment. Level-triggered: it looks at what is there and never at how it came about. */
export function planDeployment(view: DeploymentView, now: number): DeploymentPlan {
  const plan = planStep(view, now);
  return { ...plan, actions: joined(plan.actions) };
}

/** Two writes of one set become one: the second would carry a resourceVersion that the first has passed. */
function joined(actions: readonly DeploymentAction[]): readonly DeploymentAction[] {
  const updates = new Map<string | undefined, ReplicaSet>();
  for (const action of actions) {
    if (action.kind === "update") updates.set(action.set.metadata?.uid, action.set);
  }
  const resized = new Set<string | undefined>();
  const merged = actions.map((action) => {
    const update = action.kind === "resize" ? updates.get(action.set.metadata?.uid) : undefined;
    if (action.kind !== "resize" || update === undefined) return action;
    resized.add(action.set.metadata?.uid);
    const annotations = { ...action.set.metadata?.annotations, ...update.metadata?.annotations };
    for (const size of [DESIRED, MAXIMUM]) {
      const value = action.set.metadata?.annotations?.[size];
      if (value !== undefined) annotations[size] = value;
    }
    const spec = { ...update.spec, replicas: sizeOf(action.set) };
    return { ...action, set: { ...update, metadata: { ...update.metadata, annotations }, spec } };
  });
  return merged.filter((action) =>
    action.kind !== "update" || !resized.has(action.set.metadata?.uid)
  );
}

function planStep(view: DeploymentView, now: number): DeploymentPlan {
  const { deployment } = view;
  const selector = deployment.spec?.selector ?? {};
  if (!selector.matchLabels && (selector.matchExpressions ?? []).length === 0) {
    return {
      actions: [{
        kind: "warn",
        reason: "SelectingAll",
        message: "This deployment is selecting all pods. A non-empty selector is required.",
      }],
      status: undefined,
    };
  }
  const newest = findNewSet(deployment, view.sets);
  const old = view.sets.filter((set) => set !== newest);
  if (deployment.metadata?.deletionTimestamp !== undefined) {
    return {
      actions: [],
      status: changed(deployment, countedStatus(deployment, newest, view.sets, now)),
    };
  }
  const pausing = pauseCondition(deployment, now);
  if (pausing !== undefined) {
    const status = { ...deployment.status, conditions: [...pausing] };
    return { actions: [], status, again: 0 };
  }
  if (deployment.spec?.paused === true || isScaling(deployment, view.sets)) {
    const prepared = newest === undefined
      ? { actions: [] }
      : prepareNewSet(deployment, newest, old);
    const actions: DeploymentAction[] = [
      ...prepared.actions,
      ...resizes(deployment, spreadSize(deployment, newest, old)),
    ];
    if (deployment.spec?.paused === true) actions.push(...cleanUp(deployment, old));
    return {
      ...prepared,
      actions,
      status: changed(deployment, countedStatus(deployment, newest, view.sets, now)),
    };
  }
  return isRolling(deployment) ? rollOut(view, newest, old, now) : recreate(view, newest, old, now);
}

function rollOut(
  { deployment, sets }: DeploymentView,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: number,
): DeploymentPlan {
  if (newest === undefined) return createNewSet(deployment, old, now);
  const prepared = prepareNewSet(deployment, newest, old);
  const growth = growNewSet(deployment, newest, sets);
  const steps = growth.length > 0 ? growth : shrinkOldSets(deployment, newest, old);
  const actions = [...prepared.actions, ...resizes(deployment, steps)];
  return { ...prepared, ...finished(deployment, newest, sets, old, actions, now) };
}

function recreate(
  view: DeploymentView,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: number,
): DeploymentPlan {
  const { deployment, sets } = view;
  const ending = old.filter(isActiveSet).map((set) => ({ set, to: 0 }));
  if (ending.length > 0) {
    return finished(deployment, newest, sets, old, resizes(deployment, ending), now);
  }
  const stillRuns = old.some((set) => view.podsOf(set).some((pod) => !isTerminal(pod)));
  if (stillRuns) return finished(deployment, newest, sets, old, [], now);
  if (newest === undefined) return createNewSet(deployment, old, now);
  const prepared = prepareNewSet(deployment, newest, old);
  const growth = growNewSet(deployment, newest, sets);
  const actions = [...prepared.actions, ...resizes(deployment, growth)];
  return { ...prepared, ...finished(deployment, newest, sets, old, actions, now) };
}

function finished(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  old: readonly ReplicaSet[],
  actions: readonly DeploymentAction[],
  now: number,
): DeploymentPlan {
  const status = rolloutStatus(withFoundSet(deployment, newest, now), newest, sets, now);
  const done = actions.length === 0 && isComplete(deployment, status);
  const deadline = deadlineAt(deployment, status.conditions ?? []);
  const timedOut =
    conditionOf(status.conditions, "Progressing")?.reason === "ProgressDeadlineExceeded";
  return {
    actions: done ? cleanUp(deployment, old) : actions,
    status: changed(deployment, status),
    ...(deadline === undefined || done || timedOut
      ? {}
      : { again: Math.max(0, deadline - now) + 1000 }),
  };
}

const changed = (deployment: Deployment, status: DeploymentStatus): DeploymentStatus | undefined =>
  sameStatus(deployment.status, status) ? undefined : status;

function createNewSet(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  now: number,
): DeploymentPlan {
  const revision = highestRevision(old) + 1;
  const set = newSet(deployment, newSetSize(deployment, old, 0), revision);
  const status = rolloutStatus(deployment, undefined, old, now);
  const conditions = progressDeadline(deployment) === undefined
    ? status.conditions ?? []
    : withCondition(status.conditions ?? [], {
      type: "Progressing",
      status: "True",
      reason: "NewReplicaSetCreated",
      message: `Created new replica set "${set.metadata?.name}"`,
    }, now);
  return {
    actions: [{ kind: "create", set }],
    ...changedRevision(deployment, String(revision)),
    status: changed(deployment, { ...status, conditions: [...conditions] }),
    again: 0,
  };
}

/** Renews what the newest set says of the deployment: its annotations, revision and minReadySeconds. */
function prepareNewSet(
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
): { actions: DeploymentAction[]; revision?: string } {
  const actions: DeploymentAction[] = [];
  const annotations = newest.metadata?.annotations ?? {};
  const next = newSetAnnotations(deployment, annotations, highestRevision(old) + 1);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  if (
    !equalJson(annotations, next) || (newest.spec?.minReadySeconds ?? 0) !== minReadySeconds
  ) {
    actions.push({
      kind: "update",
      set: {
        ...newest,
        metadata: { ...newest.metadata, annotations: { ...next } },
        spec: { ...newest.spec, minReadySeconds },
      },
    });
  }
  const revision = revisionOf({ metadata: { annotations: next } });
  return { actions, ...changedRevision(deployment, String(revision)) };
}

function changedRevision(deployment: Deployment, revision: string): { revision?: string } {
  return revisionOf(deployment) === Number(revision) ? {} : { revision };
}

function growNewSet(
  deployment: Deployment,
  newest: ReplicaSet,
  sets: readonly ReplicaSet[],
): Resize[] {
  const replicas = replicasOf(deployment);
  const size = sizeOf(newest);
  const to = size >= replicas ? replicas : newSetSize(deployment, sets, size);
  return to === size ? [] : [{ set: newest, to }];
}

/** Sizes as writes; a set that keeps its size is written where what it says of the whole is out of date. */
function resizes(deployment: Deployment, steps: readonly Resize[]): DeploymentAction[] {
  const wanted = sizeAnnotations(deployment);
  const actions: DeploymentAction[] = [];
  for (const { set, to } of steps) {
    const from = sizeOf(set);
    const known = set.metadata?.annotations ?? {};
    if (from === to && Object.entries(wanted).every(([key, value]) => known[key] === value)) {
      continue;
    }
    const next: ReplicaSet = {
      ...set,
      metadata: { ...set.metadata, annotations: { ...known, ...wanted } },
      spec: { ...set.spec, replicas: to },
    };
    actions.push(from === to ? { kind: "update", set: next } : { kind: "resize", set: next, from });
  }
  return actions;
}

/** Old sets beyond the history that is kept: only such as have had no pods for good. */
function cleanUp(deployment: Deployment, old: readonly ReplicaSet[]): DeploymentAction[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const alive = old.filter((set) => set.metadata?.deletionTimestamp === undefined);
  return [...alive]
    .sort((a, b) => revisionOf(a) - revisionOf(b) || byCreation(a, b))
    .slice(0, Math.max(0, alive.length - limit))
    .filter((set) =>
      sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && availableOf(set) === 0 &&
      (set.status?.observedGeneration ?? 0) >= (set.metadata?.generation ?? 0)
    )
    .map((set) => ({ kind: "delete", set }));
}

/** A deployment that finds its set without ever having said how it progresses says so first. */
function withFoundSet(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  now: number,
): Deployment {
  const conditions = deployment.status?.conditions ?? [];
  if (
    newest === undefined || progressDeadline(deployment) === undefined ||
    conditionOf(conditions, "Progressing") !== undefined
  ) return deployment;
  const next = withCondition(conditions, {
    type: "Progressing",
    status: "True",
    reason: "FoundNewReplicaSet",
    message: `Found new replica set "${newest.metadata?.name}"`,
  }, now);
  return { ...deployment, status: { ...deployment.status, conditions: [...next] } };
}

/** The conditions of a deployment that has just been paused or resumed; undefined where they stand. */
function pauseCondition(
  deployment: Deployment,
  now: number,
): readonly DeploymentCondition[] | undefined {
  if (progressDeadline(deployment) === undefined) return undefined;
  const conditions = deployment.status?.conditions ?? [];
  const reason = conditionOf(conditions, "Progressing")?.reason;
  if (reason === "ProgressDeadlineExceeded") return undefined;
  const paused = deployment.spec?.paused === true;
  if (paused === (reason === "DeploymentPaused")) return undefined;
  return withCondition(conditions, {
    type: "Progressing",
    status: "Unknown",
    reason: paused ? "DeploymentPaused" : "DeploymentResumed",
    message: paused ? "Deployment is paused" : "Deployment is resumed",
  }, now);
}
