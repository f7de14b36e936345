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

/** What the runtime shows of one pod, newest first. */
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

/** Instances of a container that have ended, newest first. */
export function endedInstances(runtime: PodRuntime, name: string): ContainerState[] {
  return runtime.containers.filter((container) =>
    container.name === name && container.state === "exited"
  );
}

export function isActive(container: ContainerState): boolean {
  return container.state === "running" || container.state === "unknown";
}

/** Sorts what the runtime listed: newest attempt first, then newest creation. */
export function podRuntime(
  sandboxes: readonly Sandbox[],
  containers: readonly ContainerState[],
): PodRuntime {
  return {
    sandboxes: [...sandboxes].sort((a, b) =>
      sandboxAttempt(b) - sandboxAttempt(a) || b.createdAt - a.createdAt
    ),
    containers: [...containers].sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt),
  };
}

/** The spec's grace, in seconds. */
export function graceSeconds(pod: Pod): number {
  return pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}
