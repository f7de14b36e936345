import type { PodDisruptionBudget } from "../../api/mod.ts";
import type { CoreBudget } from "../core_contract.ts";

/**
 * Budgets as the core wants them: it finds by itself whom they cover. `handleOf`: the handle of a pod by its namespace
 * and name, where there is one. Pure.
 */
export function coreBudgets(
  budgets: readonly PodDisruptionBudget[],
  handleOf: (namespace: string, name: string) => number | undefined,
): CoreBudget[] {
  return budgets.map(({ metadata, spec, status }) => {
    const namespace = metadata?.namespace ?? "";
    // What has been let go already is counted already.
    const except = Object.keys(status?.disruptedPods ?? {})
      .flatMap((name) => handleOf(namespace, name) ?? []);
    return {
      namespace,
      selector: spec?.selector,
      allowed: status?.disruptionsAllowed ?? 0,
      except,
    };
  });
}
