import type { NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from "./generated/types.ts";
import { wholeNumber } from "./whole_number.ts";

/** What pods choose nodes by. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whether a node has what a pod's nodeSelector and its required node affinity ask for. */
export function selectsNode(spec: PodSpec, node: SelectableNode): boolean {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    if (own(node.labels, key) !== value) return false;
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => matchesNodeTerm(term, node));
}

/** All of a term's expressions and fields match. A term without any matches no node. */
export function matchesNodeTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  { name, labels }: SelectableNode,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((one) => matchesRequirement(one, own(labels, one.key ?? ""))) &&
    matchFields.every((one) =>
      matchesRequirement(one, one.key === "metadata.name" ? name : undefined)
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
      const [left, right] = [wholeNumber(value), wholeNumber(values[0])];
      if (left === undefined || right === undefined) return false;
      return operator === "Gt" ? left > right : left < right;
    }
    default:
      return false;
  }
}

function own(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
