import { equalJson, timestamp } from "../../base/mod.ts";
import {
  type Condition,
  type Pod,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  scaledValue,
} from "../../api/mod.ts";
import { isGoing, isReady, timeOf } from "../pod_state.ts";

/** How long an eviction that was granted may take before the pod counts again. */
const EVICTION_MILLISECONDS = 120_000;

export interface BudgetPlan {
  /** The status as it stands where nothing has changed. */
  readonly status: PodDisruptionBudgetStatus;
  readonly again?: number;
}

/**
 * What a budget allows. `scale` is the size that the pods' owners together ask for; undefined where it is not known
 * and a budget that is counted from it can allow nothing.
 */
export function planBudget(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  scale: number | undefined,
  now: number,
): BudgetPlan {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  let expected: number | undefined;
  let desired = 0;
  if (maxUnavailable !== undefined) {
    expected = scale;
    desired = Math.max(0, (scale ?? 0) - (scaledValue(maxUnavailable, scale ?? 0, "up") ?? 0));
  } else if (typeof minAvailable === "number") {
    expected = pods.length;
    desired = minAvailable;
  } else {
    expected = scale;
    desired = scaledValue(minAvailable ?? 1, scale ?? 0, "up") ?? 0;
  }
  const byName = new Map(pods.map((pod) => [pod.metadata?.name ?? "", pod]));
  const disruptedPods: Record<string, string> = {};
  let again: number | undefined;
  for (const [name, since] of Object.entries(budget.status?.disruptedPods ?? {})) {
    const pod = byName.get(name);
    const left = timeOf(since) + EVICTION_MILLISECONDS - now;
    if (pod === undefined || isGoing(pod) || left <= 0) continue;
    disruptedPods[name] = since;
    again = Math.min(again ?? left, left);
  }
  const healthy =
    pods.filter((pod) =>
      !isGoing(pod) && isReady(pod) && disruptedPods[pod.metadata?.name ?? ""] === undefined
    ).length;
  const allowed = expected === undefined || expected <= 0 ? 0 : Math.max(0, healthy - desired);
  const previous = budget.status ?? {};
  const status: PodDisruptionBudgetStatus = {
    observedGeneration: budget.metadata?.generation ?? 0,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected ?? 0,
    disruptionsAllowed: allowed,
    ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
    conditions: [
      condition(
        previous.conditions?.find(({ type }) => type === "DisruptionAllowed"),
        expected === undefined ? "SyncFailed" : allowed > 0 ? "SufficientPods" : "InsufficientPods",
        budget.metadata?.generation ?? 0,
        now,
      ),
    ],
  };
  return {
    status: equalJson(previous, status) ? previous : status,
    ...(again === undefined ? {} : { again }),
  };
}

function condition(
  previous: Condition | undefined,
  reason: "SufficientPods" | "InsufficientPods" | "SyncFailed",
  observedGeneration: number,
  now: number,
): Condition {
  const status = reason === "SufficientPods" ? "True" : "False";
  const since = previous?.status === status ? previous.lastTransitionTime : undefined;
  return {
    type: "DisruptionAllowed",
    status,
    reason,
    message: "",
    observedGeneration,
    lastTransitionTime: since ?? timestamp(now),
  };
}
