import { type Pod, type Service, SERVICES } from "../api/mod.ts";
import { diskUsage, isMounted, mountTmpfs, unmountBelow } from "../host/mod.ts";
import { Informer } from "../reconcile/mod.ts";
import type { DoorPeer } from "../serving/mod.ts";
import { followEmptyDirLimits } from "./empty_dir_limits.ts";
import { hollowSetup } from "./hollow/hollow_setup.ts";
import { type Kubelet, type KubeletOptions, type SetupParts, startCore } from "./kubelet.ts";
import { rotateLogs } from "./logs/log_rotation.ts";
import { NodeFiles } from "./node_files.ts";
import { memoryCapacity, NodeSetup } from "./node_setup.ts";
import type { PodSetup } from "./pod_setup.ts";
import type { Authorize } from "./server/access.ts";
import { kubeletServer } from "./server/app.ts";
import { followStaticPods } from "./static_pods.ts";
import { emptyDirPath, type MemoryMounts } from "./volumes/empty_dir.ts";
import { ObjectWatcher } from "./volumes/object_watcher.ts";
import { VolumeManager } from "./volumes/volume_manager.ts";

/** What a pod has between the signals when it is evicted at once, as upstream. */
const EVICTION_GRACE_SECONDS = 1;
const MACHINE_MOUNTS: MemoryMounts = { isMounted, mountTmpfs, unmountBelow };

export interface StartKubeletOptions extends Omit<KubeletOptions, "setup" | "otherSources"> {
  /** Where pods' files lie (upstream: /var/lib/kubelet). Without it pods get none: for hollow nodes. */
  readonly rootDirectory?: string;
  /** Upstream: /var/log/pods. */
  readonly podLogsDirectory?: string;
  /** A folder of the kubelet's own on a tmpfs, for Secrets, tokens and emptyDirs in memory. */
  readonly memoryDirectory?: string;
  /** How directories in memory are made; the machine's own mounts where not given. */
  readonly mounts?: MemoryMounts;
  /** Services as a shared cache has them; by default a watch of this node's own. */
  readonly serviceSource?: () => Promise<readonly Service[]>;
  /** Decides on each request to the kubelet's server. */
  readonly authorize: Authorize;
}

/** A kubelet with its server. */
export interface RunningKubelet {
  /** The kubelet's API, for a door on `configuration.port`. */
  readonly fetch: (request: Request, peer: DoorPeer) => Promise<Response>;
  readonly ready: Promise<void>;
  readonly kubelet: Kubelet;
  /** Stops looking after the node; its containers go on running. */
  end(): Promise<void>;
}

/** Starts everything that a node's kubelet is. */
export function startKubelet(options: StartKubeletOptions): RunningKubelet {
  const { rootDirectory } = options;
  const files = rootDirectory === undefined ? undefined : new NodeFiles(
    rootDirectory,
    options.podLogsDirectory ?? `${rootDirectory}/pod-logs`,
    options.memoryDirectory,
    options.mounts ?? MACHINE_MOUNTS,
  );
  const kubelet = startCore({
    ...options,
    setup: (parts) => files === undefined ? hollowSetup : nodeSetup(options, parts, files),
    otherSources: (core) => startStaticPods(options, core),
  });
  if (files !== undefined) {
    const { cache, clock, logger } = kubelet.context;
    const { configuration, signal } = kubelet;
    void rotateLogs({
      clock,
      logger,
      maximumSize: configuration.containerLogMaxSize,
      maximumFiles: configuration.containerLogMaxFiles,
      intervalSeconds: configuration.containerLogMonitorIntervalSeconds,
      containers: () => cache.containers(),
    }, signal);
    void followEmptyDirLimits({
      clock,
      logger,
      pods: () => kubelet.pods.pods(),
      path: (uid, name) => emptyDirPath(files.rootDirectory, uid, name),
      usage: diskUsage,
      evict: (pod, message) => evict(kubelet, pod, message),
    }, signal);
    kubelet.ready.then(() => sweep(kubelet, files)).catch((error) => {
      if (!signal.aborted) logger.warn("cannot remove old pod files", { error: String(error) });
    });
  }
  const fetch = kubeletServer({
    kubelet,
    configuration: kubelet.configuration,
    authorize: options.authorize,
  });
  return { fetch, ready: kubelet.ready, kubelet, end: () => kubelet.end() };
}

function nodeSetup(
  options: StartKubeletOptions,
  parts: SetupParts,
  files: NodeFiles,
): PodSetup {
  const { client, clock, logger, machine, memoryDirectory, random } = options;
  const { configuration, events, hostIPs, signal } = parts;
  const objects = new ObjectWatcher(client, clock, logger, (uid) => {
    parts.retry(uid);
    void volumes.refresh(uid);
  });
  const volumes: VolumeManager = new VolumeManager({
    client,
    clock,
    random,
    logger,
    events,
    objects,
    rootDirectory: files.rootDirectory,
    ...(memoryDirectory === undefined ? {} : { memoryDirectory }),
    mounts: options.mounts ?? MACHINE_MOUNTS,
    facts: (pod) => setup.facts(pod),
  });
  const setup: NodeSetup = new NodeSetup({
    configuration,
    files,
    volumes,
    objects,
    events,
    memoryCapacity: memoryCapacity(machine.capacity),
    hostIPs,
    node: parts.node,
    services: options.serviceSource ?? watchedServices(options, signal),
  });
  signal.addEventListener("abort", () => {
    objects.end();
    volumes.end();
  }, { once: true });
  return setup;
}

function watchedServices(
  { client, clock, logger }: StartKubeletOptions,
  signal: AbortSignal,
): () => Promise<readonly Service[]> {
  const informer = new Informer<Service>({ client, type: SERVICES, clock, logger }).start(signal);
  return async () => {
    await informer.synced();
    return informer.list();
  };
}

/** Resolves when the static pods that lie there now are known. */
async function startStaticPods(options: StartKubeletOptions, kubelet: Kubelet): Promise<void> {
  const { configuration, context, mirrors, pods, signal } = kubelet;
  const directory = configuration.staticPodPath;
  if (directory === undefined) return;
  // Defaults come with all else that a server knows of kinds, and most nodes have no static pods.
  const { builtinKind } = await import("../api/served.ts");
  const definition = builtinKind({ group: "", version: "v1", kind: "Pod" });
  const current = new Map<string, Pod>();
  await new Promise<void>((resolve, reject) => {
    followStaticPods({
      directory,
      nodeName: options.nodeName,
      clock: context.clock,
      logger: context.logger,
      checkSeconds: configuration.fileCheckFrequencySeconds,
      applyDefaults: (pod) => definition?.applyDefaults(pod),
      onPod(uid, pod) {
        const before = current.get(uid);
        if (pod !== undefined) {
          current.set(uid, pod);
          mirrors.set(pod);
        } else if (before !== undefined) {
          current.delete(uid);
          mirrors.delete(before);
        }
        pods.setStatic(uid, pod);
      },
      onRead: resolve,
    }, signal).catch(reject);
  });
}

/** Ends a pod that takes more of the node than it may. */
function evict({ context, pods }: Kubelet, pod: Pod, message: string): void {
  context.events.pod(pod, "Warning", "Evicted", message);
  pods.fail(pod.metadata?.uid ?? "", { reason: "Evicted", message }, EVICTION_GRACE_SECONDS);
}

/** Files of pods that neither the sources nor the runtime know. */
async function sweep(kubelet: Kubelet, files: NodeFiles): Promise<void> {
  const known = new Set([
    ...kubelet.pods.pods().flatMap(({ metadata }) => metadata?.uid ?? []),
    ...kubelet.context.cache.uids(),
  ]);
  for (const uid of await files.uids()) if (!known.has(uid)) await files.removePod(uid);
}
