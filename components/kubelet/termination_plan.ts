import type { Pod } from "../api/mod.ts";
import type { PodAction, PodPlan } from "./pod_actions.ts";
import {
  allContainers,
  initContainers,
  isActive,
  latestInstance,
  type PodRuntime,
} from "./pod_containers.ts";

/** A pod on its way out. */
export interface TerminationObservation {
  /** The last known spec; undefined for an orphan. */
  readonly pod: Pod | undefined;
  readonly runtime: PodRuntime;
  /** When all containers must have ended, and now, both in milliseconds. */
  readonly deadline: number;
  readonly now: number;
  /** Containers whose preStop hook was begun, by id. */
  readonly preStopBegun: ReadonlySet<string>;
}

/** True when nothing of the pod runs and its sandbox is down. */
export function isStopped(runtime: PodRuntime): boolean {
  return !runtime.containers.some(isActive) && !runtime.sandboxes.some(({ ready }) => ready);
}

/**
 * What to do next to stop a pod: main containers together, then sidecars one by one from the last, all within one
 * grace; then the sandbox. preStop hooks of sidecars begin at once. Pure.
 */
export function planTermination(observed: TerminationObservation): PodPlan {
  const { pod, runtime, deadline, now } = observed;
  const actions: PodAction[] = [];
  const graceSeconds = Math.max(0, Math.ceil((deadline - now) / 1000));
  const specs = new Map(
    pod === undefined ? [] : allContainers(pod).map((container) => [container.name, container]),
  );
  const active = runtime.containers.filter(isActive);
  const isSidecar = (name: string) => specs.get(name)?.role === "sidecar";
  const kill = (instance: typeof active[number]) => {
    const container = specs.get(instance.name);
    actions.push({
      kind: "kill",
      instance,
      message: `Stopping container ${instance.name}`,
      graceSeconds,
      preStop: !observed.preStopBegun.has(instance.id),
      ...(container === undefined ? {} : { container }),
    });
  };

  const others = active.filter(({ name }) => !isSidecar(name));
  const sidecars = active.filter(({ name }) => isSidecar(name));
  for (const instance of others) kill(instance);
  if (others.length > 0) {
    for (const instance of sidecars) {
      const container = specs.get(instance.name);
      if (container?.spec.lifecycle?.preStop === undefined) continue;
      if (observed.preStopBegun.has(instance.id) || graceSeconds === 0) continue;
      actions.push({ kind: "preStop", instance, container, graceSeconds });
    }
  } else if (sidecars.length > 0 && pod !== undefined) {
    const last = initContainers(pod).findLast(({ name }) => {
      const instance = latestInstance(runtime, name);
      return instance !== undefined && isActive(instance);
    });
    for (const instance of sidecars) {
      // Out of time, nobody waits for a turn.
      if (instance.name === last?.name || graceSeconds === 0) kill(instance);
    }
  }
  if (active.length === 0) {
    for (const sandbox of runtime.sandboxes) {
      if (sandbox.ready) actions.push({ kind: "stopSandbox", sandboxId: sandbox.id });
    }
  }
  const again = sidecars.length > 0 && graceSeconds > 0
    ? { againMilliseconds: deadline - now }
    : {};
  return { actions, waiting: new Map(), finished: false, ...again };
}

/** Removes what is left of a pod that the API no longer has. */
export function planRemoval(runtime: PodRuntime): PodPlan {
  const actions: PodAction[] = runtime.containers.map(({ id }) => ({
    kind: "removeContainer",
    containerId: id,
  }));
  if (actions.length === 0) {
    for (const { id } of runtime.sandboxes) actions.push({ kind: "removeSandbox", sandboxId: id });
  }
  return { actions, waiting: new Map(), finished: false };
}
