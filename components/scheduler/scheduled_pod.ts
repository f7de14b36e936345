import type { Pod } from "../api/mod.ts";
import { withoutManagedFields } from "../reconcile/mod.ts";
import type { SchedulerCore } from "./core_contract.ts";

/** What the scheduler keeps of a pod: the whole of one that is to be placed, numbers of one that has its place. */
export interface ScheduledPod {
  readonly key: string;
  readonly uid: string;
  /** The number by which the core knows it. */
  readonly handle: number;
  readonly priority: number;
  readonly node: string;
  readonly schedulerName: string;
  readonly terminating: boolean;
  /** The pod, where it has no node; without `managedFields`. */
  readonly pod?: Pod;
}

/** Makes projections; one handle a uid. Pods that have a node are told to the core at once: nothing of them is kept. */
export class PodProjection {
  readonly #core: Pick<SchedulerCore, "putPod">;
  readonly #handles = new Map<string, number>();
  #next = 1;

  constructor(core: Pick<SchedulerCore, "putPod">) {
    this.#core = core;
  }

  of(pod: Pod): ScheduledPod {
    const { name = "", namespace = "", uid = "", deletionTimestamp } = pod.metadata ?? {};
    const handle = this.#handle(uid);
    const node = pod.spec?.nodeName ?? "";
    if (node !== "") this.#core.putPod(handle, node, pod);
    return {
      key: `${namespace}/${name}`,
      uid,
      handle,
      priority: pod.spec?.priority ?? 0,
      node,
      schedulerName: pod.spec?.schedulerName ?? "default-scheduler",
      terminating: deletionTimestamp !== undefined,
      ...(node === "" ? { pod: withoutManagedFields(pod) } : {}),
    };
  }

  forget(uid: string): void {
    this.#handles.delete(uid);
  }

  #handle(uid: string): number {
    const known = this.#handles.get(uid);
    if (known !== undefined) return known;
    const handle = this.#next++;
    this.#handles.set(uid, handle);
    return handle;
  }
}
