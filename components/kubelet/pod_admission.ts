import { type Node, type Pod, selectsNode } from "../api/mod.ts";
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
  const { name = "", labels = {} } = node.metadata ?? {};
  if (!selectsNode(pod.spec ?? {}, { name, labels })) {
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
