import { Backoff, equalJson, hasReason } from "../../base/mod.ts";
import {
  CONTROLLER_REVISIONS,
  type ControllerRevision,
  DAEMON_SETS,
  type DaemonSet,
  type Node,
  NODES,
  type Pod,
  PODS,
} from "../../api/mod.ts";
import {
  type ControlLoop,
  type EventRecorder,
  type Informer,
  objectKey,
} from "../../reconcile/mod.ts";
import { type Controller, type ControllerContext, recorderOf, runLoop } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { BY_OWNER, ORPHANS } from "../informers.ts";
import { executeClaims, planClaims } from "../ownership.ts";
import { concernedKeys, controllerKey } from "../owner_keys.ts";
import { isActive } from "../pod_state.ts";
import { errorText, isNamespaceTerminating, podFromTemplate } from "../pod_template.ts";
import {
  executeRevision,
  planRevision,
  POD_REVISION,
  REVISION_HASH,
  staleRevisions,
} from "../revisions.ts";
import { selectorOf } from "../selectors.ts";
import { eachOf, slowStart } from "../slow_start.ts";
import { daemonFits, specForNode, targetNode } from "./node_fit.ts";
import { type DaemonRemoval, planDaemonSet } from "./plan.ts";

const GENERATION_ANNOTATION = "deprecated.daemonset.template.generation";
const GENERATION_LABEL = "pod-template-generation";

/** Keeps one pod on every node that a DaemonSet fits. */
export const daemonSetController: Controller = {
  name: "daemonset-controller",
  aliases: ["daemonset"],
  start: (context) => new DaemonSets(context).start(),
};

class DaemonSets {
  readonly #context: ControllerContext;
  readonly #sets: Informer<DaemonSet>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #events: EventRecorder;
  readonly #podWrites = new Expectations();
  readonly #revisionWrites = new Expectations();
  /** How often, and when last, a set's pod has failed on a node. */
  readonly #failures = new Backoff({ initialMilliseconds: 1000, maximumMilliseconds: 900_000 });
  readonly #notBefore = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#sets = context.informers.of(DAEMON_SETS);
    this.#pods = context.informers.pods();
    this.#nodes = context.informers.of(NODES);
    this.#revisions = context.informers.of(CONTROLLER_REVISIONS);
    this.#events = recorderOf(context, "daemonset-controller");
  }

  start(): ControlLoop {
    const loop = runLoop(this.#context, {
      name: "daemonset",
      needs: [this.#sets, this.#pods, this.#nodes, this.#revisions],
      workers: 2,
      reconcile: (key) => this.#reconcile(key),
    });
    this.#sets.onChange(({ key }) => loop.queue.add(key));
    const owners = { kind: "DaemonSet", informer: this.#sets, selectorOf };
    this.#pods.onChange((change) => {
      for (const key of concernedKeys(change, owners)) loop.queue.add(key);
    });
    this.#nodes.onChange(({ current, previous }) => {
      const isSame = current !== undefined && previous !== undefined &&
        equalJson(current.metadata?.labels, previous.metadata?.labels) &&
        equalJson(current.spec?.taints, previous.spec?.taints);
      if (isSame) return;
      for (const set of this.#sets.list()) {
        const fit = (node: Node | undefined) =>
          node === undefined ? "" : JSON.stringify(daemonFits(set, node));
        if (fit(current) !== fit(previous)) loop.queue.add(objectKey(set));
      }
    });
    this.#revisions.onChange(({ current }) => {
      const key = current === undefined ? undefined : controllerKey(current, owners.kind);
      if (key !== undefined) loop.queue.add(key);
    });
    return loop;
  }

  async #reconcile(key: string): Promise<number | void> {
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#podWrites.forget(key);
      this.#revisionWrites.forget(key);
      return;
    }
    const { client, clock } = this.#context;
    if (!this.#podWrites.met(key, this.#pods, clock.now())) return;
    if (!this.#revisionWrites.met(key, this.#revisions, clock.now())) return;
    const orphans = this.#pods.byIndex(ORPHANS, set.metadata?.namespace ?? "").filter(isActive);
    const owned = this.#pods.byIndex(BY_OWNER, set.metadata?.uid ?? "");
    const claims = planClaims(set, selectorOf(set), [...owned, ...orphans]);
    const pods = await executeClaims(client, set, DAEMON_SETS, PODS, claims);
    const revisions = this.#revisions.byIndex(BY_OWNER, set.metadata?.uid ?? "");
    const revision = await this.#updateRevision(key, set, revisions);
    if (revision === undefined) return;
    const hash = revision.metadata?.labels?.[REVISION_HASH] ?? "";
    const plan = planDaemonSet({ set, nodes: this.#nodes.list(), pods, hash, now: clock.now() });
    const created = await this.#createPods(key, set, hash, plan.create);
    const removed = await this.#removePods(key, set, plan.remove);
    if (plan.status !== set.status) {
      await client.update(DAEMON_SETS, { ...set, status: plan.status }, { subresource: "status" });
    }
    const error = created ?? removed.error;
    if (error !== undefined) throw error;
    const live = new Set([revision.metadata?.name ?? ""]);
    for (const one of revisions) {
      const isUsed = pods.some((pod) =>
        pod.metadata?.labels?.[POD_REVISION] === one.metadata?.labels?.[REVISION_HASH]
      );
      if (isUsed) live.add(one.metadata?.name ?? "");
    }
    for (const { metadata } of staleRevisions(set, revisions, live)) {
      const { name = "", namespace = "" } = metadata ?? {};
      await client.delete(CONTROLLER_REVISIONS, name, { namespace }).catch((refused) => {
        if (!hasReason(refused, "NotFound")) throw refused;
      });
    }
    const waits = [plan.again, removed.wait].filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  async #updateRevision(
    key: string,
    set: DaemonSet,
    revisions: readonly ControllerRevision[],
  ): Promise<ControllerRevision | undefined> {
    const { client, clock } = this.#context;
    const labels = set.spec?.template?.metadata?.labels;
    const plan = planRevision(set, DAEMON_SETS, labels, revisions);
    const revision = await executeRevision(client, plan);
    if (revision === undefined) {
      await client.update(DAEMON_SETS, {
        ...set,
        status: { ...set.status, collisionCount: (set.status?.collisionCount ?? 0) + 1 },
      }, { subresource: "status" });
    } else if (plan.kind !== "stands") {
      this.#revisionWrites.wrote(key, revision, clock.now());
    }
    return revision;
  }

  /** Answers the first failure. */
  async #createPods(
    key: string,
    set: DaemonSet,
    hash: string,
    nodes: readonly string[],
  ): Promise<unknown> {
    const { client, clock } = this.#context;
    const base = podFromTemplate(set.spec?.template, set, DAEMON_SETS);
    const generation = set.metadata?.annotations?.[GENERATION_ANNOTATION];
    const labels = {
      ...base.metadata?.labels,
      [POD_REVISION]: hash,
      ...(generation === undefined ? {} : { [GENERATION_LABEL]: generation }),
    };
    const { error } = await slowStart(nodes.length, async (i) => {
      const pod = {
        ...base,
        metadata: { ...base.metadata, labels },
        spec: specForNode(base.spec ?? {}, nodes[i]!),
      };
      try {
        const created = await client.create<Pod>(PODS, pod);
        this.#podWrites.wrote(key, created, clock.now());
        this.#events.normal(
          set,
          "SuccessfulCreate",
          `Created pod: ${created.metadata?.name ?? ""}`,
        );
      } catch (error) {
        if (isNamespaceTerminating(error)) return;
        this.#events.warning(set, "FailedCreate", `Error creating: ${errorText(error)}`);
        throw error;
      }
    });
    return error;
  }

  async #removePods(
    key: string,
    set: DaemonSet,
    removals: readonly DaemonRemoval[],
  ): Promise<{ error?: unknown; wait?: number }> {
    const { client, clock } = this.#context;
    let wait: number | undefined;
    const { error } = await eachOf(removals, async ({ pod, because }) => {
      const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
      const node = targetNode(pod) ?? "";
      if (because === "failed") {
        const left = this.#failureWait(`${key}/${node}`, uid);
        if (left > 0) {
          wait = Math.min(wait ?? left, left);
          return;
        }
        const message =
          `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`;
        this.#events.warning(set, "FailedDaemonPod", message);
      } else if (because === "succeeded") {
        const message =
          `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`;
        this.#events.normal(set, "SucceededDaemonPod", message);
      }
      try {
        await client.delete(PODS, name, { namespace, uid });
        this.#events.normal(set, "SuccessfulDelete", `Deleted pod: ${name}`);
      } catch (error) {
        if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) {
          this.#events.warning(set, "FailedDelete", `Error deleting: ${errorText(error)}`);
          throw error;
        }
      }
      this.#podWrites.deleted(key, pod, clock.now());
    });
    return {
      ...(error === undefined ? {} : { error }),
      ...(wait === undefined ? {} : { wait }),
    };
  }

  /** The first failure is replaced at once; each further one in a row waits longer. */
  #failureWait(place: string, uid: string): number {
    const now = this.#context.clock.now();
    const known = this.#notBefore.get(uid);
    if (known !== undefined) {
      if (known <= now) this.#notBefore.delete(uid);
      return known - now;
    }
    const isFirst = this.#failures.failures(place) === 0;
    const delay = this.#failures.fail(place);
    if (isFirst) return 0;
    this.#notBefore.set(uid, now + delay);
    return delay;
  }
}
