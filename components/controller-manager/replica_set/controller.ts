import { hasReason } from "../../base/mod.ts";
import { type KubeObject, type Pod, PODS, type ReplicaSet } from "../../api/mod.ts";
import { type ControlLoop, type EventRecorder, type Informer } from "../../reconcile/mod.ts";
import { type Controller, type ControllerContext, recorderOf, runLoop } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { BY_OWNER, ORPHANS } from "../informers.ts";
import { concernedKeys } from "../owner_keys.ts";
import { controllerOf, executeClaims, planClaims } from "../ownership.ts";
import { isActive, nextAvailable } from "../pod_state.ts";
import { errorText, isNamespaceTerminating, podFromTemplate } from "../pod_template.ts";
import { selectorOf } from "../selectors.ts";
import { eachOf, slowStart } from "../slow_start.ts";
import { planReplicas, type ReplicaFailure, replicaSetStatus } from "./plan.ts";
import {
  REPLICA_SET_KIND,
  type ReplicaOwnerKind,
  REPLICATION_CONTROLLER_KIND,
} from "./owner_kind.ts";

/** Keeps as many pods as a ReplicaSet asks for. */
export const replicaSetController: Controller = {
  name: "replicaset-controller",
  aliases: ["replicaset"],
  start: (context) => new Replicas(context, REPLICA_SET_KIND).start(),
};

/** Keeps as many pods as a ReplicationController asks for. */
export const replicationController: Controller = {
  name: "replicationcontroller-controller",
  aliases: ["replicationcontroller"],
  start: (context) => new Replicas(context, REPLICATION_CONTROLLER_KIND).start(),
};

class Replicas<T extends KubeObject> {
  readonly #context: ControllerContext;
  readonly #kind: ReplicaOwnerKind<T>;
  readonly #sets: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;
  readonly #expectations = new Expectations();

  constructor(context: ControllerContext, kind: ReplicaOwnerKind<T>) {
    this.#context = context;
    this.#kind = kind;
    this.#sets = context.informers.of(kind.type);
    this.#pods = context.informers.pods();
    this.#events = recorderOf(context, kind.component);
  }

  start(): ControlLoop {
    const loop = runLoop(this.#context, {
      name: this.#kind.component,
      needs: [this.#sets, this.#pods],
      workers: 5,
      reconcile: (key) => this.#reconcile(key),
    });
    this.#sets.onChange(({ key }) => loop.queue.add(key));
    const owners = {
      kind: this.#kind.type.kind,
      informer: this.#sets,
      selectorOf: (set: T) => selectorOf(this.#kind.view(set)),
    };
    this.#pods.onChange((change) => {
      for (const key of concernedKeys(change, owners)) loop.queue.add(key);
    });
    return loop;
  }

  async #reconcile(key: string): Promise<number | void> {
    const object = this.#sets.get(key);
    if (object === undefined) return this.#expectations.forget(key);
    const { client, clock } = this.#context;
    const set = this.#kind.view(object);
    const current = this.#expectations.met(key, this.#pods, clock.now());
    const candidates = [
      ...this.#pods.byIndex(BY_OWNER, set.metadata?.uid ?? ""),
      ...this.#pods.byIndex(ORPHANS, set.metadata?.namespace ?? "").filter(isActive),
    ];
    const claims = planClaims(set, selectorOf(set), candidates);
    const pods = await executeClaims(client, object, this.#kind.type, PODS, claims);
    let failure: ReplicaFailure | undefined;
    let error: unknown;
    if (current && set.metadata?.deletionTimestamp === undefined) {
      ({ failure, error } = await this.#manage(key, set, pods));
    }
    const now = clock.now();
    const status = replicaSetStatus(set, pods, failure, now);
    if (status !== set.status) {
      await client.update(this.#kind.type, this.#kind.withStatus(object, status), {
        subresource: "status",
      }).catch((refused) => {
        if (!hasReason(refused, "NotFound")) throw refused;
      });
    }
    if (error !== undefined) throw error;
    return nextAvailable(pods, set.spec?.minReadySeconds ?? 0, now);
  }

  async #manage(
    key: string,
    set: ReplicaSet,
    pods: readonly Pod[],
  ): Promise<{ failure?: ReplicaFailure; error?: unknown }> {
    const { client, clock } = this.#context;
    const counts = new Map<string, number>();
    const neighbours = (node: string) => {
      let count = counts.get(node);
      if (count === undefined) counts.set(node, count = this.#neighbours(set, node));
      return count;
    };
    const plan = planReplicas(set, pods, neighbours, clock.now());
    if (plan.create > 0) {
      const pod = podFromTemplate(set.spec?.template, set, this.#kind.type);
      const { error } = await slowStart(plan.create, async () => {
        try {
          const created = await client.create<Pod>(PODS, pod);
          this.#expectations.wrote(key, created, clock.now());
          this.#events.normal(
            set,
            "SuccessfulCreate",
            `Created pod: ${created.metadata?.name ?? ""}`,
          );
        } catch (error) {
          if (!isNamespaceTerminating(error)) {
            this.#events.warning(set, "FailedCreate", `Error creating: ${errorText(error)}`);
          }
          throw error;
        }
      });
      if (error === undefined || isNamespaceTerminating(error)) return {};
      return { failure: { reason: "FailedCreate", message: errorText(error) }, error };
    }
    const { error } = await eachOf(plan.remove, async (pod) => {
      const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
      try {
        await client.delete(PODS, name, { namespace, uid });
        this.#events.normal(set, "SuccessfulDelete", `Deleted pod: ${name}`);
      } catch (error) {
        if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) {
          this.#events.warning(set, "FailedDelete", `Error deleting: ${errorText(error)}`);
          throw error;
        }
      }
      this.#expectations.deleted(key, pod, clock.now());
    });
    if (error === undefined) return {};
    return { failure: { reason: "FailedDelete", message: errorText(error) }, error };
  }

  /** Active pods on a node of this set and of all others of the same owner. */
  #neighbours(set: ReplicaSet, node: string): number {
    const owner = controllerOf(set)?.uid;
    const family = owner === undefined
      ? [set.metadata?.uid ?? ""]
      : this.#sets.byIndex(BY_OWNER, owner).map((other) => other.metadata?.uid ?? "");
    let count = 0;
    for (const uid of family) {
      for (const pod of this.#pods.byIndex(BY_OWNER, uid)) {
        if (isActive(pod) && pod.spec?.nodeName === node) count++;
      }
    }
    return count;
  }
}
