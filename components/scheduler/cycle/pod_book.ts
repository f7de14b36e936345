import type { Pod } from "../../api/mod.ts";
import type { Change } from "../../reconcile/mod.ts";
import type { EncodedPod, SchedulerCore } from "../core_contract.ts";
import { assignedPodEvents, type ClusterEvent, type SchedulingQueue } from "../queue/mod.ts";
import type { ClusterState } from "../state/cluster_state.ts";
import type { TrackedPod } from "../state/tracked_pod.ts";
import type { Nominations } from "./nominations.ts";
import type { WaitingPods } from "./waiting_pods.ts";

export interface PodBookOptions {
  readonly core: SchedulerCore;
  readonly queue: SchedulingQueue;
  readonly nominations: Nominations;
  readonly waiting: WaitingPods;
  /** Whether a profile of ours has this name. */
  isOurs(schedulerName: string): boolean;
  onEvent(event: ClusterEvent): void;
  forgotten(key: string, uid: string): void;
}

interface Assumed {
  readonly tracked: TrackedPod;
  readonly node: string;
}

/**
 * Where each pod is: waiting, on its way to a node, or there. What the watch shows always stands above what was assumed.
 */
export class PodBook {
  readonly #options: PodBookOptions;
  /** Pods that have been given a node whose binding the watch has not shown yet, by key. */
  readonly #assumed = new Map<string, Assumed>();
  /** Pods that end on a node for the sake of another, by node. */
  readonly #ending = new Map<string, Map<string, number>>();
  #state: ClusterState | undefined;

  constructor(options: PodBookOptions) {
    this.#options = options;
  }

  /** The state that tells this book of pods. */
  attach(state: ClusterState): void {
    this.#state = state;
  }

  get assumed(): number {
    return this.#assumed.size;
  }

  isAssumed(key: string): boolean {
    return this.#assumed.has(key);
  }

  /** Whether pods below a priority still end on a node since they were preempted. */
  endingOn(node: string, priority: number): boolean {
    for (const other of this.#ending.get(node)?.values() ?? []) if (other < priority) return true;
    return false;
  }

  /** The pod counts on the node from now on. */
  assume(tracked: TrackedPod, node: string, encoded: EncodedPod): void {
    this.#assumed.set(tracked.key, { tracked, node });
    this.#options.core.assume(encoded, node);
    this.#options.nominations.forget(tracked.handle);
    if (tracked.volumes !== undefined) {
      this.#state?.usedVolumes.put(tracked.uid, node, tracked.volumes);
    }
  }

  /** It does not any more, unless the watch has shown it there; room that is free again may help others. */
  forget(tracked: TrackedPod): void {
    const assumed = this.#assumed.get(tracked.key);
    if (assumed?.tracked.uid !== tracked.uid) return;
    this.#assumed.delete(tracked.key);
    this.#options.core.removePod(tracked.handle);
    this.#state?.usedVolumes.remove(tracked.uid);
    const before = { ...tracked, node: assumed.node };
    this.#options.onEvent({ resource: "AssignedPod", action: "Delete", before });
  }

  changed({ current, key, previous }: Change<TrackedPod>): void {
    const same = previous !== undefined && previous.uid === current?.uid ? previous : undefined;
    if (previous !== undefined && same === undefined) this.#gone(key, previous);
    if (current === undefined) return;
    if (current.node !== "") this.#placed(key, current, same);
    else this.#pending(key, current, same);
  }

  #gone(key: string, pod: TrackedPod): void {
    const { core, forgotten, nominations, onEvent, queue, waiting } = this.#options;
    const node = this.#assumed.get(key)?.node ?? pod.node;
    const nominated = nominations.nodeOf(pod.handle) || pod.nominatedNode;
    this.#assumed.delete(key);
    queue.delete(key);
    waiting.reject(pod.uid, "", "the pod was deleted");
    nominations.delete(pod.handle);
    core.removePod(pod.handle);
    this.#state?.usedVolumes.remove(pod.uid);
    this.#state?.tracker.forget(pod.uid);
    this.#ended(pod);
    forgotten(key, pod.uid);
    const freed = node !== "" ? node : nominated;
    if (freed === "") return;
    onEvent({ resource: "AssignedPod", action: "Delete", before: { ...pod, node: freed } });
  }

  #placed(key: string, pod: TrackedPod, previous: TrackedPod | undefined): void {
    const { nominations, onEvent, queue } = this.#options;
    const was = previous?.node === pod.node ? previous : undefined;
    if (was === undefined) {
      this.#assumed.delete(key);
      queue.delete(key);
      nominations.forget(pod.handle);
      if (pod.volumes !== undefined) this.#state?.usedVolumes.put(pod.uid, pod.node, pod.volumes);
    }
    if (pod.preempted) {
      const pods = this.#ending.get(pod.node);
      if (pods === undefined) this.#ending.set(pod.node, new Map([[pod.uid, pod.priority]]));
      else pods.set(pod.uid, pod.priority);
    }
    for (const event of assignedPodEvents(was, pod)) onEvent(event);
  }

  #pending(key: string, tracked: TrackedPod, previous: TrackedPod | undefined): void {
    const { isOurs, nominations, queue } = this.#options;
    const pod = tracked.pod as Pod;
    if (this.#assumed.has(key)) {
      // What is known of it matters again when its binding fails.
      if (queue.get(key)?.uid === tracked.uid) queue.update(key, pod);
      return;
    }
    if (tracked.nominatedNode !== (previous?.nominatedNode ?? "")) {
      nominations.put(tracked.handle, key, tracked.nominatedNode, pod);
    }
    if (!isOurs(tracked.schedulerName)) return;
    if (previous === undefined) queue.add(key, pod);
    else queue.update(key, pod);
  }

  #ended(pod: TrackedPod): void {
    if (!pod.preempted) return;
    const pods = this.#ending.get(pod.node);
    pods?.delete(pod.uid);
    if (pods?.size === 0) this.#ending.delete(pod.node);
  }
}
