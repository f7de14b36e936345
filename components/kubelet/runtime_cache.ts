import { type Clock, type Logger, sleep } from "../base/mod.ts";
import { POD_UID_LABEL } from "./labels.ts";
import { EMPTY_RUNTIME, type PodRuntime, podRuntime } from "./pod_containers.ts";
import type { ContainerRuntime, ContainerState, Sandbox } from "./runtime.ts";

/** Listing again even when no event came: an event is a hint, not a record. */
const RELIST_MILLISECONDS = 30_000;
const EVENTS_RETRY_MILLISECONDS = 1_000;

/**
 * What runs on this node, by pod uid, as of the last listing. Whoever changed something asks for `refresh`: requests
 * share listings, but each gets one that began after it asked.
 */
export class RuntimeCache {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onPod: (uid: string) => void;
  #pods = new Map<string, PodRuntime>();
  #marks = new Map<string, string>();
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  readonly #waiters = new Map<string, PromiseWithResolvers<void>>();
  #listedAt: number | undefined;
  #failure: string | undefined;

  constructor(
    runtime: ContainerRuntime,
    clock: Clock,
    logger: Logger,
    onPod: (uid: string) => void,
  ) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#logger = logger;
    this.#onPod = onPod;
  }

  pod(uid: string): PodRuntime {
    return this.#pods.get(uid) ?? EMPTY_RUNTIME;
  }

  uids(): string[] {
    return [...this.#pods.keys()];
  }

  containers(): ContainerState[] {
    return [...this.#pods.values()].flatMap(({ containers }) => containers);
  }

  /** Resolves when something of the pod has changed after this call. */
  changed(uid: string): Promise<void> {
    let waiter = this.#waiters.get(uid);
    if (waiter === undefined) this.#waiters.set(uid, waiter = Promise.withResolvers());
    return waiter.promise;
  }

  /** When the last listing succeeded, on the monotonic clock; undefined before the first. */
  get listedAt(): number | undefined {
    return this.#listedAt;
  }

  /** Why the last listing failed. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Resolves when a listing that began after this call is in place. Rejects when the runtime does not answer. */
  refresh(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#list().finally(() => this.#running = undefined);
      return this.#running;
    }
    return this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.refresh();
    });
  }

  /** Follows the runtime until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followEvents(signal), this.#relist(signal)]);
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const _ of this.#runtime.events(signal)) {
          if (signal.aborted) return;
          await this.refresh();
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.warn("runtime events interrupted", { error: String(error) });
      }
      await sleep(this.#clock, EVENTS_RETRY_MILLISECONDS, signal).catch(() => {});
      if (!signal.aborted) await this.refresh().catch(() => {});
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#clock, RELIST_MILLISECONDS, signal).catch(() => {});
      if (signal.aborted) return;
      await this.refresh().catch((error) => {
        this.#logger.warn("cannot list containers", { error: String(error) });
      });
    }
  }

  async #list(): Promise<void> {
    let sandboxes: Sandbox[], containers: ContainerState[];
    try {
      [sandboxes, containers] = await Promise.all([
        this.#runtime.listSandboxes(),
        this.#runtime.listContainers(),
      ]);
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
    this.#failure = undefined;
    this.#listedAt = this.#clock.monotonic();
    const grouped = new Map<string, { sandboxes: Sandbox[]; containers: ContainerState[] }>();
    const group = (labels: Readonly<Record<string, string>>) => {
      const uid = labels[POD_UID_LABEL];
      if (uid === undefined) return undefined;
      let entry = grouped.get(uid);
      if (entry === undefined) grouped.set(uid, entry = { sandboxes: [], containers: [] });
      return entry;
    };
    for (const sandbox of sandboxes) group(sandbox.labels)?.sandboxes.push(sandbox);
    for (const container of containers) group(container.labels)?.containers.push(container);
    this.#replace(grouped);
  }

  #replace(grouped: Map<string, { sandboxes: Sandbox[]; containers: ContainerState[] }>): void {
    const pods = new Map<string, PodRuntime>();
    const marks = new Map<string, string>();
    const changed: string[] = [];
    for (const [uid, { sandboxes, containers }] of grouped) {
      const pod = podRuntime(sandboxes, containers);
      const mark = markOf(pod);
      pods.set(uid, pod);
      marks.set(uid, mark);
      if (this.#marks.get(uid) !== mark) changed.push(uid);
    }
    for (const uid of this.#marks.keys()) if (!marks.has(uid)) changed.push(uid);
    this.#pods = pods;
    this.#marks = marks;
    for (const uid of changed) {
      this.#onPod(uid);
      this.#waiters.get(uid)?.resolve();
      this.#waiters.delete(uid);
    }
  }
}

/** Equal marks mean that nothing a plan looks at has changed. */
function markOf(pod: PodRuntime): string {
  let mark = "";
  for (const { id, ready, ips } of pod.sandboxes) mark += `${id} ${ready} ${ips.join()};`;
  for (const { id, state, exitCode } of pod.containers) mark += `${id} ${state} ${exitCode};`;
  return mark;
}
