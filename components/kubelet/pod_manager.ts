import type { Node, Pod } from "../api/mod.ts";
import type { Change } from "../reconcile/mod.ts";
import type { KubeletContext } from "./kubelet_context.ts";
import { refusal } from "./pod_admission.ts";
import { isTerminal } from "./pod_phase.ts";
import type { PodSource } from "./pod_source.ts";
import type { PodFailure } from "./pod_status.ts";
import { PodWorker } from "./pod_worker.ts";
import { isMirror, isStatic, type MirrorPods } from "./mirror_pods.ts";
import type { StatusWriter } from "./status_writer.ts";

export interface PodManagerOptions {
  readonly context: KubeletContext;
  readonly statuses: StatusWriter;
  readonly mirrors?: MirrorPods;
  /** This node as the API last showed it. */
  node(): Node | undefined;
}

/**
 * One worker a pod that the sources have or the runtime still has. What runs and is known to no source, once the
 * sources are in, is ended and removed; what runs and is known is taken over as it is.
 */
export class PodManager {
  readonly #options: PodManagerOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** Uid by `namespace/name`. */
  readonly #uids = new Map<string, string>();
  #complete = false;
  #stop: (() => void) | undefined;

  constructor(options: PodManagerOptions) {
    this.#options = options;
  }

  /** Begins when the runtime's first listing is in. */
  async start(source: PodSource): Promise<void> {
    await source.synced();
    this.#stop = source.onChange((change) => this.#onChange(change));
    this.#complete = true;
    for (const uid of this.#options.context.cache.uids()) {
      if (!this.#workers.has(uid)) this.#worker(uid).update(undefined);
    }
  }

  /** A static pod appeared, changed or, without `pod`, went. */
  setStatic(uid: string, pod: Pod | undefined): void {
    if (pod === undefined) this.#workers.get(uid)?.update(undefined);
    else this.#put(pod);
  }

  /** The runtime shows something else for a pod. */
  onRuntime(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker !== undefined) worker.wake();
    else if (this.#complete && this.#isThere(uid)) this.#worker(uid).update(undefined);
  }

  wake(uid: string): void {
    this.#workers.get(uid)?.wake();
  }

  /** Something that the pod refers to has changed. */
  retry(uid: string): void {
    this.#workers.get(uid)?.retry();
  }

  /** Ends a pod for a reason of the node's own. */
  fail(uid: string, failure: PodFailure, graceSeconds: number): void {
    this.#workers.get(uid)?.fail(failure, graceSeconds);
  }

  /** Every pod with the status that was worked out last. */
  pods(): Pod[] {
    return [...this.#workers.values()].flatMap(({ pod }) => pod ?? []);
  }

  find(namespace: string, name: string, uid?: string): Pod | undefined {
    const known = this.#uids.get(`${namespace}/${name}`);
    if (known === undefined || (uid !== undefined && uid !== known)) return undefined;
    return this.#workers.get(known)?.pod;
  }

  end(): void {
    this.#stop?.();
    for (const worker of this.#workers.values()) worker.end();
  }

  #isThere(uid: string): boolean {
    const { sandboxes, containers } = this.#options.context.cache.pod(uid);
    return sandboxes.length + containers.length > 0;
  }

  #onChange({ current, previous }: Change<Pod>): void {
    const gone = previous !== undefined && previous.metadata?.uid !== current?.metadata?.uid;
    if (isMirror(current) || isMirror(previous)) {
      this.#options.mirrors?.onMirror(current, previous);
      // A mirror carries its static pod's status: it is written again where the mirror is new.
      const uid = this.#options.mirrors?.staticUid(current ?? previous);
      if (uid !== undefined) this.#workers.get(uid)?.wake();
      return;
    }
    if (gone) this.#workers.get(previous.metadata?.uid ?? "")?.update(undefined);
    if (current !== undefined) this.#put(current);
  }

  #put(pod: Pod): void {
    const { uid = "", namespace = "", name = "" } = pod.metadata ?? {};
    this.#uids.set(`${namespace}/${name}`, uid);
    this.#worker(uid).update(pod);
  }

  #worker(uid: string): PodWorker {
    const existing = this.#workers.get(uid);
    if (existing !== undefined) return existing;
    const { context, statuses, mirrors } = this.#options;
    const worker = new PodWorker({
      context,
      uid,
      admit: (pod) => this.#admit(pod),
      onStatus: (source, status, stopped) => {
        const shown = isStatic(source) ? mirrors?.mirrorOf(source) : source;
        if (shown === undefined) return;
        const finish = stopped && shown.metadata?.deletionTimestamp !== undefined;
        statuses.set(uid, shown, status, finish);
      },
      onGone: () => this.#forget(uid),
    });
    this.#workers.set(uid, worker);
    return worker;
  }

  #admit(pod: Pod): PodFailure | undefined {
    const { context, node } = this.#options;
    const uid = pod.metadata?.uid;
    const others = this.pods().filter((other) =>
      other.metadata?.uid !== uid && !isTerminal(other.status?.phase) &&
      other.status?.startTime !== undefined
    );
    const failure = refusal(pod, node(), others);
    if (failure !== undefined) {
      context.events.pod(pod, "Warning", failure.reason, failure.message);
    }
    return failure;
  }

  #forget(uid: string): void {
    const pod = this.#workers.get(uid)?.pod;
    this.#workers.delete(uid);
    this.#options.statuses.forget(uid);
    const key = `${pod?.metadata?.namespace ?? ""}/${pod?.metadata?.name ?? ""}`;
    if (this.#uids.get(key) === uid) this.#uids.delete(key);
  }
}
