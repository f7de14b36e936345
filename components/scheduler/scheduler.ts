import type { Pod } from "../api/mod.ts";
import { EventRecorder } from "../reconcile/mod.ts";
import { defaultConfiguration, type SchedulerConfiguration } from "./config/mod.ts";
import { BindingCycle } from "./cycle/binding_cycle.ts";
import { EnqueueGate } from "./cycle/enqueue_gate.ts";
import { reportExpected } from "./cycle/failure_report.ts";
import { EXTENDERS, FrameworkDecision } from "./cycle/framework_decision.ts";
import { fitMessage, NO_NODES } from "./cycle/fit_error.ts";
import { Nominations } from "./cycle/nominations.ts";
import { PodBook } from "./cycle/pod_book.ts";
import { Profile } from "./cycle/profile.ts";
import { SchedulingLoop } from "./cycle/scheduling_loop.ts";
import { WaitingPods } from "./cycle/waiting_pods.ts";
import { MAXIMA } from "./cycle/write_slots.ts";
import { DecisionLog } from "./explanation/decision_log.ts";
import { type Explanation, nodeVerdicts } from "./explanation/explanation.ts";
import { wouldFit } from "./explanation/would_fit.ts";
import type { SchedulerPlugin } from "./framework/mod.ts";
import { resourceMetrics } from "./http/resource_metrics.ts";
import type { ExplainedPod } from "./http/scheduler_server.ts";
import { localPlugins, type LocalPluginsOptions } from "./plugins/local_plugins.ts";
import { Preemptor } from "./preemption/preemptor.ts";
import { DEFAULT_HINTS, HintTable, type PluginHints, SchedulingQueue } from "./queue/mod.ts";
import { type SchedulerMetrics, schedulerMetrics } from "./scheduler_metrics.ts";
import type { Scheduler, SchedulerOptions } from "./scheduler_options.ts";
import { ClusterState } from "./state/cluster_state.ts";
import { podObject } from "./state/tracked_pod.ts";

/** kube-scheduler: gives each pod the node on which it fits best. Throws `ConfigurationError`. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  return new SchedulerRun(options);
}

class SchedulerRun implements Scheduler {
  readonly ready: Promise<void>;
  readonly configuration: SchedulerConfiguration;
  isReady = false;
  readonly #options: SchedulerOptions;
  readonly #abort = new AbortController();
  readonly #queue: SchedulingQueue;
  readonly #waiting: WaitingPods;
  readonly #state: ClusterState;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #events: ReadonlyMap<string, EventRecorder>;
  readonly #log: DecisionLog;
  readonly #framework: FrameworkDecision;
  readonly #metrics: SchedulerMetrics;
  #running: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    const { client, clock, core, logger, random } = options;
    const extenders = options.extenders ?? [];
    this.#options = options;
    this.configuration = options.configuration ?? defaultConfiguration();
    this.#waiting = new WaitingPods(clock);
    this.#log = new DecisionLog(core);
    const handleOf = (uid: string) => this.#state.tracker.handleOf(uid);
    this.#framework = new FrameworkDecision({ core, extenders, random, handleOf });
    const nominations = new Nominations(core);
    this.#state = new ClusterState({
      client,
      clock,
      logger,
      core,
      onEvent: (event) => this.#queue.event(event),
      onPod: (change) => book.changed(change),
      ...(options.onNode === undefined ? {} : { onNode: options.onNode }),
    });
    this.#profiles = this.#makeProfiles();
    core.configure([...this.#profiles.values()].map((profile) => profile.core));
    const { podInitialBackoffSeconds, podMaxBackoffSeconds } = this.configuration;
    this.#queue = new SchedulingQueue({
      clock,
      hints: new HintTable(this.#hints()),
      gate: (pod, key) => gate.ask(pod, key),
      backoff: {
        initialMilliseconds: podInitialBackoffSeconds * 1000,
        maximumMilliseconds: podMaxBackoffSeconds * 1000,
      },
      incoming: (queue, event) => this.#metrics.incoming(queue, event),
      ...(options.leftOverMilliseconds === undefined
        ? {}
        : { leftOverMilliseconds: options.leftOverMilliseconds }),
    });
    const gate = new EnqueueGate({
      logger,
      profileOf: (name) => this.#profiles.get(name),
      isPreempting: (uid) => preemptor.isRunning(uid),
      admitted: (key) => this.#queue.activate(key),
    });
    const book = new PodBook({
      core,
      queue: this.#queue,
      nominations,
      waiting: this.#waiting,
      isOurs: (name) => this.#profiles.has(name),
      onEvent: (event) => this.#queue.event(event),
      forgotten: (key, uid) => {
        gate.forget(key);
        this.#log.forget(key, uid);
      },
    });
    book.attach(this.#state);
    this.#metrics = schedulerMetrics(options.metrics, {
      depths: () => this.#queue.depths(),
      restingBy: () => this.#queue.restingBy(),
      profile: this.configuration.profiles[0]?.schedulerName ?? "",
      get nodes() {
        return core.nodes;
      },
      get pods() {
        return state.pods.size;
      },
      get assumed() {
        return book.assumed;
      },
      get eventsInFlight() {
        return queue.eventsInFlight;
      },
      get binding() {
        return loop.writing;
      },
    });
    const [state, queue] = [this.#state, this.#queue];
    this.#events = new Map(
      [...this.#profiles.keys()].map((component) => [
        component,
        new EventRecorder({ ...options, component, writers: MAXIMA.writes }),
      ]),
    );
    const tell: SchedulingLoopTell = (pod, type, reason, message, action) =>
      this.#tell(pod, type, reason, message, action);
    const preemptor: Preemptor = new Preemptor({
      client,
      clock,
      random,
      logger,
      core,
      state,
      nominations,
      waiting: this.#waiting,
      extenders,
      endingOn: (node, priority) => book.endingOn(node, priority),
      preempted: ({ name, namespace, uid }, message, profile) =>
        this.#events.get(profile)?.normal(
          { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, uid } },
          "Preempted",
          message,
          "Preempting",
        ),
      counted: (victims) => this.#metrics.victims(victims),
      done: (key) => {
        if (queue.get(key)?.place === "gated") queue.activate(key);
      },
    });
    const loop: SchedulingLoop = new SchedulingLoop({
      client,
      clock,
      logger,
      core,
      queue,
      state,
      book,
      nominations,
      waiting: this.#waiting,
      preemptor,
      extenders,
      metrics: this.#metrics,
      framework: this.#framework,
      binding: new BindingCycle({
        client,
        clock,
        logger,
        waiting: this.#waiting,
        extenders,
        signal: this.#abort.signal,
        hasNode: (name) => state.nodes.get(name) !== undefined,
        expect: ({ pod }, node) =>
          reportExpected(client, pod, node).catch((error) =>
            logger.warn("expectation not written", { error: String(error) })
          ),
        permitWaited: (...permit) => this.#metrics.permitWaited(...permit),
        point: (...point) => this.#metrics.point(...point),
      }),
      profileOf: (name) => this.#profiles.get(name),
      isRemote: ({ concerned, pod }) =>
        extenders.some((extender) => extender.concerns(pod)) ||
        [...concerned].some((plugin) => this.#remote.has(plugin)),
      tell,
      decided: ({ queued, tracked }, decision) =>
        this.#log.record({ ...decision, key: queued.key, uid: queued.uid, handle: tracked.handle }),
    });
    state.start(this.#abort.signal);
    this.ready = state.synced().then(() => {
      this.isReady = true;
      this.#running = loop.run(this.#abort.signal);
    });
    this.ready.catch(() => {});
  }

  /** Plugins that answer from elsewhere. */
  readonly #remote = new Set<SchedulerPlugin>();

  explain(namespace: string, name: string): ExplainedPod | undefined {
    const key = `${namespace}/${name}`;
    const pod = this.#state.pods.get(key)?.pod;
    const gated = pod !== undefined && (pod.spec?.schedulingGates ?? []).length > 0;
    const found = gated ? { pod: key, node: null, nodes: {} } : this.#log.explain(key);
    if (found === undefined || found.node !== null || pod === undefined) return found;
    return { ...found, wouldFit: wouldFit(pod, found, (node) => this.#state.nodes.get(node)) };
  }

  podOf(uid: string): Pod | undefined {
    const tracked = this.#state.podOfUid(uid);
    return tracked === undefined ? undefined : podObject(tracked);
  }

  resourceMetrics(): string {
    return resourceMetrics(this.#state.pods.list());
  }

  async judge(pod: Pod): Promise<ExplainedPod> {
    const { core } = this.#options;
    const { name, namespace } = pod.metadata ?? {};
    const key = `${namespace}/${name}`;
    const node = pod.spec?.nodeName ?? "";
    const tracked = this.#state.pods.get(key) ?? this.#state.tracker.of(pod);
    const { nodeName: _, ...spec } = pod.spec ?? {};
    const free: Pod = { ...pod, spec };
    const [first] = this.#profiles.values();
    const profile = this.#profiles.get(tracked.schedulerName) ?? first!;
    if (node !== "") core.removePod(tracked.handle);
    try {
      const cycle = { pod: free, profile: profile.name, state: new Map() };
      const concerned = profile.concerned(free);
      const selector = this.#state.owners.selectorOf(free);
      const extras = selector === undefined ? {} : { defaultSelector: selector };
      const asked = {
        tracked: { ...tracked, nominatedNode: "" },
        pod: free,
        profile,
        concerned,
        cycle,
      };
      const { encoded, outcome, scores } = await this.#framework.decide(asked, extras);
      const nodes = nodeVerdicts(core.explain(encoded), scores);
      const found: Explanation = {
        pod: key,
        node: node === "" ? null : node,
        ...(outcome.kind === "refused" ? { message: fitMessage(outcome.error) } : {}),
        nodes,
      };
      if (node !== "" || outcome.kind === "placed") return found;
      return { ...found, wouldFit: wouldFit(free, found, (name) => this.#state.nodes.get(name)) };
    } finally {
      if (node !== "") core.putPod(tracked.handle, node, pod);
    }
  }

  end(): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#abort.abort(new Error("the scheduler ends"));
    this.#queue.close();
    this.#waiting.close();
    await this.ready.catch(() => {});
    await this.#running;
    await Promise.all([...this.#events.values()].map((events) => events.flush()));
    this.#options.core.end();
  }

  #makeProfiles(): ReadonlyMap<string, Profile> {
    const { client, clock, plugins = [], random } = this.#options;
    const local: LocalPluginsOptions = {
      client,
      clock,
      random,
      state: this.#state,
      signal: this.#abort.signal,
      onWaiting: (pod, message) =>
        this.#tell(pod, "Normal", "BindingConditionsPending", message, "Scheduling"),
    };
    return new Map(
      this.configuration.profiles.map((configuration) => {
        const name = configuration.schedulerName;
        const make = () => {
          const instances = localPlugins(local, configuration);
          for (const plugin of plugins) {
            const args = configuration.pluginConfig.find((one) => one.name === plugin.name)?.args;
            const instance = plugin.make({
              profile: name,
              args: args ?? {},
              allow: (uid) => this.#waiting.allow(uid, plugin.name),
              reject: (uid, reason) => void this.#waiting.reject(uid, plugin.name, reason),
              activate: (key) => this.#queue.activate(key),
            });
            this.#remote.add(instance);
            instances.push(instance);
          }
          return new Map(instances.map((plugin) => [plugin.name, plugin]));
        };
        const common = {
          percentage: this.configuration.percentageOfNodesToScore,
          ignoredResources: this.configuration.extenders.flatMap((extender) =>
            (extender.managedResources ?? []).filter((one) => one.ignoredByScheduler === true)
              .map((one) => one.name)
          ),
        };
        return [name, new Profile(configuration, common, plugins, make)];
      }),
    );
  }

  #hints(): PluginHints[] {
    const own = new Map<string, PluginHints>();
    for (const [plugin, hints] of Object.entries(DEFAULT_HINTS)) own.set(plugin, { plugin, hints });
    for (const profile of this.#profiles.values()) {
      for (const { hints, name } of profile.instances) own.set(name, { plugin: name, hints });
    }
    own.set(EXTENDERS, { plugin: EXTENDERS, hints: undefined });
    own.set(NO_NODES, { plugin: NO_NODES, hints: [{ resource: "Node", actions: ["Add"] }] });
    return [...own.values()];
  }

  #tell(
    pod: Pod,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    action: string,
  ): void {
    const events = this.#events.get(pod.spec?.schedulerName ?? "default-scheduler");
    const target = { apiVersion: "v1", kind: "Pod", ...pod };
    if (type === "Normal") events?.normal(target, reason, message, action);
    else events?.warning(target, reason, message, action);
  }
}

type SchedulingLoopTell = (
  pod: Pod,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
  action: string,
) => void;
