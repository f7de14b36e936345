import { labelSelectorMatcher, type PodDisruptionBudget } from "../../api/mod.ts";
import type { TrackedPod } from "../state/tracked_pod.ts";

export interface Budgets {
  /** Disruptions that each budget still allows. */
  readonly allowed: readonly number[];
  /** A pod's handle to the indices of the budgets that cover it. */
  readonly of: ReadonlyMap<number, readonly number[]>;
}

/** Which budgets stand in the way of which pods. One without a selector, or with an empty one, covers nobody. Pure. */
export function budgetsOf(
  budgets: readonly PodDisruptionBudget[],
  pods: Iterable<TrackedPod>,
): Budgets {
  const known = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata?.namespace ?? "",
    selects: isEmpty(spec?.selector) ? undefined : labelSelectorMatcher(spec?.selector),
    disrupted: status?.disruptedPods ?? {},
  }));
  const covered = new Map<number, readonly number[]>();
  if (known.some(({ selects }) => selects !== undefined)) {
    for (const pod of pods) {
      if (pod.node === "") continue;
      const indices: number[] = [];
      known.forEach(({ disrupted, namespace, selects }, i) => {
        if (namespace !== pod.namespace || selects === undefined) return;
        // What has been let go already is counted already.
        if (Object.hasOwn(disrupted, pod.name)) return;
        if (selects.matches(pod.labels)) indices.push(i);
      });
      if (indices.length > 0) covered.set(pod.handle, indices);
    }
  }
  return { allowed: budgets.map(({ status }) => status?.disruptionsAllowed ?? 0), of: covered };
}

function isEmpty(
  selector: { readonly matchLabels?: unknown; readonly matchExpressions?: unknown } | undefined,
): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 &&
    ((selector?.matchExpressions ?? []) as unknown[]).length === 0;
}
