import { type Clock, type Logger, sleep } from "../../base/mod.ts";
import {
  cgroupVersion,
  endProcess,
  findProgram,
  hardLimit,
  isAlive,
  logTail,
  mayRaiseLimits,
  type ProcessIdentity,
  readState,
  spawnDetached,
  writeState,
} from "../../host/mod.ts";
import { RuntimeError } from "../runtime.ts";
import { containersConf } from "./containers_conf.ts";
import type { NodeDirectory } from "./node_directory.ts";

const START_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 15;
/** A path longer than this does not fit a unix socket's address. */
const SOCKET_PATH_MAXIMUM_BYTES = 107;

const USER_NAMESPACE_IS_THERE = {
  _CONTAINERS_USERNS_CONFIGURED: "done",
  _CONTAINERS_ROOTLESS_UID: "0",
  _CONTAINERS_ROOTLESS_GID: "0",
};

interface ServiceState {
  readonly process: ProcessIdentity;
  /** The boot of the node in which it was started: in another one the id means somebody else. */
  readonly boot: string;
}

export interface PodmanServiceOptions {
  readonly directory: NodeDirectory;
  readonly boot: string;
  readonly ociRuntime: "runc" | "crun";
  /** False where no cgroups can be made for containers. */
  readonly limits: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Podman's service on the node: a process of its own that outlives this one and is adopted by the next. When it is
 * dead it is started again; containers do not notice.
 */
export class PodmanService {
  readonly ociRuntime: "runc" | "crun";
  readonly #directory: NodeDirectory;
  readonly #boot: string;
  readonly #limits: boolean;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #ensuring: Promise<void> | undefined;

  constructor(options: PodmanServiceOptions) {
    this.ociRuntime = options.ociRuntime;
    this.#directory = options.directory;
    this.#boot = options.boot;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Resolves when the service answers. Callers share one attempt. Rejects with `Unavailable`. */
  ensure(): Promise<void> {
    return this.#ensuring ??= this.#ensure().finally(() => this.#ensuring = undefined);
  }

  /** The running service's process, for tests and `doctor`. */
  async process(): Promise<ProcessIdentity | undefined> {
    const state = await readState<ServiceState>(this.#directory.serviceState);
    if (state === undefined || state.boot !== this.#boot) return undefined;
    return await isAlive(state.process) ? state.process : undefined;
  }

  /** Ends the service; containers stay. */
  async end(): Promise<void> {
    const process = await this.process();
    if (process !== undefined) await endProcess(process, this.#clock, 2_000);
  }

  async #ensure(): Promise<void> {
    const { socket } = this.#directory;
    let process = await this.process();
    if (process === undefined) process = await this.#start();
    const deadline = this.#clock.monotonic() + START_MILLISECONDS;
    while (!await answers(socket)) {
      if (this.#clock.monotonic() > deadline || !await isAlive(process)) {
        const said = await logTail(this.#directory.serviceLog);
        throw new RuntimeError("Unavailable", `Podman's service does not answer: ${said}`);
      }
      await sleep(this.#clock, POLL_MILLISECONDS);
    }
  }

  async #start(): Promise<ProcessIdentity> {
    const directory = this.#directory;
    const { socket } = directory;
    if (new TextEncoder().encode(socket).length > SOCKET_PATH_MAXIMUM_BYTES) {
      throw new RuntimeError("Unavailable", `${socket} is too long a path for a socket`);
    }
    const podman = await findProgram("podman");
    if (podman === undefined) throw new RuntimeError("Unavailable", "podman is not installed");
    await directory.make();
    await Deno.writeTextFile(directory.engineConfiguration, await this.#configuration());
    await Deno.remove(socket).catch(() => {});
    const process = await spawnDetached(podman, [
      ...directory.engineArguments,
      "system",
      "service",
      "--time",
      "0",
      `unix://${socket}`,
    ], {
      logFile: directory.serviceLog,
      env: {
        CONTAINERS_CONF: directory.engineConfiguration,
        HOME: directory.engineHome,
        XDG_RUNTIME_DIR: "/run",
        XDG_CONFIG_HOME: directory.engineHome,
        XDG_DATA_HOME: directory.engineHome,
        TMPDIR: directory.temporary,
        // As root of a user namespace Podman would make cgroups. Told that somebody made the namespace for it, it
        // does without them, which runc has no other way to be told.
        ...(this.#limits || this.ociRuntime === "crun" ? {} : USER_NAMESPACE_IS_THERE),
      },
    });
    await writeState(directory.serviceState, { process, boot: this.#boot });
    this.#logger.info("started Podman's service", { pid: process.pid, socket });
    return process;
  }

  async #configuration(): Promise<string> {
    const limits = await Deno.readTextFile("/proc/self/limits");
    const bounded = (name: string) => {
      const limit = hardLimit(limits, name);
      return limit === undefined || limit === Infinity ? {} : limit;
    };
    const openFiles = bounded("Max open files");
    const processes = bounded("Max processes");
    return containersConf({
      ociRuntime: this.ociRuntime,
      networkDirectory: this.#directory.engineNetworks,
      ...(await mayRaiseLimits() ? {} : {
        ...(typeof openFiles === "number" ? { openFiles } : {}),
        ...(typeof processes === "number" ? { processes } : {}),
      }),
    });
  }
}

/** crun refuses hybrid cgroup hierarchies; on version 2 it is the lighter one. */
export async function chooseOciRuntime(): Promise<"runc" | "crun"> {
  const [version, crun, runc] = await Promise.all([
    cgroupVersion(),
    findProgram("crun"),
    findProgram("runc"),
  ]);
  return runc === undefined || crun !== undefined && version === "2" ? "crun" : "runc";
}

async function answers(socket: string): Promise<boolean> {
  try {
    const connection = await Deno.connect({ transport: "unix", path: socket });
    connection.close();
    return true;
  } catch {
    return false;
  }
}
