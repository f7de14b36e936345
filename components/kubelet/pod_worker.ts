import type { Pod, PodStatus } from "../api/mod.ts";
import { cloneJson, equalJson, type Timer } from "../base/mod.ts";
import { BackOffEvents } from "./back_off_events.ts";
import type { KubeletContext } from "./kubelet_context.ts";
import { orphanGraceSeconds } from "./labels.ts";
import type { PodPlan, Waiting } from "./pod_actions.ts";
import { allContainers, graceSeconds, type PodRuntime } from "./pod_containers.ts";
import { mergeConditions } from "./pod_conditions.ts";
import { PodActor } from "./pod_actor.ts";
import { isTerminal } from "./pod_phase.ts";
import { planPod } from "./pod_plan.ts";
import { type PodFailure, podStatus } from "./pod_status.ts";
import type { ContainerState } from "./runtime.ts";
import { TerminationMessages } from "./termination_messages.ts";
import { isStopped, planRemoval, planTermination } from "./termination_plan.ts";

/** After a bug in a pass the pod is looked at again. */
const FAILED_PASS_MILLISECONDS = 30_000;
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
  readonly #actor: PodActor;
  readonly #backOffs: BackOffEvents;
  readonly #messages = new TerminationMessages();
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
    this.#backOffs = new BackOffEvents(options.context.events);
    this.#actor = new PodActor({
      context: options.context,
      uid: options.uid,
      wanted: () => this.#ending === undefined && !this.#gone && !this.#ended,
      pod: () => this.#pod,
      wake: () => this.wake(),
      lookAgainIn: (milliseconds) => this.#lookAgainIn(milliseconds),
    });
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
    this.#actor.retry();
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
        this.#lookAgainIn(FAILED_PASS_MILLISECONDS);
      }
    }
    this.#passing = false;
  }

  async #pass(): Promise<void> {
    const { cache, probes } = this.#context;
    const { uid } = this.#options;
    this.#timer?.cancel();
    this.#lookAt = Infinity;
    if (!this.#actor.upToDate()) return;
    const messages = this.#messages;
    if (messages.missing(cache.pod(uid))) await messages.read(cache.pod(uid), this.#context.setup);
    // From here on nothing waits: what is read now stays true to the end of the pass.
    const runtime = cache.pod(uid);
    const pod = this.#pod;
    if (pod === undefined || this.#gone) {
      probes.forget(uid);
      return this.#leave(runtime);
    }
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
    probes.sync(pod, runtime, this.#actor.memory.hooking, this.#ending !== undefined);

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
    const { probes } = this.#context;
    const plan = planPod({
      pod,
      runtime,
      started: (instance) => this.#started(instance),
      failedProbe: (instance) => probes.failed(pod, instance),
      gate: (container, instance) => this.#actor.gate(pod, container, instance),
    });
    this.#backOffs.tell(pod, plan.waiting);
    if (this.#mounted || this.#unmounted) return plan;
    this.#mount(pod);
    // Nothing starts without its volumes; the sandbox needs none.
    return { ...plan, actions: plan.actions.filter(({ kind }) => kind !== "start") };
  }

  #mount(pod: Pod): void {
    this.#actor.launch("mount", async () => {
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
        preStopBegun: this.#actor.memory.preStopBegun,
      }));
      return;
    }
    if (this.#unmounted || this.#actor.busy) return;
    this.#actor.launch("unmount", async () => {
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
        preStopBegun: this.#actor.memory.preStopBegun,
      }));
      return;
    }
    if (this.#actor.busy) return;
    if (!this.#unmounted) {
      this.#actor.launch("unmount", async () => {
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
    this.#actor.launch("remove", async () => {
      await setup.remove(uid);
      this.#removed = true;
    });
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
    this.#actor.run(plan, this.#ending?.generation ?? 0);
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
    if (this.#actor.memory.hooking.has(instance.id)) return false;
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
      hooking: (instance) => this.#actor.memory.hooking.has(instance.id),
      started: (instance) => this.#started(instance),
      ready: (instance) => {
        const container = allContainers(pod).find(({ name }) => name === instance.name);
        return probes.ready(pod, container, instance);
      },
      message: (instance) => this.#messages.get(instance),
      now: clock.now(),
      hostIPs,
      ...(failure === undefined ? {} : { failure }),
    });
    this.#pod = { ...pod, status };
    const stopped = this.#ending !== undefined && isStopped(runtime) && this.#unmounted;
    this.#options.onStatus(this.#source ?? pod, status, stopped);
  }
}
