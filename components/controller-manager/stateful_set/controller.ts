import { equalJson, hasReason } from "../../base/mod.ts";
import {
  CONTROLLER_REVISIONS,
  type ControllerRevision,
  PERSISTENT_VOLUME_CLAIMS,
  type PersistentVolumeClaim,
  type Pod,
  PODS,
  STATEFUL_SETS,
  type StatefulSet,
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
import { concernedKeys, controllerKey } from "../owner_keys.ts";
import { executeClaims, ownerReference, planClaims } from "../ownership.ts";
import { isActive } from "../pod_state.ts";
import { errorText } from "../pod_template.ts";
import {
  byRevision,
  executeRevision,
  planRevision,
  staleRevisions,
  templateOf,
} from "../revisions.ts";
import { selectorOf } from "../selectors.ts";
import { eachOf } from "../slow_start.ts";
import { claimName, ordinalOf, retention, statefulClaims, statefulPod } from "./identity.ts";
import { planStatefulSet, podRevision, type StatefulPlan } from "./plan.ts";

/** Keeps pods with names, storage and an order of their own. */
export const statefulSetController: Controller = {
  name: "statefulset-controller",
  aliases: ["statefulset"],
  start: (context) => new StatefulSets(context).start(),
};

class StatefulSets {
  readonly #context: ControllerContext;
  readonly #sets: Informer<StatefulSet>;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #events: EventRecorder;
  readonly #podWrites = new Expectations();
  readonly #revisionWrites = new Expectations();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#sets = context.informers.of(STATEFUL_SETS);
    this.#pods = context.informers.pods();
    this.#claims = context.informers.of(PERSISTENT_VOLUME_CLAIMS);
    this.#revisions = context.informers.of(CONTROLLER_REVISIONS);
    this.#events = recorderOf(context, "statefulset-controller");
  }

  start(): ControlLoop {
    const loop = runLoop(this.#context, {
      name: "statefulset",
      needs: [this.#sets, this.#pods, this.#claims, this.#revisions],
      workers: 5,
      reconcile: (key) => this.#reconcile(key),
    });
    this.#sets.onChange(({ key }) => loop.queue.add(key));
    const owners = { kind: "StatefulSet", informer: this.#sets, selectorOf };
    this.#pods.onChange((change) => {
      for (const key of concernedKeys(change, owners)) loop.queue.add(key);
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
    const pods = await this.#podsOf(set);
    const revisions = this.#revisions.byIndex(BY_OWNER, set.metadata?.uid ?? "");
    const update = await this.#updateRevision(key, set, revisions);
    if (update === undefined) return;
    const updateName = update.metadata?.name ?? "";
    const current =
      revisions.find(({ metadata }) => metadata?.name === set.status?.currentRevision) ?? update;
    const plan = planStatefulSet({
      set,
      pods,
      currentRevision: current.metadata?.name ?? updateName,
      updateRevision: updateName,
      now: clock.now(),
    });
    const error = await this.#execute(key, set, plan, [current, update]);
    if (plan.status !== set.status) {
      await client.update(STATEFUL_SETS, { ...set, status: plan.status }, {
        subresource: "status",
      });
    }
    if (error !== undefined) throw error;
    await this.#cleanUp(set, revisions, pods, [current, update]);
    return plan.again;
  }

  async #podsOf(set: StatefulSet): Promise<Pod[]> {
    const orphans = this.#pods.byIndex(ORPHANS, set.metadata?.namespace ?? "")
      .filter((pod) => isActive(pod) && ordinalOf(set, pod) !== undefined);
    const owned = this.#pods.byIndex(BY_OWNER, set.metadata?.uid ?? "");
    const claims = planClaims(set, selectorOf(set), [...owned, ...orphans]);
    return await executeClaims(this.#context.client, set, STATEFUL_SETS, PODS, claims);
  }

  async #updateRevision(
    key: string,
    set: StatefulSet,
    revisions: readonly ControllerRevision[],
  ): Promise<ControllerRevision | undefined> {
    const { client, clock } = this.#context;
    const labels = set.spec?.selector?.matchLabels;
    const plan = planRevision(set, STATEFUL_SETS, labels, revisions);
    const revision = await executeRevision(client, plan);
    if (revision === undefined) {
      await client.update(STATEFUL_SETS, {
        ...set,
        status: { ...set.status, collisionCount: (set.status?.collisionCount ?? 0) + 1 },
      }, { subresource: "status" });
    } else if (plan.kind !== "stands") {
      this.#revisionWrites.wrote(key, revision, clock.now());
    }
    return revision;
  }

  /** Answers the first failure: the status is written all the same. */
  async #execute(
    key: string,
    set: StatefulSet,
    plan: StatefulPlan,
    revisions: readonly ControllerRevision[],
  ): Promise<unknown> {
    const { client, clock } = this.#context;
    const name = set.metadata?.name ?? "";
    const claims = await eachOf(plan.claims, (ordinal) => this.#createClaims(set, ordinal));
    if (claims.error !== undefined) return claims.error;
    await this.#followClaims(set, plan.condemned);
    const created = await eachOf(plan.create, async ({ ordinal, revision }) => {
      const made = revisions.find(({ metadata }) => metadata?.name === revision)!;
      const pod = statefulPod(set, ordinal, revision, templateOf(made));
      const what = `create Pod ${pod.metadata?.name} in StatefulSet ${name}`;
      try {
        const written = await client.create<Pod>(PODS, pod);
        this.#podWrites.wrote(key, written, clock.now());
        this.#events.normal(set, "SuccessfulCreate", `${what} successful`);
      } catch (error) {
        if (hasReason(error, "AlreadyExists")) return;
        this.#events.warning(set, "FailedCreate", `${what} failed error: ${errorText(error)}`);
        throw error;
      }
    });
    const removed = await eachOf(plan.remove, async (pod) => {
      const { name: podName = "", namespace = "", uid = "" } = pod.metadata ?? {};
      const what = `delete Pod ${podName} in StatefulSet ${name}`;
      try {
        await client.delete(PODS, podName, { namespace, uid });
        this.#events.normal(set, "SuccessfulDelete", `${what} successful`);
      } catch (error) {
        if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) {
          this.#events.warning(set, "FailedDelete", `${what} failed error: ${errorText(error)}`);
          throw error;
        }
      }
      this.#podWrites.deleted(key, pod, clock.now());
    });
    return created.error ?? removed.error;
  }

  async #createClaims(set: StatefulSet, ordinal: number): Promise<void> {
    const pod = `${set.metadata?.name}-${ordinal}`;
    for (const claim of statefulClaims(set, ordinal)) {
      if (this.#claims.get(objectKey(claim)) !== undefined) continue;
      const what =
        `create Claim ${claim.metadata?.name} Pod ${pod} in StatefulSet ${set.metadata?.name}`;
      try {
        await this.#context.client.create(PERSISTENT_VOLUME_CLAIMS, claim);
        this.#events.normal(set, "SuccessfulCreate", `${what} success`);
      } catch (error) {
        if (hasReason(error, "AlreadyExists")) continue;
        this.#events.warning(set, "FailedCreate", `${what} failed error: ${errorText(error)}`);
        throw error;
      }
    }
  }

  /** Claims of pods that are scaled away go with the pod where the set says so. */
  async #followClaims(set: StatefulSet, condemned: readonly Pod[]): Promise<void> {
    if (!retention(set).whenScaled) return;
    for (const pod of condemned) {
      const ordinal = ordinalOf(set, pod);
      for (const { metadata } of set.spec?.volumeClaimTemplates ?? []) {
        const name = claimName(set, metadata?.name ?? "", ordinal ?? 0);
        const claim = this.#claims.get(`${set.metadata?.namespace}/${name}`);
        if (claim?.metadata === undefined) continue;
        const ownerReferences = [ownerReference(pod, PODS)];
        if (equalJson(claim.metadata.ownerReferences ?? [], ownerReferences)) continue;
        const { resourceVersion, namespace = "" } = claim.metadata;
        await this.#context.client.patch(PERSISTENT_VOLUME_CLAIMS, name, {
          metadata: { resourceVersion, ownerReferences },
        }, { type: "merge", namespace });
      }
    }
  }

  async #cleanUp(
    set: StatefulSet,
    revisions: readonly ControllerRevision[],
    pods: readonly Pod[],
    kept: readonly ControllerRevision[],
  ): Promise<void> {
    const live = new Set([
      ...kept.map(({ metadata }) => metadata?.name ?? ""),
      ...pods.map((pod) => podRevision(pod) ?? ""),
    ]);
    for (const { metadata } of staleRevisions(set, [...revisions].sort(byRevision), live)) {
      const { name = "", namespace = "" } = metadata ?? {};
      await this.#context.client.delete(CONTROLLER_REVISIONS, name, { namespace }).catch(
        (error) => {
          if (!hasReason(error, "NotFound")) throw error;
        },
      );
    }
  }
}
