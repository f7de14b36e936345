import type { Container, Pod } from "../api/mod.ts";
import type { ContainerState, Sandbox } from "./runtime.ts";
import { sandboxAttempt } from "./labels.ts";

/** `sidecar` is an init container that restarts always. */
export type ContainerRole = "init" | "sidecar" | "main" | "ephemeral";

/** One container of a pod's spec with the part it plays. */
export interface PodContainer {
  readonly role: ContainerRole;
  readonly name: string;
  readonly spec: Container;
}

/** What the runtime shows of one pod, the current ones first. */
export interface PodRuntime {
  readonly sandboxes: readonly Sandbox[];
  readonly containers: readonly ContainerState[];
}

export const EMPTY_RUNTIME: PodRuntime = { sandboxes: [], containers: [] };

export function initContainers(pod: Pod): PodContainer[] {
  return (pod.spec?.initContainers ?? []).map((spec) => ({
    role: spec.restartPolicy === "Always" ? "sidecar" : "init",
    name: spec.name ?? "",
    spec,
  }));
}

export function mainContainers(pod: Pod): PodContainer[] {
  return (pod.spec?.containers ?? []).map((spec) => ({
    role: "main",
    name: spec.name ?? "",
    spec,
  }));
}

export function ephemeralContainers(pod: Pod): PodContainer[] {
  return (pod.spec?.ephemeralContainers ?? []).map((spec) => ({
    role: "ephemeral",
    name: spec.name ?? "",
    spec,
  }));
}

/** Every container in the order of the spec: init containers, main ones, ephemeral ones. */
export function allContainers(pod: Pod): PodContainer[] {
  return [...initContainers(pod), ...mainContainers(pod), ...ephemeralContainers(pod)];
}

/** The newest instance of a container; undefined when there never was one or it was removed. */
export function latestInstance(runtime: PodRuntime, name: string): ContainerState | undefined {
  return runtime.containers.find((container) => container.name === name);
}

export function isActive(container: ContainerState): boolean {
  return container.state === "running" || container.state === "unknown";
}

/**
 * Sorts what the runtime listed: newest attempt first. Of one attempt there can be several, when a kubelet died over
 * a request that the runtime then carried out: the one that runs, then the oldest, is the one to keep. A sandbox with
 * running containers comes before any other.
 */
export function podRuntime(
  sandboxes: readonly Sandbox[],
  containers: readonly ContainerState[],
): PodRuntime {
  const used = new Set(
    containers.filter(({ state }) => state !== "exited").map(({ sandboxId }) => sandboxId),
  );
  const rank = ({ id, ready }: Sandbox) => ready ? used.has(id) ? 0 : 1 : 2;
  const alive = (container: ContainerState) => isActive(container) ? 0 : 1;
  const ready = sandboxes.filter((sandbox) => sandbox.ready).length;
  return {
    sandboxes: [...sandboxes].sort((a, b) =>
      (ready > 1 ? rank(a) - rank(b) : 0) || sandboxAttempt(b) - sandboxAttempt(a) ||
      a.createdAt - b.createdAt
    ),
    containers: [...containers].sort((a, b) =>
      b.attempt - a.attempt || alive(a) - alive(b) || a.createdAt - b.createdAt
    ),
  };
}

/** The spec's grace, in seconds. */
export function graceSeconds(pod: Pod): number {
  return pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}
