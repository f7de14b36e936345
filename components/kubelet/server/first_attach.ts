import type { Pod } from "../../api/mod.ts";
import { allContainers } from "../pod_containers.ts";
import type { ContainerState } from "../runtime.ts";

/** Container instances that are remembered; the oldest are forgotten. */
const REMEMBERED_MAXIMUM = 1_000;
/** More than this was not written in the moment before a client attached. */
const REPLAYED_MAXIMUM_BYTES = 256 * 1024;

/**
 * Who attaches to a container that serves one session (`stdinOnce`, as `kubectl run -i` makes) is the one it was
 * started for, and hears what it said before: a short command has ended by the time a client is there.
 */
export class FirstAttach {
  readonly #attached = new Set<string>();

  /** The log to begin with: once for each such instance, and else undefined. */
  async log(pod: Pod, instance: ContainerState): Promise<string | undefined> {
    const container = allContainers(pod).find(({ name }) => name === instance.name);
    if (container?.spec.stdinOnce !== true || this.#attached.has(instance.id)) return;
    this.#attached.add(instance.id);
    for (const id of this.#attached) {
      if (this.#attached.size <= REMEMBERED_MAXIMUM) break;
      this.#attached.delete(id);
    }
    try {
      const { size } = await Deno.stat(instance.logPath);
      return size <= REPLAYED_MAXIMUM_BYTES ? instance.logPath : undefined;
    } catch {
      return undefined;
    }
  }
}
