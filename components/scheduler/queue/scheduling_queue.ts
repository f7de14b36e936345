import type { Clock, Timer } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import { backoffEnd, type BackoffLimits, DEFAULT_BACKOFF, windowOf } from "./backoff_window.ts";
import { type ClusterEvent, eventLabel } from "./cluster_event.ts";
import { Heap } from "./heap.ts";
import { type HintTable, mayHelp } from "./hint_table.ts";
import { InFlight } from "./in_flight.ts";
import { byBackoff, byPriority, type QueuedPod } from "./queued_pod.ts";
import { podChanges } from "./pod_changes.ts";
import { RejectedPods } from "./rejected_pods.ts";

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly hints: HintTable;
  /** Keeps a pod out of the queue: the plugin that does, or nothing. Asked each time that a pod would become active. */
  readonly gate?: (pod: Pod, key: string) => string | undefined;
  readonly backoff?: BackoffLimits;
  /** How long a pod may wait for an event before it is tried anyway. */
  readonly leftOverMilliseconds?: number;
  /** Told of each pod that enters a part of the queue, and why. */
  readonly incoming?: (queue: "active" | "backoff" | "unschedulable", event: string) => void;
}

const LEFT_OVER_MILLISECONDS = 300_000;
const LEFT_OVER_CHECK_MILLISECONDS = 30_000;

/**
 * Pods to schedule.
 *
 * - Ready ones come highest priority first, then first come. When there are none, those that wait out a back-off for
 *   having found no node come early; those that had an error do not.
 * - A pod that no node took rests until an event comes that one of the plugins that refused it has a hint for; what
 *   came while it was being tried counts. After five minutes it is tried anyway: no pod is forgotten.
 * - Events cost one look where no pod rests on a plugin that they concern.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #clock: Clock;
  readonly #backoff: BackoffLimits;
  readonly #pods = new Map<string, QueuedPod>();
  readonly #active = new Heap<QueuedPod>(byPriority);
  readonly #waiting = new Heap<QueuedPod>(byBackoff);
  readonly #errors = new Heap<QueuedPod>(byBackoff);
  readonly #resting = new RejectedPods();
  readonly #inFlight = new InFlight();
  #taker: ((pod: QueuedPod | undefined) => void) | undefined;
  #backoffTimer: { readonly at: number; readonly timer: Timer } | undefined;
  #leftOverTimer: Timer | undefined;
  #closed = false;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#backoff = options.backoff ?? DEFAULT_BACKOFF;
  }

  /** Pods of each queue. */
  depths(): Readonly<Record<"active" | "backoff" | "unschedulable" | "gated", number>> {
    return {
      active: this.#active.size,
      backoff: this.#waiting.size + this.#errors.size,
      unschedulable: this.#resting.size - this.#resting.gated,
      gated: this.#resting.gated,
    };
  }

  /** Resting pods by the plugin that refused them. */
  restingBy(): ReadonlyMap<string, number> {
    return this.#resting.counts();
  }

  get eventsInFlight(): number {
    return this.#inFlight.events;
  }

  get(key: string): QueuedPod | undefined {
    return this.#pods.get(key);
  }

  /** A pod that was not there before, or another of the same name. */
  add(key: string, pod: Pod): void {
    if (this.#closed) return;
    this.delete(key);
    const now = this.#clock.monotonic();
    const queued: QueuedPod = {
      key,
      uid: pod.metadata?.uid ?? "",
      priority: pod.spec?.priority ?? 0,
      since: now,
      pod,
      place: "active",
      queuedAt: now,
      attempts: 0,
      refusals: 0,
      errors: 0,
      backoffUntil: 0,
      rejectedBy: new Set(),
      pendingOn: new Set(),
    };
    this.#pods.set(key, queued);
    this.#activate(queued, "PodAdd");
  }

  /** The pod as it is now. One that rests is tried again where the change may help it. */
  update(key: string, pod: Pod): void {
    const queued = this.#pods.get(key);
    if (queued === undefined || queued.uid !== pod.metadata?.uid) return this.add(key, pod);
    const before = queued.pod;
    queued.pod = pod;
    const events = podChanges(before, pod);
    for (const event of events) {
      if (queued.place === "in flight") this.#inFlight.record(event, key);
      else if (queued.place === "unschedulable" || queued.place === "gated") {
        if (this.#options.hints.helps(pod, queued.rejectedBy, event) !== undefined) {
          return this.#requeue(queued, eventLabel(event));
        }
      }
    }
  }

  /** The pod has its node, or is gone. */
  delete(key: string): void {
    const queued = this.#pods.get(key);
    if (queued === undefined) return;
    this.#pods.delete(key);
    if (queued.place === "in flight") this.#inFlight.end(key);
    this.#leave(queued);
  }

  /** The next pod, or undefined when closed. It is in flight until `done`, `unschedulable`, `failed` or `delete`. */
  take(): Promise<QueuedPod | undefined> {
    const next = this.takeNow();
    if (next !== undefined || this.#closed) return Promise.resolve(next);
    return new Promise((resolve) => this.#taker = resolve);
  }

  /** The next pod where there is one. */
  takeNow(): QueuedPod | undefined {
    let next = this.#active.pop();
    if (next === undefined) {
      next = this.#waiting.pop();
      if (next !== undefined) this.#options.incoming?.("active", "PopFromBackoffQ");
    }
    if (next === undefined) return undefined;
    next.place = "in flight";
    next.attempts++;
    next.backoffUntil = 0;
    this.#inFlight.begin(next.key);
    return next;
  }

  /** Nothing that happens from here on can make the pod unschedulable; it stays known until it is deleted. */
  done(queued: QueuedPod): void {
    if (this.#pods.get(queued.key) === queued) this.#inFlight.end(queued.key);
  }

  /** These plugins refused it on every node. */
  unschedulable(
    queued: QueuedPod,
    rejectedBy: Iterable<string>,
    pendingOn: Iterable<string> = [],
  ): void {
    if (!this.#comesBack(queued)) return;
    queued.errors = 0;
    queued.pendingOn = new Set(pendingOn);
    queued.rejectedBy = new Set([...rejectedBy, ...queued.pendingOn]);
    if (queued.pendingOn.size === 0 || queued.rejectedBy.size > queued.pendingOn.size) {
      queued.refusals++;
    }
    this.#setBackoff(queued);
    const missed = this.#inFlight.end(queued.key);
    const helped = missed === undefined || queued.rejectedBy.size === 0 ||
      missed.some((event) =>
        this.#options.hints.helps(queued.pod, queued.rejectedBy, event) !== undefined
      );
    if (helped) this.#requeue(queued, "ScheduleAttemptFailure");
    else this.#rest(queued, "unschedulable", "ScheduleAttemptFailure");
  }

  /** The attempt failed for another reason than the nodes: tried again after its back-off. */
  failed(queued: QueuedPod): void {
    if (!this.#comesBack(queued)) return;
    queued.errors++;
    queued.rejectedBy = new Set();
    queued.pendingOn = new Set();
    this.#setBackoff(queued);
    this.#inFlight.end(queued.key);
    this.#wait(queued, "ScheduleAttemptFailure");
  }

  /** Something changed: pods that it may help are tried again, after what is left of their back-off. */
  event(event: ClusterEvent): void {
    const lines = this.#options.hints.lines(event);
    if (lines.length > 0) this.#inFlight.record(event);
    for (const { plugin, hint } of lines) {
      for (const queued of this.#resting.of(plugin)) {
        if (mayHelp(hint, queued.pod, event)) {
          this.#requeue(queued, eventLabel(event), queued.pendingOn.has(plugin));
        }
      }
    }
  }

  /** Tries a resting pod again at once. */
  activate(key: string): void {
    const queued = this.#pods.get(key);
    if (queued === undefined || queued.place === "active") return;
    if (queued.place === "in flight") {
      return this.#inFlight.record({ resource: "*", action: "Update" }, key);
    }
    this.#leave(queued);
    this.#activate(queued, "ForceActivate");
  }

  close(): void {
    this.#closed = true;
    for (const key of [...this.#pods.keys()]) this.delete(key);
    this.#backoffTimer?.timer.cancel();
    this.#leftOverTimer?.cancel();
    this.#taker?.(undefined);
    this.#taker = undefined;
  }

  /** Whether the queue still knows this very pod, and may take it back. */
  #comesBack(queued: QueuedPod): boolean {
    return !this.#closed && this.#pods.get(queued.key) === queued && queued.place === "in flight";
  }

  #setBackoff(queued: QueuedPod): void {
    const now = this.#clock.monotonic();
    queued.queuedAt = now;
    queued.backoffUntil = backoffEnd(this.#backoff, now, queued.refusals, queued.errors);
  }

  #leave(queued: QueuedPod): void {
    if (queued.place === "active") this.#active.delete(queued);
    else if (queued.place === "backoff") this.#waiting.delete(queued);
    else if (queued.place === "errors") this.#errors.delete(queued);
    else if (queued.place !== "in flight") this.#resting.delete(queued);
  }

  #requeue(queued: QueuedPod, why: string, atOnce = false): void {
    this.#leave(queued);
    if (!atOnce && queued.backoffUntil > windowOf(this.#clock.monotonic())) {
      this.#wait(queued, why);
    } else {
      this.#activate(queued, why);
    }
  }

  #activate(queued: QueuedPod, why: string): void {
    const gate = this.#options.gate?.(queued.pod, queued.key);
    if (gate !== undefined) {
      queued.rejectedBy = new Set([gate]);
      return this.#rest(queued, "gated", why);
    }
    queued.place = "active";
    this.#active.push(queued);
    this.#options.incoming?.("active", why);
    this.#hand();
  }

  #rest(queued: QueuedPod, place: "unschedulable" | "gated", why: string): void {
    queued.place = place;
    this.#resting.add(queued);
    this.#options.incoming?.("unschedulable", why);
    this.#leftOverTimer ??= this.#clock.after(
      LEFT_OVER_CHECK_MILLISECONDS,
      () => this.#flushLeftOvers(),
    );
  }

  #wait(queued: QueuedPod, why: string): void {
    queued.place = queued.errors > 0 ? "errors" : "backoff";
    (queued.errors > 0 ? this.#errors : this.#waiting).push(queued);
    this.#options.incoming?.("backoff", why);
    this.#armBackoff();
    this.#hand();
  }

  /** Gives whoever waits the next pod. */
  #hand(): void {
    if (this.#taker === undefined) return;
    const next = this.takeNow();
    if (next === undefined) return;
    const taker = this.#taker;
    this.#taker = undefined;
    taker(next);
  }

  #armBackoff(): void {
    const at = Math.min(
      this.#waiting.peek()?.backoffUntil ?? Infinity,
      this.#errors.peek()?.backoffUntil ?? Infinity,
    );
    if (at === this.#backoffTimer?.at) return;
    this.#backoffTimer?.timer.cancel();
    this.#backoffTimer = undefined;
    if (at === Infinity || this.#closed) return;
    const timer = this.#clock.after(at - this.#clock.monotonic(), () => this.#flushBackoff());
    this.#backoffTimer = { at, timer };
  }

  #flushBackoff(): void {
    this.#backoffTimer = undefined;
    const now = windowOf(this.#clock.monotonic());
    for (const heap of [this.#waiting, this.#errors]) {
      for (let next = heap.peek(); next !== undefined; next = heap.peek()) {
        if (next.backoffUntil > now) break;
        heap.delete(next);
        this.#activate(next, "BackoffComplete");
      }
    }
    this.#armBackoff();
  }

  #flushLeftOvers(): void {
    this.#leftOverTimer = undefined;
    const before = this.#clock.monotonic() -
      (this.#options.leftOverMilliseconds ?? LEFT_OVER_MILLISECONDS);
    for (const queued of this.#resting.restingSince(before)) {
      this.#requeue(queued, "UnschedulableTimeout");
    }
    if (this.#resting.size > 0 && !this.#closed) {
      this.#leftOverTimer = this.#clock.after(
        LEFT_OVER_CHECK_MILLISECONDS,
        () => this.#flushLeftOvers(),
      );
    }
  }
}
