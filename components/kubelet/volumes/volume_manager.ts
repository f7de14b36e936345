import type { Pod, Volume } from "../../api/mod.ts";
import type { Clock, Logger, Random, Timer } from "../../base/mod.ts";
import type { Client } from "../../client/mod.ts";
import type { DownwardFacts } from "../downward_api.ts";
import type { PodEvents } from "../pod_events.ts";
import { writeAtomically } from "./atomic_writer.ts";
import { emptyDirPath, makeEmptyDir, type MemoryMounts, memorySize } from "./empty_dir.ts";
import type { FileSet } from "./file_set.ts";
import { prepareHostPath } from "./host_path.ts";
import type { ObjectWatcher } from "./object_watcher.ts";
import { configMapFiles, DEFAULT_MODE, downwardFiles, secretFiles } from "./payload.ts";
import { claimPath } from "./persistent_volume.ts";
import { projectedFiles } from "./projected.ts";
import { TokenSource } from "./token_source.ts";

export interface VolumeManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: PodEvents;
  readonly objects: ObjectWatcher;
  /** Holds `pods/<uid>/volumes/…`. */
  readonly rootDirectory: string;
  /** A folder in memory, for Secrets and for emptyDirs that ask for it; without it they lie on the disk. */
  readonly memoryDirectory?: string;
  readonly mounts: MemoryMounts;
  facts(pod: Pod): DownwardFacts;
}

interface Mounted {
  pod: Pod;
  readonly paths: Map<string, string>;
  timer?: Timer;
}

/** Retry of a live update that failed, and the longest time between looks at a pod's tokens. */
const REFRESH_RETRY_MILLISECONDS = 10_000;

/** The volumes of this node's pods: made before containers start, kept up to date while they run. */
export class VolumeManager {
  readonly #options: VolumeManagerOptions;
  readonly #tokens: TokenSource;
  readonly #pods = new Map<string, Mounted>();

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
    this.#tokens = new TokenSource(options.client, options.clock, options.random);
  }

  /** Makes all volumes of a pod. Tells of each that fails, and rejects with the first failure. */
  async mount(pod: Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? "";
    const paths = new Map<string, string>();
    const failures: string[] = [];
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        paths.set(volume.name ?? "", await this.#make(pod, volume));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const text = `MountVolume.SetUp failed for volume "${volume.name ?? ""}" : ${message}`;
        this.#options.events.pod(pod, "Warning", "FailedMount", text);
        failures.push(text);
      }
    }
    if (failures[0] !== undefined) throw new Error(failures[0]);
    this.#pods.get(uid)?.timer?.cancel();
    const mounted = { pod, paths };
    this.#pods.set(uid, mounted);
    this.#schedule(mounted);
  }

  /** Where a volume of a pod lies; undefined when it is not mounted. */
  path(uid: string, volumeName: string): string | undefined {
    return this.#pods.get(uid)?.paths.get(volumeName);
  }

  /** The pod's metadata, or something it refers to, has changed: files that show it follow. */
  async refresh(uid: string, pod?: Pod): Promise<void> {
    const mounted = this.#pods.get(uid);
    if (mounted === undefined) return;
    if (pod !== undefined) mounted.pod = pod;
    for (const volume of mounted.pod.spec?.volumes ?? []) {
      if (!isPayload(volume)) continue;
      try {
        await this.#make(mounted.pod, volume);
      } catch (error) {
        const { logger, clock } = this.#options;
        logger.warn("cannot update a volume", { uid, volume: volume.name, error: String(error) });
        mounted.timer?.cancel();
        mounted.timer = clock.after(REFRESH_RETRY_MILLISECONDS, () => void this.refresh(uid));
        return;
      }
    }
    this.#schedule(mounted);
  }

  /** Stops the updates; what lies on the disk stays until the pod's folder goes. */
  async unmount(uid: string): Promise<void> {
    this.#pods.get(uid)?.timer?.cancel();
    this.#pods.delete(uid);
    this.#tokens.forget(uid);
    const { memoryDirectory } = this.#options;
    if (memoryDirectory === undefined) return;
    await this.#options.mounts.unmountBelow(`${memoryDirectory}/pods/${uid}`);
    await Deno.remove(`${memoryDirectory}/pods/${uid}`, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  end(): void {
    for (const { timer } of this.#pods.values()) timer?.cancel();
  }

  #schedule(mounted: Mounted): void {
    const { clock } = this.#options;
    const uid = mounted.pod.metadata?.uid ?? "";
    const due = this.#tokens.refreshAt(uid);
    mounted.timer?.cancel();
    if (due === undefined || this.#pods.get(uid) !== mounted) return;
    mounted.timer = clock.after(Math.max(1000, due - clock.now()), () => void this.refresh(uid));
  }

  async #make(pod: Pod, volume: Volume): Promise<string> {
    if (volume.hostPath !== undefined) {
      const { path = "", type = "" } = volume.hostPath;
      await prepareHostPath(path, type);
      return path;
    }
    if (volume.persistentVolumeClaim !== undefined) {
      return await claimPath(
        this.#options.client,
        pod,
        volume.persistentVolumeClaim.claimName ?? "",
      );
    }
    if (volume.ephemeral !== undefined) {
      const claim = `${pod.metadata?.name ?? ""}-${volume.name ?? ""}`;
      return await claimPath(this.#options.client, pod, claim);
    }
    if (volume.emptyDir !== undefined) return await this.#emptyDir(pod, volume);
    const files = await this.#files(pod, volume);
    if (files === undefined) {
      const kind = Object.keys(volume).find((key) => key !== "name") ?? "";
      throw new Error(`no volume plugin matched: ${kind} volumes are not supported on this node`);
    }
    const secret = volume.secret !== undefined || volume.projected !== undefined;
    const directory = this.#directory(pod, pluginOf(volume), volume, secret);
    await Deno.mkdir(directory, { recursive: true });
    await Deno.chmod(directory, 0o755);
    const stamp = `..${new Date(this.#options.clock.now()).toISOString().replaceAll(":", "_")}`;
    const changed = await writeAtomically(
      directory,
      files,
      `${stamp}.${Math.floor(this.#options.random.next() * 1e9)}`,
    );
    const group = pod.spec?.securityContext?.fsGroup;
    if (changed && group !== undefined) await this.#giveFiles(directory, files, group);
    return directory;
  }

  /** Files of data keep their modes; the group gets to read them. */
  async #giveFiles(directory: string, files: FileSet, group: number): Promise<void> {
    const data = await Deno.realPath(`${directory}/..data`);
    try {
      for (const [path, file] of files) {
        await Deno.chown(`${data}/${path}`, null, group);
        await Deno.chmod(`${data}/${path}`, file.mode | 0o440);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }

  async #emptyDir(pod: Pod, volume: Volume): Promise<string> {
    const { memoryDirectory, mounts, rootDirectory } = this.#options;
    const medium = volume.emptyDir?.medium ?? "";
    if (medium.startsWith("HugePages")) throw new Error(`medium ${medium} is not supported`);
    const inMemory = medium === "Memory" && memoryDirectory !== undefined;
    const { name = "" } = volume;
    const uid = pod.metadata?.uid ?? "";
    const directory = emptyDirPath(inMemory ? memoryDirectory : rootDirectory, uid, name);
    const sizeBytes = memorySize(pod, volume, this.#options.facts(pod).allocatable["memory"]);
    await makeEmptyDir(pod, directory, inMemory ? { mounts, sizeBytes } : undefined);
    return directory;
  }

  async #files(pod: Pod, volume: Volume): Promise<FileSet | undefined> {
    const { objects, facts } = this.#options;
    const namespace = pod.metadata?.namespace ?? "";
    if (volume.configMap !== undefined) {
      const object = await objects.configMap(namespace, volume.configMap.name ?? "");
      const mode = volume.configMap.defaultMode ?? DEFAULT_MODE;
      return configMapFiles(volume.configMap, object, mode);
    }
    if (volume.secret !== undefined) {
      const object = await objects.secret(namespace, volume.secret.secretName ?? "");
      return secretFiles(volume.secret, object, volume.secret.defaultMode ?? DEFAULT_MODE);
    }
    if (volume.downwardAPI !== undefined) {
      const mode = volume.downwardAPI.defaultMode ?? DEFAULT_MODE;
      return downwardFiles(pod, volume.downwardAPI.items ?? [], mode, facts(pod));
    }
    if (volume.projected !== undefined) {
      return await projectedFiles(pod, volume.projected, objects, this.#tokens, facts(pod));
    }
    return undefined;
  }

  #directory(pod: Pod, plugin: string, volume: Volume, inMemory: boolean): string {
    const { rootDirectory, memoryDirectory } = this.#options;
    const base = inMemory ? memoryDirectory ?? rootDirectory : rootDirectory;
    const uid = pod.metadata?.uid ?? "";
    return `${base}/pods/${uid}/volumes/kubernetes.io~${plugin}/${volume.name ?? ""}`;
  }
}

function isPayload(volume: Volume): boolean {
  return volume.configMap !== undefined || volume.secret !== undefined ||
    volume.projected !== undefined || volume.downwardAPI !== undefined;
}

function pluginOf(volume: Volume): string {
  if (volume.configMap !== undefined) return "configmap";
  if (volume.secret !== undefined) return "secret";
  return volume.projected !== undefined ? "projected" : "downward-api";
}
