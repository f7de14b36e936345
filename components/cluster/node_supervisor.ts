import { type Clock, type Logger, sleep } from "../base/mod.ts";
import {
  endEntered,
  type Fabric,
  isAlive,
  logTail,
  type NodeNamespace,
  openNodeNamespace,
  type ProcessIdentity,
  readState,
  removeState,
  spawnDetached,
  writeState,
} from "../host/mod.ts";
import type { Pki } from "../pki/mod.ts";
import type { DataLayout } from "./data_directory.ts";
import { selfCommand } from "./detach.ts";
import type { ClusterNetwork } from "./network.ts";
import { nodeLayout, writeNodeFiles } from "./node_files.ts";

const WATCH_MILLISECONDS = 500;
/** How often it is looked whether a node that starts is ready. */
const READY_MILLISECONDS = 20;
const END_MILLISECONDS = 10_000;
/** It has nothing to say to anybody. */
const RECONNECT_MILLISECONDS = 1_000;
const RESTART_MINIMUM_MILLISECONDS = 1_000;
const RESTART_MAXIMUM_MILLISECONDS = 30_000;
/** A process that has lived so long was well: what ends it is a new trouble. */
const WELL_MILLISECONDS = 60_000;
/** Small heaps for a process of which there is one a node. */
const NODE_ENGINE_FLAGS = "--v8-flags=--max-semi-space-size=2";

export interface NodeSupervisorOptions {
  readonly name: string;
  readonly layout: DataLayout;
  readonly network: ClusterNetwork;
  readonly fabric: Fabric;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One node: its namespaces, made again when their holder is gone, and its process, started again when it ends. */
export class NodeSupervisor {
  readonly #options: NodeSupervisorOptions;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #namespace: NodeNamespace;
  #server: { readonly pki: Pki; readonly url: string } | undefined;
  #podRange: string | undefined;
  #process: ProcessIdentity | undefined;
  #watching: Promise<void> = Promise.resolve();

  private constructor(options: NodeSupervisorOptions, namespace: NodeNamespace) {
    this.#options = options;
    this.#namespace = namespace;
    this.#logger = options.logger.with({ node: options.name });
  }

  static async open(options: NodeSupervisorOptions): Promise<NodeSupervisor> {
    return new NodeSupervisor(options, await openNamespace(options));
  }

  get name(): string {
    return this.#options.name;
  }

  get address(): string {
    return this.#namespace.address;
  }

  /** Starts the node's process, in the place of one that a killed control plane has left. `url`: the API server's. */
  async start(pki: Pki, url: string): Promise<void> {
    this.#server = { pki, url };
    const former = await readState<ProcessIdentity>(this.#processFile);
    if (former !== undefined) await endEntered(former, this.#options.clock, END_MILLISECONDS);
    await this.#spawn();
    this.#watching = this.#watch();
  }

  /** Resolves when the process that was started does all that a node is for. Rejects when the node ends. */
  async ready(): Promise<void> {
    const { clock } = this.#options;
    const { ready } = nodeLayout(this.#namespace.directory);
    for (;;) {
      if (await Deno.stat(ready).then(() => true, () => false)) return;
      await sleep(clock, READY_MILLISECONDS, this.#abort.signal);
    }
  }

  /** Leads the node's pod range to it, from the machine and from the other nodes on it. */
  async routePods(range: string): Promise<void> {
    this.#podRange = range;
    await this.#namespace.routePods(range);
  }

  /**
   * What the process was connected to is gone without a word, and it would wait for it: another takes its place. The
   * containers go on.
   */
  reconnect(): void {
    const process = this.#process;
    if (process === undefined || this.#abort.signal.aborted) return;
    endEntered(process, this.#options.clock, RECONNECT_MILLISECONDS).catch((error) =>
      this.#logger.error("the node's process does not end", { error })
    );
  }

  /** Ends the process; the namespaces and the containers in them stay. */
  async end(): Promise<void> {
    this.#abort.abort(new Error("the nodes end"));
    await this.#watching;
    if (this.#process !== undefined) {
      await endEntered(this.#process, this.#options.clock, END_MILLISECONDS);
    }
  }

  /** Ends everything in the node. */
  async destroy(): Promise<void> {
    await this.#namespace.destroy();
  }

  get #processFile(): string {
    return `${this.#namespace.directory}/process.json`;
  }

  get #outputFile(): string {
    return `${this.#namespace.directory}/node.out`;
  }

  async #spawn(): Promise<void> {
    const { fabric, layout, network } = this.#options;
    const { name, directory, rootless, address, mtu } = this.#namespace;
    if (this.#server === undefined) throw new Error("a node is started before its process is");
    await writeNodeFiles(
      {
        nodeName: name,
        directory,
        rootless,
        machineUid: Deno.uid() ?? 0,
        address,
        mtu,
        resolver: fabric.resolver,
        network,
        logsDirectory: layout.logs,
      },
      this.#server.pki,
      this.#server.url,
    );
    const { configuration, ready } = nodeLayout(directory);
    await removeState(ready);
    const { program, args } = selfCommand(
      ["node", "--config", configuration],
      "node",
      NODE_ENGINE_FLAGS,
    );
    const [outer = "", ...rest] = this.#namespace.enter([program, ...args]);
    this.#process = await spawnDetached(outer, rest, { logFile: this.#outputFile });
    await writeState(this.#processFile, this.#process);
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#abort;
    let pause = RESTART_MINIMUM_MILLISECONDS;
    let began = clock.monotonic();
    for (;;) {
      await sleep(clock, WATCH_MILLISECONDS, signal).catch(() => {});
      if (signal.aborted) return;
      if (this.#process !== undefined && await isAlive(this.#process)) continue;
      if (clock.monotonic() - began > WELL_MILLISECONDS) pause = RESTART_MINIMUM_MILLISECONDS;
      this.#logger.warn("the node's process ended; it is started again", {
        output: await logTail(this.#outputFile),
      });
      await sleep(clock, pause, signal).catch(() => {});
      if (signal.aborted) return;
      pause = Math.min(pause * 2, RESTART_MAXIMUM_MILLISECONDS);
      began = clock.monotonic();
      try {
        await this.#reboot();
        await this.#spawn();
      } catch (error) {
        this.#logger.error("the node's process did not start", { error });
      }
    }
  }

  /** When the holder is gone, so is everything in the node: it boots. */
  async #reboot(): Promise<void> {
    if (await this.#namespace.isAlive()) return;
    this.#logger.warn("the node's holder is gone: the node boots");
    this.#namespace = await openNamespace(this.#options);
    if (this.#podRange !== undefined) await this.routePods(this.#podRange);
  }
}

function openNamespace(
  { clock, fabric, layout, name, network }: NodeSupervisorOptions,
): Promise<NodeNamespace> {
  const clusterCidr = network.clusterCidrs[0];
  return openNodeNamespace({
    fabric,
    name,
    directory: `${layout.nodes}/${name}`,
    ...(clusterCidr === undefined ? {} : { clusterCidr }),
    clock,
  });
}
