import {
  type Clock,
  hasReason,
  type Logger,
  type MetricRegistry,
  type Random,
} from "../base/mod.ts";
import {
  type Node,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  type PersistentVolumeClaim,
  type Pod,
  PODS,
} from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { EventRecorder, Informer } from "../reconcile/mod.ts";
import { bind, reportUnscheduled } from "./binder.ts";
import type { Decision } from "./core_contract.ts";
import { Core } from "./core_wasm.ts";
import { explainPod, type Explanation } from "./explanation.ts";
import { preemptionMessage, refusalMessage } from "./message.ts";
import { claimNames, unknownRule } from "./pod_constraints.ts";
import { PodProjection, type ScheduledPod } from "./scheduled_pod.ts";
import { type QueuedPod, SchedulingQueue } from "./scheduling_queue.ts";
import { type SchedulerMetrics, schedulerMetrics } from "./scheduler_metrics.ts";

export interface SchedulerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  /** Pods name it in spec.schedulerName. */
  readonly name?: string;
  /** 0: as many as upstream looks at for this number of nodes; 100: all. */
  readonly percentageOfNodesToScore?: number;
}

export interface Scheduler {
  /** Resolves when nodes and pods are known and pods are being placed. */
  readonly ready: Promise<void>;
  /** Every node's verdict on a pending pod as things stand now; undefined where there is no such pod. */
  explain(namespace: string, name: string): Explanation | undefined;
  end(): Promise<void>;
}

/** Bindings under way at once: the cycle goes on while they are written, but not without bound. */
const BINDINGS_MAXIMUM = 256;

/** kube-scheduler: gives each pod the node on which it fits best. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const run = new SchedulerRun(options);
  return { ready: run.ready, explain: (...pod) => run.explain(...pod), end: () => run.end() };
}

class SchedulerRun {
  readonly ready: Promise<void>;
  readonly #options: SchedulerOptions;
  readonly #name: string;
  readonly #abort = new AbortController();
  readonly #core = new Core();
  readonly #projection = new PodProjection(this.#core);
  readonly #queue: SchedulingQueue;
  readonly #events: EventRecorder;
  readonly #metrics: SchedulerMetrics;
  readonly #pods: Informer<Pod, ScheduledPod>;
  readonly #nodes: Informer<Node, string>;
  readonly #claims: Informer<PersistentVolumeClaim, { bound: boolean; deleting: boolean }>;
  /** Pods that have been given a node whose binding the watch has not shown yet, by key. */
  readonly #assumed = new Map<string, ScheduledPod>();
  #bindings = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    const { client, clock, logger } = options;
    this.#options = options;
    this.#name = options.name ?? "default-scheduler";
    this.#core.configure([{
      name: this.#name,
      percentageOfNodesToScore: options.percentageOfNodesToScore ?? 0,
    }]);
    this.#queue = new SchedulingQueue(clock);
    this.#metrics = schedulerMetrics(options.metrics, () => this.#queue.depths());
    this.#events = new EventRecorder({ ...options, component: this.#name });
    this.#pods = new Informer<Pod, ScheduledPod>({
      client,
      clock,
      logger,
      type: PODS,
      fieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
      project: (pod) => this.#projection.of(pod),
    });
    this.#nodes = new Informer<Node, string>({
      client,
      clock,
      logger,
      type: NODES,
      project: (node) => this.#putNode(node),
    });
    this.#claims = new Informer({
      client,
      clock,
      logger,
      type: PERSISTENT_VOLUME_CLAIMS,
      project: (claim) => ({
        bound: claim.status?.phase === "Bound",
        deleting: claim.metadata?.deletionTimestamp !== undefined,
      }),
    });
    this.#nodes.onChange(({ key, current }) => {
      if (current === undefined) this.#core.removeNode(key);
      this.#queue.moveAll();
    });
    this.#pods.onChange(({ key, current, previous }) => this.#podChanged(key, current, previous));
    this.#claims.onChange(() => this.#queue.moveAll());
    for (const informer of [this.#nodes, this.#pods, this.#claims]) {
      informer.start(this.#abort.signal);
    }
    this.ready = Promise.all(
      [this.#nodes, this.#pods, this.#claims].map((informer) => informer.synced()),
    )
      .then(() => {
        this.#running = this.#loop();
      });
    this.ready.catch(() => {});
  }

  explain(namespace: string, name: string): Explanation | undefined {
    const known = this.#pods.get(`${namespace}/${name}`);
    if (known?.pod === undefined) return undefined;
    return explainPod(this.#core, known.handle, known.pod);
  }

  async end(): Promise<void> {
    this.#abort.abort(new Error("the scheduler ends"));
    this.#queue.close();
    this.#room?.resolve();
    await this.ready.catch(() => {});
    await this.#running;
    await this.#events.flush();
    this.#core.end();
  }

  #putNode(node: Node): string {
    this.#core.putNode(node);
    return node.metadata?.name ?? "";
  }

  #podChanged(
    key: string,
    current: ScheduledPod | undefined,
    previous: ScheduledPod | undefined,
  ): void {
    if (previous !== undefined && previous.uid !== current?.uid) {
      this.#queue.delete(key);
      this.#core.removePod(previous.handle);
      this.#projection.forget(previous.uid);
      if (this.#assumed.get(key)?.uid === previous.uid) this.#assumed.delete(key);
      // Room on a node, or one pod fewer to compare with.
      this.#queue.moveAll();
    }
    if (current === undefined) return;
    if (current.node !== "") {
      this.#assumed.delete(key);
      this.#queue.delete(key);
      return;
    }
    if (current.schedulerName !== this.#name || this.#assumed.has(key)) return;
    if (current.terminating) return this.#queue.delete(key);
    if ((current.pod?.spec?.schedulingGates ?? []).length > 0) return this.#queue.delete(key);
    // A change of status alone, such as our own condition, is no reason to try again.
    const sameSpec = previous?.pod?.metadata?.generation === current.pod?.metadata?.generation &&
      previous?.uid === current.uid && this.#queue.has(key);
    if (!sameSpec) this.#queue.add({ key, uid: current.uid, priority: current.priority });
  }

  async #loop(): Promise<void> {
    for (;;) {
      const queued = await this.#queue.take();
      if (queued === undefined || this.#abort.signal.aborted) return;
      try {
        this.#schedule(queued);
      } catch (error) {
        this.#options.logger.error("scheduling failed", { pod: queued.key, error });
        this.#queue.failed(queued);
      }
      if (this.#bindings >= BINDINGS_MAXIMUM) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
      }
    }
  }

  #schedule(queued: QueuedPod): void {
    const known = this.#pods.get(queued.key);
    if (known?.pod === undefined || known.uid !== queued.uid) return this.#queue.delete(queued.key);
    const pod = known.pod;
    const moves = this.#queue.moves;
    const started = this.#options.clock.monotonic();
    const refusal = this.#refusedBefore(pod);
    if (refusal !== undefined) return this.#refuse(queued, pod, refusal, moves, started);

    const encoded = this.#core.encode(known.handle, pod);
    const decision = this.#core.schedule(encoded);
    if (decision.node === undefined) {
      return this.#refuse(queued, pod, this.#explainRefusal(pod, decision), moves, started);
    }
    const node = decision.node;
    this.#assumed.set(queued.key, known);
    this.#core.assume(encoded, node);
    this.#bindings++;
    void this.#bind(queued, known, pod, node, started).finally(() => {
      this.#bindings--;
      this.#room?.resolve();
      this.#room = undefined;
    });
  }

  async #bind(
    queued: QueuedPod,
    known: ScheduledPod,
    pod: Pod,
    node: string,
    started: number,
  ): Promise<void> {
    const { client, clock, logger } = this.#options;
    try {
      await bind(client, pod, node);
      this.#metrics.attempt("scheduled", this.#name, (clock.monotonic() - started) / 1000);
      this.#metrics.scheduled((clock.monotonic() - queued.since) / 1000, queued.attempts + 1);
      this.#events.normal(
        target(pod),
        "Scheduled",
        `Successfully assigned ${queued.key} to ${node}`,
        "Binding",
      );
    } catch (error) {
      if (this.#assumed.get(queued.key) === known) {
        this.#assumed.delete(queued.key);
        this.#core.removePod(known.handle);
      }
      if (hasReason(error, "NotFound") || hasReason(error, "Conflict")) {
        logger.debug("binding refused", { pod: queued.key, node, error: String(error) });
      } else {
        logger.warn("binding failed", { pod: queued.key, node, error: String(error) });
      }
      this.#metrics.attempt("error", this.#name, (clock.monotonic() - started) / 1000);
      this.#queue.failed(queued);
    }
  }

  #refuse(queued: QueuedPod, pod: Pod, message: string, moves: number, started: number): void {
    const { client, clock, logger } = this.#options;
    this.#metrics.attempt("unschedulable", this.#name, (clock.monotonic() - started) / 1000);
    this.#queue.unschedulable(queued, moves);
    this.#events.warning(target(pod), "FailedScheduling", message, "Scheduling");
    reportUnscheduled(client, clock, pod, "Unschedulable", message)
      .catch((error) =>
        logger.warn("condition not written", { pod: queued.key, error: String(error) })
      );
  }

  /** Why no node can take the pod, whatever nodes there are. */
  #refusedBefore(pod: Pod): string | undefined {
    const nodes = this.#core.nodes;
    const head = `0/${nodes} nodes are available: `;
    const unknown = unknownRule(pod);
    if (unknown !== undefined) return `${head}${unknown}.`;
    for (const name of claimNames(pod)) {
      const claim = this.#claims.get(`${pod.metadata?.namespace ?? ""}/${name}`);
      const helpless = preemptionMessage(nodes, 0);
      if (claim === undefined) {
        return `${head}persistentvolumeclaim "${name}" not found. ${helpless}`;
      }
      if (claim.deleting) {
        return `${head}persistentvolumeclaim "${name}" is being deleted. ${helpless}`;
      }
      if (!claim.bound) {
        return `${head}pod has unbound immediate PersistentVolumeClaims. ${helpless}`;
      }
    }
    return undefined;
  }

  #explainRefusal(pod: Pod, decision: Decision): string {
    const nodes = this.#core.nodes;
    return refusalMessage(
      nodes,
      decision.refusals,
      this.#preemption(pod, nodes, decision),
      decision.preFilter,
    );
  }

  /** What preemption says; nothing where there are pods of lower priority that it would have to weigh. */
  #preemption(pod: Pod, nodes: number, decision: Decision): string {
    if (pod.spec?.preemptionPolicy === "Never") {
      return "preemption: not eligible due to preemptionPolicy=Never.";
    }
    if (decision.resolvable > 0) {
      const priority = pod.spec?.priority ?? 0;
      for (const other of this.#pods.list()) {
        if (other.node !== "" && other.priority < priority) return "";
      }
    }
    return preemptionMessage(nodes, decision.resolvable);
  }
}

function target(pod: Pod) {
  return { apiVersion: "v1", kind: "Pod", ...pod };
}
