import { backoffDelay, type BackoffPolicy, type Clock, type Timer } from "../base/mod.ts";

/** A pod that waits, by its key. */
export interface QueuedPod {
  readonly key: string;
  readonly uid: string;
  readonly priority: number;
  /** When it first came, in milliseconds: among equals the first is first. */
  readonly since: number;
  attempts: number;
}

/** Upstream's numbers: 1 s doubling to 10 s; what has been left for five minutes is tried again. */
const BACKOFF: BackoffPolicy = { initialMilliseconds: 1_000, maximumMilliseconds: 10_000 };
const LEFT_OVER_MILLISECONDS = 300_000;

/**
 * Pods to schedule: those ready to be tried (highest priority first, then first come), those that wait out their
 * back-off, and those that no node takes until something changes. An event moves the last to one of the former.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #active: Heap<QueuedPod>;
  readonly #pods = new Map<string, QueuedPod>();
  readonly #waiting = new Map<string, { pod: QueuedPod; timer: Timer }>();
  readonly #unschedulable = new Map<string, { pod: QueuedPod; until: number; timer: Timer }>();
  #taker: ((pod: QueuedPod | undefined) => void) | undefined;
  #closed = false;
  /** Rises with every event: a pod that was being tried meanwhile must not sleep through it. */
  #moves = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#active = new Heap((a, b) => b.priority - a.priority || a.since - b.since);
  }

  get moves(): number {
    return this.#moves;
  }

  /** Pods of each queue. */
  depths(): { readonly active: number; readonly backoff: number; readonly unschedulable: number } {
    return {
      active: this.#active.size,
      backoff: this.#waiting.size,
      unschedulable: this.#unschedulable.size,
    };
  }

  /** A new pod, or one whose spec changed: tried at once. */
  add(pod: Omit<QueuedPod, "attempts" | "since">): void {
    if (this.#closed) return;
    const known = this.#pods.get(pod.key);
    const same = known !== undefined && known.uid === pod.uid;
    if (known !== undefined) this.delete(pod.key);
    const queued: QueuedPod = {
      ...pod,
      attempts: same ? known.attempts : 0,
      since: same ? known.since : this.#clock.monotonic(),
    };
    this.#pods.set(pod.key, queued);
    this.#activate(queued);
  }

  /** The pod is bound or gone. */
  delete(key: string): void {
    this.#pods.delete(key);
    this.#waiting.get(key)?.timer.cancel();
    this.#waiting.delete(key);
    this.#unschedulable.get(key)?.timer.cancel();
    this.#unschedulable.delete(key);
  }

  has(key: string): boolean {
    return this.#pods.has(key);
  }

  /** The next pod, or undefined when closed. One taker at a time. */
  take(): Promise<QueuedPod | undefined> {
    const next = this.#next();
    if (next !== undefined || this.#closed) return Promise.resolve(next);
    return new Promise((resolve) => this.#taker = resolve);
  }

  /** No node took it. `moves` is the count when the attempt began: what came since makes it try again. */
  unschedulable(pod: QueuedPod, moves: number): void {
    if (this.#pods.get(pod.key) !== pod || this.#closed) return;
    pod.attempts++;
    const until = this.#clock.monotonic() + backoffDelay(BACKOFF, pod.attempts);
    if (moves !== this.#moves) return this.#wait(pod, until);
    const timer = this.#clock.after(LEFT_OVER_MILLISECONDS, () => this.#release(pod.key));
    this.#unschedulable.set(pod.key, { pod, until, timer });
  }

  /** The attempt failed for another reason than the nodes: tried again after its back-off. */
  failed(pod: QueuedPod): void {
    if (this.#pods.get(pod.key) !== pod || this.#closed) return;
    pod.attempts++;
    this.#wait(pod, this.#clock.monotonic() + backoffDelay(BACKOFF, pod.attempts));
  }

  /** Something changed that may help: pods that no node took are tried again, after what is left of their back-off. */
  moveAll(): void {
    this.#moves++;
    for (const key of [...this.#unschedulable.keys()]) this.#release(key);
  }

  close(): void {
    this.#closed = true;
    for (const key of [...this.#pods.keys()]) this.delete(key);
    this.#taker?.(undefined);
    this.#taker = undefined;
  }

  #release(key: string): void {
    const entry = this.#unschedulable.get(key);
    if (entry === undefined) return;
    entry.timer.cancel();
    this.#unschedulable.delete(key);
    this.#wait(entry.pod, entry.until);
  }

  #wait(pod: QueuedPod, until: number): void {
    const delay = until - this.#clock.monotonic();
    if (delay <= 0) return this.#activate(pod);
    const timer = this.#clock.after(delay, () => {
      this.#waiting.delete(pod.key);
      this.#activate(pod);
    });
    this.#waiting.set(pod.key, { pod, timer });
  }

  #activate(pod: QueuedPod): void {
    this.#active.push(pod);
    if (this.#taker === undefined) return;
    const next = this.#next();
    if (next === undefined) return;
    const taker = this.#taker;
    this.#taker = undefined;
    taker(next);
  }

  /** Skips what has been deleted or replaced since it was pushed. */
  #next(): QueuedPod | undefined {
    for (let pod = this.#active.pop(); pod !== undefined; pod = this.#active.pop()) {
      if (this.#pods.get(pod.key) === pod) return pod;
    }
    return undefined;
  }
}

/** A binary heap; the smallest by `compare` comes first. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(items[parent]!, item) <= 0) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#compare(items[child + 1]!, items[child]!) < 0) child++;
      if (this.#compare(last, items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return first;
  }
}
