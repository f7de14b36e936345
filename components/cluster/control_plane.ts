import { openServerFiles, type ServerChoice } from "./server_files.ts";
import {
  type Clock,
  type LogLevel,
  MetricRegistry,
  type Random,
  Shutdown,
  systemClock,
  systemRandom,
} from "../base/mod.ts";
import { MemoryTrim } from "../host/mod.ts";
import { CLIENT_SUBJECTS, kubeconfigText, openPki, type Pki } from "../pki/mod.ts";
import { makeSocketFolder } from "../serving/mod.ts";
import type { ApiServerFlags } from "./api_server_settings.ts";
import { recordOptions } from "./chosen_options.ts";
import { ownComponents } from "./component_health.ts";
import { connectFetch } from "./connection.ts";
import { type DataLayout, dataLayout, ownData, writeSecret } from "./data_directory.ts";
import { nodeUser, USERS } from "./identities.ts";
import {
  type Instance,
  newInstance,
  removeInstance,
  type RuntimeName,
  writeInstance,
} from "./instance.ts";
import { ComponentLogs } from "./log_file.ts";
import { type ListenAddress, serverUrl } from "./network.ts";
import { chooseRanges, type NetworkRanges, recordRanges } from "./network_ranges.ts";
import { type NodeGroup, openNodeGroup } from "./node_group.ts";
import { type EtcdChoice, openStore } from "./open_store.ts";
import { clusterReady } from "./readiness.ts";
import { ApiServerRole } from "./roles/api_server.ts";
import { discardNewCluster, findPlace } from "./new_cluster.ts";
import { takeStopRequest } from "./stop.ts";
import { WorkerRoles } from "./worker_roles.ts";

export interface ControlPlaneOptions {
  readonly dataDirectory: string;
  readonly listen: ListenAddress;
  readonly runtime: RuntimeName;
  readonly nodes: number;
  /** Ranges that a new cluster is to have; those that the machine does not use where not given. */
  readonly ranges?: Partial<NetworkRanges>;
  /** Where the state lies; in the data directory where not given. */
  readonly etcd?: EtcdChoice;
  readonly logLevel?: LogLevel;
  /** How the API server is run. */
  readonly running?: ServerChoice;
  /** Who is known to it, who decides and what it lets in. */
  readonly flags?: ApiServerFlags;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Hears of each step of the start, for whoever waits. */
  readonly progress?: (step: string) => void;
}

/** The name of a cluster, its context and its user in kubeconfigs. */
export const CONTEXT_NAME = "coracle";

/**
 * `coracle up`: the API server in this isolate, the other roles of the control plane in a second, nodes in processes
 * of their own, all on one data directory.
 */
export class ControlPlane {
  readonly layout: DataLayout;
  readonly server: string;
  readonly nodeNames: readonly string[];
  /** Of an administrator, as YAML; it also lies in the data directory. */
  readonly kubeconfig: string;
  /** Resolves when a pod can be created and would run. */
  readonly ready: Promise<void>;
  readonly #shutdown: Shutdown;

  private constructor(
    layout: DataLayout,
    server: string,
    nodeNames: readonly string[],
    kubeconfig: string,
    ready: Promise<void>,
    shutdown: Shutdown,
  ) {
    this.layout = layout;
    this.server = server;
    this.nodeNames = nodeNames;
    this.kubeconfig = kubeconfig;
    this.ready = ready;
    this.#shutdown = shutdown;
  }

  /** Resolves when the server answers. Rejects with `StartError` where the user can mend it. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const clock = options.clock ?? systemClock;
    const random = options.random ?? systemRandom;
    const progress = options.progress ?? (() => {});
    const running = await openServerFiles(options.running ?? {});
    const found = await findPlace(dataLayout(options.dataDirectory));
    const owned = await ownData(options.dataDirectory, `coracle, process ${Deno.pid}`);
    const { layout } = owned;
    const logs = new ComponentLogs(layout.logs, clock, options.logLevel);
    const logger = logs.logger("coracle");
    const shutdown = new Shutdown(logger);
    shutdown.add("data directory", () => owned.release());
    let isFailed = false;
    shutdown.add("a first start that failed", async () => {
      if (isFailed) await discardNewCluster(layout, found, clock);
    });
    shutdown.add("logs", () => logs.close());
    const trim = new MemoryTrim(clock);
    shutdown.add("memory", () => trim.end());
    try {
      await takeStopRequest(layout);
      const ranges = await chooseRanges(layout, options);
      const worker = new WorkerRoles(clock, logger);
      shutdown.add("worker", () => worker.end());
      progress("opening the store");
      const metrics = new MetricRegistry();
      const opening = [
        openPki(layout.pki, { clock, random }),
        openStore({
          etcd: options.etcd,
          directory: layout.store,
          root: layout.root,
          logger: logs.logger("storage"),
          clock,
        }),
        openNodeGroup({
          layout,
          names: nodeNames(options.nodes),
          runtime: options.runtime,
          ranges,
          clock,
          random,
          logger,
          listen: options.listen,
          progress,
        }),
      ] as const;
      const [pki, store, nodes] = await Promise.all(opening).catch(async (error) => {
        // What is still under way would write where nothing shall be left.
        await Promise.allSettled(opening);
        await opening[1].then((opened) => opened.close(), () => {});
        throw error;
      });
      const { network } = nodes;
      await recordRanges(layout, {
        pods: network.clusterCidrs[0] ?? "",
        services: ranges.services,
      });
      // Roles end before the server that they talk to, and that one before its store.
      const ends = new Shutdown(logger);
      shutdown.add("roles, server and store", () => ends.end());
      ends.add("store", () => store.close());
      const api = await ApiServerRole.start({
        store,
        pki,
        network,
        advertise: { addresses: nodes.advertise, port: options.listen.port },
        clock,
        random,
        logger: logs.logger("apiserver"),
        metrics,
        running,
        components: ownComponents(() => worker.problem),
        ...(options.flags === undefined ? {} : { flags: options.flags }),
        socketParent: layout.sockets,
      });
      ends.add("apiserver", () => api.end());
      const port = await api.listen(options.listen, nodes.listen);
      for (const host of nodes.listen) await api.listen({ host, port });
      const server = serverUrl({ host: options.listen.host, port });
      const instance = await newInstance({
        server,
        runtime: options.runtime,
        nodes: nodes.names,
        startedAt: clock.now(),
      });
      await writeInstance(layout, instance);
      ends.add("instance", () => removeInstance(layout));
      await recordOptions(layout, options);
      const kubeconfig = await adminKubeconfig(pki, server);
      await writeSecret(layout.adminKubeconfig, kubeconfig);
      const sockets = await openSockets(api, nodes, layout.sockets);
      ends.add("sockets", () => Deno.remove(sockets.directory, { recursive: true }));
      worker.start({
        pkiDirectory: layout.pki,
        logsDirectory: layout.logs,
        logLevel: options.logLevel ?? "info",
        network,
        sockets: sockets.roles,
        schedulerAddress: layout.scheduler,
        hollowNodes: sockets.nodes,
        socketDirectory: sockets.directory,
      });
      ends.add("worker", () => worker.end());
      ends.add("nodes", async () => {
        const { keepContainers } = await takeStopRequest(layout);
        await nodes.end(keepContainers);
      });
      progress("starting the control plane");
      const ready = becomeReady(
        { api, worker, nodes, pki, port, instance, layout },
        () =>
          clusterReady({
            client: connectFetch(api.fetchAs(USERS.admin), "coracle").client,
            clock,
            logger,
            nodes: nodes.names,
            signal: shutdown.signal,
          }),
        progress,
      );
      ready.catch((error) => logger.error("the cluster did not become ready", { error }));
      return new ControlPlane(layout, server, nodes.names, kubeconfig, ready, shutdown);
    } catch (error) {
      isFailed = true;
      await shutdown.end();
      throw error;
    }
  }

  /** Ends everything in order: nodes, roles, server, store. */
  end(): Promise<void> {
    return this.#shutdown.end();
  }
}

/** `node-1`, `node-2`, … Pure. */
export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `node-${i + 1}`);
}

async function becomeReady(
  parts: {
    readonly api: ApiServerRole;
    readonly worker: WorkerRoles;
    readonly nodes: NodeGroup;
    readonly pki: Pki;
    readonly port: number;
    readonly instance: Instance;
    readonly layout: DataLayout;
  },
  whole: () => Promise<void>,
  progress: (step: string) => void,
): Promise<void> {
  const { api, worker, nodes, pki, port, instance, layout } = parts;
  await api.ready;
  await nodes.start({
    pki,
    port,
    client: connectFetch(api.fetchAs(USERS.admin), "coracle").client,
  });
  await worker.ready;
  progress("waiting for the nodes");
  // What the API says of a node may be of its former life: its process tells of this one.
  await Promise.all([whole(), nodes.ready()]);
  await writeInstance(layout, { ...instance, state: "ready" });
}

async function adminKubeconfig(pki: Pki, server: string): Promise<string> {
  const { certificate, key } = await pki.client("admin", CLIENT_SUBJECTS.admin);
  return kubeconfigText({
    name: CONTEXT_NAME,
    server,
    authority: pki.authority.certificate,
    credential: { certificate, key },
    user: `${CONTEXT_NAME}-admin`,
  });
}

/** One socket a caller, in a folder that only this user can enter: who connects is who the socket is for. */
async function openSockets(api: ApiServerRole, nodes: NodeGroup, parent: string) {
  const directory = await makeSocketFolder(parent, "roles");
  const roles = {
    "controller-manager": `${directory}/controller-manager`,
    scheduler: `${directory}/scheduler`,
    "hollow-nodes": `${directory}/hollow-nodes`,
  };
  for (const name of Object.keys(roles) as (keyof typeof roles)[]) {
    api.listenSocket(roles[name], USERS[name]);
  }
  const hollow = nodes.hollow.map((name, index) => ({
    name,
    socket: `${directory}/node-${index}`,
  }));
  for (const { name, socket } of hollow) api.listenSocket(socket, nodeUser(name));
  return { directory, roles, nodes: hollow };
}
