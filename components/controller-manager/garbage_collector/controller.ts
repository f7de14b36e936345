import { hasReason } from "../../base/mod.ts";
import type { KubeObject, OwnerReference } from "../../api/mod.ts";
import { ControlLoop, type EventRecorder } from "../../reconcile/mod.ts";
import {
  type Controller,
  type ControllerContext,
  recorderOf,
  type Running,
  together,
} from "../controller.ts";
import { MetadataClient } from "../metadata_client.ts";
import { FOREGROUND, type GraphNode, ORPHAN, OwnerGraph } from "./graph.ts";
import { Monitors } from "./monitors.ts";
import { blockingDependents, type OwnerState, planCollection } from "./plan.ts";

const WORKERS = 20;
const ABSENT_OWNERS_MAXIMUM = 500;
const REDISCOVER_MILLISECONDS = 30_000;
/** A CRD that has just appeared is served a moment later; several that come together are one refresh. */
const SETTLE_MILLISECONDS = 250;

/** Deletes what its owners have left behind, in the background, in the foreground, or not at all. */
export const garbageCollector: Controller = {
  name: "garbage-collector-controller",
  aliases: ["garbagecollector"],
  start: (context) => new GarbageCollector(context).start(),
};

class GarbageCollector {
  readonly #context: ControllerContext;
  readonly #metadata: MetadataClient;
  readonly #graph = new OwnerGraph();
  readonly #monitors: Monitors;
  readonly #events: EventRecorder;
  /** Owners that the server has said it does not have. Uids never come back. */
  readonly #absent = new Set<string>();
  readonly #collect: ControlLoop;
  readonly #orphan: ControlLoop;
  readonly #discovery: ControlLoop;
  #started = false;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#metadata = new MetadataClient(context.client);
    this.#events = recorderOf(context, "garbage-collector-controller");
    const { clock, logger } = context;
    const common = {
      clock,
      logger,
      retry: { initialMilliseconds: 20, maximumMilliseconds: 60_000 },
    };
    this.#collect = new ControlLoop({
      ...common,
      name: "garbage-collector",
      workers: WORKERS,
      reconcile: (uid) => this.#collectOne(uid),
    });
    this.#orphan = new ControlLoop({
      ...common,
      name: "garbage-collector-orphan",
      workers: WORKERS,
      reconcile: (uid) => this.#orphanDependents(uid),
    });
    this.#discovery = new ControlLoop({
      ...common,
      name: "garbage-collector-discovery",
      reconcile: () => this.#refresh(),
    });
    this.#monitors = new Monitors(context, {
      changed: (node) => this.#changed(node),
      removed: (node) => this.#removed(node),
      forgotten: (node) => this.#graph.remove(node.uid),
    });
  }

  start(): Running {
    this.#discovery.start().queue.add("all");
    return together(this.#discovery, this.#collect, this.#orphan);
  }

  async #refresh(): Promise<number | void> {
    const complete = await this.#monitors.refresh();
    if (!this.#started) {
      this.#started = true;
      this.#collect.start();
      this.#orphan.start();
    }
    if (!complete) return REDISCOVER_MILLISECONDS;
  }

  #changed(node: GraphNode): void {
    this.#graph.put(node);
    this.#rediscoverFor(node);
    if (node.isOrphaning) this.#orphan.queue.add(node.uid);
    if (node.isForeground) {
      for (const { uid } of this.#graph.dependents(node.uid)) this.#collect.queue.add(uid);
      this.#collect.queue.add(node.uid);
    }
    if (node.owners.some(({ uid }) => this.#isSuspect(uid))) this.#collect.queue.add(node.uid);
    // An owner that waits for this one may wait no longer.
    for (const { uid } of node.owners) {
      if (this.#graph.get(uid)?.isForeground) this.#collect.queue.add(uid);
    }
  }

  #removed(node: GraphNode): void {
    this.#graph.remove(node.uid);
    this.#rememberAbsent(node.uid);
    this.#rediscoverFor(node);
    for (const { uid } of this.#graph.dependents(node.uid)) this.#collect.queue.add(uid);
    for (const { uid } of node.owners) {
      if (this.#graph.get(uid)?.isForeground) this.#collect.queue.add(uid);
    }
  }

  #rediscoverFor({ resource }: GraphNode): void {
    const changesApi = resource.resource === "customresourcedefinitions" ||
      resource.resource === "apiservices";
    if (changesApi && this.#started) this.#discovery.queue.addAfter("all", SETTLE_MILLISECONDS);
  }

  #isSuspect(uid: string): boolean {
    const owner = this.#graph.get(uid);
    return owner === undefined || owner.isForeground;
  }

  #rememberAbsent(uid: string): void {
    this.#absent.delete(uid);
    this.#absent.add(uid);
    for (const oldest of this.#absent) {
      if (this.#absent.size <= ABSENT_OWNERS_MAXIMUM) break;
      this.#absent.delete(oldest);
    }
  }

  async #collectOne(uid: string): Promise<number | void> {
    const node = this.#graph.get(uid);
    if (node === undefined) return;
    const dependents = this.#graph.dependents(uid);
    if (node.isForeground) {
      if (blockingDependents(node, dependents).length > 0) {
        for (const dependent of dependents) {
          if (!dependent.isGoing) this.#collect.queue.add(dependent.uid);
        }
        return;
      }
      return await this.#removeFinalizer(node, FOREGROUND);
    }
    if (node.isGoing || node.owners.length === 0) return;
    const states: OwnerState[] = [];
    for (const owner of node.owners) {
      const state = await this.#ownerState(node, owner);
      if (state === undefined) return REDISCOVER_MILLISECONDS;
      states.push(state);
    }
    const plan = planCollection(node, states, dependents);
    if (plan.kind === "disown") return await this.#disown(node, plan.keep);
    if (plan.kind === "delete") {
      for (const blocked of plan.unblock) {
        await this.#writeOwners(
          blocked,
          blocked.owners.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
        );
      }
      await this.#delete(node, plan.propagationPolicy, plan.unblock.length === 0);
    }
  }

  /** Undefined where it cannot be told, because the owner's kind is not known. */
  async #ownerState(node: GraphNode, owner: OwnerReference): Promise<OwnerState | undefined> {
    const known = this.#graph.get(owner.uid);
    if (known !== undefined && known.resource.kind === owner.kind && known.name === owner.name) {
      if (known.namespace === "" || known.namespace === node.namespace) {
        return known.isForeground ? "waiting" : "solid";
      }
      if (node.namespace === "") return "solid";
      this.#warnOfNamespace(node, owner);
      return "absent";
    }
    if (this.#absent.has(owner.uid)) return "absent";
    const resource = this.#monitors.resourceOf(owner.apiVersion, owner.kind);
    if (resource === undefined) {
      this.#discovery.queue.addAfter("all", SETTLE_MILLISECONDS);
      return undefined;
    }
    // Nothing that spans namespaces can be owned by what does not: such a reference says nothing.
    if (resource.namespaced && node.namespace === "") return "solid";
    const namespace = resource.namespaced ? node.namespace : undefined;
    const found = await this.#metadata.find<KubeObject>(resource, owner.name, namespace);
    if (found?.metadata?.uid === owner.uid) {
      const isWaiting = found.metadata.deletionTimestamp !== undefined &&
        (found.metadata.finalizers?.includes(FOREGROUND) ?? false);
      return isWaiting ? "waiting" : "solid";
    }
    this.#rememberAbsent(owner.uid);
    return "absent";
  }

  #warnOfNamespace(node: GraphNode, owner: OwnerReference): void {
    const { group, version, kind } = node.resource;
    this.#events.warning(
      {
        apiVersion: group === "" ? version : `${group}/${version}`,
        kind,
        metadata: { name: node.name, namespace: node.namespace, uid: node.uid },
      },
      "OwnerRefInvalidNamespace",
      `ownerRef [${owner.apiVersion}/${owner.kind}, namespace: ${node.namespace}, name: ${owner.name}, uid: ${owner.uid}] does not exist in namespace "${node.namespace}"`,
    );
  }

  async #delete(
    node: GraphNode,
    propagationPolicy: "Background" | "Foreground" | "Orphan",
    unchanged: boolean,
  ): Promise<void> {
    try {
      await this.#context.client.delete(node.resource, node.name, {
        ...(node.namespace === "" ? {} : { namespace: node.namespace }),
        uid: node.uid,
        // Whoever has changed it since may have given it another owner.
        ...(unchanged ? { resourceVersion: node.resourceVersion } : {}),
        propagationPolicy,
      });
    } catch (error) {
      if (hasReason(error, "NotFound")) return this.#graph.remove(node.uid);
      throw error;
    }
  }

  #disown(node: GraphNode, keep: readonly OwnerReference[]): Promise<void> {
    return this.#writeOwners(node, keep);
  }

  async #writeOwners(node: GraphNode, ownerReferences: readonly OwnerReference[]): Promise<void> {
    const { uid, resourceVersion } = node;
    await this.#patch(node, {
      uid,
      resourceVersion,
      ownerReferences: ownerReferences.length === 0 ? null : ownerReferences,
    });
  }

  async #orphanDependents(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (node === undefined || !node.isOrphaning) return;
    for (const dependent of this.#graph.dependents(uid)) {
      const keep = dependent.owners.filter((owner) => owner.uid !== uid);
      await this.#writeOwners(dependent, keep);
    }
    await this.#removeFinalizer(node, ORPHAN);
  }

  async #removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    const { namespace, name } = node;
    const found = await this.#metadata.find<KubeObject>(
      node.resource,
      name,
      namespace === "" ? undefined : namespace,
    );
    const metadata = found?.metadata;
    if (metadata?.uid !== node.uid) return;
    const { resourceVersion, finalizers = [] } = metadata;
    if (!finalizers.includes(finalizer)) return;
    const left = finalizers.filter((one) => one !== finalizer);
    await this.#patch(node, { resourceVersion, finalizers: left.length === 0 ? null : left });
  }

  async #patch(node: GraphNode, metadata: Record<string, unknown>): Promise<void> {
    try {
      await this.#metadata.patch(node.resource, node.name, { metadata }, {
        type: "merge",
        ...(node.namespace === "" ? {} : { namespace: node.namespace }),
      });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }
}
