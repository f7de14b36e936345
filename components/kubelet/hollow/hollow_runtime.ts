import type { Clock, Random, Timer } from "../../base/mod.ts";
import type { ExecStreams } from "../../serving/mod.ts";
import {
  type ContainerConfig,
  type ContainerRuntime,
  type ContainerState,
  type ContainerStats,
  type Image,
  type ProbeRequest,
  type ProbeResult,
  RuntimeError,
  type RuntimeStatus,
  type Sandbox,
  type SandboxConfig,
} from "../runtime.ts";
import { hollowScript } from "./script.ts";

export interface HollowRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Addresses for pods: called once a sandbox. */
  address(): string;
  readonly sandboxMilliseconds?: number;
  readonly startMilliseconds?: number;
  /** How long a container takes to end after its stop signal. */
  readonly stopMilliseconds?: number;
  /** Answers probes and commands; without it every probe succeeds. */
  readonly probe?: (request: ProbeRequest) => ProbeResult;
  readonly command?: (
    container: ContainerState,
    command: readonly string[],
  ) => { readonly exitCode: number; readonly output: string };
  /** True when an image cannot be had. */
  readonly missing?: (image: string) => boolean;
}

interface HollowContainer {
  state: ContainerState;
  readonly config: ContainerConfig;
  timer?: Timer;
  readonly exited: PromiseWithResolvers<void>;
}

/** Events that wait for a reader; beyond it they are dropped, as they are only hints. */
const EVENTS_MAXIMUM = 1024;

/**
 * A runtime that runs nothing and reports like one: containers run until they are stopped, or end as their image's
 * name says. For scale tests, simulations, and machines without Podman.
 */
export class HollowRuntime implements ContainerRuntime {
  readonly name = "hollow";
  readonly #options: HollowRuntimeOptions;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #containers = new Map<string, HollowContainer>();
  readonly #images = new Set<string>();
  #pending: { containerId: string }[] = [];
  #reader: (() => void) | undefined;
  #next = 0;

  constructor(options: HollowRuntimeOptions) {
    this.#options = options;
  }

  status(): Promise<RuntimeStatus> {
    return Promise.resolve({ ready: true, networkReady: true, runtimeVersion: "0.1.0" });
  }

  async runSandbox(config: SandboxConfig): Promise<Sandbox> {
    await this.#wait(this.#options.sandboxMilliseconds);
    const sandbox: Sandbox = {
      id: this.#id("sandbox"),
      ready: true,
      ips: config.hostNetwork ? [] : [this.#options.address()],
      createdAt: this.#options.clock.now(),
      labels: config.labels,
    };
    this.#sandboxes.set(sandbox.id, sandbox);
    return sandbox;
  }

  stopSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox !== undefined) this.#sandboxes.set(sandboxId, { ...sandbox, ready: false });
    for (const [id, { state }] of this.#containers) {
      if (state.sandboxId === sandboxId && state.state === "running") this.#exit(id, 137);
    }
    return Promise.resolve();
  }

  removeSandbox(sandboxId: string): Promise<void> {
    this.#sandboxes.delete(sandboxId);
    return Promise.resolve();
  }

  listSandboxes(): Promise<Sandbox[]> {
    return Promise.resolve([...this.#sandboxes.values()]);
  }

  createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    if (this.#sandboxes.get(sandboxId)?.ready !== true) {
      return Promise.reject(new RuntimeError("CreateContainer", `no sandbox ${sandboxId}`));
    }
    const id = this.#id("container");
    this.#containers.set(id, {
      config,
      exited: Promise.withResolvers(),
      state: {
        id,
        sandboxId,
        name: config.name,
        attempt: config.attempt,
        state: "created",
        createdAt: this.#options.clock.now(),
        image: config.image,
        imageId: imageId(config.image),
        labels: config.labels,
        logPath: config.logPath,
      },
    });
    return Promise.resolve(id);
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#wait(this.#options.startMilliseconds);
    const container = this.#require(containerId);
    container.state = {
      ...container.state,
      state: "running",
      startedAt: this.#options.clock.now(),
    };
    this.#tell(containerId);
    const { exit } = hollowScript(container.config.image);
    if (exit === undefined) return;
    container.timer = this.#options.clock.after(
      exit.afterMilliseconds,
      () => this.#exit(containerId, exit.code),
    );
  }

  async stopContainer(containerId: string, graceSeconds: number): Promise<void> {
    const container = this.#containers.get(containerId);
    if (container?.state.state !== "running") return;
    const needed = this.#options.stopMilliseconds ?? 0;
    const allowed = graceSeconds * 1000;
    const exitCode = allowed < needed ? 137 : 143;
    if (Math.min(needed, allowed) === 0) return this.#exit(containerId, exitCode);
    const timer = this.#options.clock.after(
      Math.min(needed, allowed),
      () => this.#exit(containerId, exitCode),
    );
    // Another call with less grace may end it before.
    await container.exited.promise;
    timer.cancel();
  }

  removeContainer(containerId: string): Promise<void> {
    this.#containers.get(containerId)?.timer?.cancel();
    if (this.#containers.delete(containerId)) this.#tell(containerId);
    return Promise.resolve();
  }

  listContainers(): Promise<ContainerState[]> {
    return Promise.resolve([...this.#containers.values()].map(({ state }) => state));
  }

  updateResources(): Promise<void> {
    return Promise.resolve();
  }

  async *events(signal: AbortSignal): AsyncIterable<{ readonly containerId: string }> {
    const wake = () => this.#reader?.();
    signal.addEventListener("abort", wake, { once: true });
    while (!signal.aborted) {
      const batch = this.#pending;
      this.#pending = [];
      // One hint is as good as many: whoever reads lists everything.
      const last = batch.at(-1);
      if (last !== undefined) yield last;
      else await new Promise<void>((resolve) => this.#reader = resolve);
    }
  }

  async exec(
    containerId: string,
    command: readonly string[],
    streams: ExecStreams,
  ): Promise<number> {
    const { exitCode, output } = await this.execSync(containerId, command);
    const writer = streams.stdout?.getWriter();
    await writer?.write(new TextEncoder().encode(output));
    await writer?.close();
    return exitCode;
  }

  execSync(
    containerId: string,
    command: readonly string[],
  ): Promise<{ readonly exitCode: number; readonly output: string }> {
    const { state } = this.#require(containerId);
    return Promise.resolve(
      this.#options.command?.(state, command) ?? { exitCode: 0, output: "" },
    );
  }

  attach(): Promise<void> {
    return Promise.reject(new RuntimeError("Unsupported", "a hollow container has no streams"));
  }

  portForward(
    _sandboxId: string,
    _port: number,
  ): ReturnType<ContainerRuntime["portForward"]> {
    return Promise.reject(new RuntimeError("Unsupported", "a hollow pod has no network"));
  }

  probe(request: ProbeRequest): Promise<ProbeResult> {
    return Promise.resolve(this.#options.probe?.(request) ?? { ok: true, output: "" });
  }

  listImages(): Promise<Image[]> {
    return Promise.resolve([...this.#images].map(imageOf));
  }

  imageStatus(reference: string): Promise<Image | undefined> {
    return Promise.resolve(this.#images.has(reference) ? imageOf(reference) : undefined);
  }

  pullImage(reference: string): Promise<Image> {
    if (this.#options.missing?.(reference) === true) {
      return Promise.reject(new RuntimeError("ImagePull", `${reference}: not found`));
    }
    this.#images.add(reference);
    return Promise.resolve(imageOf(reference));
  }

  removeImage(reference: string): Promise<void> {
    this.#images.delete(reference);
    return Promise.resolve();
  }

  containerStats(): Promise<ContainerStats[]> {
    const timestamp = this.#options.clock.now();
    return Promise.resolve(
      [...this.#containers.values()].filter(({ state }) => state.state === "running")
        .map(({ state }) => ({
          containerId: state.id,
          labels: state.labels,
          timestamp,
          cpuNanoseconds: 0,
          memoryBytes: 0,
        })),
    );
  }

  logText(containerId: string): string | undefined {
    const state = this.#containers.get(containerId)?.state;
    if (state?.startedAt === undefined) return undefined;
    return `${new Date(state.startedAt).toISOString()} hollow container ${state.name} started\n`;
  }

  /** Ends a container as if it had exited. */
  exitContainer(containerId: string, exitCode: number): void {
    this.#exit(containerId, exitCode);
  }

  #exit(containerId: string, exitCode: number): void {
    const container = this.#containers.get(containerId);
    if (container === undefined || container.state.state !== "running") return;
    container.timer?.cancel();
    container.state = {
      ...container.state,
      state: "exited",
      exitCode,
      finishedAt: this.#options.clock.now(),
    };
    container.exited.resolve();
    this.#tell(containerId);
  }

  #tell(containerId: string): void {
    if (this.#pending.length < EVENTS_MAXIMUM) this.#pending.push({ containerId });
    this.#reader?.();
    this.#reader = undefined;
  }

  #require(containerId: string): HollowContainer {
    const container = this.#containers.get(containerId);
    if (container === undefined) {
      throw new RuntimeError("NotFound", `no container ${containerId}`);
    }
    return container;
  }

  #wait(milliseconds: number | undefined): Promise<void> {
    if (milliseconds === undefined || milliseconds === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#options.clock.after(milliseconds, resolve);
    });
  }

  #id(kind: string): string {
    const unique = this.#options.random.uuid().replaceAll("-", "");
    return `${unique}${kind.charAt(0)}${this.#next++}`;
  }
}

function imageOf(reference: string): Image {
  return {
    id: imageId(reference),
    repoTags: [reference],
    repoDigests: [],
    sizeBytes: 1_000_000,
  };
}

function imageId(reference: string): string {
  return `sha256:${reference}`;
}
