import { type Clock, type Logger, type Random, systemClock, systemRandom } from "../../base/mod.ts";
import {
  cgroupSupport,
  CNI_DIRECTORIES,
  mayRaiseLimits,
  networkNamespacePath,
  type ProcessIdentity,
} from "../../host/mod.ts";
import type { ExecStreams } from "../../serving/mod.ts";
import { defaultConflist, NetworkPlugins } from "../cni/mod.ts";
import {
  type ContainerConfig,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerState,
  type ContainerStats,
  type Image,
  type ProbeRequest,
  type ProbeResult,
  type RegistryAuth,
  RuntimeError,
  type RuntimeStatus,
  type Sandbox,
  type SandboxConfig,
} from "../runtime.ts";
import { Commands } from "./commands.ts";
import type { ContainerRecord } from "./container_listing.ts";
import { Containers } from "./containers.ts";
import { containerEvents, containerExits } from "./events.ts";
import { PodmanImages } from "./images.ts";
import { LibpodClient } from "./libpod_client.ts";
import { LibpodError } from "./libpod_error.ts";
import { NodeDirectory } from "./node_directory.ts";
import { chooseOciRuntime, PodmanService } from "./podman_service.ts";
import { forwardHere, forwardInto } from "./port_forward.ts";
import { probe } from "./probe.ts";
import { RecordStore } from "./record_store.ts";
import type { SandboxRecord } from "./sandbox_record.ts";
import { readStats } from "./stats.ts";
import { Sandboxes } from "./sandboxes.ts";

const LOWEST_OOM_SCORE = -1000;
/** Tells a container's monitor to open its log file anew (conmon's control messages). */
const REOPEN_LOG = "2 0 0\n";

export interface PodmanRuntimeOptions {
  readonly nodeName: string;
  /** The node's directory, outside of `/run`. */
  readonly directory: string;
  /** True when the node is an ordinary user's. */
  readonly rootless: boolean;
  /** The ordinary user's id on the machine, which names delegated cgroups. */
  readonly machineUid?: number;
  /** `host:port` of registries without TLS, beside those on the loopback. */
  readonly insecureRegistries?: readonly string[];
  /** Where `Localhost` seccomp profiles lie. */
  readonly seccompDirectory?: string;
  readonly pluginDirectories?: readonly string[];
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * `ContainerRuntime` on Podman's REST service. Runs inside the node namespace. Podman's own pods and networks are not
 * used: a pod's namespaces are made here, its network by CNI plugins, and containers join them by path.
 */
export class PodmanRuntime implements ContainerRuntime {
  readonly name = "podman";
  readonly images: PodmanImages;
  readonly #client: LibpodClient;
  readonly #service: PodmanService;
  readonly #sandboxes: Sandboxes;
  readonly #containers: Containers;
  readonly #commands: Commands;
  readonly #directory: NodeDirectory;
  readonly #clock: Clock;
  readonly #limits: boolean;
  readonly #mayRaise: boolean;
  #version: string | undefined;

  private constructor(parts: {
    readonly client: LibpodClient;
    readonly service: PodmanService;
    readonly sandboxes: Sandboxes;
    readonly containers: Containers;
    readonly images: PodmanImages;
    readonly directory: NodeDirectory;
    readonly clock: Clock;
    readonly limits: boolean;
    readonly mayRaise: boolean;
  }) {
    this.#client = parts.client;
    this.#service = parts.service;
    this.#sandboxes = parts.sandboxes;
    this.#containers = parts.containers;
    this.#commands = new Commands(parts.client, parts.clock);
    this.images = parts.images;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#mayRaise = parts.mayRaise;
  }

  /** Adopts or starts Podman's service and reads what earlier processes of ours left. */
  static async open(options: PodmanRuntimeOptions): Promise<PodmanRuntime> {
    const { logger, nodeName, rootless } = options;
    const clock = options.clock ?? systemClock;
    const random = options.random ?? systemRandom;
    const directory = new NodeDirectory(options.directory);
    await directory.make();
    const boot = await directory.boot(() => random.uuid());
    const cgroups = await cgroupSupport(options.machineUid ?? 0, rootless, nodeName);
    const service = new PodmanService({
      directory,
      boot,
      ociRuntime: await chooseOciRuntime(),
      limits: cgroups.limits,
      clock,
      logger,
    });
    await service.ensure();
    const client = new LibpodClient(directory.socket, () => service.ensure());
    const images = new PodmanImages(client, options.insecureRegistries);
    const [mayRaise, ownOomScore] = await Promise.all([
      mayRaiseLimits(),
      Deno.readTextFile("/proc/self/oom_score_adj").then(Number),
    ]);
    const common = { client, boot, clock, random, logger };
    const sandboxes = new Sandboxes({
      ...common,
      directory,
      records: await RecordStore.open<SandboxRecord>(directory.sandboxes),
      plugins: new NetworkPlugins(options.pluginDirectories ?? CNI_DIRECTORIES),
      ...(cgroups.parent === undefined ? {} : { cgroupParent: cgroups.parent }),
      cgroupsOff: !cgroups.limits && service.ociRuntime === "crun",
    });
    const containers = new Containers({
      ...common,
      images,
      records: await RecordStore.open<ContainerRecord>(directory.containers),
      limits: cgroups.limits,
      cgroupsCanBeOff: service.ociRuntime === "crun",
      lowestOomScore: mayRaise ? LOWEST_OOM_SCORE : ownOomScore,
      seccompDirectory: options.seccompDirectory ?? "/var/lib/kubelet/seccomp",
      sandboxRun: (id) => directory.sandboxRun(id),
    });
    return new PodmanRuntime({
      client,
      service,
      sandboxes,
      containers,
      images,
      directory,
      clock,
      limits: cgroups.limits,
      mayRaise,
    });
  }

  /** Writes the default network of a node whose pod range is known. Another file of a lower name comes first. */
  async writeDefaultNetwork(podCidrs: readonly string[], mtu?: number): Promise<void> {
    const { networkConfigurations, leases } = this.#directory;
    const conflist = defaultConflist({
      podCidrs,
      leaseDirectory: leases,
      ...(mtu === undefined ? {} : { mtu }),
    });
    const path = `${networkConfigurations}/10-coracle.conflist`;
    await Deno.writeTextFile(`${path}.tmp`, JSON.stringify(conflist, undefined, 2));
    await Deno.rename(`${path}.tmp`, path);
  }

  async status(): Promise<RuntimeStatus> {
    const common = {
      ...(this.#limits ? {} : { limitsUnavailable: true }),
      ...(this.#mayRaise ? {} : { negativeOomScoreUnavailable: true }),
    };
    try {
      this.#version ??=
        (await this.#client.json<{ Version?: string }>("GET", "/version")).Version ?? "";
      await this.#client.open("GET", "/_ping").then((response) => response.body?.cancel());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return {
        ...common,
        ready: false,
        networkReady: false,
        message: `reason:RuntimeNotReady message:${message}`,
        runtimeVersion: this.#version ?? "",
      };
    }
    const failure = await this.#sandboxes.networkFailure();
    return {
      ...common,
      ready: true,
      networkReady: failure === undefined,
      ...(failure === undefined ? {} : {
        message: `reason:NetworkPluginNotReady message:Network plugin returns error: ${failure}`,
      }),
      runtimeVersion: this.#version,
    };
  }

  runSandbox(config: SandboxConfig): Promise<Sandbox> {
    return told("Sandbox", this.#sandboxes.run(config));
  }

  async stopSandbox(sandboxId: string): Promise<void> {
    await told("Sandbox", this.#containers.endAllOf(sandboxId));
    await told("Sandbox", this.#sandboxes.stop(sandboxId));
  }

  async removeSandbox(sandboxId: string): Promise<void> {
    await told("Sandbox", this.#containers.removeAllOf(sandboxId));
    await told("Sandbox", this.#sandboxes.remove(sandboxId));
  }

  listSandboxes(): Promise<Sandbox[]> {
    return Promise.resolve(this.#sandboxes.list());
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    return await told(
      "CreateContainer",
      this.#containers.create(this.#sandboxes.require(sandboxId), config),
    );
  }

  startContainer(containerId: string): Promise<void> {
    return told("StartContainer", this.#containers.start(containerId));
  }

  stopContainer(containerId: string, graceSeconds: number): Promise<void> {
    return told("Unavailable", this.#containers.stop(containerId, graceSeconds));
  }

  removeContainer(containerId: string): Promise<void> {
    return told("Unavailable", this.#containers.remove(containerId));
  }

  listContainers(): Promise<ContainerState[]> {
    return told("Unavailable", this.#containers.list());
  }

  updateResources(containerId: string, resources: ContainerResources): Promise<void> {
    return told("Unsupported", this.#containers.updateResources(containerId, resources));
  }

  /** What ends is told by the containers' monitors; where Podman keeps their notes elsewhere, by its own events. */
  async *events(signal: AbortSignal) {
    const { exits } = this.#directory;
    const watched = await Deno.stat(exits).then(() => true, () => false);
    if (!watched) return yield* containerEvents(this.#client, signal);
    for await (const event of containerExits(exits, signal)) {
      await this.#containers.noteEnd(event.containerId);
      yield event;
    }
  }

  exec(containerId: string, command: readonly string[], streams: ExecStreams): Promise<number> {
    return told("Unavailable", this.#commands.exec(containerId, command, streams));
  }

  execSync(containerId: string, command: readonly string[], timeoutMilliseconds: number) {
    return told("Unavailable", this.#commands.execSync(containerId, command, timeoutMilliseconds));
  }

  async attach(containerId: string, streams: ExecStreams, log?: string): Promise<void> {
    await told("Unavailable", this.#commands.attach(containerId, streams, log));
  }

  async portForward(sandboxId: string, port: number, signal: AbortSignal) {
    const { id, hostNetwork } = this.#sandboxes.require(sandboxId);
    return hostNetwork
      ? await forwardHere(port, signal)
      : await forwardInto(networkNamespacePath(id), port, signal);
  }

  probe(request: ProbeRequest): Promise<ProbeResult> {
    return probe(request, this.#clock);
  }

  listImages(): Promise<Image[]> {
    return told("Unavailable", this.images.list());
  }

  imageStatus(reference: string): Promise<Image | undefined> {
    return told("Unavailable", this.images.status(reference));
  }

  pullImage(reference: string, auth?: RegistryAuth): Promise<Image> {
    return told("ImagePull", this.images.pull(reference, auth));
  }

  removeImage(reference: string): Promise<void> {
    return told("Unavailable", this.images.remove(reference));
  }

  async containerStats(): Promise<ContainerStats[]> {
    if (!this.#limits) return [];
    const states = await this.listContainers();
    return await told("Unavailable", readStats(this.#client, states, this.#clock.now()));
  }

  /** After a container's log file was moved away: its monitor begins a new one at the old path. */
  async reopenLog(containerId: string): Promise<void> {
    const { OCIConfigPath = "" } = await this.#containers.inspect(containerId);
    const folder = OCIConfigPath.slice(0, OCIConfigPath.lastIndexOf("/"));
    if (folder === "") throw new RuntimeError("Unsupported", "the container has no monitor");
    const control = await Deno.open(`${folder}/ctl`, { write: true });
    try {
      await control.write(new TextEncoder().encode(REOPEN_LOG));
    } finally {
      control.close();
    }
  }

  /** Podman's service, for `doctor` and tests. */
  serviceProcess(): Promise<ProcessIdentity | undefined> {
    return this.#service.process();
  }

  /** Lets go of the service, which goes on, and its containers. */
  close(): void {
    this.#client.close();
  }

  /** Ends the service too; containers go on. */
  async end(): Promise<void> {
    this.close();
    await this.#service.end();
  }
}

/** Podman's errors in the port's terms; `code` where nothing more exact is known. */
async function told<T>(code: RuntimeError["code"], work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LibpodError) {
      throw new RuntimeError(error.status === 404 ? "NotFound" : code, error.message);
    }
    throw error;
  }
}
