import type { Pod } from "../api/mod.ts";
import { definitionChanged, sandboxAttempt } from "./labels.ts";
import type { PodAction, PodPlan, Waiting } from "./pod_actions.ts";
import {
  allContainers,
  ephemeralContainers,
  initContainers,
  isActive,
  latestInstance,
  mainContainers,
  type PodContainer,
  type PodRuntime,
} from "./pod_containers.ts";
import { isDone, needsStart, restartsWhenKilled } from "./restart_policy.ts";
import type { ContainerState, Sandbox } from "./runtime.ts";

/** Everything that a decision about a pod rests on. */
export interface PodObservation {
  readonly pod: Pod;
  readonly runtime: PodRuntime;
  /** Running, its postStart hook done and its startup probe passed. */
  started(instance: ContainerState): boolean;
  /** A probe that says the instance must be killed. */
  failedProbe(instance: ContainerState): FailedProbe | undefined;
  /** How long a start must still wait, in milliseconds, and what its status says meanwhile. */
  gate(container: PodContainer, instance: ContainerState | undefined): Gate;
}

export interface FailedProbe {
  readonly probe: "liveness" | "startup";
  readonly graceSeconds: number;
}

export interface Gate {
  readonly waitMilliseconds: number;
  readonly waiting?: Waiting;
  /** True when this instance was tried to start before and failed. */
  readonly tried: boolean;
}

/** What to do next for a pod that shall run. Pure. */
export function planPod(observation: PodObservation): PodPlan {
  const plan = new Planner(observation);
  plan.run();
  return plan.result();
}

/** True when no container of the pod will run again, so that the pod's phase is final. */
export function isFinished(pod: Pod, runtime: PodRuntime): boolean {
  const mains = mainContainers(pod);
  if (mains.length > 0 && mains.every((container) => isDone(pod, container, runtime))) return true;
  return initFailed(pod, runtime);
}

function initFailed(pod: Pod, runtime: PodRuntime): boolean {
  if (mainContainers(pod).some(({ name }) => latestInstance(runtime, name) !== undefined)) {
    return false;
  }
  return initContainers(pod).some((container) =>
    container.role === "init" && isDone(pod, container, runtime) &&
    latestInstance(runtime, container.name)?.exitCode !== 0
  );
}

class Planner {
  readonly #actions: PodAction[] = [];
  readonly #waiting = new Map<string, Waiting>();
  #again: number | undefined;
  #finished = false;

  constructor(readonly observed: PodObservation) {}

  result(): PodPlan {
    return {
      actions: this.#actions,
      waiting: this.#waiting,
      finished: this.#finished,
      ...(this.#again === undefined ? {} : { againMilliseconds: this.#again }),
    };
  }

  run(): void {
    const { pod, runtime } = this.observed;
    if (isFinished(pod, runtime)) {
      this.#finished = true;
      return;
    }
    this.#removeOld();
    const sandbox = runtime.sandboxes[0];
    if (sandbox === undefined || !isUsable(pod, sandbox)) return this.#renewSandbox(sandbox);
    const here = runtime.containers.filter(({ sandboxId }) => sandboxId === sandbox.id);
    this.#killStrays(here);
    for (const container of ephemeralContainers(pod)) this.#startIfNeeded(container, sandbox);
    if (!this.#initialize(sandbox, here)) return;
    for (const container of mainContainers(pod)) {
      const instance = latestInstance(runtime, container.name);
      if (instance !== undefined && isActive(instance) && instance.sandboxId === sandbox.id) {
        this.#killIfUnfit(container, instance);
      } else this.#startIfNeeded(container, sandbox);
    }
  }

  /** A new sandbox: first everything in the old one ends, and nothing starts that would only end again. */
  #renewSandbox(old: Sandbox | undefined): void {
    const { pod, runtime } = this.observed;
    const active = runtime.containers.filter(isActive);
    for (const instance of active) {
      this.#kill(instance, "Pod sandbox changed, it will be killed and re-created.");
    }
    if (active.length > 0) return;
    const ran = runtime.containers.length > 0;
    if (ran && (pod.spec?.restartPolicy ?? "Always") === "Never") {
      this.#finished = true;
      return;
    }
    if (old !== undefined && old.ready) {
      this.#actions.push({ kind: "stopSandbox", sandboxId: old.id });
      return;
    }
    const attempt = old === undefined ? 0 : sandboxAttempt(old) + 1;
    this.#actions.push({ kind: "runSandbox", attempt });
  }

  /** True when the main containers may start. Goes through the init containers in order. */
  #initialize(sandbox: Sandbox, here: readonly ContainerState[]): boolean {
    const { pod, started } = this.observed;
    const mains = new Set(mainContainers(pod).map(({ name }) => name));
    const initialized = here.some(({ name }) => mains.has(name));
    const inits = initContainers(pod);
    // An init container whose successor has been there is done, even if its remains were removed.
    const reached = inits.findLastIndex(({ name }) => here.some((c) => c.name === name));
    for (const [index, container] of inits.entries()) {
      const instance = here.find(({ name }) => name === container.name);
      if (container.role === "sidecar") {
        if (instance !== undefined && isActive(instance)) {
          this.#killIfUnfit(container, instance);
          if (!initialized && !started(instance)) return false;
        } else {
          this.#startIfNeeded(container, sandbox, instance);
          if (!initialized) return false;
        }
        continue;
      }
      if (initialized || (instance === undefined && index < reached)) continue;
      if (instance?.state === "exited" && instance.exitCode === 0) continue;
      if (instance !== undefined && isActive(instance)) {
        this.#killIfUnfit(container, instance);
        return false;
      }
      if (index < reached && instance?.state === "exited") continue;
      this.#startIfNeeded(container, sandbox, instance, true);
      return false;
    }
    return true;
  }

  #startIfNeeded(
    container: PodContainer,
    sandbox: Sandbox,
    known?: ContainerState,
    ignoreElsewhere = false,
  ): void {
    const { pod, runtime } = this.observed;
    const latest = latestInstance(runtime, container.name);
    const instance = known ?? (ignoreElsewhere ? undefined : latest);
    if (!needsStart(pod, container, instance)) return;
    const gate = this.observed.gate(container, latest);
    if (gate.waiting !== undefined) this.#waiting.set(container.name, gate.waiting);
    if (gate.waitMilliseconds > 0) {
      this.#again = Math.min(this.#again ?? Infinity, gate.waitMilliseconds);
      return;
    }
    const unborn = latest?.state === "created" ? latest : undefined;
    this.#actions.push({
      kind: "start",
      container,
      sandboxId: sandbox.id,
      attempt: unborn !== undefined && !gate.tried
        ? unborn.attempt
        : nextAttempt(pod, container, latest),
      ...(unborn === undefined ? {} : { replaces: unborn.id }),
    });
  }

  #killIfUnfit(container: PodContainer, instance: ContainerState): void {
    const { pod, failedProbe } = this.observed;
    const restarts = restartsWhenKilled(pod, container) ? ", will be restarted" : "";
    if (definitionChanged(container.spec, instance)) {
      this.#kill(instance, `Container ${container.name} definition changed, will be restarted`);
      return;
    }
    const failed = failedProbe(instance);
    if (failed === undefined) return;
    const message = `Container ${container.name} failed ${failed.probe} probe${restarts}`;
    this.#kill(instance, message, failed.graceSeconds);
  }

  /** Containers that the spec does not have: they can only come from another version of it. */
  #killStrays(here: readonly ContainerState[]): void {
    const known = new Set(allContainers(this.observed.pod).map(({ name }) => name));
    for (const instance of here) {
      if (isActive(instance) && !known.has(instance.name)) {
        this.#kill(instance, `Stopping container ${instance.name}`);
      }
    }
  }

  #kill(instance: ContainerState, message: string, grace?: number): void {
    const { pod } = this.observed;
    const container = allContainers(pod).find(({ name }) => name === instance.name);
    this.#actions.push({
      kind: "kill",
      instance,
      message,
      graceSeconds: grace ?? pod.spec?.terminationGracePeriodSeconds ?? 30,
      preStop: true,
      ...(container === undefined ? {} : { container }),
    });
  }

  /** Of each container the newest instance and the one before stay, for logs and `lastState`. */
  #removeOld(): void {
    const { runtime } = this.observed;
    const kept = new Map<string, number>();
    const attempts = new Set<string>();
    for (const instance of runtime.containers) {
      const attempt = `${instance.name} ${instance.attempt}`;
      if (attempts.has(attempt)) {
        // A second one of one attempt: nobody asked for it twice, a dead kubelet did.
        if (isActive(instance)) this.#kill(instance, `Stopping container ${instance.name}`, 0);
        else this.#actions.push({ kind: "removeContainer", containerId: instance.id });
        continue;
      }
      attempts.add(attempt);
      const count = kept.get(instance.name) ?? 0;
      kept.set(instance.name, count + 1);
      if (count >= 2 && instance.state === "exited") {
        this.#actions.push({ kind: "removeContainer", containerId: instance.id });
      }
    }
    for (const sandbox of runtime.sandboxes.slice(1)) {
      const used = runtime.containers.some(({ sandboxId }) => sandboxId === sandbox.id);
      if (sandbox.ready) this.#actions.push({ kind: "stopSandbox", sandboxId: sandbox.id });
      else if (!used) this.#actions.push({ kind: "removeSandbox", sandboxId: sandbox.id });
    }
  }
}

function isUsable(pod: Pod, sandbox: Sandbox): boolean {
  return sandbox.ready && (pod.spec?.hostNetwork === true || sandbox.ips.length > 0);
}

/** The restart count of the next instance: one more than the newest known, also when only the status knows it. */
function nextAttempt(
  pod: Pod,
  container: PodContainer,
  latest: ContainerState | undefined,
): number {
  if (latest !== undefined) return latest.attempt + 1;
  const status = pod.status;
  const known = [
    ...status?.containerStatuses ?? [],
    ...status?.initContainerStatuses ?? [],
    ...status?.ephemeralContainerStatuses ?? [],
  ].find(({ name }) => name === container.name);
  const ran = known?.containerID !== undefined && known.containerID !== "";
  return ran ? (known.restartCount ?? 0) + 1 : 0;
}
