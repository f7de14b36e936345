import type { Pod, PodStatus } from "../api/mod.ts";
import { backoffDelay, type BackoffPolicy, cloneJson, equalJson, type Timer } from "../base/mod.ts";
import type { KubeletContext } from "./kubelet_context.ts";
import { orphanGraceSeconds } from "./labels.ts";
import { type PodAction, type PodPlan, slotOf, type Waiting } from "./pod_actions.ts";
import {
  allContainers,
  graceSeconds,
  isActive,
  latestInstance,
  type PodRuntime,
} from "./pod_containers.ts";
import { mergeConditions } from "./pod_conditions.ts";
import { execute } from "./pod_executor.ts";
import { isTerminal } from "./pod_phase.ts";
import { planPod } from "./pod_plan.ts";
import { type PodFailure, podStatus } from "./pod_status.ts";
import type { ContainerState } from "./runtime.ts";
import { StartGate } from "./start_gate.ts";
import { StartError } from "./start_error.ts";
import { isStopped, planRemoval, planTermination } from "./termination_plan.ts";

/** A failed action that is not a container's start is tried again after this. */
const ACTION_RETRY: BackoffPolicy = { initialMilliseconds: 500, maximumMilliseconds: 30_000 };
const NOTHING: ReadonlyMap<string, Waiting> = new Map();

export interface PodWorkerOptions {
  readonly context: KubeletContext;
  readonly uid: string;
  /** Decides once, before anything of the pod runs, whether the node takes it. */
  admit(pod: Pod): PodFailure | undefined;
  /**
   * The status has been worked out anew. `source` is the pod as its source has it; `stopped` when nothing of the pod
   * is left running or mounted.
   */
  onStatus(source: Pod, status: PodStatus, stopped: boolean): void;
  /** Nothing of the pod is left on the node, and its source does not have it. */
  onGone(): void;
}

/**
 * One pod on this node, level-triggered: it looks at what the pod shall be and what runs, plans, does, and looks
 * again whenever something changed. One pass at a time; the actions themselves take as long as they take.
 */
export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #context: KubeletContext;
  readonly #gate = new StartGate();
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, { count: number; until: number }>();
  readonly #memory = {
    hooking: new Set<string>(),
    preStopBegun: new Set<string>(),
    pulling: false,
    wanted: () => this.#ending === undefined && !this.#gone,
  };
  readonly #messages = new Map<string, string | undefined>();
  #pod: Pod | undefined;
  #source: Pod | undefined;
  #gone = false;
  #admitted = false;
  #mounted = false;
  #unmounted = false;
  #removed = false;
  #ended = false;
  #failure: PodFailure | undefined;
  #ending: { deadline: number; generation: number } | undefined;
  #passing = false;
  #again = false;
  #timer: Timer | undefined;

  constructor(options: PodWorkerOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  /** The pod as its source last had it, with the status that was worked out last. */
  get pod(): Pod | undefined {
    return this.#pod;
  }

  /** The source's newest object, or undefined when the source no longer has it. */
  update(pod: Pod | undefined): void {
    if (pod === undefined) this.#gone = true;
    else {
      const before = this.#source?.metadata;
      this.#source = pod;
      const { labels, annotations } = pod.metadata ?? {};
      const shown = equalJson(before?.labels, labels) &&
        equalJson(before?.annotations, annotations);
      if (this.#mounted && !shown) this.#context.setup.podChanged(pod);
      // What the worker worked out last is newer than what the API shows, but for conditions of other owners.
      const status = this.#pod?.status === undefined
        ? pod.status
        : { ...this.#pod.status, conditions: mergeConditions(this.#pod.status, pod.status) };
      this.#pod = { ...pod, ...(status === undefined ? {} : { status: cloneJson(status) }) };
    }
    this.wake();
  }

  /** Ends the pod for a reason of the node's own. */
  fail(failure: PodFailure, graceSeconds: number): void {
    this.#failure ??= failure;
    this.#beginEnding(graceSeconds);
    this.wake();
  }

  /** Something that the pod refers to has changed. */
  retry(): void {
    this.#gate.retry(this.#context.clock.now());
    this.#failures.clear();
    this.wake();
  }

  wake(): void {
    if (this.#ended) return;
    this.#again = true;
    if (this.#passing) return;
    this.#passing = true;
    void this.#passes();
  }

  /** Stops looking after the pod, which goes on running. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  async #passes(): Promise<void> {
    while (this.#again && !this.#ended) {
      this.#again = false;
      try {
        await this.#pass();
      } catch (error) {
        this.#context.logger.error("pod worker failed", { uid: this.#options.uid, error });
        this.#lookAgainIn(ACTION_RETRY.maximumMilliseconds);
      }
    }
    this.#passing = false;
  }

  async #pass(): Promise<void> {
    const { cache, probes } = this.#context;
    const { uid } = this.#options;
    const runtime = cache.pod(uid);
    const pod = this.#pod;
    this.#timer?.cancel();
    this.#lookAt = Infinity;
    if (pod === undefined || this.#gone) {
      probes.forget(uid);
      return this.#leave(runtime);
    }
    await this.#readMessages(runtime);
    if (!this.#admitted) {
      this.#admitted = true;
      // What runs already was admitted before this kubelet started.
      const known = runtime.containers.length > 0 || isTerminal(pod.status?.phase);
      const refusal = known ? undefined : this.#options.admit(pod);
      if (refusal !== undefined) this.fail(refusal, 0);
    }
    this.#checkDeadline(pod);
    if (pod.metadata?.deletionTimestamp !== undefined) this.#beginEnding(graceSeconds(pod));
    else if (isTerminal(pod.status?.phase)) this.#beginEnding(graceSeconds(pod));
    probes.sync(pod, runtime, this.#memory.hooking, this.#ending !== undefined);

    let plan: PodPlan | undefined;
    if (this.#ending === undefined) {
      plan = this.#planRunning(pod, runtime);
      if (plan.finished) this.#beginEnding(graceSeconds(pod));
      else this.#run(plan);
    }
    if (this.#ending !== undefined) this.#end(pod, runtime);
    this.#report(pod, runtime, plan?.waiting ?? NOTHING);
  }

  #planRunning(pod: Pod, runtime: PodRuntime): PodPlan {
    const { clock, probes } = this.#context;
    const now = clock.now();
    const containers = new Map(allContainers(pod).map((each) => [each.name, each]));
    const plan = planPod({
      pod,
      runtime,
      started: (instance) => this.#started(instance),
      failedProbe: (instance) => probes.failed(pod, instance),
      gate: (container, instance) => this.#gate.gate(pod, container, instance, now),
    });
    for (const [name, waiting] of plan.waiting) {
      const container = containers.get(name);
      if (container !== undefined) this.#tellBackOff(pod, container.name, waiting);
    }
    if (this.#mounted || this.#unmounted) return plan;
    this.#mount(pod);
    // Nothing starts without its volumes; the sandbox needs none.
    return { ...plan, actions: plan.actions.filter(({ kind }) => kind !== "start") };
  }

  /** One event a container and back-off, not one a look. */
  readonly #told = new Map<string, string>();
  #tellBackOff(pod: Pod, name: string, waiting: Waiting): void {
    const text = `${waiting.reason} ${waiting.message ?? ""}`;
    if (this.#told.get(name) === text) return;
    this.#told.set(name, text);
    const container = allContainers(pod).find((each) => each.name === name);
    if (container === undefined) return;
    const { events } = this.#context;
    if (waiting.reason === "CrashLoopBackOff") {
      const { name: podName = "", namespace = "", uid = "" } = pod.metadata ?? {};
      events.container(
        pod,
        container,
        "Warning",
        "BackOff",
        `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`,
      );
    } else if (waiting.reason === "ImagePullBackOff") {
      const image = container.spec.image ?? "";
      events.container(pod, container, "Normal", "BackOff", `Back-off pulling image "${image}"`);
      events.container(pod, container, "Warning", "Failed", "Error: ImagePullBackOff");
    }
  }

  #mount(pod: Pod): void {
    if (this.#busy.has("mount") || !this.#mayTry("mount")) return;
    this.#launch("mount", async () => {
      await this.#context.setup.mount(pod);
      this.#mounted = true;
    });
  }

  /** Stops the pod, then takes its volumes down. */
  #end(pod: Pod, runtime: PodRuntime): void {
    const { clock, setup } = this.#context;
    if (!isStopped(runtime)) {
      this.#run(planTermination({
        pod,
        runtime,
        deadline: this.#ending?.deadline ?? clock.now(),
        now: clock.now(),
        preStopBegun: this.#memory.preStopBegun,
      }));
      return;
    }
    if (this.#unmounted || this.#isBusy()) return;
    this.#launch("unmount", async () => {
      await setup.unmount(this.#options.uid);
      this.#mounted = false;
      this.#unmounted = true;
    });
  }

  /** The source no longer has the pod: whatever is left of it goes. */
  #leave(runtime: PodRuntime): void {
    const { clock, setup } = this.#context;
    const { uid } = this.#options;
    if (!isStopped(runtime)) {
      if (this.#pod === undefined || this.#pod.metadata?.deletionTimestamp === undefined) {
        const labels = runtime.containers[0]?.labels ?? runtime.sandboxes[0]?.labels ?? {};
        this.#beginEnding(this.#pod === undefined ? orphanGraceSeconds(labels) : 1);
      } else this.#beginEnding(1);
      this.#run(planTermination({
        pod: this.#pod,
        runtime,
        deadline: this.#ending?.deadline ?? clock.now(),
        now: clock.now(),
        preStopBegun: this.#memory.preStopBegun,
      }));
      return;
    }
    if (this.#isBusy()) return;
    if (!this.#unmounted) {
      this.#launch("unmount", async () => {
        await setup.unmount(uid);
        this.#unmounted = true;
      });
      return;
    }
    const plan = planRemoval(runtime);
    if (plan.actions.length > 0) return this.#run(plan);
    if (this.#removed) {
      this.end();
      this.#options.onGone();
      return;
    }
    this.#launch("remove", async () => {
      await setup.remove(uid);
      this.#removed = true;
    });
  }

  /** A pull does not hold up the end: its start gives up when it is done. */
  #isBusy(): boolean {
    for (const slot of this.#busy) if (slot !== "start" || !this.#memory.pulling) return true;
    return false;
  }

  /** A later call can only shorten the grace. */
  #beginEnding(seconds: number): void {
    const deadline = this.#context.clock.now() + seconds * 1000;
    if (this.#ending === undefined) {
      this.#ending = { deadline, generation: 0 };
    } else if (deadline < this.#ending.deadline - 1000) {
      this.#ending = { deadline, generation: this.#ending.generation + 1 };
    }
  }

  #checkDeadline(pod: Pod): void {
    const limit = pod.spec?.activeDeadlineSeconds;
    const begun = pod.status?.startTime;
    if (limit === undefined || begun === undefined || this.#ending !== undefined) return;
    const left = Date.parse(begun) + limit * 1000 - this.#context.clock.now();
    if (left > 0) return this.#lookAgainIn(left);
    const message = "Pod was active on the node longer than the specified deadline";
    this.#context.events.pod(pod, "Normal", "DeadlineExceeded", message);
    this.fail({ reason: "DeadlineExceeded", message }, graceSeconds(pod));
  }

  #run(plan: PodPlan): void {
    for (const action of plan.actions) {
      // A shortened grace stops again what a longer one is still stopping.
      const slot = action.kind === "kill"
        ? `${slotOf(action)}#${this.#ending?.generation ?? 0}`
        : slotOf(action);
      if (this.#busy.has(slot) || !this.#mayTry(slot)) continue;
      this.#launch(slot, () => this.#execute(action));
    }
    if (plan.againMilliseconds !== undefined) this.#lookAgainIn(plan.againMilliseconds);
  }

  async #execute(action: PodAction): Promise<void> {
    const { cache, clock } = this.#context;
    if (action.kind !== "start") {
      await execute(this.#context, this.#pod, action, this.#memory);
      await cache.refresh();
      return;
    }
    const { container } = action;
    const latest = latestInstance(cache.pod(this.#options.uid), container.name);
    this.#gate.begin(container, latest, clock.now());
    try {
      await execute(this.#context, this.#pod, action, this.#memory);
      this.#gate.succeeded(container);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#gate.failed(container, error, clock.now());
    } finally {
      await cache.refresh();
    }
  }

  #launch(slot: string, work: () => Promise<void>): void {
    this.#busy.add(slot);
    const done = () => {
      this.#busy.delete(slot);
      this.wake();
    };
    work().then(() => {
      this.#failures.delete(slot);
      done();
    }, (error) => {
      const { clock, logger } = this.#context;
      const count = (this.#failures.get(slot)?.count ?? 0) + 1;
      const delay = backoffDelay(ACTION_RETRY, count);
      this.#failures.set(slot, { count, until: clock.now() + delay });
      logger.warn("pod action failed", { uid: this.#options.uid, slot, error: String(error) });
      done();
    });
  }

  #mayTry(slot: string): boolean {
    const failure = this.#failures.get(slot);
    if (failure === undefined) return true;
    const left = failure.until - this.#context.clock.now();
    if (left > 0) this.#lookAgainIn(left);
    return left <= 0;
  }

  #lookAt = Infinity;
  #lookAgainIn(milliseconds: number): void {
    const { clock } = this.#context;
    const at = clock.monotonic() + milliseconds;
    if (this.#lookAt <= at || this.#ended) return;
    this.#timer?.cancel();
    this.#lookAt = at;
    this.#timer = clock.after(milliseconds, () => {
      this.#lookAt = Infinity;
      this.wake();
    });
  }

  #started(instance: ContainerState): boolean {
    const pod = this.#pod;
    if (pod === undefined || instance.state !== "running") return false;
    if (this.#memory.hooking.has(instance.id)) return false;
    const container = allContainers(pod).find(({ name }) => name === instance.name);
    return this.#context.probes.started(pod, container, instance);
  }

  #report(pod: Pod, runtime: PodRuntime, waiting: ReadonlyMap<string, Waiting>): void {
    const { clock, hostIPs, probes, runtime: port } = this.#context;
    const failure = this.#failure;
    const status = podStatus({
      pod,
      runtime,
      runtimeName: port.name,
      waiting,
      ending: this.#ending !== undefined,
      hooking: (instance) => this.#memory.hooking.has(instance.id),
      started: (instance) => this.#started(instance),
      ready: (instance) => {
        const container = allContainers(pod).find(({ name }) => name === instance.name);
        return probes.ready(pod, container, instance);
      },
      message: (instance) => this.#messages.get(instance.id),
      now: clock.now(),
      hostIPs,
      ...(failure === undefined ? {} : { failure }),
    });
    this.#pod = { ...pod, status };
    const stopped = this.#ending !== undefined && isStopped(runtime) && this.#unmounted;
    this.#options.onStatus(this.#source ?? pod, status, stopped);
  }

  async #readMessages(runtime: PodRuntime): Promise<void> {
    for (const instance of runtime.containers) {
      if (isActive(instance) || instance.state !== "exited" || this.#messages.has(instance.id)) {
        continue;
      }
      const message = await this.#context.setup.terminationMessage(instance).catch(() => undefined);
      this.#messages.set(instance.id, message);
    }
    if (this.#messages.size <= runtime.containers.length * 2) return;
    const present = new Set(runtime.containers.map(({ id }) => id));
    for (const id of this.#messages.keys()) if (!present.has(id)) this.#messages.delete(id);
  }
}
