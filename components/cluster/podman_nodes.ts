import { type Clock, type Logger, sleep } from "../base/mod.ts";
import {
  endProcess,
  type Fabric,
  isAlive,
  logTail,
  missingRequirements,
  type NodeNamespace,
  openFabric,
  openNodeNamespace,
  type ProcessIdentity,
  readState,
  spawnDetached,
  writeState,
} from "../host/mod.ts";
import type { Pki } from "../pki/mod.ts";
import { type Node, NODES } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { Informer } from "../reconcile/mod.ts";
import { selfCommand } from "./detach.ts";
import { ensureDnsService } from "./dns_service.ts";
import { nodeLayout, writeNodeFiles } from "./node_files.ts";
import type { NodeGroup, NodeGroupOptions } from "./node_group.ts";
import { StartError } from "./start_error.ts";

const WATCH_MILLISECONDS = 500;
const END_MILLISECONDS = 10_000;
const RESTART_MINIMUM_MILLISECONDS = 1_000;
const RESTART_MAXIMUM_MILLISECONDS = 30_000;

/** Nodes on this machine, each in its own namespaces, with containers under Podman. */
export async function podmanGroup(options: NodeGroupOptions): Promise<NodeGroup> {
  const { layout, names, network, clock, logger, progress, listen } = options;
  const rootless = Deno.uid() !== 0;
  const missing = await missingRequirements(rootless);
  if (missing.programs.length > 0 || missing.problems.length > 0) {
    throw new StartError(
      [
        ...(missing.install === undefined
          ? []
          : [`this machine lacks ${missing.programs.join(", ")}: ${missing.install}`]),
        ...missing.problems,
      ].join("; "),
    );
  }
  progress("preparing the nodes");
  const fabric = await openFabric({
    name: layout.root,
    directory: `${layout.nodes}/fabric`,
    rootless,
    avoid: [...network.clusterCidrs, ...network.serviceCidrs],
    clock,
  });
  const namespaces = await Promise.all(names.map((name) =>
    openNodeNamespace({
      fabric,
      name,
      directory: `${layout.nodes}/${name}`,
      ...(network.clusterCidrs[0] === undefined ? {} : { clusterCidr: network.clusterCidrs[0] }),
      clock,
    })
  ));
  const ending = new AbortController();
  const processes = namespaces.map((namespace) =>
    new NodeSupervisor(options, fabric, namespace, clock, logger)
  );
  // Rootless, the machine's loopback is what nodes reach it by; as root, the fabric's own address.
  const loopback = listen.host === "127.0.0.1" || listen.host === "localhost" ||
    listen.host === "::1";
  const everywhere = listen.host === "0.0.0.0" || listen.host === "::";
  return {
    names,
    hollow: [],
    advertise: [fabric.machineAddress],
    listen: rootless || everywhere || !loopback ? [] : [fabric.machineAddress],
    async start({ pki, port, client }) {
      const host = rootless || everywhere || loopback ? fabric.machineAddress : listen.host;
      await Promise.all(processes.map((process) => process.start(pki, `https://${host}:${port}`)));
      if (!rootless) leadPods(namespaces, client, clock, logger, ending.signal);
      await ensureDnsService(client, network, namespaces);
    },
    async end(keepContainers) {
      ending.abort(new Error("the nodes end"));
      await Promise.all(processes.map((process) => process.end()));
      if (keepContainers) return;
      await Promise.all(namespaces.map((namespace) => namespace.destroy()));
      await fabric.destroy();
    },
  };
}

/** Leads each node's pod range to it, from the machine and from the other nodes on it. */
function leadPods(
  namespaces: readonly NodeNamespace[],
  client: Client,
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
): void {
  const nodes = new Informer<Node>({ client, type: NODES, clock, logger });
  nodes.onChange(({ key, current, previous }) => {
    const range = current?.spec?.podCIDR;
    if (range === undefined || range === previous?.spec?.podCIDR) return;
    namespaces.find(({ name }) => name === key)?.routePods(range)
      .catch((error) =>
        logger.error("pods are not reached from the machine", { node: key, error })
      );
  });
  nodes.start(signal);
}

/** One node's process: started again when it ends, as systemd would. */
class NodeSupervisor {
  readonly #options: NodeGroupOptions;
  readonly #fabric: Fabric;
  readonly #namespace: NodeNamespace;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #process: ProcessIdentity | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(
    options: NodeGroupOptions,
    fabric: Fabric,
    namespace: NodeNamespace,
    clock: Clock,
    logger: Logger,
  ) {
    this.#options = options;
    this.#fabric = fabric;
    this.#namespace = namespace;
    this.#clock = clock;
    this.#logger = logger.with({ node: namespace.name });
  }

  async start(pki: Pki, server: string): Promise<void> {
    const { layout, network } = this.#options;
    const { name, directory, rootless, address, mtu } = this.#namespace;
    await writeNodeFiles(
      {
        nodeName: name,
        directory,
        rootless,
        machineUid: Deno.uid() ?? 0,
        address,
        mtu,
        resolver: this.#fabric.resolver,
        network,
        logsDirectory: layout.logs,
      },
      pki,
      server,
    );
    await this.#replaceFormer();
    await this.#spawn();
    this.#watching = this.#watch();
  }

  /** A control plane that was killed leaves the node's process behind: the new one starts its own. */
  async #replaceFormer(): Promise<void> {
    const former = await readState<ProcessIdentity>(this.#processFile);
    if (former !== undefined) await endProcess(former, this.#clock, END_MILLISECONDS);
  }

  get #processFile(): string {
    return `${this.#namespace.directory}/process.json`;
  }

  async end(): Promise<void> {
    this.#abort.abort(new Error("the nodes end"));
    await this.#watching;
    if (this.#process !== undefined) await endProcess(this.#process, this.#clock, END_MILLISECONDS);
  }

  async #spawn(): Promise<void> {
    const { configuration } = nodeLayout(this.#namespace.directory);
    const { program, args } = selfCommand(["node", "--config", configuration]);
    const [outer = "", ...rest] = this.#namespace.enter([program, ...args]);
    this.#process = await spawnDetached(outer, rest, { logFile: this.#outputFile });
    await writeState(this.#processFile, this.#process);
  }

  get #outputFile(): string {
    return `${this.#namespace.directory}/node.out`;
  }

  async #watch(): Promise<void> {
    let pause = RESTART_MINIMUM_MILLISECONDS;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await sleep(this.#clock, WATCH_MILLISECONDS, signal).catch(() => {});
      if (signal.aborted || this.#process === undefined || await isAlive(this.#process)) continue;
      this.#logger.warn("the node's process ended; it is started again", {
        output: await logTail(this.#outputFile),
      });
      await sleep(this.#clock, pause, signal).catch(() => {});
      if (signal.aborted) return;
      pause = Math.min(pause * 2, RESTART_MAXIMUM_MILLISECONDS);
      await this.#spawn().catch((error) =>
        this.#logger.error("the node's process did not start", { error })
      );
    }
  }
}
