import type { Pod } from "../api/mod.ts";
import { ActionSlots } from "./action_slots.ts";
import type { KubeletContext } from "./kubelet_context.ts";
import { type PodAction, type PodPlan, slotOf } from "./pod_actions.ts";
import { latestInstance, type PodContainer } from "./pod_containers.ts";
import { type ActionMemory, execute } from "./pod_executor.ts";
import type { Gate } from "./pod_plan.ts";
import type { ContainerState } from "./runtime.ts";
import { StartError } from "./start_error.ts";
import { StartGate } from "./start_gate.ts";

export interface PodActorOptions {
  readonly context: KubeletContext;
  readonly uid: string;
  /** False when the pod is being ended: nothing new shall be made. */
  wanted(): boolean;
  /** The pod as it is now. */
  pod(): Pod | undefined;
  /** Something is done, or may be tried again: look anew. */
  wake(): void;
  lookAgainIn(milliseconds: number): void;
}

/** Carries out the plans for one pod, each action in its slot, and remembers what the next plan must know of it. */
export class PodActor {
  readonly memory: ActionMemory;
  readonly #options: PodActorOptions;
  readonly #slots: ActionSlots;
  readonly #gate = new StartGate();
  #mustRefresh = false;

  constructor(options: PodActorOptions) {
    this.#options = options;
    this.memory = {
      hooking: new Set(),
      preStopBegun: new Set(),
      pulling: false,
      wanted: options.wanted,
    };
    const { clock, logger } = options.context;
    this.#slots = new ActionSlots(clock, (slot, error) => {
      if (error !== undefined) {
        logger.warn("pod action failed", { uid: options.uid, slot, error: String(error) });
      }
      options.wake();
    });
  }

  /** When a container may be started, and what it says while it waits. */
  gate(pod: Pod, container: PodContainer, instance: ContainerState | undefined): Gate {
    return this.#gate.gate(pod, container, instance, this.#options.context.clock.now());
  }

  /** Anything under way that the end must wait for. A pull is not: its start gives up when it is done. */
  get busy(): boolean {
    for (const slot of this.#slots.busy()) {
      if (slot !== "start" || !this.memory.pulling) return true;
    }
    return false;
  }

  /** Begins what is not under way already. `generation` sets kills of a shortened grace apart from earlier ones. */
  run(plan: PodPlan, generation: number): void {
    for (const action of plan.actions) {
      const slot = action.kind === "kill" ? `${slotOf(action)}#${generation}` : slotOf(action);
      this.launch(slot, () => this.#execute(action));
    }
    if (plan.againMilliseconds !== undefined) this.#options.lookAgainIn(plan.againMilliseconds);
  }

  /** Begins some other work in a slot of its own. */
  launch(slot: string, work: () => Promise<void>): void {
    const wait = this.#slots.launch(slot, work);
    if (wait > 0) this.#options.lookAgainIn(wait);
  }

  /** What made starts and actions fail may be mended. */
  retry(): void {
    this.#gate.retry(this.#options.context.clock.now());
    this.#slots.forgive();
  }

  /**
   * False while the listing is from before an action of ours: to decide on it would be to do it twice. Then a new
   * listing is under way.
   */
  upToDate(): boolean {
    if (!this.#mustRefresh) return true;
    this.launch("refresh", async () => {
      await this.#options.context.cache.refresh();
      this.#mustRefresh = false;
    });
    return false;
  }

  async #execute(action: PodAction): Promise<void> {
    const { context } = this.#options;
    try {
      if (action.kind === "start") await this.#start(action);
      else await execute(context, this.#options.pod(), action, this.memory);
    } finally {
      try {
        await context.cache.refresh();
      } catch {
        this.#mustRefresh = true;
      }
    }
  }

  async #start(action: Extract<PodAction, { kind: "start" }>): Promise<void> {
    const { context, pod, uid } = this.#options;
    const { container } = action;
    const latest = latestInstance(context.cache.pod(uid), container.name);
    this.#gate.begin(container, latest, context.clock.now());
    try {
      await execute(context, pod(), action, this.memory);
      this.#gate.succeeded(container);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#gate.failed(container, error, context.clock.now());
    }
  }
}
