import { timestamp } from "../../base/mod.ts";
import { type Lease, LEASES, type Node, NODES, type Pod, PODS } from "../../api/mod.ts";
import { type EventRecorder, Informer } from "../../reconcile/mod.ts";
import {
  type Controller,
  type ControllerContext,
  recorderOf,
  runEvery,
  runLoop,
  together,
} from "../controller.ts";
import { BY_NODE } from "../informers.ts";
import { isReady } from "../pod_state.ts";
import { type HealthLimits, sight, type Sighting, silentAt, unknownConditions } from "./health.ts";
import { isEvictionTaint, mirroredLabels, plannedTaints, unhealthyKey } from "./node_taints.ts";
import { allDown, judgeZones, type Zone, zoneOf } from "./zones.ts";

const MONITOR_PERIOD_MILLISECONDS = 5_000;
const DEFAULT_GRACE_MILLISECONDS = 50_000;
const STARTUP_GRACE_MILLISECONDS = 60_000;

/**
 * Tells nodes that have gone silent by their leases and heartbeats, writes so into their conditions, taints them,
 * and takes their pods out of service. A node's own news is acted on at once; only silence needs a period.
 */
export const nodeLifecycleController: Controller = {
  name: "node-lifecycle-controller",
  aliases: ["nodelifecycle"],
  start(context) {
    const nodes = context.informers.of(NODES);
    const pods = context.informers.pods();
    const leases = new Informer<Lease, string>({
      // Caches are filled by the manager's own client, which may read everything.
      client: context.options.client,
      clock: context.clock,
      logger: context.logger,
      type: LEASES,
      namespace: "kube-node-lease",
      project: (lease) => lease.spec?.renewTime ?? "",
    }).start(context.signal);
    const lifecycle = new NodeLifecycle(context, {
      node: (name) => nodes.get(name),
      nodes: () => nodes.list(),
      renewal: (name) => leases.get(`kube-node-lease/${name}`),
      podsOn: (name) => pods.byIndex(BY_NODE, name),
    });
    const loop = runLoop(context, {
      name: "node-lifecycle",
      needs: [nodes, pods, leases],
      workers: 8,
      reconcile: (name) => lifecycle.reconcile(name),
    });
    nodes.onChange(({ key, current, previous }) => {
      if (current === undefined && previous !== undefined) lifecycle.removed(key, previous);
      else loop.queue.add(key);
      const health = (node: Node | undefined) => node === undefined ? "" : unhealthyKey(node);
      if (health(current) !== health(previous)) lifecycle.healthChanged();
    });
    const monitor = runEvery(
      context,
      "node-monitor",
      MONITOR_PERIOD_MILLISECONDS,
      [nodes, pods, leases],
      () => {
        for (const name of lifecycle.look()) loop.queue.add(name);
        return Promise.resolve();
      },
    );
    return together(loop, monitor);
  },
};

interface View {
  node(name: string): Node | undefined;
  nodes(): Node[];
  renewal(name: string): string | undefined;
  podsOn(name: string): Pod[];
}

class NodeLifecycle {
  readonly #context: ControllerContext;
  readonly #view: View;
  readonly #events: EventRecorder;
  readonly #limits: HealthLimits;
  readonly #sightings = new Map<string, Sighting>();
  /** Whether the node was unhealthy when its pods were last looked after. */
  readonly #unhealthy = new Set<string>();
  readonly #nextEviction = new Map<string, number>();
  /** Judged anew when it is asked for after a node's health has changed. */
  #zones: ReadonlyMap<string, Zone> | undefined;
  #wasDown = false;

  constructor(context: ControllerContext, view: View) {
    this.#context = context;
    this.#view = view;
    this.#events = recorderOf(context, "node-controller");
    this.#limits = {
      grace: context.options.nodeMonitorGraceMilliseconds ?? DEFAULT_GRACE_MILLISECONDS,
      startupGrace: STARTUP_GRACE_MILLISECONDS,
    };
  }

  /** Looks at every node and answers which need work: those that are silent or unhealthy. */
  look(): string[] {
    const now = this.#context.clock.now();
    const nodes = this.#view.nodes();
    const isDown = allDown(this.#judgedZones());
    const isBack = this.#wasDown && !isDown;
    this.#wasDown = isDown;
    const work: string[] = [];
    for (const node of nodes) {
      const name = node.metadata?.name ?? "";
      let sighting = this.#sight(name, node, now);
      if (isBack) {
        // While nothing could report, silence meant nothing.
        sighting = { ...sighting, at: now };
        this.#sightings.set(name, sighting);
      }
      if (now > silentAt(node, sighting, this.#limits) || unhealthyKey(node) !== undefined) {
        work.push(name);
      }
    }
    return work;
  }

  healthChanged(): void {
    this.#zones = undefined;
  }

  #judgedZones(): ReadonlyMap<string, Zone> {
    return this.#zones ??= judgeZones(this.#view.nodes());
  }

  removed(name: string, node: Node): void {
    this.#sightings.delete(name);
    this.#unhealthy.delete(name);
    this.#events.normal(
      node,
      "RemovingNode",
      `Node ${name} event: Removing Node ${name} from Controller`,
    );
  }

  async reconcile(name: string): Promise<void> {
    const { client, clock } = this.#context;
    const node = this.#view.node(name);
    if (node === undefined) return;
    const now = clock.now();
    if (!this.#sightings.has(name)) {
      this.#events.normal(
        node,
        "RegisteredNode",
        `Node ${name} event: Registered Node ${name} in Controller`,
      );
    }
    const sighting = this.#sight(name, node, now);
    if (now > silentAt(node, sighting, this.#limits)) {
      const conditions = unknownConditions(node, now);
      if (conditions.length > 0) {
        // What follows from it is done when the write comes back.
        await client.patch(NODES, name, { status: { conditions } }, {
          type: "strategic",
          subresource: "status",
        });
        return;
      }
    }
    await this.#writeLabelsAndTaints(name, node, now);
    await this.#lookAfterPods(name, node, now);
  }

  #sight(name: string, node: Node, now: number): Sighting {
    const sighting = sight(node, this.#view.renewal(name), this.#sightings.get(name), now);
    this.#sightings.set(name, sighting);
    return sighting;
  }

  async #writeLabelsAndTaints(name: string, node: Node, now: number): Promise<void> {
    const eviction = this.#eviction(node, now);
    const taints = plannedTaints(node, now, eviction);
    const labels = mirroredLabels(node);
    const hasLabels = Object.keys(labels).length > 0;
    if (taints === undefined && !hasLabels) return;
    await this.#context.client.patch(NODES, name, {
      metadata: {
        resourceVersion: node.metadata?.resourceVersion,
        ...(hasLabels ? { labels } : {}),
      },
      ...(taints === undefined ? {} : { spec: { taints } }),
    }, { type: "merge" }).catch((error) => {
      if (eviction === "start") this.#nextEviction.delete(zoneOf(node));
      throw error;
    });
  }

  /** One node after the other in each zone: a fault of many at once must not move everything. */
  #eviction(node: Node, now: number): "start" | "keep" | "stop" {
    if (unhealthyKey(node) === undefined) return "stop";
    const zones = this.#judgedZones();
    if (allDown(zones)) return "stop";
    if (node.spec?.taints?.some(isEvictionTaint)) return "keep";
    const zone = zoneOf(node);
    const interval = zones.get(zone)?.evictionInterval ?? Infinity;
    if (!Number.isFinite(interval) || (this.#nextEviction.get(zone) ?? 0) > now) return "keep";
    this.#nextEviction.set(zone, now + interval);
    return "start";
  }

  async #lookAfterPods(name: string, node: Node, now: number): Promise<void> {
    if (unhealthyKey(node) === undefined) {
      this.#unhealthy.delete(name);
      return;
    }
    if (!this.#unhealthy.has(name)) {
      this.#events.normal(node, "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
      this.#unhealthy.add(name);
    }
    for (const pod of this.#view.podsOn(name)) {
      if (!isReady(pod)) continue;
      await this.#context.client.patch(PODS, pod.metadata?.name ?? "", {
        metadata: { uid: pod.metadata?.uid },
        status: {
          conditions: [{ type: "Ready", status: "False", lastTransitionTime: timestamp(now) }],
        },
      }, {
        type: "strategic",
        subresource: "status",
        namespace: pod.metadata?.namespace ?? "",
      });
      this.#events.warning(pod, "NodeNotReady", "Node is not ready");
    }
  }
}
