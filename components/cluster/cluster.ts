import {
  type Clock,
  type Logger,
  MetricRegistry,
  type Random,
  Shutdown,
  silentLogger,
  systemClock,
  systemRandom,
} from "../base/mod.ts";
import type { KubeletConnector } from "../apiserver/mod.ts";
import type { Client, Fetch } from "../client/mod.ts";
import type { RunningKubelet } from "../kubelet/mod.ts";
import { CLIENT_SUBJECTS, kubeconfigText, openPki, type Pki } from "../pki/mod.ts";
import { memoryPipes, offerPipe } from "../serving/mod.ts";
import { ownComponents } from "./component_health.ts";
import { connectFetch, LOCAL_ORIGIN } from "./connection.ts";
import { dataLayout } from "./data_directory.ts";
import { nodeUser, USERS } from "./identities.ts";
import { type ClusterNetwork, DEFAULT_NETWORK, type ListenAddress, serverUrl } from "./network.ts";
import { clusterReady } from "./readiness.ts";
import { type EtcdChoice, openStore } from "./open_store.ts";
import { ApiServerRole } from "./roles/api_server.ts";
import { controllerManagerRole } from "./roles/controller_manager.ts";
import { hollowNodesRole } from "./roles/hollow_nodes.ts";
import { TUNNEL_PEER } from "./roles/kubelet_tunnel.ts";
import type { Role } from "./roles/role.ts";
import { schedulerRole } from "./roles/scheduler.ts";

export interface ClusterOptions {
  /** How many nodes; 1 where not given. */
  readonly nodes?: number;
  /** `hollow`: nodes that run nothing and report as if they did. */
  readonly runtime?: "hollow";
  /** A directory, or the word for a cluster that dies with the process. */
  readonly store?: "memory" | string;
  /** Where the state lies instead; `store` then holds only the keys. */
  readonly etcd?: EtcdChoice;
  /** Opens the TLS door there at once; without it `kubeconfig()` opens it on a free port of the loopback. */
  readonly listen?: ListenAddress;
  readonly network?: Partial<ClusterNetwork>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** As kube-controller-manager's `--controllers`. */
  readonly controllers?: readonly string[];
}

/**
 * A whole cluster in the calling process: API server, controller manager, scheduler and nodes, over function calls
 * instead of a network.
 *
 * ```ts
 * await using cluster = await Cluster.start({ nodes: 3, runtime: "hollow", store: "memory" });
 * const pods = await cluster.client.list(PODS);
 * ```
 */
export class Cluster implements AsyncDisposable {
  /** The API server, as an administrator. */
  readonly fetch: Fetch;
  /** The same, typed. */
  readonly client: Client;
  readonly nodeNames: readonly string[];
  readonly network: ClusterNetwork;
  readonly #api: ApiServerRole;
  readonly #pki: Pki;
  readonly #shutdown: Shutdown;
  readonly #listen: ListenAddress;
  #server: Promise<string> | undefined;

  private constructor(
    api: ApiServerRole,
    pki: Pki,
    shutdown: Shutdown,
    network: ClusterNetwork,
    options: ClusterOptions,
  ) {
    this.#api = api;
    this.#pki = pki;
    this.#shutdown = shutdown;
    this.network = network;
    this.#listen = options.listen ?? { host: "127.0.0.1", port: 0 };
    this.nodeNames = Array.from({ length: options.nodes ?? 1 }, (_, i) => `node-${i + 1}`);
    this.fetch = api.fetchAs(USERS.admin);
    this.client = connectFetch(this.fetch, "coracle").client;
  }

  /** Starts it; resolves when its nodes are Ready and pods can be created. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const clock = options.clock ?? systemClock;
    const random = options.random ?? systemRandom;
    const logger = options.logger ?? silentLogger;
    const network = { ...DEFAULT_NETWORK, ...options.network };
    const place = options.store ?? "memory";
    const shutdown = new Shutdown(logger);
    try {
      const [pki, store] = await Promise.all([
        openPki(place === "memory" ? undefined : `${place}/pki`, { clock, random }),
        openStore({
          etcd: options.etcd,
          directory: place === "memory" ? "memory" : `${place}/store`,
          root: place === "memory" ? undefined : place,
          logger: logger.with({ component: "storage" }),
          clock,
        }),
      ]);
      shutdown.add("store", () => store.close());
      const metrics = new MetricRegistry();
      const kubelets = new Map<string, RunningKubelet>();
      const api = await ApiServerRole.start({
        store,
        pki,
        network,
        advertise: advertised(options.listen),
        clock,
        random,
        logger: logger.with({ component: "apiserver" }),
        metrics,
        kubelets: localKubelets(kubelets),
        components: ownComponents(() => undefined),
        ...(place === "memory" ? {} : { socketParent: await runDirectory(place) }),
      });
      shutdown.add("apiserver", () => api.end());
      const cluster = new Cluster(api, pki, shutdown, network, options);
      if (options.listen !== undefined) await cluster.server();
      const roles = cluster.#startRoles(options, kubelets, { clock, random, logger, metrics });
      await api.ready;
      await Promise.all(roles.map((role) => role.ready));
      // Loaded by its role already, and by no control plane that runs it elsewhere.
      const { chooseControllers } = await import("../controller-manager/mod.ts");
      await clusterReady({
        client: cluster.client,
        clock,
        logger,
        nodes: cluster.nodeNames,
        controllers: chooseControllers(options.controllers).map(({ name }) => name),
        signal: shutdown.signal,
      });
      return cluster;
    } catch (error) {
      await shutdown.end();
      throw error;
    }
  }

  /** `https://host:port` of the TLS door, which is opened when it is first asked for. */
  server(): Promise<string> {
    return this.#server ??= this.#api.listen(this.#listen).then((port) =>
      serverUrl({ host: this.#listen.host, port })
    );
  }

  /** An administrator's kubeconfig as YAML text. */
  async kubeconfig(): Promise<string> {
    const [server, { certificate, key }] = await Promise.all([
      this.server(),
      this.#pki.client("admin", CLIENT_SUBJECTS.admin),
    ]);
    return kubeconfigText({
      name: "coracle",
      server,
      authority: this.#pki.authority.certificate,
      credential: { certificate, key },
    });
  }

  /** Ends everything in order: nodes and controllers first, then the API server, then the store. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#shutdown.end();
  }

  #startRoles(
    options: ClusterOptions,
    kubelets: Map<string, RunningKubelet>,
    common: { clock: Clock; random: Random; logger: Logger; metrics: MetricRegistry },
  ): Role[] {
    const as = (user: keyof typeof USERS) => connectFetch(this.#api.fetchAs(USERS[user]), user);
    const roles = [
      controllerManagerRole({
        ...common,
        connection: as("controller-manager"),
        network: this.network,
        pki: this.#pki,
        ...(options.controllers === undefined ? {} : { controllers: options.controllers }),
      }),
      schedulerRole({ ...common, connection: as("scheduler") }),
      hollowNodesRole({
        ...common,
        connection: as("hollow-nodes"),
        connectAs: (name) => connectFetch(this.#api.fetchAs(nodeUser(name)), "kubelet"),
        onKubelet: (name, kubelet) => void kubelets.set(name, kubelet),
        names: this.nodeNames,
        network: this.network,
      }),
    ];
    for (const role of roles) this.#shutdown.add(role.name, () => role.end());
    return roles;
  }
}

/** Where sockets lie. One process has the store, so what is there was left by one that was killed. */
async function runDirectory(place: string): Promise<string> {
  const directory = dataLayout(place).sockets;
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Kubelets by function call. */
function localKubelets(kubelets: ReadonlyMap<string, RunningKubelet>): KubeletConnector {
  const find = (node: string): RunningKubelet => {
    const kubelet = kubelets.get(node);
    if (kubelet === undefined) throw new Error(`no kubelet of node ${node}`);
    return kubelet;
  };
  return {
    async fetch({ node }, path, { method, headers, body }) {
      const request = new Request(`${LOCAL_ORIGIN}${path}`, { method, headers, body });
      return await find(node).fetch(request, TUNNEL_PEER);
    },
    async websocket({ node }, path, protocol) {
      const headers = { upgrade: "websocket", "sec-websocket-protocol": protocol };
      const request = new Request(`${LOCAL_ORIGIN}${path}`, { headers });
      const [near, far] = memoryPipes();
      offerPipe(request, far);
      const answer = await find(node).fetch(request, TUNNEL_PEER);
      if (answer.status !== 101) throw new Error(`bad handshake: ${await answer.text()}`);
      return near;
    },
    connect: ({ node }) => Promise.reject(new Error(`node ${node} is in this process: no network`)),
  };
}

/** An endpoint must not be loopback; where nothing can dial in, any other address stands for the server. */
function advertised(listen: ListenAddress | undefined) {
  const loopback = listen === undefined || listen.host.startsWith("127.") || listen.host === "::1";
  return { addresses: [loopback ? "10.213.255.254" : listen.host], port: listen?.port || 6443 };
}
