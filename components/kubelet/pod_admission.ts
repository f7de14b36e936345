import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from "../api/mod.ts";
import { initContainers, mainContainers } from "./pod_containers.ts";
import { podRequest } from "./pod_resources.ts";
import type { PodFailure } from "./pod_status.ts";
import { quantityValue } from "./quantity.ts";

/**
 * Whether the node takes a pod that it was given: the scheduler's checks once more, because two schedulers, or a
 * `nodeName` written by hand, may have put it here. Answers why not. Pure.
 */
export function refusal(
  pod: Pod,
  node: Node | undefined,
  others: readonly Pod[],
): PodFailure | undefined {
  if (node === undefined) return undefined;
  if (!matchesNode(pod, node)) {
    return failure(
      "NodeAffinity",
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    );
  }
  if (portsConflict(pod, others)) {
    return failure(
      "NodePorts",
      "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    );
  }
  const allocatable = node.status?.allocatable ?? {};
  const pods = quantityValue(allocatable["pods"]);
  if (allocatable["pods"] !== undefined && others.length + 1 > pods) {
    return outOf("pods", 1, others.length, pods);
  }
  for (const name of ["cpu", "memory", "ephemeral-storage"]) {
    const request = podRequest(pod, name);
    if (request === 0 || allocatable[name] === undefined) continue;
    const used = others.reduce((sum, other) => sum + podRequest(other, name), 0);
    const capacity = quantityValue(allocatable[name]);
    if (used + request > capacity) {
      const scale = name === "cpu" ? 1000 : 1;
      return outOf(name, request * scale, used * scale, capacity * scale);
    }
  }
  return undefined;
}

function outOf(name: string, requested: number, used: number, capacity: number): PodFailure {
  return failure(
    `OutOf${name}`,
    `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${
      Math.ceil(requested)
    }, used: ${Math.ceil(used)}, capacity: ${Math.floor(capacity)}`,
  );
}

function failure(reason: string, message: string): PodFailure {
  return { reason, message };
}

function portsConflict(pod: Pod, others: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return false;
  const taken = others.flatMap(hostPorts);
  return wanted.some((a) =>
    taken.some((b) =>
      a.port === b.port && a.protocol === b.protocol &&
      (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0")
    )
  );
}

function hostPorts(pod: Pod): { port: number; protocol: string; ip: string }[] {
  return [...initContainers(pod).filter(({ role }) => role === "sidecar"), ...mainContainers(pod)]
    .flatMap(({ spec }) => spec.ports ?? [])
    .filter(({ hostPort }) => (hostPort ?? 0) > 0)
    .map(({ hostPort = 0, protocol = "TCP", hostIP = "" }) => ({
      port: hostPort,
      protocol,
      ip: hostIP === "" ? "0.0.0.0" : hostIP,
    }));
}

function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) {
    if (labels[key] !== value) return false;
  }
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms;
  if (terms === undefined) return true;
  const fields = { "metadata.name": node.metadata?.name ?? "" };
  return terms.some((term) => matchesTerm(term, labels, fields));
}

function matchesTerm(
  term: NodeSelectorTerm,
  labels: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>>,
): boolean {
  const expressions = term.matchExpressions ?? [];
  const fieldExpressions = term.matchFields ?? [];
  if (expressions.length + fieldExpressions.length === 0) return false;
  return expressions.every((each) => matchesRequirement(each, labels)) &&
    fieldExpressions.every((each) => matchesRequirement(each, fields));
}

function matchesRequirement(
  { key = "", operator, values = [] }: NodeSelectorRequirement,
  from: Readonly<Record<string, string>>,
): boolean {
  const value = from[key];
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
      const left = Number(value), right = Number(values[0]);
      if (value === undefined || !Number.isInteger(left) || !Number.isInteger(right)) return false;
      return operator === "Gt" ? left > right : left < right;
    }
    default:
      return false;
  }
}
