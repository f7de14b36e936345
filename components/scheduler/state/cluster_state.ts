import type { Clock, Logger } from "../../base/mod.ts";
import {
  type Namespace,
  NAMESPACES,
  type Node,
  NODES,
  type Pod,
  POD_DISRUPTION_BUDGETS,
  type PodDisruptionBudget,
  PODS,
} from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { type Change, Informer } from "../../reconcile/mod.ts";
import type { SchedulerCore } from "../core_contract.ts";
import { ResourceClaimCache, ResourceStore } from "../dynamic_resources/mod.ts";
import { type ClusterEvent, type KnownNode, knownNode, nodeEvents } from "../queue/mod.ts";
import { NodeMatches, UsedVolumes, VolumeCache, VolumeStore } from "../volumes/mod.ts";
import { Owners } from "./owners.ts";
import { PodTracker, type TrackedPod } from "./tracked_pod.ts";

export interface ClusterStateOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly core: SchedulerCore;
  /** Something changed that may help pods that wait; the core knows it already. */
  onEvent(event: ClusterEvent): void;
  onPod(change: Change<TrackedPod>): void;
  /** Whole nodes, for who has to be shown them; undefined where one is gone. */
  onNode?(name: string, node: Node | undefined): void;
}

/** What the scheduler knows of the cluster: the core's snapshot and what beside it is kept, as the API server has it. */
export class ClusterState {
  readonly tracker = new PodTracker();
  readonly pods: Informer<Pod, TrackedPod>;
  readonly nodes: Informer<Node, KnownNode>;
  readonly budgets: Informer<PodDisruptionBudget>;
  readonly owners: Owners;
  readonly volumes = new VolumeCache();
  readonly usedVolumes = new UsedVolumes();
  readonly claims = new ResourceClaimCache();
  readonly matches: NodeMatches;
  readonly #options: ClusterStateOptions;
  readonly #namespaces: Informer<Namespace, Readonly<Record<string, string>>>;
  readonly #volumeStore: VolumeStore;
  readonly #resourceStore: ResourceStore;
  readonly #keys = new Map<string, string>();

  constructor(options: ClusterStateOptions) {
    const { client, clock, core, logger } = options;
    const common = { client, clock, logger };
    this.#options = options;
    this.matches = new NodeMatches((terms) => core.matching(terms));
    this.pods = new Informer<Pod, TrackedPod>({
      ...common,
      type: PODS,
      fieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
      project: (pod) => this.#trackPod(pod),
    });
    this.nodes = new Informer<Node, KnownNode>({
      ...common,
      type: NODES,
      project: (node) => this.#putNode(node),
    });
    this.budgets = new Informer<PodDisruptionBudget>({ ...common, type: POD_DISRUPTION_BUDGETS });
    this.#namespaces = new Informer<Namespace, Readonly<Record<string, string>>>({
      ...common,
      type: NAMESPACES,
      project: ({ metadata }) => metadata?.labels ?? {},
    });
    this.owners = new Owners(common);
    this.#volumeStore = new VolumeStore({
      ...common,
      cache: this.volumes,
      onEvent: options.onEvent,
    });
    this.#resourceStore = new ResourceStore({
      ...common,
      cache: this.claims,
      onEvent: options.onEvent,
    });
    this.#namespaces.onChange(({ current, key, previous }) => {
      if (current === undefined) core.removeNamespace(key);
      else core.putNamespace(key, current);
      options.onEvent({
        resource: "Namespace",
        action: previous === undefined ? "Add" : current === undefined ? "Delete" : "Update",
      });
    });
    this.nodes.onChange(({ current, key, previous }) => {
      if (current === undefined) {
        core.removeNode(key);
        options.onNode?.(key, undefined);
      }
      const events = nodeEvents(previous, current);
      if (events.length > 0) this.matches.nodesChanged();
      for (const event of events) options.onEvent(event);
    });
    this.pods.onChange((change) => {
      if (change.current !== undefined) this.#keys.set(change.current.uid, change.key);
      const gone = change.previous;
      if (gone !== undefined && gone.uid !== change.current?.uid) this.#keys.delete(gone.uid);
      options.onPod(change);
    });
  }

  start(signal: AbortSignal): void {
    this.#namespaces.start(signal);
    this.nodes.start(signal);
    this.pods.start(signal);
    this.budgets.start(signal);
    this.owners.start(signal);
    this.#volumeStore.start(signal);
    this.#resourceStore.start(signal);
  }

  /** Resolves when everything is known. */
  async synced(): Promise<void> {
    await Promise.all([
      this.#namespaces.synced(),
      this.nodes.synced(),
      this.pods.synced(),
      this.budgets.synced(),
      this.owners.synced(),
      this.#volumeStore.synced(),
      this.#resourceStore.synced(),
    ]);
  }

  /** The pod that the core knows by a handle. */
  podOf(handle: number): TrackedPod | undefined {
    const uid = this.tracker.uidOf(handle);
    const key = uid === undefined ? undefined : this.#keys.get(uid);
    return key === undefined ? undefined : this.pods.get(key);
  }

  /** What is known of the pod with a uid. */
  podOfUid(uid: string): TrackedPod | undefined {
    const key = this.#keys.get(uid);
    return key === undefined ? undefined : this.pods.get(key);
  }

  #trackPod(pod: Pod): TrackedPod {
    const tracked = this.tracker.of(pod);
    if (tracked.node === "") return tracked;
    const before = this.pods.get(tracked.key);
    // A status alone is nothing to the core: most of what is heard of pods.
    if (
      before?.uid !== tracked.uid || before.signature !== tracked.signature ||
      before.labels !== tracked.labels
    ) {
      this.#options.core.putPod(tracked.handle, tracked.node, pod);
    }
    return tracked;
  }

  #putNode(node: Node): KnownNode {
    this.#options.core.putNode(node);
    const known = knownNode(node);
    this.#options.onNode?.(known.name, node);
    return known;
  }
}
