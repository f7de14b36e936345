import type { Pod } from "../../api/mod.ts";
import type { SchedulerCore } from "../core_contract.ts";

interface Nomination {
  readonly node: string;
  readonly priority: number;
  readonly key: string;
}

/** Pods that are expected on a node and have it not yet: their room is kept for them. */
export class Nominations {
  readonly #core: SchedulerCore;
  readonly #pods = new Map<number, Nomination>();
  readonly #byNode = new Map<string, Set<number>>();

  constructor(core: SchedulerCore) {
    this.#core = core;
  }

  nodeOf(handle: number): string {
    return this.#pods.get(handle)?.node ?? "";
  }

  /** An empty node takes the nomination back. */
  put(handle: number, key: string, node: string, pod: Pod): void {
    if (this.nodeOf(handle) === node) return;
    this.delete(handle);
    if (node === "") return;
    this.#pods.set(handle, { node, priority: pod.spec?.priority ?? 0, key });
    const pods = this.#byNode.get(node);
    if (pods === undefined) this.#byNode.set(node, new Set([handle]));
    else pods.add(handle);
    this.#core.nominate(handle, node, pod);
  }

  delete(handle: number): void {
    const known = this.#pods.get(handle);
    if (known === undefined) return;
    this.forget(handle);
    this.#core.denominate(handle);
  }

  /** The core knows already that the pod has its place. */
  forget(handle: number): void {
    const known = this.#pods.get(handle);
    if (known === undefined) return;
    this.#pods.delete(handle);
    const pods = this.#byNode.get(known.node);
    pods?.delete(handle);
    if (pods?.size === 0) this.#byNode.delete(known.node);
  }

  /** Keys and handles of the pods expected on a node whose priority is lower. */
  lowerOn(node: string, priority: number): { readonly handle: number; readonly key: string }[] {
    return [...this.#byNode.get(node) ?? []].flatMap((handle) => {
      const nomination = this.#pods.get(handle);
      return nomination !== undefined && nomination.priority < priority
        ? [{ handle, key: nomination.key }]
        : [];
    });
  }
}
