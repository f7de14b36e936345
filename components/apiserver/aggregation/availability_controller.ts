import {
  type Clock,
  type Counter,
  type Gauge,
  type Logger,
  type MetricRegistry,
  timestamp,
} from "../../base/mod.ts";
import {
  type APIService,
  type APIVersionDiscovery,
  type EndpointSlice,
  type KubeObject,
  type Service,
} from "../../api/served.ts";
import { ControlLoop } from "../../reconcile/mod.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import { failedCheck, type Judgement, judgeService, PASSED } from "./availability_plan.ts";
import type { RemoteClients } from "./remote_clients.ts";
import type { RemoteIndex } from "./remote_index.ts";
import { versionDiscovery } from "./remote_discovery.ts";
import { askRemote } from "./remote_request.ts";
import { pathOf, remoteOf, type RemoteService } from "./remote_service.ts";

const GROUP = "apiregistration.k8s.io";
const RESOURCE = "apiservices";
const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const RECHECK_MILLISECONDS = 30_000;
const CHECK_TIMEOUT_MILLISECONDS = 5_000;
/** Servers asked at once. */
const WORKERS = 5;

const LOCAL: Judgement = {
  status: "True",
  reason: "Local",
  message: "Local APIServices are always available",
};

export interface AvailabilityOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clients: RemoteClients;
  readonly index: RemoteIndex;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  /** Told what a server behind this one serves, and undefined when that is not known any more. */
  discovered(remote: RemoteService, version: APIVersionDiscovery | undefined): void;
}

/** Keeps the condition `Available` of every APIService: asks the servers behind this one now and then, and on changes. */
export class AvailabilityController {
  readonly #options: AvailabilityOptions;
  readonly #loop: ControlLoop;
  readonly #unavailable: Gauge;
  readonly #failures: Counter;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    const { clock, logger, metrics } = options;
    this.#unavailable = metrics.gauge(
      "aggregator_unavailable_apiservice",
      "[ALPHA] Gauge of APIServices which are marked as unavailable broken down by APIService name.",
      ["name"],
    );
    this.#failures = metrics.counter(
      "aggregator_unavailable_apiservice_total",
      "[ALPHA] Counter of APIServices which are marked as unavailable broken down by APIService name and reason.",
      ["name", "reason"],
    );
    this.#loop = new ControlLoop({
      name: "apiservice-availability",
      clock,
      logger,
      workers: WORKERS,
      reconcile: (name) => this.#check(name),
    });
  }

  /** Follows APIServices, and Services that they name; returns the end of it. */
  start(): () => void {
    const { index, reader } = this.#options;
    const related = (object: KubeObject | undefined, name: string | undefined) => {
      const namespace = object?.metadata?.namespace ?? "";
      for (const { name: remote, service } of index.all) {
        if (service.namespace === namespace && service.name === name) this.#loop.queue.add(remote);
      }
    };
    const ends = [
      reader.onChange(GROUP, RESOURCE, ({ current, previous }) => {
        // Its own status is what is written here.
        if (current !== undefined && isSettled(current, previous)) return;
        this.#add(current ?? previous);
      }),
      reader.onChange("", "services", ({ current, previous }) => {
        related(current ?? previous, (current ?? previous)?.metadata?.name);
      }),
      reader.onChange("discovery.k8s.io", "endpointslices", ({ current, previous }) => {
        const slice = current ?? previous;
        related(slice, slice?.metadata?.labels?.[SERVICE_NAME_LABEL]);
      }),
    ];
    for (const { name } of index.all) this.#loop.queue.add(name);
    this.#loop.start();
    return () => {
      for (const end of ends) end();
      this.#loop.end().catch(() => {});
    };
  }

  #add(object: KubeObject | undefined): void {
    this.#loop.queue.add(object?.metadata?.name ?? "");
  }

  async #check(name: string): Promise<number | void> {
    const { reader, discovered } = this.#options;
    const object = reader.get<APIService>(GROUP, RESOURCE, "", name);
    if (object === undefined) return;
    const remote = remoteOf(object);
    if (remote === undefined) return await this.#write(object, LOCAL);
    const { service } = remote;
    const known = judgeService(
      remote,
      reader.get<Service>("", "services", service.namespace, service.name),
      reader.list<EndpointSlice>("discovery.k8s.io", "endpointslices", service.namespace),
    );
    const judgement = known ?? await this.#ask(remote);
    if (judgement.status !== "True") discovered(remote, undefined);
    this.#unavailable.set(judgement.status === "True" ? 0 : 1, name);
    await this.#write(object, judgement);
    return RECHECK_MILLISECONDS;
  }

  async #ask(remote: RemoteService): Promise<Judgement> {
    const { clients, clock, discovered } = this.#options;
    try {
      const list = await askRemote(
        remote,
        pathOf(remote),
        clients,
        clock,
        CHECK_TIMEOUT_MILLISECONDS,
      );
      discovered(remote, versionDiscovery(remote.version, list));
      return PASSED;
    } catch (error) {
      return failedCheck(error instanceof Error ? error.message : String(error));
    }
  }

  async #write(object: APIService, judgement: Judgement): Promise<void> {
    const conditions = object.status?.conditions ?? [];
    const known = conditions.find(({ type }) => type === "Available");
    const same = known?.status === judgement.status && known?.reason === judgement.reason &&
      known?.message === judgement.message;
    if (same) return;
    if (judgement.status !== "True") {
      this.#failures.add(1, object.metadata?.name ?? "", judgement.reason ?? "");
    }
    const now = timestamp(this.#options.clock.now());
    const lastTransitionTime = known?.status === judgement.status
      ? known?.lastTransitionTime ?? now
      : now;
    const condition = { type: "Available", lastTransitionTime, ...judgement };
    await this.#options.writer.update<APIService>(GROUP, RESOURCE, {
      ...object,
      status: {
        ...object.status,
        conditions: [...conditions.filter(({ type }) => type !== "Available"), condition],
      },
    }, "status");
  }
}

/** True where a change is of the status only, and there is one. */
function isSettled(current: KubeObject, previous: KubeObject | undefined): boolean {
  const next = current as APIService;
  const known = previous as APIService | undefined;
  return known !== undefined && next.status?.conditions !== undefined &&
    next.metadata?.uid === known.metadata?.uid &&
    JSON.stringify(next.spec) === JSON.stringify(known.spec);
}
