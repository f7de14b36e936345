import { type Clock, type Logger, type Random, sleep } from "../../base/mod.ts";
import { outOfMemoryKills } from "../../host/mod.ts";
import {
  type ContainerConfig,
  type ContainerResources,
  type ContainerState,
  RuntimeError,
} from "../runtime.ts";
import {
  type ContainerExit,
  type ContainerRecord,
  containerState,
  type ListedContainer,
} from "./container_listing.ts";
import { containerSpec, resourceLimits, type SpecSurroundings } from "./container_spec.ts";
import { ContainerStops } from "./container_stop.ts";
import type { PodmanImages } from "./images.ts";
import type { LibpodClient } from "./libpod_client.ts";
import { LibpodError } from "./libpod_error.ts";
import { SANDBOX_LABEL } from "./names.ts";
import { wasOutOfMemory } from "./out_of_memory.ts";
import type { RecordStore } from "./record_store.ts";
import type { SandboxRecord } from "./sandbox_record.ts";

/** How often Podman looks for a container's end while we wait for it. */
const WAIT_INTERVAL = "50ms";
const RETRY_MILLISECONDS = 300;
const SIGTERM = 15;
const KILLED_EXIT_CODE = 137;
/** What other runtimes give a container whose process could not be started. */
const START_FAILED_EXIT_CODE = 128;

/** What of an inspected container we read. */
export interface InspectedContainer {
  readonly Id: string;
  readonly State: { readonly OOMKilled?: boolean; readonly Pid?: number; readonly Status?: string };
  readonly Config: { readonly StopSignal?: number | string; readonly Tty?: boolean };
  readonly OCIConfigPath?: string;
}

export interface ContainerSurroundings {
  readonly client: LibpodClient;
  readonly images: PodmanImages;
  readonly records: RecordStore<ContainerRecord>;
  readonly boot: string;
  readonly limits: boolean;
  readonly cgroupsCanBeOff: boolean;
  readonly lowestOomScore: number;
  readonly seccompDirectory: string;
  readonly sandboxRun: (sandboxId: string) => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Containers of the node's pods, and what we keep of their ends. */
export class Containers {
  readonly #around: ContainerSurroundings;
  readonly #stops: ContainerStops;
  /** Cgroups of containers that were created and not yet started. */
  readonly #cgroups = new Map<string, string>();
  /** Containers that were seen to be out of memory when they ended. */
  readonly #outOfMemory = new Set<string>();
  #pruned = false;

  constructor(around: ContainerSurroundings) {
    this.#around = around;
    this.#stops = new ContainerStops({
      signal: (id, signal) => this.#signal(id, signal),
      stopSignal: (id) => this.#stopSignal(id),
      ended: (id) => this.ended(id),
    }, around.clock);
  }

  async create(sandbox: SandboxRecord, config: ContainerConfig): Promise<string> {
    const { client, images, random } = this.#around;
    const image = await images.status(config.image);
    if (image === undefined) {
      throw new RuntimeError("ImageNotFound", `image "${config.image}" is not on this node`);
    }
    const surroundings: SpecSurroundings = {
      imageEngineId: image.id.replace("sha256:", ""),
      imageId: image.repoDigests[0] ?? image.id,
      ...(image.user === undefined ? {} : { imageUser: image.user }),
      sandboxRun: this.#around.sandboxRun(sandbox.id),
      limits: this.#around.limits,
      cgroupsCanBeOff: this.#around.cgroupsCanBeOff,
      lowestOomScore: this.#around.lowestOomScore,
      seccompDirectory: this.#around.seccompDirectory,
      ...await this.#joined(config.targetContainerId ?? sandbox.pauseContainer),
      unique: random.uuid(),
    };
    try {
      const { Id } = await client.json<{ Id: string }>("POST", "/containers/create", {
        body: containerSpec(sandbox, config, surroundings),
      });
      if (sandbox.cgroupParent !== undefined && this.#around.limits) {
        this.#cgroups.set(Id, `${sandbox.cgroupParent}/libpod-${Id}`);
      }
      return Id;
    } catch (error) {
      if (!(error instanceof LibpodError)) throw error;
      throw new RuntimeError("CreateContainer", error.message);
    }
  }

  async start(id: string): Promise<void> {
    const { client, records, boot, clock } = this.#around;
    const before = records.get(id);
    const cgroup = this.#cgroups.get(id);
    this.#cgroups.delete(id);
    if (before === undefined) {
      const startedAt = clock.now();
      await records.put(id, { boot, startedAt, ...(cgroup === undefined ? {} : { cgroup }) });
    }
    try {
      await client.json("POST", `/containers/${id}/start`);
    } catch (error) {
      if (!(error instanceof LibpodError)) throw error;
      if (error.status === 404) throw new RuntimeError("NotFound", error.message);
      const finishedAt = clock.now();
      const exit = { exitCode: START_FAILED_EXIT_CODE, finishedAt };
      await records.put(id, { boot, startedAt: finishedAt, exit });
      throw new RuntimeError("StartContainer", error.message);
    }
  }

  stop(id: string, graceSeconds: number): Promise<void> {
    return this.#stops.stop(id, graceSeconds);
  }

  async remove(id: string): Promise<void> {
    const { client, records } = this.#around;
    // Podman would wait for a first process that ignores its signal, whatever time it is given.
    await this.stop(id, 0);
    try {
      await client.open("DELETE", `/containers/${id}`, {
        query: { force: true, timeout: 0, v: true },
      });
    } catch (error) {
      if (!(error instanceof LibpodError) || error.status !== 404) throw error;
    }
    await records.delete(id);
    this.#cgroups.delete(id);
    this.#outOfMemory.delete(id);
  }

  /** Called as soon as a container has ended: its cgroup, which tells why, is about to be removed. */
  async noteEnd(id: string): Promise<void> {
    const cgroup = this.#around.records.get(id)?.cgroup;
    if (cgroup === undefined) return;
    if ((await outOfMemoryKills(cgroup) ?? 0) > 0) this.#outOfMemory.add(id);
  }

  async list(): Promise<ContainerState[]> {
    const { records, boot, clock } = this.#around;
    const listed = await this.#listed([SANDBOX_LABEL]);
    const now = clock.now();
    const states = await Promise.all(listed.map(async (item) => {
      const record = records.get(item.Id);
      const { state, learned } = containerState(item, record, boot, now);
      if (learned === undefined) return state;
      const exit = await this.#keepExit(state, learned, record);
      return { ...state, ...exit };
    }));
    if (!this.#pruned) {
      this.#pruned = true;
      const ids = new Set(listed.map(({ Id }) => Id));
      for (const id of records.ids()) if (!ids.has(id)) await records.delete(id);
    }
    return states;
  }

  /** Kills every container of a sandbox; resolves when they have ended. */
  async endAllOf(sandboxId: string): Promise<void> {
    const listed = await this.#listed([`${SANDBOX_LABEL}=${sandboxId}`]);
    await Promise.all(
      listed.filter(({ State }) => State === "running" || State === "stopping")
        .map(({ Id }) => this.stop(Id, 0)),
    );
  }

  async removeAllOf(sandboxId: string): Promise<void> {
    const listed = await this.#listed([`${SANDBOX_LABEL}=${sandboxId}`]);
    await Promise.all(listed.map(({ Id }) => this.remove(Id)));
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    if (!this.#around.limits) return;
    try {
      await this.#around.client.open("POST", `/containers/${id}/update`, {
        body: resourceLimits(resources),
      });
    } catch (error) {
      if (!(error instanceof LibpodError)) throw error;
      throw new RuntimeError("Unsupported", error.message);
    }
  }

  /** Rejects with `NotFound`. */
  async inspect(id: string): Promise<InspectedContainer> {
    const found = await this.#around.client.find<InspectedContainer>(`/containers/${id}/json`);
    if (found === undefined) throw new RuntimeError("NotFound", `no container ${id}`);
    return found;
  }

  /** Resolves once the container does not run any more, or is gone; waits also over a death of the service. */
  async ended(id: string): Promise<void> {
    const { client, clock } = this.#around;
    for (;;) {
      try {
        const query = new URLSearchParams({ interval: WAIT_INTERVAL });
        for (const condition of ["stopped", "exited"]) query.append("condition", condition);
        await client.json("POST", `/containers/${id}/wait?${query}`);
        return;
      } catch (error) {
        if (error instanceof LibpodError && error.status === 404) return;
        this.#around.logger.debug("waiting for a container again", { id, error: String(error) });
        await sleep(clock, RETRY_MILLISECONDS);
      }
    }
  }

  async #listed(labels: readonly string[]): Promise<readonly ListedContainer[]> {
    return await this.#around.client.json("GET", "/containers/json", {
      query: { all: true, filters: JSON.stringify({ label: labels }) },
    });
  }

  async #joined(id: string | undefined): Promise<{ joinedPid?: number }> {
    if (id === undefined) return {};
    const { Pid = 0 } = (await this.inspect(id)).State;
    if (Pid === 0) throw new RuntimeError("CreateContainer", `container ${id} is not running`);
    return { joinedPid: Pid };
  }

  async #keepExit(
    state: ContainerState,
    learned: ContainerExit,
    record: ContainerRecord | undefined,
  ): Promise<ContainerExit> {
    const { records, boot } = this.#around;
    const oomKilled = learned.exitCode === KILLED_EXIT_CODE && await this.#oomKilled(state.id);
    const exit = { ...learned, ...(oomKilled ? { oomKilled } : {}) };
    await records.put(state.id, {
      boot: record?.boot ?? boot,
      startedAt: record?.startedAt ?? state.startedAt ?? learned.finishedAt,
      exit,
    });
    return exit;
  }

  async #oomKilled(id: string): Promise<boolean> {
    await this.noteEnd(id);
    if (this.#outOfMemory.has(id)) return true;
    const inspected = await this.inspect(id).catch(() => undefined);
    return inspected?.State.OOMKilled === true || await wasOutOfMemory(id);
  }

  async #signal(id: string, signal: number): Promise<boolean> {
    try {
      await this.#around.client.open("POST", `/containers/${id}/kill`, { query: { signal } });
      return true;
    } catch (error) {
      // Gone, or not running.
      if (error instanceof LibpodError && (error.status === 404 || error.status === 409)) {
        return false;
      }
      if (error instanceof LibpodError && error.message.includes("can only kill running")) {
        return false;
      }
      throw error;
    }
  }

  async #stopSignal(id: string): Promise<number> {
    const found = await this.#around.client.find<InspectedContainer>(`/containers/${id}/json`);
    return Number(found?.Config.StopSignal ?? SIGTERM) || SIGTERM;
  }
}
