import { ApiError, hasReason, internalError, type Status, timestamp } from "../../base/mod.ts";
import { labelSelectorMatcher, type Pod, type PodDisruptionBudget } from "../../api/served.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import { missing, type WriteDependencies } from "./create.ts";
import { deleteObject } from "./delete.ts";
import type { DeleteOptions } from "./delete_options.ts";
import { updateObject } from "./update.ts";
import type { WriteContext } from "./write_context.ts";

/** Evictions of pods under one budget wait for each other this often. */
const BUDGET_TRIES = 20;

export interface EvictionDependencies extends WriteDependencies {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
}

/** Deletes a pod if its disruption budget allows: `POST pods/x/eviction`. */
export async function evictPod(
  dependencies: EvictionDependencies,
  context: WriteContext,
  options: DeleteOptions,
): Promise<Status> {
  const { reader } = dependencies;
  await reader.fresh("", "pods");
  const pod = reader.get<Pod>("", "pods", context.namespace, context.name);
  if (pod === undefined) throw missing(context);
  if (!goesAnyway(pod)) await spendBudgetOf(dependencies, context, pod);
  const target = { ...context, subresource: "", internal: true };
  if (!context.dryRun) await markDisrupted(dependencies, target);
  await deleteObject(dependencies, target, options);
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

function goesAnyway(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === "Succeeded" || phase === "Failed" || phase === "Pending" ||
    pod.metadata?.deletionTimestamp !== undefined;
}

/** Another eviction may have spent of the budget in between: then it is looked at again. */
async function spendBudgetOf(
  dependencies: EvictionDependencies,
  context: WriteContext,
  pod: Pod,
): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await spendBudget(dependencies, context, pod);
    } catch (error) {
      if (!hasReason(error, "Conflict") || tries === BUDGET_TRIES) throw error;
    }
  }
}

async function spendBudget(
  { reader, writer, clock }: EvictionDependencies,
  context: WriteContext,
  pod: Pod,
): Promise<void> {
  await reader.fresh("policy", "poddisruptionbudgets");
  const budgets = reader.list<PodDisruptionBudget>(
    "policy",
    "poddisruptionbudgets",
    context.namespace,
  )
    .filter((budget) =>
      labelSelectorMatcher(budget.spec?.selector).matches(pod.metadata?.labels ?? {})
    );
  if (budgets.length > 1) {
    throw internalError(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const budget = budgets[0];
  if (budget === undefined) return;
  const ready = pod.status?.conditions?.some((condition) =>
    condition.type === "Ready" && condition.status === "True"
  );
  const status = budget.status ?? {};
  if (ready !== true) {
    // Pods that are down anyway do not lessen what is healthy.
    if (budget.spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return;
    if (
      (status.currentHealthy ?? 0) >= (status.desiredHealthy ?? 0) &&
      (status.desiredHealthy ?? 0) > 0
    ) return;
  }
  const name = budget.metadata?.name ?? "";
  if ((status.observedGeneration ?? 0) < (budget.metadata?.generation ?? 0)) {
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if ((status.disruptionsAllowed ?? 0) <= 0) {
    throw tooMany(
      `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${
        status.currentHealthy ?? 0
      } currently`,
      0,
    );
  }
  if (context.dryRun) return;
  await writer.update<PodDisruptionBudget>("policy", "poddisruptionbudgets", {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: (status.disruptionsAllowed ?? 0) - 1,
      disruptedPods: { ...status.disruptedPods, [context.name]: timestamp(clock.now()) },
    },
  }, "status");
}

function tooMany(cause: string, retryAfterSeconds: number): ApiError {
  return new ApiError(
    429,
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [{ reason: "DisruptionBudget", message: cause }],
      ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
    },
  );
}

async function markDisrupted(
  dependencies: EvictionDependencies,
  context: WriteContext,
): Promise<void> {
  const now = timestamp(dependencies.clock.now());
  await updateObject(dependencies, { ...context, subresource: "status" }, {
    createsMissing: false,
    unconditional: true,
    ownership: "none",
    make: (existing) => {
      const pod = existing as Pod;
      const others = (pod.status?.conditions ?? []).filter((condition) =>
        condition.type !== "DisruptionTarget"
      );
      const condition = {
        type: "DisruptionTarget",
        status: "True",
        reason: "EvictionByEvictionAPI",
        message: "Eviction API: evicting",
        lastTransitionTime: now,
      };
      return {
        ...pod,
        metadata: { ...pod.metadata },
        status: { ...pod.status, conditions: [...others, condition] },
      };
    },
  });
}
