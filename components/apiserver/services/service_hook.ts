import {
  type Clock,
  internalError,
  invalid,
  type Logger,
  type MetricRegistry,
  type Random,
} from "../../base/mod.ts";
import { type KubeObject, type Service, SERVICES, type ServiceSpec } from "../../api/served.ts";
import type { Store } from "../../storage/mod.ts";
import type { ObjectReader, ObjectWriter, Rollback, WriteHook } from "../ports.ts";
import { type AllocatorMeter, allocatorMeter, type Scope } from "./allocator_metrics.ts";
import { carryOver, clusterIpsOf, nodePortsOf } from "./carry_over.ts";
import { AllocationError, ClusterIps, type Owner } from "./cluster_ips.ts";
import { fillFamilies, wrong } from "./families.ts";
import type { IpFamily } from "./ip_range.ts";
import { NodePorts } from "./node_ports.ts";
import { PortClaims } from "./port_claims.ts";
import { NODE_PORT_RANGE, type PortRange } from "./port_range.ts";
import { ownerOf, ServiceRepair } from "./service_repair.ts";
import {
  allocatesNodePorts,
  isHeadless,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
} from "./service_needs.ts";

export interface ServiceHookOptions {
  /** One range, or one of each family; the first is the usual one. */
  readonly cidrs: readonly string[];
  readonly nodePorts?: PortRange;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: MetricRegistry;
  /** Where other servers allocate as well. */
  readonly shared?: { readonly store: Store; readonly clock: Clock };
}

/** What one write has taken so far, so that it can be taken back. */
interface Taken {
  readonly owner: Owner;
  readonly portOwner: string;
  readonly dryRun: boolean;
  readonly addresses: string[];
  readonly ports: number[];
}

/** Gives services their addresses and node ports, and takes them back. */
export class ServiceHook implements WriteHook {
  readonly group = SERVICES.group;
  readonly resource = SERVICES.resource;
  readonly #options: ServiceHookOptions;
  readonly #ips: ClusterIps;
  readonly #ports: NodePorts;
  readonly #repair: ServiceRepair;
  readonly #meter: AllocatorMeter | undefined;

  constructor(options: ServiceHookOptions) {
    const { cidrs, reader, writer, random } = options;
    this.#options = options;
    this.#ips = new ClusterIps(cidrs, reader, writer, random);
    const range = options.nodePorts ?? NODE_PORT_RANGE;
    const claims = options.shared && new PortClaims(options.shared.store, range);
    this.#ports = new NodePorts(range, random, claims);
    this.#meter = options.metrics && allocatorMeter(options.metrics, this.#ips, this.#ports);
    this.#repair = new ServiceRepair(this.#ips, this.#ports, options);
  }

  /**
   * Call once the caches of services, ipaddresses and servicecidrs are ready and before any service is written: reads
   * what is held. The result ends the following.
   */
  start(): () => void {
    const { reader } = this.#options;
    const ends = [
      reader.onChange(this.group, this.resource, (change) => this.#follow(change)),
      this.#ips.start(),
    ];
    for (const service of reader.list<Service>(this.group, this.resource)) this.#adopt(service);
    if (this.#options.shared !== undefined) ends.push(this.#repair.start());
    return () => ends.forEach((end) => end());
  }

  /**
   * Makes good what a crash left between a service and what it holds. Call after `start`, once writes are possible;
   * where others allocate as well it is repeated from then on.
   */
  repair(): Promise<void> {
    return this.#repair.run();
  }

  async beforeCreate(next: KubeObject, dryRun: boolean): Promise<Rollback | undefined> {
    const service = next as Service;
    const spec = service.spec ??= {};
    this.#fillFamilies(service, spec);
    return await this.#allocate(service, undefined, dryRun);
  }

  async beforeUpdate(
    next: KubeObject,
    previous: KubeObject,
    dryRun: boolean,
  ): Promise<Rollback | undefined> {
    const service = next as Service;
    const before = (previous as Service).spec ?? {};
    const spec = service.spec ??= {};
    carryOver(spec, before);
    this.#fillFamilies(service, spec);
    return await this.#allocate(service, before, dryRun);
  }

  async afterUpdate(next: KubeObject, previous: KubeObject): Promise<void> {
    const { spec } = next as Service;
    const before = (previous as Service).spec;
    const ports = nodePortsOf(spec);
    const addresses = new Set(clusterIpsOf(spec));
    await this.#giveBack(
      previous,
      clusterIpsOf(before).filter((address) => !addresses.has(address)),
      [...nodePortsOf(before)].filter((port) => !ports.has(port)),
    );
  }

  async afterDelete(previous: KubeObject): Promise<void> {
    const { spec } = previous as Service;
    await this.#giveBack(previous, clusterIpsOf(spec), [...nodePortsOf(spec)]);
  }

  #fillFamilies(service: Service, spec: ServiceSpec): void {
    const errors = fillFamilies(spec, this.#ips.families);
    if (errors.length > 0) throw invalid(SERVICES, service.metadata?.name ?? "", errors);
  }

  async #allocate(
    service: Service,
    before: ServiceSpec | undefined,
    dryRun: boolean,
  ): Promise<Rollback | undefined> {
    const spec = service.spec ?? {};
    const taken: Taken = {
      owner: ownerOf(service),
      portOwner: portOwnerOf(service),
      dryRun,
      addresses: [],
      ports: [],
    };
    try {
      await this.#allocateAddresses(service, spec, before, taken);
      await this.#allocatePorts(service, spec, before, taken);
      await this.#allocateHealthCheckPort(spec, before, taken);
    } catch (error) {
      await this.#takeBack(taken);
      throw error;
    }
    if (dryRun) {
      await this.#takeBack(taken);
      return undefined;
    }
    return () => this.#takeBack(taken);
  }

  async #allocateAddresses(
    service: Service,
    spec: ServiceSpec,
    before: ServiceSpec | undefined,
    taken: Taken,
  ): Promise<void> {
    if (!needsClusterIp(spec) || isHeadless(spec)) return;
    const held = new Set(clusterIpsOf(before));
    const wanted = clusterIpsOf(spec);
    const addresses: string[] = [];
    // Who asks for an address besides None, or for no family, is answered by validation.
    for (const [i, family] of (spec.ipFamilies as IpFamily[] | undefined ?? []).entries()) {
      const asked = wanted[i] ?? "";
      if (held.has(asked)) {
        addresses.push(asked);
        continue;
      }
      const scope = asked === "" ? "dynamic" : "static";
      const done = (well: boolean) => {
        if (!taken.dryRun) this.#meter?.address(this.#ips.cidrOf(family), scope, well);
      };
      try {
        const address = asked === ""
          ? await this.#ips.next(family, taken.owner, taken.dryRun)
          : await this.#ips.take(asked, taken.owner, taken.dryRun);
        taken.addresses.push(address);
        addresses.push(address);
        done(true);
      } catch (error) {
        done(false);
        if (!(error instanceof AllocationError)) throw error;
        if (asked === "") {
          throw internalError(`failed to allocate a serviceIP: ${error.message}`);
        }
        const why = `failed to allocate IP ${asked}: ${error.message}`;
        const causes = [wrong("spec.clusterIPs", spec.clusterIPs ?? [], why)];
        throw invalid(SERVICES, service.metadata?.name ?? "", causes);
      }
    }
    if (addresses.length === 0) return;
    spec.clusterIPs = addresses;
    spec.clusterIP = addresses[0] ?? "";
  }

  async #allocatePorts(
    service: Service,
    spec: ServiceSpec,
    before: ServiceSpec | undefined,
    taken: Taken,
  ): Promise<void> {
    if (!needsNodePort(spec)) return;
    const held = nodePortsOf(before);
    const ports = spec.ports ?? [];
    // One port number has one node port, whatever the protocol: DNS listens on both.
    const byPort = new Map<number, number>();
    for (const [i, port] of ports.entries()) {
      if (!port.nodePort && !allocatesNodePorts(spec)) continue;
      const number = port.port ?? 0;
      const shared = byPort.get(number);
      const asked = port.nodePort ||
        (shared ?? ports.find((other) => other.port === number && other.nodePort)?.nodePort ?? 0);
      if (asked === 0) {
        port.nodePort = await this.#nextPort(taken, "failed to allocate a nodePort");
      } else {
        port.nodePort = asked;
        if (!held.has(asked) && !taken.ports.includes(asked)) {
          await this.#takePort(service, asked, `spec.ports[${i}].nodePort`, taken);
        }
      }
      if (shared === undefined) byPort.set(number, port.nodePort);
    }
  }

  async #takePort(service: Service, port: number, field: string, taken: Taken): Promise<void> {
    // It may have been given back a moment ago.
    if (!this.#ports.isFree(port)) {
      await this.#options.reader.fresh(this.group, this.resource);
    }
    try {
      await this.#counted("static", taken, this.#ports.take(port, taken.portOwner, taken.dryRun));
      taken.ports.push(port);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      const causes = [wrong(field, port, error.message)];
      throw invalid(SERVICES, service.metadata?.name ?? "", causes);
    }
  }

  async #nextPort(taken: Taken, what: string): Promise<number> {
    try {
      const next = this.#ports.next(taken.portOwner, taken.dryRun);
      const port = await this.#counted("dynamic", taken, next);
      taken.ports.push(port);
      return port;
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      throw internalError(`${what}: ${error.message}`);
    }
  }

  async #counted<T>(scope: Scope, { dryRun }: Taken, taking: Promise<T>): Promise<T> {
    try {
      const port = await taking;
      if (!dryRun) this.#meter?.port(scope, true);
      return port;
    } catch (error) {
      if (!dryRun) this.#meter?.port(scope, false);
      throw error;
    }
  }

  async #allocateHealthCheckPort(
    spec: ServiceSpec,
    before: ServiceSpec | undefined,
    taken: Taken,
  ): Promise<void> {
    if (!needsHealthCheckPort(spec)) return;
    const asked = spec.healthCheckNodePort ?? 0;
    if (asked === 0) {
      const what = "failed to allocate a HealthCheck NodePort";
      spec.healthCheckNodePort = await this.#nextPort(taken, what);
      return;
    }
    if (before?.healthCheckNodePort === asked) return;
    try {
      await this.#counted("static", taken, this.#ports.take(asked, taken.portOwner, taken.dryRun));
      taken.ports.push(asked);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      const what = `failed to allocate requested HealthCheck NodePort ${asked}`;
      throw internalError(`${what}: ${error.message}`);
    }
  }

  async #takeBack({ owner, portOwner, dryRun, addresses, ports }: Taken): Promise<void> {
    await this.#settle(owner, [
      ...ports.map((port) => this.#ports.release(port, portOwner, dryRun)),
      ...addresses.map((address) => this.#ips.release(address, owner, dryRun)),
    ]);
  }

  /** What a service no longer has goes back by who took it from the service. */
  async #giveBack(
    service: KubeObject,
    addresses: readonly string[],
    ports: readonly number[],
  ): Promise<void> {
    const owner = ownerOf(service);
    await this.#settle(owner, [
      ...ports.map((port) => this.#ports.release(port, portOwnerOf(service), false)),
      ...addresses.map((address) => this.#ips.release(address, owner, false)),
    ]);
  }

  /** What fails here is found by repair, and is no reason to fail the write. */
  async #settle(owner: Owner, work: readonly Promise<void>[]): Promise<void> {
    for (const result of await Promise.allSettled(work)) {
      if (result.status === "fulfilled") continue;
      const error = result.reason;
      this.#options.logger.error("what a service had was not given back", { ...owner, error });
    }
  }

  #adopt(service: Service): void {
    const owner = ownerOf(service);
    for (const address of clusterIpsOf(service.spec)) this.#ips.adopt(address, owner);
    for (const port of nodePortsOf(service.spec)) this.#ports.adopt(port, portOwnerOf(service));
  }

  /** What the store says counts, whoever wrote it. */
  #follow({ current, previous }: { current?: KubeObject; previous?: KubeObject }): void {
    if (previous !== undefined) {
      const ports = nodePortsOf((current as Service | undefined)?.spec);
      for (const port of nodePortsOf((previous as Service).spec)) {
        if (!ports.has(port)) this.#ports.forget(port, portOwnerOf(previous));
      }
    }
    if (current !== undefined) this.#adopt(current as Service);
  }
}

/** By uid: a service that was deleted and made anew is not the one that gave its ports back. */
const portOwnerOf = ({ metadata }: KubeObject): string =>
  metadata?.uid ?? `${metadata?.namespace}/${metadata?.name}`;
