import { type Clock, type Logger, sleep } from "../../base/mod.ts";
import { type KubeObject, type Service, SERVICES } from "../../api/served.ts";
import type { ObjectReader } from "../ports.ts";
import { clusterIpsOf, nodePortsOf } from "./carry_over.ts";
import type { ClusterIps, Owner } from "./cluster_ips.ts";
import type { NodePorts } from "./node_ports.ts";

/** What others have reserved for a service may be that long without it. */
const GRACE_MILLISECONDS = 60_000;
const INTERVAL_MILLISECONDS = 180_000;

export interface ServiceRepairOptions {
  readonly reader: ObjectReader;
  readonly logger: Logger;
  /** Where other servers allocate as well. */
  readonly shared?: { readonly clock: Clock };
}

/** Makes good what a crash, or a write of which nobody knows, left between services and what they hold. */
export class ServiceRepair {
  constructor(
    readonly ips: ClusterIps,
    readonly ports: NodePorts,
    readonly options: ServiceRepairOptions,
  ) {}

  async run(): Promise<void> {
    const { shared } = this.options;
    await this.ports.repair(async () =>
      new Set((await this.#services()).flatMap(({ spec }) => [...nodePortsOf(spec)]))
    );
    await this.ips.repair(async () => {
      const held = new Map<string, Owner>();
      for (const service of await this.#services()) {
        for (const address of clusterIpsOf(service.spec)) held.set(address, ownerOf(service));
      }
      return held;
    }, shared && shared.clock.now() - GRACE_MILLISECONDS);
  }

  /** Repeats it now and then; the result ends it. */
  start(): () => void {
    const abort = new AbortController();
    void this.#repeat(abort.signal);
    return () => abort.abort(new Error("the server ends"));
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    const { logger, shared } = this.options;
    while (!signal.aborted && shared !== undefined) {
      try {
        await sleep(shared.clock, INTERVAL_MILLISECONDS, signal);
        await this.run();
      } catch (error) {
        if (!signal.aborted) logger.warn("services were not repaired", { error });
      }
    }
  }

  async #services(): Promise<Service[]> {
    const { reader } = this.options;
    await reader.fresh(SERVICES.group, SERVICES.resource);
    return reader.list<Service>(SERVICES.group, SERVICES.resource);
  }
}

export const ownerOf = ({ metadata }: KubeObject): Owner => ({
  namespace: metadata?.namespace ?? "",
  name: metadata?.name ?? "",
});
