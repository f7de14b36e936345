import type { QueuedPod } from "./queued_pod.ts";

/** Pods that rest, by the plugins that refused them, so that an event finds only whom it may help. */
export class RejectedPods {
  /** In the order in which they came to rest. */
  readonly #all = new Map<QueuedPod, number>();
  readonly #byPlugin = new Map<string, Set<QueuedPod>>();
  #gated = 0;

  get size(): number {
    return this.#all.size;
  }

  /** Those of them that are kept out of the queue. */
  get gated(): number {
    return this.#gated;
  }

  add(pod: QueuedPod): void {
    this.#all.set(pod, pod.queuedAt);
    if (pod.place === "gated") this.#gated++;
    for (const plugin of pod.rejectedBy) {
      const pods = this.#byPlugin.get(plugin);
      if (pods === undefined) this.#byPlugin.set(plugin, new Set([pod]));
      else pods.add(pod);
    }
  }

  /** As the pod was when it came; it must not have changed since. */
  delete(pod: QueuedPod): void {
    if (!this.#all.delete(pod)) return;
    if (pod.place === "gated") this.#gated--;
    for (const plugin of pod.rejectedBy) {
      const pods = this.#byPlugin.get(plugin);
      pods?.delete(pod);
      if (pods?.size === 0) this.#byPlugin.delete(plugin);
    }
  }

  /** A copy: whom an event helps leaves meanwhile. */
  of(plugin: string): readonly QueuedPod[] {
    const pods = this.#byPlugin.get(plugin);
    return pods === undefined ? [] : [...pods];
  }

  /** Those that came to rest before an instant; gated ones wait for their gate alone. */
  restingSince(before: number): QueuedPod[] {
    const old: QueuedPod[] = [];
    for (const [pod, since] of this.#all) {
      if (pod.place === "gated") continue;
      if (since > before) break;
      old.push(pod);
    }
    return old;
  }

  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#byPlugin].map(([plugin, pods]) => [plugin, pods.size]));
  }
}
