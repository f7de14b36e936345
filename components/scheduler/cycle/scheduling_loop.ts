import { type Clock, type Logger, sleep } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import type { EncodedPod, PodExtras, SchedulerCore } from "../core_contract.ts";
import type { Extender } from "../extenders/extender.ts";
import type { Preemptor } from "../preemption/preemptor.ts";
import type { QueuedPod, SchedulingQueue } from "../queue/mod.ts";
import type { SchedulerMetrics } from "../scheduler_metrics.ts";
import type { ClusterState } from "../state/cluster_state.ts";
import { type Attempt, worksBeforeBinding } from "./attempt.ts";
import type { BindingCycle, BindingOutcome } from "./binding_cycle.ts";
import {
  type FitError,
  fitErrorOfDecision,
  fitErrorOfPlugin,
  fitMessage,
  noNodes,
} from "./fit_error.ts";
import { FailureReports } from "./failure_report.ts";
import type { Decided, FrameworkDecision } from "./framework_decision.ts";
import type { Nominations } from "./nominations.ts";
import type { PodBook } from "./pod_book.ts";
import type { Profile } from "./profile.ts";
import type { WaitingPods } from "./waiting_pods.ts";
import { MAXIMA, WriteSlots } from "./write_slots.ts";

export interface SchedulingLoopOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly core: SchedulerCore;
  readonly queue: SchedulingQueue;
  readonly state: ClusterState;
  readonly book: PodBook;
  readonly nominations: Nominations;
  readonly waiting: WaitingPods;
  readonly binding: BindingCycle;
  readonly preemptor: Preemptor;
  readonly framework: FrameworkDecision;
  readonly extenders: readonly Extender[];
  readonly metrics: SchedulerMetrics;
  profileOf(schedulerName: string): Profile | undefined;
  /** Whether a plugin answers from elsewhere, so that others need not wait for it. */
  isRemote(attempt: Attempt): boolean;
  tell(pod: Pod, type: "Normal" | "Warning", reason: string, message: string, action: string): void;
  /** Before what was decided changes anything. */
  decided(attempt: Attempt, decided: DecisionRecord): void;
}

/** What is remembered of a decision. */
export interface DecisionRecord {
  readonly node: string | undefined;
  readonly message?: string;
  readonly encoded?: EncodedPod;
  readonly scores?: Decided["scores"];
}

/** How long pods are decided on end before answers of the server get their turn. */
const SLICE_MILLISECONDS = 8;
/** How often a decision is made anew whose node was taken meanwhile. */
const RETRIES_MAXIMUM = 3;

/** Takes pods from the queue, decides, and has what was decided written. */
export class SchedulingLoop {
  readonly #options: SchedulingLoopOptions;
  readonly #writes = new WriteSlots(MAXIMA.writes);
  readonly #remote = new WriteSlots(MAXIMA.remoteCycles);
  readonly #waits = new WriteSlots(MAXIMA.waitingBindings);
  readonly #reports: FailureReports;
  /** Rises with every pod that takes room: who decided before must look again. */
  #assumptions = 0;

  constructor(options: SchedulingLoopOptions) {
    this.#options = options;
    this.#reports = new FailureReports({ ...options, writes: this.#writes });
  }

  get writing(): number {
    return this.#writes.taken;
  }

  /** Runs until the queue is closed. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, queue } = this.#options;
    let since = clock.monotonic();
    for (;;) {
      let queued = queue.takeNow();
      if (queued === undefined) {
        queued = await queue.take();
        since = clock.monotonic();
      }
      if (queued === undefined || signal.aborted) break;
      try {
        const waits = this.#schedule(queued);
        if (waits !== undefined) await waits;
      } catch (error) {
        logger.error("scheduling failed", { pod: queued.key, error });
        queue.failed(queued);
      }
      if (this.#writes.full) {
        await this.#writes.room();
        since = clock.monotonic();
      }
      if (this.#remote.full) await this.#remote.room();
      if (clock.monotonic() - since > SLICE_MILLISECONDS) {
        await sleep(clock, 0, signal).catch(() => {});
        since = clock.monotonic();
      }
    }
    await Promise.all([this.#remote.idle(), this.#waits.idle()]);
    await this.#writes.idle();
  }

  /** Nothing to wait for, or when the next pod may be taken. */
  #schedule(queued: QueuedPod): Promise<void> | undefined {
    const { extenders, queue, state } = this.#options;
    const tracked = state.pods.get(queued.key);
    if (tracked?.pod === undefined || tracked.uid !== queued.uid) {
      queue.delete(queued.key);
      return undefined;
    }
    const { pod } = tracked;
    const profile = this.#options.profileOf(tracked.schedulerName);
    if (profile === undefined) {
      queue.delete(queued.key);
      return undefined;
    }
    if (tracked.terminating) {
      const message = `skip schedule deleting pod: ${queued.key}`;
      this.#options.tell(pod, "Warning", "FailedScheduling", message, "Scheduling");
      queue.delete(queued.key);
      return undefined;
    }
    const attempt: Attempt = {
      queued,
      tracked,
      pod,
      profile,
      concerned: profile.concerned(pod),
      cycle: { pod, profile: profile.name, state: new Map() },
      started: this.#options.clock.monotonic(),
    };
    const isPlain = attempt.concerned.size === 0 &&
      !extenders.some((extender) => extender.concerns(pod));
    if (isPlain) return this.#decideInCore(attempt);
    const cycle = () =>
      this.#decideInFramework(attempt).catch((error) =>
        this.#failed(attempt, error instanceof Error ? error.message : String(error))
      );
    if (!this.#options.isRemote(attempt)) return cycle();
    this.#remote.run(cycle);
    return undefined;
  }

  /** The whole decision in one call, unless a node is kept for the pod. */
  #decideInCore(attempt: Attempt): Promise<void> | undefined {
    const { clock, core, metrics, nominations } = this.#options;
    const { pod, tracked } = attempt;
    const extras = this.#extras(attempt);
    const encoded = core.encode(tracked.handle, pod, extras);
    const kept = nominations.nodeOf(tracked.handle);
    const decision = kept !== "" && this.#fits(attempt, extras, kept)
      ? kept
      : core.schedule(encoded);
    metrics.decided((clock.monotonic() - attempt.started) / 1000);
    if (typeof decision === "string" || decision.node !== undefined) {
      const node = typeof decision === "string" ? decision : decision.node!;
      this.#options.decided(attempt, { node, encoded });
      this.#options.book.assume(tracked, node, encoded);
      this.#assumptions++;
      this.#writes.run(() => this.#bind(attempt, node, undefined));
      return undefined;
    }
    const error = core.nodes === 0 ? noNodes() : fitErrorOfDecision(core.nodes, decision);
    return this.#refuse(attempt, error, encoded);
  }

  async #decideInFramework(attempt: Attempt): Promise<void> {
    const { book, clock, framework, metrics } = this.#options;
    for (let tries = 0; tries < RETRIES_MAXIMUM; tries++) {
      const before = this.#assumptions;
      const extras = this.#extras(attempt);
      attempt.cycle.state.clear();
      const decided = await framework.decide(attempt, extras);
      if (!this.#isCurrent(attempt)) return;
      metrics.decided((clock.monotonic() - attempt.started) / 1000);
      const { outcome } = decided;
      if (outcome.kind === "failed") return this.#failed(attempt, outcome.message);
      if (outcome.kind === "refused") {
        return await this.#refuse(attempt, outcome.error, decided.encoded, decided.scores);
      }
      const { node } = outcome;
      // Others were placed while plugins were thinking: the room may be gone.
      if (before !== this.#assumptions && !this.#fits(attempt, decided.extras, node)) continue;
      this.#options.decided(attempt, { node, encoded: decided.encoded, scores: decided.scores });
      book.assume(attempt.tracked, node, decided.encoded);
      this.#assumptions++;
      return await this.#reserve(attempt, node);
    }
    this.#failed(attempt, "the chosen nodes were taken while plugins were being asked");
  }

  async #reserve(attempt: Attempt, node: string): Promise<void> {
    const { binding, waiting } = this.#options;
    const refused = await binding.reserve(attempt, node);
    if (refused !== undefined) return await this.#takeBack(attempt, node, refused);
    const permits = await binding.permit(attempt, node);
    if (!(permits instanceof Map)) {
      return await this.#takeBack(attempt, node, permits as BindingOutcome);
    }
    const permit = permits.size === 0
      ? undefined
      : waiting.wait(attempt.tracked.uid, permits as ReadonlyMap<string, number>);
    const rest = () => this.#bind(attempt, node, permit);
    // Who waits to be allowed, or for its volumes, waits for minutes: it must not hold up others' writes.
    if (permit !== undefined) void rest();
    else if (worksBeforeBinding(attempt, node)) {
      await this.#waits.room();
      this.#waits.run(rest);
    } else this.#writes.run(rest);
  }

  async #bind(
    attempt: Attempt,
    node: string,
    permit: Parameters<BindingCycle["finish"]>[2],
  ): Promise<void> {
    const { binding, clock, metrics, queue, tell } = this.#options;
    const { pod, profile, queued, started } = attempt;
    const outcome = await binding.finish(attempt, node, permit, () => queue.done(queued));
    if (outcome.kind !== "bound") return await this.#takeBack(attempt, node, outcome);
    const now = clock.monotonic();
    metrics.attempt("scheduled", profile.name, (now - started) / 1000);
    metrics.scheduled((now - queued.since) / 1000, queued.attempts);
    const message = `Successfully assigned ${queued.key} to ${node}`;
    tell(pod, "Normal", "Scheduled", message, "Binding");
  }

  /** The way to the node ended early: everything that was promised is taken back. */
  async #takeBack(attempt: Attempt, node: string, outcome: BindingOutcome): Promise<void> {
    const { binding, book, core, logger } = this.#options;
    await binding.unreserve(attempt, node);
    book.forget(attempt.tracked);
    if (!this.#isCurrent(attempt)) return;
    if (outcome.kind === "rejected") {
      const reasons = outcome.verdict.reasons.join(", ");
      const error = fitErrorOfPlugin(core.nodes, outcome.plugin, reasons, {
        pending: outcome.verdict.code === "Pending",
      });
      return this.#reports.report(
        attempt,
        "unschedulable",
        fitMessage(error),
        undefined,
        () => this.#options.queue.unschedulable(attempt.queued, error.rejectedBy, error.pendingOn),
      );
    }
    if (outcome.kind === "failed") {
      const level = outcome.refused === true ? "debug" : "warn";
      logger[level]("binding failed", { pod: attempt.queued.key, node, error: outcome.message });
      this.#failed(attempt, outcome.message, outcome.refused === true);
    }
  }

  async #refuse(
    attempt: Attempt,
    error: FitError,
    encoded: EncodedPod,
    scores?: Decided["scores"],
  ): Promise<void> {
    const { nominations, preemptor, queue } = this.#options;
    const { profile, tracked } = attempt;
    let nominated: string | undefined = "";
    const rejectedBy = new Set(error.rejectedBy);
    const said: string[] = [];
    const found = await this.#postFilter(attempt, said);
    if (found !== undefined) nominated = found;
    else if (error.nodes > 0 && profile.has("postFilter", "DefaultPreemption")) {
      const answer = await preemptor.preempt(attempt, encoded, error);
      if (answer.node === undefined) said.push(answer.message);
      else nominated = answer.node;
    }
    const text = nominated === "" ? said.join(", ") : "";
    if (!this.#isCurrent(attempt)) return;
    if (nominated === "") nominations.delete(tracked.handle);
    const message = fitMessage(error, text);
    this.#options.decided(attempt, {
      node: undefined,
      message,
      encoded,
      ...(scores === undefined ? {} : { scores }),
    });
    this.#reports.report(
      attempt,
      "unschedulable",
      message,
      nominated,
      () => queue.unschedulable(attempt.queued, rejectedBy, error.pendingOn),
    );
  }

  /** Plugins in TypeScript that make room; the node that they found. */
  /** The node that is made room on; what plugins say that find none goes into `said`. */
  async #postFilter(attempt: Attempt, said: string[]): Promise<string | undefined> {
    for (const { plugin } of attempt.profile.at("postFilter")) {
      if (!attempt.concerned.has(plugin)) continue;
      try {
        const { node, verdict } = await plugin.postFilter!(attempt.cycle);
        if (verdict.code === "Success" && node !== undefined && node !== "") return node;
        said.push(...verdict.reasons);
      } catch (error) {
        this.#options.logger.warn("post filter failed", { plugin: plugin.name, error });
      }
    }
    return undefined;
  }

  #failed(attempt: Attempt, message: string, quiet = false): void {
    if (!this.#isCurrent(attempt)) return;
    const again = () => this.#options.queue.failed(attempt.queued);
    if (quiet) return this.#reports.count(attempt, "error", again);
    this.#options.decided(attempt, { node: undefined, message });
    this.#reports.report(attempt, "error", message, undefined, again);
  }

  /** Whether the node still takes the pod, by what this process knows itself. */
  #fits(attempt: Attempt, extras: PodExtras, node: string): boolean {
    const { core } = this.#options;
    const only = { plugin: "NodeName", reason: "", unresolvable: true, names: [node] };
    const encoded = core.encode(attempt.tracked.handle, attempt.pod, {
      ...extras,
      constraints: [...extras.constraints ?? [], only],
    });
    return core.filter(encoded).feasible.includes(node);
  }

  #extras({ pod, profile }: Attempt): PodExtras {
    const spreads = profile.spreadsByDefault &&
      (pod.spec?.topologySpreadConstraints ?? []).length === 0;
    const selector = spreads ? this.#options.state.owners.selectorOf(pod) : undefined;
    return selector === undefined ? NO_EXTRAS : { defaultSelector: selector };
  }

  /** The pod is still the one that is waiting. */
  #isCurrent({ queued }: Attempt): boolean {
    return this.#options.queue.get(queued.key) === queued;
  }
}

const NO_EXTRAS: PodExtras = {};
