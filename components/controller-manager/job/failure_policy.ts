import type { Job, Pod, PodFailurePolicyRule } from "../../api/mod.ts";

/** What a job's policy makes of one failed pod. */
export type FailureVerdict =
  | { readonly action: "Count" | "Ignore" | "FailIndex" }
  | { readonly action: "FailJob"; readonly message: string };

/** The first rule that fits decides; without one the failure counts. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  const rules = job.spec?.podFailurePolicy?.rules ?? [];
  for (const [i, rule] of rules.entries()) {
    const why = matchExitCodes(rule, pod) ?? matchConditions(rule, pod);
    if (why === undefined) continue;
    switch (rule.action) {
      case "FailJob":
        return { action: "FailJob", message: `${why} matching FailJob rule at index ${i}` };
      case "Ignore":
      case "FailIndex":
        return { action: rule.action };
      default:
        return { action: "Count" };
    }
  }
  return { action: "Count" };
}

const nameOf = (pod: Pod): string => `${pod.metadata?.namespace}/${pod.metadata?.name}`;

function matchExitCodes({ onExitCodes }: PodFailurePolicyRule, pod: Pod): string | undefined {
  if (onExitCodes === undefined) return undefined;
  const { containerName, operator, values = [] } = onExitCodes;
  const statuses = [
    ...pod.status?.containerStatuses ?? [],
    ...pod.status?.initContainerStatuses ?? [],
  ];
  for (const { name, state } of statuses) {
    const code = state?.terminated?.exitCode;
    if (code === undefined || code === 0) continue;
    if (containerName !== undefined && containerName !== name) continue;
    if (values.includes(code) === (operator === "In")) {
      return `Container ${name} for pod ${nameOf(pod)} failed with exit code ${code}`;
    }
  }
  return undefined;
}

function matchConditions({ onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  for (const pattern of onPodConditions ?? []) {
    const found = pod.status?.conditions?.find((condition) =>
      condition.type === pattern.type && condition.status === (pattern.status ?? "True")
    );
    if (found !== undefined) return `Pod ${nameOf(pod)} has condition ${found.type}`;
  }
  return undefined;
}
