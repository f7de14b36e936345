import {
  type Clock,
  type Logger,
  type MetricRegistry,
  type Random,
  sleep,
} from "../../base/mod.ts";
import {
  acceptTunnel,
  type ApiServer,
  claimStore,
  type ComponentCheck,
  ConfigurationError,
  connectHandler,
  type KubeletConnector,
  type KubeletCredentials,
  otherServers,
  type Peer,
  type RunningOptions,
  startApiServer,
  tunnelBackends,
  tunnelKubelets,
  type UserInfo,
} from "../../apiserver/mod.ts";
import type { Fetch } from "../../client/mod.ts";
import { apiServerNames, CLIENT_SUBJECTS, type Pki } from "../../pki/mod.ts";
import { Door, TunnelHub } from "../../serving/mod.ts";
import type { Store } from "../../storage/mod.ts";
import { localComponents } from "../component_health.ts";
import type { ClusterNetwork, ListenAddress } from "../network.ts";
import { StartError } from "../start_error.ts";
import {
  type ApiServerFlags,
  type ApiServerSettings,
  readApiServerSettings,
  serviceAccountIssuers,
} from "../api_server_settings.ts";
import { followFiles } from "../reloaded_files.ts";

/** How long the last answers may take to reach their clients when the server ends. */
const FLUSH_MAXIMUM_MILLISECONDS = 2000;

export interface ApiServerRoleOptions {
  readonly store: Store;
  readonly pki: Pki;
  readonly network: ClusterNetwork;
  /** Where pods reach this server; never loopback. */
  readonly advertise: { readonly addresses: readonly string[]; readonly port: number };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  /** Where folders of sockets are made. */
  readonly socketParent?: string;
  /** Bearer tokens that never expire. */
  readonly tokens?: ReadonlyMap<string, UserInfo>;
  /** Kubelets of this very process; without it they are reached through tunnels, else directly. */
  readonly kubelets?: KubeletConnector;
  readonly running?: RunningOptions;
  /** How the other components are; asked at their usual ports of this machine where not given. */
  readonly components?: ReadonlyMap<string, ComponentCheck>;
  /** Who is known, who decides and what is let in. */
  readonly flags?: ApiServerFlags;
}

interface Socket {
  readonly server: Deno.HttpServer;
  readonly abort: AbortController;
}

/** kube-apiserver with the ways to reach it: in the process, by socket, by TLS. */
export class ApiServerRole {
  readonly server: ApiServer;
  readonly #options: ApiServerRoleOptions;
  readonly #doors: Door[] = [];
  readonly #sockets: Socket[] = [];
  readonly #hub: TunnelHub;
  readonly #client: Deno.HttpClient;
  readonly #clientAuthorities: string;
  #unfollow = () => {};

  static async start(options: ApiServerRoleOptions): Promise<ApiServerRole> {
    const { pki } = options;
    const subject = CLIENT_SUBJECTS["apiserver-kubelet-client"];
    const { certificate, key } = await pki.client("apiserver-kubelet-client", subject);
    const flags = options.flags ?? {};
    const issuers = serviceAccountIssuers(flags, options.network.domain);
    const settings = await readApiServerSettings(flags, issuers);
    const credentials = { authority: pki.authority.certificate, certificate, key };
    let role: ApiServerRole;
    try {
      if (options.store.shared) await claimStore(options.store, pki);
      role = new ApiServerRole(options, credentials, settings);
    } catch (error) {
      throw error instanceof ConfigurationError ? new StartError(error.message) : error;
    }
    role.#unfollow = followFiles(
      flags,
      issuers,
      role.server,
      options.clock,
      options.logger,
      options.metrics,
    );
    return role;
  }

  private constructor(
    options: ApiServerRoleOptions,
    credentials: KubeletCredentials,
    settings: ApiServerSettings,
  ) {
    const { authority, certificate, key } = credentials;
    const kubelets = Deno.createHttpClient({ caCerts: [authority], cert: certificate, key });
    this.#options = options;
    const { advertise, clock, logger, metrics, network, pki, random, store, tokens } = options;
    const hub = new TunnelHub(logger, options.socketParent);
    this.#hub = hub;
    this.#clientAuthorities = clientAuthorities(pki, settings);
    this.#client = kubelets;
    this.server = startApiServer({
      store,
      pki,
      clock,
      random,
      logger,
      metrics,
      advertise,
      serviceCidrs: network.serviceCidrs,
      issuer: `https://kubernetes.default.svc.${network.domain}`,
      ...(tokens === undefined ? {} : { tokens }),
      running: { ...options.running, components: options.components ?? localComponents(clock) },
      outbound,
      ...settings,
      connect: ({ reader, authorizer }) =>
        connectHandler({
          reader,
          authorizer,
          kubelets: options.kubelets ?? tunnelKubelets(hub, kubelets, credentials),
          backends: tunnelBackends(hub),
          clock,
          random,
        }),
      dial: hub,
      extra: (request, path) =>
        acceptTunnel(
          hub,
          request,
          path,
          () => store.shared ? otherServers(this.server.reader, advertise.addresses) : [],
        ),
    });
  }

  get ready(): Promise<void> {
    return this.server.ready;
  }

  /** A `fetch` that is that user: only for callers inside this process. */
  fetchAs(user: UserInfo): Fetch {
    const peer: Peer = { address: "in-process", user };
    return async (request) => {
      request.signal.throwIfAborted();
      const response = await this.server.handle(request, peer);
      if (response.body === null || !isStream(request.url)) return response;
      // What a lost connection does elsewhere, the caller's signal does here.
      const body = response.body.pipeThrough(new TransformStream(), { signal: request.signal });
      return new Response(body, response);
    };
  }

  /** Serves plain HTTP on a socket; whoever can open it is that user, so its folder must be ours alone. */
  listenSocket(path: string, user: UserInfo): void {
    const peer: Peer = { address: "socket", user };
    const abort = new AbortController();
    const server = Deno.serve(
      { path, signal: abort.signal, onListen() {} },
      (request) => this.server.handle(request, peer),
    );
    this.#sockets.push({ server, abort });
  }

  /** Opens the TLS door. Rejects with `StartError` where the address is taken. Answers the port. */
  async listen(address: ListenAddress, names: readonly string[] = []): Promise<number> {
    const { advertise, logger, network, pki, socketParent } = this.#options;
    const { key, certificate } = await pki.serving("apiserver", {
      commonName: "kube-apiserver",
      hosts: [
        ...apiServerNames(network.domain),
        Deno.hostname(),
        "127.0.0.1",
        "::1",
        firstAddress(network.serviceCidrs[0] ?? ""),
        ...advertise.addresses,
        ...(isWildcard(address.host) ? [] : [address.host]),
        ...names,
      ].filter((host) => host !== ""),
    });
    try {
      const door = await Door.open({
        ...address,
        credentials: { key, certificate, clientCa: this.#clientAuthorities },
        logger,
        clock: this.#options.clock,
        ...(socketParent === undefined ? {} : { socketParent }),
        handle: (request, peer) => this.server.handle(request, peer),
        isPassedOn: (path) => this.server.isPassedOn(path),
      });
      this.#doors.push(door);
      return door.port;
    } catch (error) {
      throw listenError(error, address);
    }
  }

  /** Ends watches, finishes what is being answered, takes no more requests. The store stays open. */
  async end(): Promise<void> {
    this.#unfollow();
    await this.server.stop();
    const drained = Promise.all(this.#doors.map((door) => door.drain()));
    const enough = new AbortController();
    const late = sleep(this.#options.clock, FLUSH_MAXIMUM_MILLISECONDS, enough.signal);
    await Promise.race([drained, late.catch(() => {})]);
    enough.abort();
    await this.#hub.close();
    this.#client.close();
    await Promise.all(this.#doors.map((door) => door.close()));
    await Promise.all(this.#sockets.map(endSocket));
  }
}

/**
 * Ends a socket at once: its callers ended before the server. A graceful end would wait for ever for one that went away
 * in the middle of an upgrade.
 */
async function endSocket({ server, abort }: Socket): Promise<void> {
  abort.abort();
  await server.finished;
}

/** The first address of a Service range: that of `kubernetes.default`. Pure. */
export function firstAddress(range: string): string {
  const network = range.slice(0, range.lastIndexOf("/"));
  const dot = network.lastIndexOf(".");
  return dot < 0 ? "" : `${network.slice(0, dot)}.${Number(network.slice(dot + 1)) + 1}`;
}

function isStream(url: string): boolean {
  return url.includes("watch=") || url.includes("follow=") || url.includes("/watch/");
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function listenError(error: unknown, { host, port }: ListenAddress): Error {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const where = `${host}:${port}`;
  switch (code) {
    case "EADDRINUSE":
      return new StartError(
        `${where} is in use by another program; --listen takes another address`,
      );
    case "EACCES":
      return new StartError(`this user may not listen on ${where}; --listen takes another address`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new StartError(`this machine has no address ${host}; --listen takes another one`);
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}

/** Clients and front proxies show certificates; which of the two signed one is looked at by who authenticates. */
function clientAuthorities(pki: Pki, { authentication }: ApiServerSettings): string {
  const proxies = authentication?.frontProxies?.authority ?? pki.frontProxyAuthority.certificate;
  return `${pki.authority.certificate.trim()}\n${proxies.trim()}\n`;
}

/** A `fetch` that trusts these authorities, or the machine's own. */
function outbound(authority?: string): Fetch {
  if (authority === undefined) return fetch;
  const init: RequestInit & { client: Deno.HttpClient } = {
    client: Deno.createHttpClient({ caCerts: [authority] }),
  };
  return (request) => fetch(request, init);
}
