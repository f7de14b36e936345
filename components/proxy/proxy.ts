import { type Clock, type Logger, sleep } from "../base/mod.ts";
import {
  ENDPOINT_SLICES,
  type EndpointSlice,
  type Node,
  NODES,
  type Service,
  SERVICES,
} from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { Informer, objectKey } from "../reconcile/mod.ts";
import { ruleset } from "./ruleset.ts";
import { type ServicePort, servicePorts } from "./service_port.ts";

/** The backend port: takes a whole ruleset and applies it at once, or throws with what the kernel said. */
export interface RuleBackend {
  apply(ruleset: string): Promise<void>;
}

export interface ProxyOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeName: string;
  readonly clusterCidr: string;
  readonly serviceCidrs: readonly string[];
  readonly backend: RuleBackend;
  /** Time between two runs at least: changes that come together are applied together. */
  readonly minSyncMilliseconds?: number;
}

export interface Proxy {
  /** Resolves when the first rules stand. */
  readonly ready: Promise<void>;
  /** Whether every change that was seen stands in the kernel, and since when not, in milliseconds. */
  health(): { readonly healthy: boolean; readonly lastUpdated: number };
  end(): Promise<void>;
}

/** A queued change that has not been applied for so long makes the proxy unhealthy. */
const UNHEALTHY_AFTER_MILLISECONDS = 60_000;
const RETRY_MILLISECONDS = 5_000;
const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** kube-proxy: keeps the node's rules as Services and EndpointSlices say. Writes nothing before both are known. */
export function startProxy(options: ProxyOptions): Proxy {
  const { client, clock, logger, nodeName } = options;
  const abort = new AbortController();
  const common = { client, clock, logger };
  const services = new Informer<Service>({
    ...common,
    type: SERVICES,
    fieldSelector: "spec.clusterIP!=None",
  });
  const slices = new Informer<EndpointSlice>({
    ...common,
    type: ENDPOINT_SLICES,
    labelSelector: "!service.kubernetes.io/headless",
    indexers: { service: (slice) => [serviceOf(slice)] },
  });
  const nodes = new Informer<Node>({
    ...common,
    type: NODES,
    fieldSelector: `metadata.name=${nodeName}`,
  });

  // Ports by Service: only what changed is worked out again.
  const ports = new Map<string, ServicePort[]>();
  const dirty = new Set<string>();
  let wake = Promise.withResolvers<void>();
  let waitingSince: number | undefined;
  let lastUpdated = clock.now();
  const touch = (key: string) => {
    dirty.add(key);
    waitingSince ??= clock.now();
    wake.resolve();
  };
  services.onChange(({ key }) => touch(key));
  slices.onChange(({ current, previous }) => {
    if (current !== undefined) touch(serviceOf(current));
    if (previous !== undefined) touch(serviceOf(previous));
  });
  nodes.onChange(() => {
    for (const key of services.keys()) touch(key);
    touch("");
  });
  for (const informer of [services, slices, nodes]) informer.start(abort.signal);

  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => {});

  const sync = async () => {
    const node = nodes.list()[0];
    const zone = node?.metadata?.labels?.["topology.kubernetes.io/zone"];
    const place = { name: nodeName, ...(zone === undefined ? {} : { zone }) };
    for (const key of [...dirty]) {
      const service = services.get(key);
      if (service === undefined) ports.delete(key);
      else ports.set(key, servicePorts(service, slices.byIndex("service", key), place));
      dirty.delete(key);
    }
    const nodeIPs = (node?.status?.addresses ?? [])
      .filter((address) => address.type === "InternalIP")
      .map((address) => address.address ?? "")
      .filter((address) => address !== "" && !address.includes(":"));
    const text = ruleset([...ports.values()].flat(), {
      clusterCidr: options.clusterCidr,
      serviceCidrs: options.serviceCidrs,
      nodeIPs,
    });
    await options.backend.apply(text);
  };

  const run = async () => {
    await Promise.all([services.synced(), slices.synced(), nodes.synced()]);
    touch("");
    while (!abort.signal.aborted) {
      await wake.promise;
      if (abort.signal.aborted) return;
      wake = Promise.withResolvers();
      let pause = options.minSyncMilliseconds ?? 100;
      try {
        await sync();
        waitingSince = dirty.size > 0 ? clock.now() : undefined;
        lastUpdated = clock.now();
        ready.resolve();
      } catch (error) {
        logger.error("rules not applied", { error });
        pause = RETRY_MILLISECONDS;
        wake.resolve();
      }
      await sleep(clock, pause, abort.signal).catch(() => {});
    }
  };
  const running = run().catch((error) => {
    if (!abort.signal.aborted) logger.error("proxy ended", { error });
    ready.reject(error);
  });

  return {
    ready: ready.promise,
    health: () => ({
      healthy: waitingSince === undefined ||
        clock.now() - waitingSince < UNHEALTHY_AFTER_MILLISECONDS,
      lastUpdated,
    }),
    async end() {
      abort.abort(new Error("the proxy ends"));
      wake.resolve();
      await running;
    },
  };
}

function serviceOf(slice: EndpointSlice): string {
  const name = slice.metadata?.labels?.[SERVICE_NAME_LABEL] ?? "";
  return name === "" ? "" : objectKey({ metadata: { ...slice.metadata, name } });
}
