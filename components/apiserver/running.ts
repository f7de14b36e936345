import type { ComponentCheck } from "./handlers/component_statuses.ts";
import {
  type Clock,
  FeatureGates,
  type Logger,
  type MetricRegistry,
  registerProcessMetrics,
} from "../base/mod.ts";
import type { Store } from "../storage/mod.ts";
import {
  type AuditLogOptions,
  Auditor,
  type AuditPolicy,
  type AuditWebhookOptions,
  logBackend,
  webhookBackend,
} from "./audit/mod.ts";
import {
  type Endpoint,
  type HealthChecks,
  registerBuildMetrics,
  serveFlags,
  serveStatus,
} from "./endpoints/mod.ts";
import type { EncryptionOptions } from "./encryption/mod.ts";
import type { FlowControlOptions } from "./fairness/mod.ts";
import { Lifecycle } from "./lifecycle.ts";
import { registerStorageMetrics, ServerMetrics, WatchMetrics } from "./metrics/mod.ts";
import type { RequestInfo } from "./ports.ts";
import type { WatchMeter } from "./read/mod.ts";
import type { Registry } from "./registry/mod.ts";
import { WatchCounts } from "./watch_counts.ts";

/** How a server is run: everything has kube-apiserver's default. */
export interface RunningOptions {
  readonly flowControl?: Partial<FlowControlOptions>;
  /** How long a request may take that does not last; 60 s. */
  readonly requestTimeoutMilliseconds?: number;
  /** How long a watch that names no time lasts at least; half an hour. */
  readonly minimumWatchSeconds?: number;
  /** How long new requests are still taken when the end was asked for; none. */
  readonly shutdownDelayMilliseconds?: number;
  /** Patterns of the origins whose pages may use the API; none. */
  readonly corsAllowedOrigins?: readonly string[];
  readonly gates?: FeatureGates;
  readonly audit?: AuditOptions;
  readonly encryption?: EncryptionOptions;
  /** What `/flagz` shows. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The other components of the control plane, for `componentstatuses`. */
  readonly components?: ReadonlyMap<string, ComponentCheck>;
}

/** What is recorded, and where. */
export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly log?: AuditLogOptions;
  readonly webhook?: AuditWebhookOptions;
}

export interface RunningServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  readonly store: Store;
  readonly registry: Registry;
}

const REQUEST_TIMEOUT_MILLISECONDS = 60_000;
const WATCH_MINIMUM_SECONDS = 1800;
/** What `/statusz` names besides the pages that are on. */
const SERVED_PAGES = ["healthz", "livez", "metrics", "readyz", "version"];

/** What a running server knows of itself: its meters, its pages, and how it ends. */
export class Running {
  readonly lifecycle: Lifecycle;
  readonly metrics: ServerMetrics;
  readonly watches = new WatchCounts();
  readonly timeoutMilliseconds: number;
  readonly minimumWatchSeconds: number;
  readonly #options: RunningOptions;
  readonly #services: RunningServices;
  readonly #gates: FeatureGates;
  readonly #watchMetrics: WatchMetrics;
  /** Absent where nothing is recorded. */
  readonly audit: Auditor | undefined;

  constructor(options: RunningOptions, services: RunningServices) {
    const { clock, metrics, registry } = services;
    this.#options = options;
    this.#services = services;
    this.#gates = options.gates ?? FeatureGates.DEFAULT;
    this.timeoutMilliseconds = options.requestTimeoutMilliseconds ?? REQUEST_TIMEOUT_MILLISECONDS;
    this.minimumWatchSeconds = options.minimumWatchSeconds ?? WATCH_MINIMUM_SECONDS;
    this.lifecycle = new Lifecycle(clock);
    this.metrics = new ServerMetrics(
      metrics,
      ({ group, version, resource }) =>
        registry.definitions.find(group, version, resource) !== undefined,
    );
    this.#watchMetrics = new WatchMetrics(metrics, clock);
    registerStorageMetrics(
      metrics,
      () => registry.held(),
      () => services.store.databaseBytes ?? 0,
    );
    registerProcessMetrics(metrics);
    registerBuildMetrics(metrics, this.#gates);
    this.audit = options.audit === undefined ? undefined : openAuditor(options.audit, services);
  }

  /** What reads need of it. */
  get reads() {
    return {
      shutdown: this.lifecycle.watches,
      minimumWatchSeconds: this.minimumWatchSeconds,
      watching: (info: RequestInfo) => this.watching(info),
    };
  }

  /** Hears of each watch that opens. */
  watching(info: RequestInfo): WatchMeter {
    const ends = [this.watches.open(info), this.metrics.longRunning("WATCH", info)];
    return this.#watchMetrics.open(info, () => ends.forEach((end) => end()));
  }

  /** Whose health `componentstatuses` tell: the store's, too. */
  get components(): ReadonlyMap<string, ComponentCheck> {
    const store = async () => {
      await this.#services.store.check();
      return { isHealthy: true, message: "ok", error: "" };
    };
    return new Map([...this.#options.components ?? [], ["etcd-0", store]]);
  }

  /** The checks of a running server beside those of its start. */
  addChecks(health: HealthChecks): void {
    const { registry, store } = this.#services;
    health.add("log", () => {});
    health.add("etcd", () => store.check());
    health.add("etcd-readiness", () => store.check(), ["readyz"]);
    health.add("informer-sync", () => {
      if (!registry.isReady) throw new Error("caches are not filled");
    }, ["readyz"]);
    health.add("shutdown", () => {
      if (this.lifecycle.stopping) throw new Error("process is shutting down");
    }, ["readyz"]);
  }

  /** What is served about the server itself, by the first segment of its path. */
  pages(debug: Endpoint): ReadonlyMap<string, Endpoint> {
    const { clock } = this.#services;
    const pages = new Map<string, Endpoint>([["debug", debug]]);
    if (this.#gates.enabled("ComponentFlagz")) {
      pages.set("flagz", serveFlags(this.#options.flags ?? {}));
    }
    if (this.#gates.enabled("ComponentStatusz")) {
      const paths = () =>
        [...pages.keys(), ...SERVED_PAGES].filter((name) => name !== "debug").sort()
          .map((name) => `/${name}`);
      pages.set("statusz", serveStatus(clock, clock.now(), paths));
    }
    return pages;
  }

  /** Takes no new requests, and waits for those that are answered, no longer than a request may take. */
  async stop(): Promise<void> {
    const { lifecycle, timeoutMilliseconds } = this;
    const delay = this.#options.shutdownDelayMilliseconds ?? 0;
    if (!await lifecycle.stop(delay, timeoutMilliseconds)) {
      this.#services.logger.warn("requests were still running", { count: lifecycle.running });
    }
    await this.audit?.close();
  }

  /** Ends watches at once. */
  close(): void {
    void this.lifecycle.stop(0, 0);
    void this.audit?.close();
  }
}

function openAuditor(
  { policy, log, webhook }: AuditOptions,
  { clock, logger, metrics }: RunningServices,
): Auditor {
  const backends = [
    ...(log === undefined ? [] : [logBackend(log, clock, logger)]),
    ...(webhook === undefined ? [] : [webhookBackend(webhook, clock, logger)]),
  ];
  return new Auditor({ policy, backends, clock, logger, metrics });
}
