import type { Clock, Logger } from "../base/mod.ts";
import { ENDPOINT_SLICES, type EndpointSlice, type Service, SERVICES } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { Informer, objectKey } from "../reconcile/mod.ts";
import { Resolver } from "./resolver.ts";
import { type DnsServer, serveDns } from "./server.ts";
import { serviceRecords } from "./zone.ts";

export interface DnsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `cluster.local` as a rule. */
  readonly domain: string;
  readonly host: string;
  readonly port: number;
  readonly upstreams: readonly string[];
}

export interface Dns {
  readonly resolver: Resolver;
  /** Resolves when Services and slices are known and the port is open. */
  readonly ready: Promise<DnsServer>;
  end(): Promise<void>;
}

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** Cluster DNS: answers for Services as they are now, and asks elsewhere for all other names. */
export function startDns(options: DnsOptions): Dns {
  const { client, clock, logger, domain } = options;
  const abort = new AbortController();
  const resolver = new Resolver(domain);
  const services = new Informer<Service>({ client, clock, logger, type: SERVICES });
  const slices = new Informer<EndpointSlice>({
    client,
    clock,
    logger,
    type: ENDPOINT_SLICES,
    indexers: { service: (slice) => [serviceOf(slice)] },
  });
  const update = (key: string) => {
    const service = services.get(key);
    if (service === undefined) resolver.delete(key);
    else resolver.set(key, serviceRecords(service, slices.byIndex("service", key), domain));
  };
  services.onChange(({ key }) => update(key));
  slices.onChange(({ current, previous }) => {
    if (current !== undefined) update(serviceOf(current));
    if (previous !== undefined) update(serviceOf(previous));
  });
  services.start(abort.signal);
  slices.start(abort.signal);
  const ready = Promise.all([services.synced(), slices.synced()]).then(() =>
    serveDns({ ...options, resolver })
  );
  ready.catch(() => {});
  return {
    resolver,
    ready,
    async end() {
      abort.abort(new Error("DNS ends"));
      await ready.then((server) => server.end(), () => {});
    },
  };
}

function serviceOf(slice: EndpointSlice): string {
  const name = slice.metadata?.labels?.[SERVICE_NAME_LABEL] ?? "";
  return name === "" ? "" : objectKey({ metadata: { ...slice.metadata, name } });
}
