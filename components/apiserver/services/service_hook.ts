import { internalError, invalid, type Logger, type Random } from "../../base/mod.ts";
import { type KubeObject, type Service, SERVICES, type ServiceSpec } from "../../api/mod.ts";
import type { ObjectReader, ObjectWriter, Rollback, WriteHook } from "../ports.ts";
import { carryOver, clusterIpsOf, nodePortsOf } from "./carry_over.ts";
import { AllocationError, ClusterIps, type Owner } from "./cluster_ips.ts";
import { fillFamilies, wrong } from "./families.ts";
import type { IpFamily } from "./ip_range.ts";
import { NODE_PORT_RANGE, NodePorts, type PortRange } from "./node_ports.ts";
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

  constructor(options: ServiceHookOptions) {
    const { cidrs, reader, writer, random } = options;
    this.#options = options;
    this.#ips = new ClusterIps(cidrs, reader, writer, random);
    this.#ports = new NodePorts(options.nodePorts ?? NODE_PORT_RANGE, random);
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
    return () => ends.forEach((end) => end());
  }

  /** Makes good what a crash left between an address and its service. Call after `start`, once writes are possible. */
  async repair(): Promise<void> {
    const held = new Map<string, Owner>();
    for (const service of this.#options.reader.list<Service>(this.group, this.resource)) {
      for (const address of clusterIpsOf(service.spec)) held.set(address, ownerOf(service));
    }
    await this.#ips.repair(held);
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

  async afterDelete(previous: KubeObject): Promise<void> {
    const owner = ownerOf(previous);
    const { spec } = previous as Service;
    for (const port of nodePortsOf(spec)) this.#ports.release(port, portOwnerOf(previous));
    await Promise.all(
      clusterIpsOf(spec).map((address) => this.#ips.release(address, owner, false)),
    );
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
      this.#allocateHealthCheckPort(spec, before, taken);
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
      try {
        const address = asked === ""
          ? await this.#ips.next(family, taken.owner, taken.dryRun)
          : await this.#ips.take(asked, taken.owner, taken.dryRun);
        taken.addresses.push(address);
        addresses.push(address);
      } catch (error) {
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
        port.nodePort = this.#nextPort(taken, "failed to allocate a nodePort");
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
      this.#ports.take(port, taken.portOwner);
      taken.ports.push(port);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      const causes = [wrong(field, port, error.message)];
      throw invalid(SERVICES, service.metadata?.name ?? "", causes);
    }
  }

  #nextPort(taken: Taken, what: string): number {
    try {
      const port = this.#ports.next(taken.portOwner);
      taken.ports.push(port);
      return port;
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      throw internalError(`${what}: ${error.message}`);
    }
  }

  #allocateHealthCheckPort(
    spec: ServiceSpec,
    before: ServiceSpec | undefined,
    taken: Taken,
  ): void {
    if (!needsHealthCheckPort(spec)) return;
    const asked = spec.healthCheckNodePort ?? 0;
    if (asked === 0) {
      spec.healthCheckNodePort = this.#nextPort(taken, "failed to allocate a HealthCheck NodePort");
      return;
    }
    if (before?.healthCheckNodePort === asked) return;
    try {
      this.#ports.take(asked, taken.portOwner);
      taken.ports.push(asked);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      const what = `failed to allocate requested HealthCheck NodePort ${asked}`;
      throw internalError(`${what}: ${error.message}`);
    }
  }

  async #takeBack({ owner, portOwner, dryRun, addresses, ports }: Taken): Promise<void> {
    for (const port of ports) this.#ports.release(port, portOwner);
    await Promise.all(addresses.map((address) => this.#ips.release(address, owner, dryRun)));
  }

  #adopt(service: Service): void {
    const owner = ownerOf(service);
    for (const address of clusterIpsOf(service.spec)) this.#ips.adopt(address, owner);
    for (const port of nodePortsOf(service.spec)) this.#ports.adopt(port, portOwnerOf(service));
  }

  /** What the store says counts, whoever wrote it; and what an update no longer has is given back. */
  #follow({ current, previous }: { current?: KubeObject; previous?: KubeObject }): void {
    if (previous !== undefined) {
      const owner = ownerOf(previous);
      const ports = nodePortsOf((current as Service | undefined)?.spec);
      const addresses = new Set(clusterIpsOf((current as Service | undefined)?.spec));
      for (const port of nodePortsOf((previous as Service).spec)) {
        if (!ports.has(port)) this.#ports.release(port, portOwnerOf(previous));
      }
      // The addresses of a deleted service are given back by who deleted it.
      if (current !== undefined) {
        for (const address of clusterIpsOf((previous as Service).spec)) {
          if (!addresses.has(address)) this.#giveBack(address, owner);
        }
      }
    }
    if (current !== undefined) this.#adopt(current as Service);
  }

  #giveBack(address: string, owner: Owner): void {
    this.#ips.release(address, owner, false).catch((error) => {
      this.#options.logger.error("a service's address was not given back", { address, error });
    });
  }
}

const ownerOf = ({ metadata }: KubeObject): Owner => ({
  namespace: metadata?.namespace ?? "",
  name: metadata?.name ?? "",
});

/** By uid: a service that was deleted and made anew is not the one that gave its ports back. */
const portOwnerOf = ({ metadata }: KubeObject): string =>
  metadata?.uid ?? `${metadata?.namespace}/${metadata?.name}`;
