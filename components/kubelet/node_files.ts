import type { Pod } from "../api/mod.ts";
import type { MemoryMounts } from "./volumes/empty_dir.ts";

/** Where a node keeps its pods' files. All paths are absolute. */
export class NodeFiles {
  constructor(
    readonly rootDirectory: string,
    readonly podLogsDirectory: string,
    readonly memoryDirectory?: string,
    readonly mounts?: Pick<MemoryMounts, "unmountBelow">,
  ) {}

  pod(uid: string): string {
    return `${this.rootDirectory}/pods/${uid}`;
  }

  hosts(uid: string): string {
    return `${this.pod(uid)}/etc-hosts`;
  }

  resolver(uid: string): string {
    return `${this.pod(uid)}/resolv.conf`;
  }

  terminationLog(uid: string, container: string, attempt: number): string {
    return `${this.pod(uid)}/containers/${container}/${attempt}`;
  }

  /** `<namespace>_<name>_<uid>`, as log collectors expect. */
  podLogs(pod: Pod): string {
    const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
    return `${this.podLogsDirectory}/${namespace}_${name}_${uid}`;
  }

  containerLogs(pod: Pod, container: string): string {
    return `${this.podLogs(pod)}/${container}`;
  }

  log(pod: Pod, container: string, attempt: number): string {
    return `${this.containerLogs(pod, container)}/${attempt}.log`;
  }

  /** Removes everything of a pod. */
  async removePod(uid: string): Promise<void> {
    await remove(this.pod(uid));
    if (this.memoryDirectory !== undefined) {
      const inMemory = `${this.memoryDirectory}/pods/${uid}`;
      await this.mounts?.unmountBelow(inMemory);
      await remove(inMemory);
    }
    for (const name of await entries(this.podLogsDirectory)) {
      if (name.endsWith(`_${uid}`)) await remove(`${this.podLogsDirectory}/${name}`);
    }
  }

  /** Uids of pods that have files here. */
  async uids(): Promise<string[]> {
    const uids = await entries(`${this.rootDirectory}/pods`);
    if (this.memoryDirectory !== undefined) {
      uids.push(...await entries(`${this.memoryDirectory}/pods`));
    }
    return [...new Set(uids)];
  }
}

async function entries(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
