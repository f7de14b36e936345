import { type Node, NODES, type Service, SERVICES } from "../api/mod.ts";
import type { Clock, Logger, Random } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { type Fabric, PortInUseError } from "../host/mod.ts";
import { ControlLoop, EventRecorder, type EventTarget, Informer } from "../reconcile/mod.ts";
import { LocalEndpoints } from "./local_endpoints.ts";
import {
  localTarget,
  type NodePort,
  nodePortsOf,
  portKey,
  portOfKey,
  portTarget,
  staysLocal,
} from "./node_port_plan.ts";
import { isReady } from "./readiness.ts";

/** When a port that another program has is asked for again. */
const IN_USE_RETRY_MILLISECONDS = 10_000;
const RETRY = { initialMilliseconds: 100, maximumMilliseconds: 30_000 };

export interface NodePortsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly fabric: Pick<Fabric, "forward" | "unforward" | "forwards">;
  /** The nodes of this machine; the address of one changes when it boots. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
}

/** What is kept of a Service: which ports it has, and what an event about it names. */
interface Owner {
  readonly ports: readonly NodePort[];
  /** What comes from outside is answered on the node that it comes to. */
  readonly local: boolean;
  readonly target: EventTarget;
}

/**
 * Keeps the machine's 127.0.0.1 leading to the node ports of the cluster's Services. What a former process has left
 * and no Service asks for any more is taken back; the rest goes on without a gap.
 */
export class NodePorts {
  readonly #options: NodePortsOptions;
  readonly #abort = new AbortController();
  readonly #loop: ControlLoop;
  readonly #events: EventRecorder;
  readonly #services: Informer<Service, Owner>;
  readonly #nodes: Informer<Node, boolean>;
  /** Who has a port. */
  readonly #owners = new Map<string, Owner>();
  /** Ports of Services by `namespace/name`, where they must lead to a node with endpoints, and where each leads now. */
  readonly #localPorts = new Map<string, readonly string[]>();
  readonly #localTargets = new Map<string, string>();
  /** Followed only where a Service asks for it. */
  #endpoints: LocalEndpoints | undefined;
  /** Ports that another program has, with the Service that was told so. */
  readonly #told = new Map<string, string>();
  #target: string | undefined;
  #targetAddress: string | undefined;
  readonly #starting: Promise<void>;

  constructor(options: NodePortsOptions) {
    this.#options = options;
    const { client, clock, logger, random } = options;
    this.#events = new EventRecorder({ client, clock, random, logger, component: "coracle" });
    this.#loop = new ControlLoop({
      name: "node-ports",
      clock,
      logger,
      retry: RETRY,
      reconcile: (key) => this.#reconcile(key),
    });
    this.#services = new Informer({ client, type: SERVICES, clock, logger, project: ownerOf });
    this.#nodes = new Informer({ client, type: NODES, clock, logger, project: isReady });
    this.#services.onChange(({ current, previous }) => this.#seen(current, previous));
    this.#nodes.onChange(({ key }) => {
      if (options.nodes.some(({ name }) => name === key)) this.#aim();
    });
    this.#services.start(this.#abort.signal);
    this.#nodes.start(this.#abort.signal);
    this.#starting = this.#start().catch((error) => {
      if (!this.#abort.signal.aborted) logger.error("node ports are not forwarded", { error });
    });
  }

  /** Changes nothing any more. What is forwarded stays so. */
  async end(): Promise<void> {
    this.#abort.abort(new Error("the nodes end"));
    await this.#starting;
    await this.#loop.end();
  }

  /** Nothing is taken back before it is known what is asked for. */
  async #start(): Promise<void> {
    await Promise.all([this.#services.synced(), this.#nodes.synced()]);
    for (const { protocol, hostPort } of await this.#options.fabric.forwards()) {
      this.#loop.queue.add(portKey({ protocol, port: hostPort }));
    }
    this.#loop.start();
  }

  #seen(current: Owner | undefined, previous: Owner | undefined): void {
    for (const port of previous?.ports ?? []) {
      const key = portKey(port);
      // Another Service may have it by now.
      if (this.#owners.get(key) !== previous) continue;
      this.#owners.delete(key);
      this.#localTargets.delete(key);
      this.#loop.queue.add(key);
    }
    if (previous !== undefined) this.#localPorts.delete(serviceOf(previous));
    const keys = (current?.ports ?? []).map(portKey);
    if (current?.local === true) {
      this.#localPorts.set(serviceOf(current), keys);
      this.#endpoints ??= new LocalEndpoints(this.#options, this.#abort.signal, (service) => {
        for (const key of this.#localPorts.get(service) ?? []) this.#loop.queue.add(key);
      });
    }
    for (const key of keys) {
      this.#owners.set(key, current!);
      this.#loop.queue.add(key);
    }
  }

  /** The node may be as before and its address another: it has booted. */
  #aim(): void {
    this.#target = portTarget(this.#target, this.#targets());
    for (const keys of this.#localPorts.values()) for (const key of keys) this.#loop.queue.add(key);
    const address = this.#addressOf(this.#target);
    if (address === this.#targetAddress) return;
    this.#targetAddress = address;
    for (const key of this.#owners.keys()) this.#loop.queue.add(key);
  }

  #targets() {
    return this.#options.nodes.map(({ name }) => ({
      name,
      ready: this.#nodes.get(name) ?? false,
    }));
  }

  #addressOf(node: string | undefined): string | undefined {
    return this.#options.nodes.find(({ name }) => name === node)?.address;
  }

  /** The address of the node that a port leads to. */
  #addressFor(key: string, owner: Owner): string | undefined {
    if (!owner.local) return this.#targetAddress;
    const nodes = this.#endpoints?.nodesOf(serviceOf(owner)) ?? new Set<string>();
    const target = localTarget(this.#localTargets.get(key), this.#targets(), nodes);
    if (target === undefined) return this.#targetAddress;
    this.#localTargets.set(key, target);
    return this.#addressOf(target);
  }

  async #reconcile(key: string): Promise<number | void> {
    const { fabric, logger } = this.#options;
    const { protocol, port } = portOfKey(key);
    const owner = this.#owners.get(key);
    if (owner === undefined) {
      this.#told.delete(key);
      return await fabric.unforward(protocol, port);
    }
    const nodeAddress = this.#addressFor(key, owner);
    if (nodeAddress === undefined) return;
    try {
      await fabric.forward({ protocol, hostPort: port, nodeAddress, nodePort: port });
      this.#told.delete(key);
    } catch (error) {
      if (!(error instanceof PortInUseError)) throw error;
      const { target } = owner;
      const uid = target.metadata?.uid ?? "";
      if (this.#told.get(key) !== uid) {
        this.#told.set(key, uid);
        const message = `node port ${port} does not lead here from this machine: ${error.message}`;
        logger.warn(message, { service: serviceOf(owner) });
        this.#events.warning(target, "PortInUse", message);
      }
      return IN_USE_RETRY_MILLISECONDS;
    }
  }
}

const serviceOf = ({ target: { metadata } }: Owner): string =>
  `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;

function ownerOf(service: Service): Owner {
  const { namespace, name, uid } = service.metadata ?? {};
  const metadata = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
  };
  return {
    ports: nodePortsOf(service),
    local: staysLocal(service),
    target: { apiVersion: "v1", kind: "Service", metadata },
  };
}
