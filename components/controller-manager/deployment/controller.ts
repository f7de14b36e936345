import { equalJson, hasReason } from "../../base/mod.ts";
import {
  type Deployment,
  DEPLOYMENTS,
  type DeploymentStatus,
  type Pod,
  REPLICA_SETS,
  type ReplicaSet,
} from "../../api/mod.ts";
import { type ControlLoop, type EventRecorder, type Informer } from "../../reconcile/mod.ts";
import { type Controller, type ControllerContext, recorderOf, runLoop } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { BY_OWNER, ORPHANS } from "../informers.ts";
import { concernedKeys, controllerKey } from "../owner_keys.ts";
import { controllerOf, executeClaims, planClaims } from "../ownership.ts";
import { isTerminal } from "../pod_state.ts";
import { errorText, isNamespaceTerminating } from "../pod_template.ts";
import { selectorOf } from "../selectors.ts";
import { REVISION } from "./annotations.ts";
import { isRolling, sizeOf } from "./limits.ts";
import { type DeploymentAction, planDeployment } from "./plan.ts";
import { withCondition } from "./status.ts";
import { withoutHash } from "./template_hash.ts";

const KIND = "Deployment";

/** Rolls Deployments out by growing one ReplicaSet and shrinking the others. */
export const deploymentController: Controller = {
  name: "deployment-controller",
  aliases: ["deployment"],
  start: (context) => new Deployments(context).start(),
};

class Deployments {
  readonly #context: ControllerContext;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;
  readonly #expectations = new Expectations();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deployments = context.informers.of(DEPLOYMENTS);
    this.#sets = context.informers.of(REPLICA_SETS);
    this.#pods = context.informers.pods();
    this.#events = recorderOf(context, "deployment-controller");
  }

  start(): ControlLoop {
    const loop = runLoop(this.#context, {
      name: "deployment",
      needs: [this.#deployments, this.#sets, this.#pods],
      workers: 5,
      reconcile: (key) => this.#reconcile(key),
    });
    this.#deployments.onChange(({ key }) => loop.queue.add(key));
    const owners = { kind: KIND, informer: this.#deployments, selectorOf };
    this.#sets.onChange((change) => {
      for (const key of concernedKeys(change, owners)) loop.queue.add(key);
    });
    // Recreate waits for the last old pod to end.
    this.#pods.onChange(({ current, previous }) => {
      if (previous === undefined || (current !== undefined && !isTerminal(current))) return;
      const set = controllerKey(previous, "ReplicaSet");
      if (set === undefined) return;
      const owner = controllerKey(this.#sets.get(set) ?? {}, KIND);
      const deployment = owner === undefined ? undefined : this.#deployments.get(owner);
      if (deployment !== undefined && !isRolling(deployment)) loop.queue.add(owner!);
    });
    return loop;
  }

  async #reconcile(key: string): Promise<number | void> {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) return this.#expectations.forget(key);
    const { client, clock } = this.#context;
    if (!this.#expectations.met(key, this.#sets, clock.now())) return;
    const candidates = [
      ...this.#sets.byIndex(BY_OWNER, deployment.metadata?.uid ?? ""),
      ...this.#sets.byIndex(ORPHANS, deployment.metadata?.namespace ?? ""),
    ];
    const claims = planClaims(deployment, selectorOf(deployment), candidates);
    const sets = await executeClaims(client, deployment, DEPLOYMENTS, REPLICA_SETS, claims);
    const plan = planDeployment({
      deployment,
      sets,
      podsOf: (set) => this.#pods.byIndex(BY_OWNER, set.metadata?.uid ?? ""),
    }, clock.now());
    for (const action of plan.actions) await this.#execute(key, deployment, action);
    if (plan.status !== undefined || plan.revision !== undefined) {
      const status = plan.status ?? deployment.status ?? {};
      await this.#writeStatus(deployment, status, plan.revision);
    }
    return plan.again === undefined || plan.again === 0 ? undefined : plan.again;
  }

  async #execute(
    key: string,
    deployment: Deployment,
    action: DeploymentAction,
  ): Promise<void> {
    const { client, clock } = this.#context;
    switch (action.kind) {
      case "create":
        await this.#create(key, deployment, action.set);
        return;
      case "update":
      case "resize": {
        const written = await client.update(REPLICA_SETS, action.set);
        this.#expectations.wrote(key, written, clock.now());
        if (action.kind === "resize") {
          this.#sayScaled(deployment, action.set, action.from);
        }
        return;
      }
      case "delete": {
        const { name = "", namespace = "", uid = "" } = action.set.metadata ?? {};
        await client.delete(REPLICA_SETS, name, { namespace, uid }).catch((error) => {
          if (!hasReason(error, "NotFound")) throw error;
        });
        this.#expectations.deleted(key, action.set, clock.now());
        return;
      }
      case "warn":
        this.#events.warning(deployment, action.reason, action.message);
        return;
    }
  }

  #sayScaled(deployment: Deployment, set: ReplicaSet, from: number): void {
    const to = sizeOf(set);
    this.#events.normal(
      deployment,
      "ScalingReplicaSet",
      `Scaled ${to > from ? "up" : "down"} replica set ${set.metadata?.name} from ${from} to ${to}`,
    );
  }

  async #create(key: string, deployment: Deployment, set: ReplicaSet): Promise<void> {
    const { client, clock } = this.#context;
    try {
      const created = await client.create(REPLICA_SETS, set);
      this.#expectations.wrote(key, created, clock.now());
      if (sizeOf(set) > 0) this.#sayScaled(deployment, set, 0);
    } catch (error) {
      if (hasReason(error, "AlreadyExists")) return await this.#resolveClash(key, deployment, set);
      if (isNamespaceTerminating(error)) throw error;
      const message = `Failed to create new replica set "${set.metadata?.name}": ${
        errorText(error)
      }`;
      this.#events.warning(deployment, "ReplicaSetCreateError", message);
      const conditions = withCondition(deployment.status?.conditions ?? [], {
        type: "Progressing",
        status: "False",
        reason: "ReplicaSetCreateError",
        message,
      }, clock.now());
      await this.#writeStatus(deployment, {
        ...deployment.status,
        conditions: [...conditions],
      });
      throw error;
    }
  }

  /** The name is taken: by our own set that the cache has not shown yet, or by another template of the same hash. */
  async #resolveClash(key: string, deployment: Deployment, set: ReplicaSet): Promise<void> {
    const { client, clock } = this.#context;
    const { name = "", namespace = "" } = set.metadata ?? {};
    const found = await client.find(REPLICA_SETS, name, namespace);
    const isOurs = found !== undefined &&
      controllerOf(found)?.uid === deployment.metadata?.uid &&
      equalJson(withoutHash(found.spec?.template), withoutHash(deployment.spec?.template));
    if (isOurs) return this.#expectations.wrote(key, found, clock.now());
    if (found === undefined) return;
    await this.#writeStatus(deployment, {
      ...deployment.status,
      collisionCount: (deployment.status?.collisionCount ?? 0) + 1,
    });
    throw new Error(`the name of replica set ${name} is taken by another template`);
  }

  async #writeStatus(
    deployment: Deployment,
    status: DeploymentStatus,
    revision?: string,
  ): Promise<void> {
    const { metadata } = deployment;
    const annotations = { ...metadata?.annotations, ...(revision && { [REVISION]: revision }) };
    await this.#context.client.update(DEPLOYMENTS, {
      ...deployment,
      metadata: { ...metadata, ...(revision === undefined ? {} : { annotations }) },
      status,
    }, { subresource: "status" });
  }
}
