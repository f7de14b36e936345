import type { ContainerStatus, Pod } from "../api/mod.ts";
import { initContainers, mainContainers } from "./pod_containers.ts";
import { restartsAfter } from "./restart_policy.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

export function isTerminal(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/**
 * A pod's phase from its containers' statuses. `ending` when it is deleted or evicted, so that nothing restarts.
 * Sidecars keep a pod Pending until they have started and Running while they run, but never decide its end. Pure.
 */
export function podPhase(
  pod: Pod,
  statuses: ReadonlyMap<string, ContainerStatus>,
  ending: boolean,
): PodPhase {
  let initPending = 0, sidecarPending = 0, running = 0, waiting = 0, unknown = 0;
  let stopped = 0, succeeded = 0, restarting = 0;
  for (const container of initContainers(pod)) {
    const state = statuses.get(container.name);
    if (container.role === "sidecar") {
      if (state?.state?.running !== undefined) running++;
      if (state?.started !== true && state?.lastState?.terminated === undefined) sidecarPending++;
      continue;
    }
    const exitCode = state?.state?.terminated?.exitCode ??
      (state?.state?.waiting === undefined ? undefined : state.lastState?.terminated?.exitCode);
    if (exitCode === undefined) initPending++;
    else if (exitCode !== 0) {
      if (!restartsAfter(pod, container, exitCode)) return "Failed";
      initPending++;
    }
  }
  const mains = mainContainers(pod);
  let begun = false;
  for (const container of mains) {
    const status = statuses.get(container.name);
    const ended = status?.state?.terminated ??
      (status?.state?.waiting === undefined ? undefined : status.lastState?.terminated);
    if (status === undefined) unknown++;
    else if (status.state?.running !== undefined) running++;
    else if (ended === undefined) waiting++;
    else {
      stopped++;
      if (ended.exitCode === 0) succeeded++;
      if (restartsAfter(pod, container, ended.exitCode ?? 0)) restarting++;
    }
    begun ||= status?.state?.running !== undefined || ended !== undefined;
  }
  if (!begun && (initPending > 0 || sidecarPending > 0)) return "Pending";
  if (waiting > 0 || unknown > 0) return "Pending";
  if (running > 0) return "Running";
  if (stopped === 0) return "Pending";
  if (!ending && restarting > 0) return "Running";
  return succeeded === stopped ? "Succeeded" : "Failed";
}
