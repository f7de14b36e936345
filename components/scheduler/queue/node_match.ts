import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Taint,
  Toleration,
} from "../../api/mod.ts";
import type { KnownNode } from "./known_node.ts";

/** Whether a node has what the pod's nodeSelector and required node affinity ask for. Pure. */
export function matchesNodeAffinity(pod: Pod, node: KnownNode): boolean {
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) {
    if (node.labels[key] !== value) return false;
  }
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node));
}

function matchesTerm(term: NodeSelectorTerm, node: KnownNode): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return expressions.every((one) => matchesRequirement(one, node.labels[one.key ?? ""])) &&
    fields.every((one) =>
      matchesRequirement(one, one.key === "metadata.name" ? node.name : undefined)
    );
}

function matchesRequirement(
  { operator, values = [] }: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      const [bound] = values;
      if (value === undefined || bound === undefined) return false;
      if (!isWhole(value) || !isWhole(bound)) return false;
      return operator === "Gt" ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
    default:
      return false;
  }
}

function isWhole(text: string): boolean {
  return /^-?\d{1,19}$/.test(text);
}

/** The first taint that keeps the pod away and that it does not tolerate. Pure. */
export function untoleratedTaint(pod: Pod, taints: readonly Taint[]): Taint | undefined {
  return taints.find((taint) =>
    (taint.effect === "NoSchedule" || taint.effect === "NoExecute") &&
    !(pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint))
  );
}

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { effect = "", key = "", operator = "Equal", value = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  const taintValue = taint.value ?? "";
  switch (operator) {
    case "":
    case "Equal":
      return key !== "" && value === taintValue;
    case "Exists":
      return true;
    case "Lt":
    case "Gt":
      if (!isWhole(value) || !isWhole(taintValue)) return false;
      return operator === "Lt"
        ? BigInt(taintValue) < BigInt(value)
        : BigInt(taintValue) > BigInt(value);
    default:
      return false;
  }
}
