import type {
  Container,
  ContainerState as ApiContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
} from "../api/mod.ts";
import { timestamp } from "../base/mod.ts";
import type { Waiting } from "./pod_actions.ts";
import { latestInstance, type PodContainer, type PodRuntime } from "./pod_containers.ts";
import { needsStart } from "./restart_policy.ts";
import type { ContainerState } from "./runtime.ts";

/** What container statuses are made of. */
export interface ContainerObservation {
  /** With the status that was last written. */
  readonly pod: Pod;
  readonly runtime: PodRuntime;
  /** The scheme of container ids. */
  readonly runtimeName: string;
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** The pod is being ended: nothing will start again. */
  readonly ending: boolean;
  /** The container's postStart hook has not returned: it does not count as running yet. */
  hooking(instance: ContainerState): boolean;
  started(instance: ContainerState): boolean;
  ready(instance: ContainerState): boolean;
  /** What the ended instance left at its termination message path. */
  message(instance: ContainerState): string | undefined;
}

const TERMINATION_MESSAGE_MAXIMUM_CHARACTERS = 4096;
const POD_TERMINATION_MESSAGES_MAXIMUM_CHARACTERS = 12 * 1024;

/** The status of one container, from its newest instances and its previous status. Pure. */
export function containerStatus(
  observed: ContainerObservation,
  container: PodContainer,
): ContainerStatus {
  const { runtime, runtimeName } = observed;
  const instance = latestInstance(runtime, container.name);
  const previous = previousStatus(observed.pod, container.name);
  if (instance === undefined) return absentStatus(observed, container, previous);

  let state = instanceState(observed, instance);
  const before = runtime.containers.find(({ name, state, id }) =>
    name === container.name && state === "exited" && id !== instance.id
  );
  let lastState: ApiContainerState = before === undefined
    ? previous?.lastState ?? {}
    : { terminated: terminated(observed, before) };
  const waiting = observed.waiting.get(container.name);
  const starts = needsStart(observed.pod, container, instance) && !observed.ending;
  if (waiting !== undefined && starts) {
    if (state.terminated !== undefined) lastState = { terminated: state.terminated };
    state = { waiting };
  }
  const running = state.running !== undefined;
  const started = running && observed.started(instance);
  return {
    name: container.name,
    state,
    lastState,
    ready: container.role === "init"
      ? state.terminated?.exitCode === 0
      : started && observed.ready(instance),
    restartCount: Math.max(instance.attempt, 0),
    image: instance.image,
    imageID: instance.imageId,
    containerID: `${runtimeName}://${instance.id}`,
    started,
    ...resourceStatus(container.spec, running),
    ...mountStatus(container.spec),
  };
}

function instanceState(
  observed: ContainerObservation,
  instance: ContainerState,
): ApiContainerState {
  switch (instance.state) {
    case "running":
      if (observed.hooking(instance)) return { waiting: creating(observed.pod) };
      return { running: { startedAt: timestamp(instance.startedAt ?? instance.createdAt) } };
    case "exited":
      return { terminated: terminated(observed, instance) };
    default:
      return { waiting: creating(observed.pod) };
  }
}

function terminated(
  observed: ContainerObservation,
  instance: ContainerState,
): ContainerStateTerminated {
  const exitCode = instance.exitCode ?? 0;
  const message = observed.message(instance);
  return {
    exitCode,
    reason: instance.oomKilled ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error",
    startedAt: timestamp(instance.startedAt ?? instance.createdAt),
    finishedAt: timestamp(instance.finishedAt ?? instance.createdAt),
    containerID: `${observed.runtimeName}://${instance.id}`,
    ...(message === undefined || message === "" ? {} : { message }),
  };
}

/** The runtime has no instance: either there never was one, or it is gone without a trace. */
function absentStatus(
  observed: ContainerObservation,
  container: PodContainer,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  if (previous?.state?.terminated !== undefined) return previous;
  const waiting = observed.waiting.get(container.name) ?? creating(observed.pod);
  const status: ContainerStatus = {
    name: container.name,
    state: { waiting },
    lastState: previous?.lastState ?? {},
    ready: false,
    restartCount: previous?.restartCount ?? 0,
    image: container.spec.image ?? "",
    imageID: "",
    started: false,
    ...mountStatus(container.spec),
  };
  if (previous?.state?.running === undefined) return status;
  const lost: ContainerStateTerminated = {
    reason: "ContainerStatusUnknown",
    exitCode: 137,
    message: observed.ending
      ? "The container could not be located when the pod was terminated"
      : "The container could not be located when the pod was deleted.  The container used to be Running",
  };
  if (observed.ending) return { ...status, state: { terminated: lost } };
  return {
    ...status,
    lastState: { terminated: lost },
    restartCount: (previous.restartCount ?? 0) + 1,
  };
}

function creating(pod: Pod): Waiting {
  const inits = pod.spec?.initContainers?.length ?? 0;
  return { reason: inits > 0 ? "PodInitializing" : "ContainerCreating" };
}

function resourceStatus(container: Container, running: boolean): Partial<ContainerStatus> {
  if (!running || container.resources === undefined) return {};
  const { requests, limits } = container.resources;
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: {
      ...(limits === undefined ? {} : { limits }),
      ...(requests === undefined ? {} : { requests }),
    },
  };
}

function mountStatus(container: Container): Partial<ContainerStatus> {
  if (container.volumeMounts === undefined || container.volumeMounts.length === 0) return {};
  return {
    volumeMounts: container.volumeMounts.map((mount) => ({
      name: mount.name ?? "",
      mountPath: mount.mountPath ?? "",
      ...(mount.readOnly === true
        ? { readOnly: true, recursiveReadOnly: mount.recursiveReadOnly ?? "Disabled" }
        : {}),
    })),
  };
}

/** The container's status as it was last written. */
export function previousStatus(pod: Pod, name: string): ContainerStatus | undefined {
  const status = pod.status;
  for (
    const list of [
      status?.containerStatuses,
      status?.initContainerStatuses,
      status?.ephemeralContainerStatuses,
    ]
  ) {
    const found = list?.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Cuts termination messages: each at its own bound, all of a pod's at a common one. */
export function limitMessages(statuses: readonly ContainerStatus[]): void {
  const ended = statuses.flatMap(({ state, lastState }) =>
    [state?.terminated, lastState?.terminated].filter((t) => t?.message !== undefined)
  );
  const total = ended.reduce((sum, state) => sum + (state?.message?.length ?? 0), 0);
  const each = total > POD_TERMINATION_MESSAGES_MAXIMUM_CHARACTERS
    ? Math.floor(POD_TERMINATION_MESSAGES_MAXIMUM_CHARACTERS / statuses.length)
    : TERMINATION_MESSAGE_MAXIMUM_CHARACTERS;
  for (const state of ended) {
    if (state?.message !== undefined) state.message = state.message.slice(0, each);
  }
}
