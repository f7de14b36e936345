import { type Node, NODES } from "../api/mod.ts";
import { type Clock, type Logger, type Random, Shutdown } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { EventRecorder, Informer } from "../reconcile/mod.ts";
import { DEFAULT_CONFIGURATION, type KubeletConfiguration, type Machine } from "./config.ts";
import { ImagePuller } from "./image_puller.ts";
import type { KubeletContext } from "./kubelet_context.ts";
import { MirrorPods } from "./mirror_pods.ts";
import { NodeAgent } from "./node_agent.ts";
import { PodEvents } from "./pod_events.ts";
import { PodManager } from "./pod_manager.ts";
import type { PodSetup } from "./pod_setup.ts";
import { nodePodSource, type PodSource } from "./pod_source.ts";
import { ProbeManager } from "./probe_manager.ts";
import type { ContainerRuntime } from "./runtime.ts";
import { RuntimeCache } from "./runtime_cache.ts";
import { StatusWriter } from "./status_writer.ts";

export interface KubeletOptions {
  readonly nodeName: string;
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly machine: Machine;
  readonly configuration?: Partial<KubeletConfiguration>;
  /** How pods get volumes, files and environment; `hollowSetup` where nothing runs. */
  readonly setup: (parts: SetupParts) => PodSetup;
  /** Awaited before pods that no source knows are removed: here other sources bring theirs. */
  readonly otherSources?: (kubelet: Kubelet) => Promise<void>;
  /** Where pods come from; by default a watch of this node's own. */
  readonly podSource?: PodSource;
  /** This node as a shared cache has it; by default a watch of this node's own. */
  readonly nodeSource?: () => Node | undefined;
}

/** What a set-up may use of its kubelet. */
export interface SetupParts {
  readonly configuration: KubeletConfiguration;
  readonly events: PodEvents;
  readonly hostIPs: readonly string[];
  readonly signal: AbortSignal;
  node(): Node | undefined;
  /** Something that a pod refers to has changed. */
  retry(uid: string): void;
}

/** A kubelet that runs. */
export interface Kubelet {
  readonly pods: PodManager;
  readonly node: NodeAgent;
  readonly context: KubeletContext;
  readonly mirrors: MirrorPods;
  readonly configuration: KubeletConfiguration;
  readonly signal: AbortSignal;
  /** Resolves when the node is registered and every pod has its worker. */
  readonly ready: Promise<void>;
  /** Stops looking after the node; its containers go on running. */
  end(): Promise<void>;
}

/** Starts a kubelet: everything it does begins here, in the order in which the parts need each other. */
export function startCore(options: KubeletOptions): Kubelet {
  const { nodeName, client, runtime, clock, random, logger, machine } = options;
  const configuration = { ...DEFAULT_CONFIGURATION, ...options.configuration };
  const shutdown = new Shutdown(logger);
  const { signal } = shutdown;
  const recorder = new EventRecorder({
    client,
    clock,
    random,
    logger,
    component: "kubelet",
    host: nodeName,
  });
  const events = new PodEvents(recorder);
  const hostIPs = machine.addresses.filter(({ type }) => type === "InternalIP")
    .flatMap(({ address }) => address ?? []);
  const cache = new RuntimeCache(runtime, clock, logger, (uid) => pods.onRuntime(uid));
  const probes = new ProbeManager({
    runtime,
    clock,
    random,
    events,
    hostIPs,
    onChange: (uid) => pods.wake(uid),
  });
  const nodeSource = options.nodeSource ?? watchedNode(options, signal);
  const currentNode = () => nodeSource() ?? node.node;
  const setup = options.setup({
    configuration,
    events,
    hostIPs,
    signal,
    node: currentNode,
    retry: (uid) => pods.retry(uid),
  });
  const images = new ImagePuller(runtime, client, clock, events);
  const context: KubeletContext = {
    nodeName,
    client,
    runtime,
    clock,
    random,
    logger,
    events,
    cache,
    images,
    setup,
    probes,
    hostIPs,
  };
  const node = new NodeAgent({
    name: nodeName,
    machine,
    configuration,
    client,
    runtime,
    clock,
    random,
    logger,
    recorder,
  });
  const statuses = new StatusWriter(client, clock, logger);
  const mirrors = new MirrorPods(client, clock, logger, nodeName, () => node.node?.metadata?.uid);
  const pods: PodManager = new PodManager({
    context,
    statuses,
    mirrors,
    node: currentNode,
  });
  const source = options.podSource ?? nodePodSource(client, clock, logger, nodeName, signal);

  const run = async () => {
    await firstListing(cache, logger, clock, signal);
    void cache.follow(signal);
    await options.otherSources?.(kubelet);
    if (configuration.registerNode) {
      await node.register(signal);
      mirrors.nodeRegistered();
      void node.run(signal);
    }
    await pods.start(source);
  };
  const started = Promise.withResolvers<void>();
  const kubelet: Kubelet = {
    pods,
    node,
    context,
    mirrors,
    configuration,
    signal,
    ready: started.promise,
    end: () => shutdown.end(),
  };
  run().then(started.resolve, started.reject);
  started.promise.catch((error) => {
    if (!signal.aborted) logger.error("kubelet did not start", { error });
  });

  shutdown.add("events", () => recorder.flush());
  shutdown.add("mirror pods", () => mirrors.end());
  shutdown.add("statuses", () => statuses.end());
  shutdown.add("probes", () => probes.end());
  shutdown.add("pods", () => pods.end());
  return kubelet;
}

/** The runtime may come up after the kubelet. */
async function firstListing(
  cache: RuntimeCache,
  logger: Logger,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await cache.refresh();
    } catch (error) {
      logger.warn("the container runtime does not answer", { error: String(error) });
      await new Promise<void>((resolve) => {
        clock.after(500, resolve);
      });
      signal.throwIfAborted();
    }
  }
}

function watchedNode(options: KubeletOptions, signal: AbortSignal): () => Node | undefined {
  const { client, clock, logger, nodeName } = options;
  const informer = new Informer<Node>({
    client,
    type: NODES,
    clock,
    logger,
    fieldSelector: `metadata.name=${nodeName}`,
  }).start(signal);
  return () => informer.get(nodeName);
}
