import type { Clock, Logger, MetricRegistry, Random } from "../../base/mod.ts";
import type { APIGroupDiscovery, APIVersionDiscovery } from "../../api/served.ts";
import type { Dial } from "../../serving/mod.ts";
import type { ObjectReader, ObjectWriter, RequestInfo, UserInfo } from "../ports.ts";
import { AutoRegistration } from "./auto_registration.ts";
import { AvailabilityController } from "./availability_controller.ts";
import { RemoteClients } from "./remote_clients.ts";
import { RemoteIndex } from "./remote_index.ts";
import { RemoteOpenApi } from "./remote_openapi.ts";
import { proxyRemote } from "./remote_proxy.ts";
import type { RemoteService } from "./remote_service.ts";

export interface AggregatorOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  credential(): Promise<{ readonly certificate: string; readonly key: string }>;
}

/**
 * kube-aggregator: what APIServices give to servers behind this one is passed on to them, everything else is this
 * server's own. Where there is no such APIService a request costs one look at an empty index.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #index = new RemoteIndex();
  readonly #clients: RemoteClients;
  readonly #openApi: RemoteOpenApi;
  readonly #versions = new Map<string, APIVersionDiscovery>();
  #groups: readonly APIGroupDiscovery[] | undefined;

  constructor(options: AggregatorOptions) {
    const { clock, credential, dial, random, reader } = options;
    this.#options = options;
    this.#clients = new RemoteClients({ reader, dial, random, credential, now: () => clock.now() });
    this.#openApi = new RemoteOpenApi(this.#index, this.#clients, clock);
    this.#index.onChange((name) => {
      this.#groups = undefined;
      if (this.#index.named(name) === undefined) this.#clients.forget(name);
    });
  }

  /** Passes a request on where it is another server's; undefined where it is this one's. */
  resource(
    request: Request,
    info: RequestInfo,
    user: UserInfo,
    address: string,
  ): Promise<Response> | undefined {
    if (this.#index.empty) return undefined;
    const remote = this.#index.find(info.group, info.version);
    return remote === undefined ? undefined : this.#pass(request, user, address, remote);
  }

  /** The same for what is no resource: versions, and documents of OpenAPI. `own` is what this server answers. */
  endpoint(
    request: Request,
    path: string,
    user: UserInfo,
    address: string,
    own: (request: Request) => Promise<Response>,
  ): Promise<Response> | undefined {
    if (this.#index.empty) return undefined;
    if (path.startsWith("/openapi/")) {
      return this.#openApi.answer(
        request,
        path,
        own,
        (remote) => this.#pass(request, user, address, remote),
      );
    }
    const remote = this.remoteAt(path);
    return remote === undefined ? undefined : this.#pass(request, user, address, remote);
  }

  /** The server that a path belongs to; undefined where it is this one. */
  remoteAt(path: string): RemoteService | undefined {
    if (this.#index.empty) return undefined;
    const [, root, group = "", version = ""] = path.split("/", 4);
    if (root === "apis") return this.#index.find(group, version);
    return root === "api" ? this.#index.find("", group) : undefined;
  }

  /** Groups of servers behind this one, by their priorities: the same list until something changes. */
  readonly groups = (): readonly APIGroupDiscovery[] => this.#groups ??= this.#arrange();

  /** Follows APIServices once the caches are there; returns the end of it. */
  start(): () => void {
    const end = this.#index.start(this.#options.reader);
    return () => {
      end();
      this.#clients.close();
    };
  }

  /** Keeps APIServices as they should be, once those of this server exist; returns the end of it. */
  control(): () => void {
    const { clock, logger, metrics, reader, writer } = this.#options;
    const availability = new AvailabilityController({
      reader,
      writer,
      clock,
      logger,
      metrics,
      clients: this.#clients,
      index: this.#index,
      discovered: (remote, version) => this.#discovered(remote, version),
    });
    const registration = new AutoRegistration({ reader, writer, clock, logger });
    const ends = [availability.start(), registration.start()];
    return () => ends.forEach((end) => end());
  }

  #pass(
    request: Request,
    user: UserInfo,
    address: string,
    remote: RemoteService,
  ): Promise<Response> {
    const start = request.url.indexOf("/", request.url.indexOf("://") + 3);
    const path = start < 0 ? "/" : request.url.slice(start).split("#", 1)[0] ?? "/";
    return proxyRemote(
      { request, path, user, address },
      remote,
      this.#clients,
      this.#options.clock,
    );
  }

  #discovered({ name }: RemoteService, version: APIVersionDiscovery | undefined): void {
    const known = this.#versions.get(name);
    if (version === undefined) {
      // What is known of it stays, but is marked as old.
      if (known === undefined || known.freshness === "Stale") return;
      this.#versions.set(name, { ...known, freshness: "Stale" });
    } else {
      if (JSON.stringify(known) === JSON.stringify(version)) return;
      this.#versions.set(name, version);
    }
    this.#groups = undefined;
  }

  #arrange(): APIGroupDiscovery[] {
    const byGroup = new Map<string, RemoteService[]>();
    for (const remote of this.#index.all) {
      byGroup.set(remote.group, [...byGroup.get(remote.group) ?? [], remote]);
    }
    const rank = (remotes: readonly RemoteService[]) =>
      Math.max(...remotes.map(({ priority }) => priority.group));
    return [...byGroup]
      .sort(([a, left], [b, right]) => rank(right) - rank(left) || (a < b ? -1 : 1))
      .map(([name, remotes]) => ({
        metadata: { name, creationTimestamp: null },
        versions: remotes.sort((a, b) => b.priority.version - a.priority.version).map((remote) =>
          this.#versions.get(remote.name) ??
            { version: remote.version, resources: [], freshness: "Stale" as const }
        ),
      }));
  }
}
