import type { ContainerStatus, PodStatus } from "../api/mod.ts";
import { timestamp } from "../base/mod.ts";
import { type ContainerObservation, containerStatus, limitMessages } from "./container_status.ts";
import { podConditions, statusesByName } from "./pod_conditions.ts";
import { ephemeralContainers, initContainers, isActive, mainContainers } from "./pod_containers.ts";
import { isTerminal, podPhase } from "./pod_phase.ts";
import { qosClass } from "./pod_resources.ts";

/** Why the kubelet itself ended a pod or refused it; `reason` is the status's. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  /** The reason of the DisruptionTarget condition, where the end is a disruption. */
  readonly disruption?: string;
}

export interface StatusObservation extends ContainerObservation {
  readonly now: number;
  readonly hostIPs: readonly string[];
  readonly failure?: PodFailure;
}

/** The whole status of a pod, from what is observed and from the status that was last written. Pure. */
export function podStatus(observed: StatusObservation): PodStatus {
  const { pod, runtime, failure, now } = observed;
  const previous = pod.status ?? {};
  const statusOf = (containers: ReturnType<typeof mainContainers>) =>
    containers.map((container) => containerStatus(observed, container));
  // A pod that the node refused never had containers: nothing is said about them.
  const refused = (failure !== undefined || isTerminal(previous.phase)) &&
    runtime.containers.length === 0 &&
    previous.containerStatuses === undefined;
  const mains = refused ? [] : statusOf(mainContainers(pod)).sort(byName);
  const inits = refused ? [] : statusOf(initContainers(pod));
  const ephemeral = refused ? [] : statusOf(ephemeralContainers(pod)).sort(byName);
  limitMessages([...mains, ...inits, ...ephemeral]);

  const statuses = statusesByName(pod, [inits, mains, ephemeral]);
  const phase = phaseOf(observed, statuses);
  const sandbox = runtime.sandboxes[0];
  const hostNetwork = pod.spec?.hostNetwork === true;
  const ips = hostNetwork ? observed.hostIPs : sandbox?.ready === true ? sandbox.ips : [];
  const podIPs = ips.length > 0 ? ips.map((ip) => ({ ip })) : previous.podIPs ?? [];
  const sandboxReady = sandbox?.ready === true && (hostNetwork || sandbox.ips.length > 0);
  const disruption = failure?.disruption === undefined
    ? undefined
    : { reason: failure.disruption, message: failure.message };
  const generation = pod.metadata?.generation;

  return {
    phase,
    conditions: podConditions({
      pod,
      phase,
      statuses,
      sandboxReady,
      now,
      ...(disruption === undefined ? {} : { disruption }),
    }),
    startTime: previous.startTime ?? timestamp(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(observed.hostIPs[0] === undefined ? {} : {
      hostIP: observed.hostIPs[0],
      hostIPs: observed.hostIPs.map((ip) => ({ ip })),
    }),
    ...(podIPs[0]?.ip === undefined ? {} : { podIP: podIPs[0].ip, podIPs }),
    ...(failure === undefined
      ? {
        ...(previous.reason === undefined ? {} : { reason: previous.reason }),
        ...(previous.message === undefined ? {} : { message: previous.message }),
      }
      : { reason: failure.reason, message: failure.message }),
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
    ...(mains.length === 0 ? {} : { containerStatuses: mains }),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    qosClass: qosClass(pod),
  };
}

/** The phase never leaves its end, and does not reach it while a container may still run. */
function phaseOf(
  observed: StatusObservation,
  statuses: ReadonlyMap<string, ContainerStatus>,
): string {
  const { pod, runtime, failure } = observed;
  const previous = pod.status?.phase;
  if (isTerminal(previous)) return previous ?? "Failed";
  const phase = failure === undefined ? podPhase(pod, statuses, observed.ending) : "Failed";
  if (isTerminal(phase) && runtime.containers.some(isActive)) {
    return previous === undefined || previous === "Pending" ? "Running" : previous;
  }
  return phase;
}

function byName(a: ContainerStatus, b: ContainerStatus): number {
  const left = a.name ?? "", right = b.name ?? "";
  return left < right ? -1 : left > right ? 1 : 0;
}
