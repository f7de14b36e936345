import { hasReason } from "../../base/mod.ts";
import {
  type Pod,
  PODS,
  RESOURCE_CLAIM_TEMPLATES,
  RESOURCE_CLAIMS,
  type ResourceClaim,
  type ResourceClaimConsumerReference,
  type ResourceClaimTemplate,
} from "../../api/mod.ts";
import { type EventRecorder, type Informer, objectKey } from "../../reconcile/mod.ts";
import {
  type Controller,
  type ControllerContext,
  recorderOf,
  runLoop,
  type Running,
  together,
} from "../controller.ts";
import { BY_OWNER } from "../informers.ts";
import { controllerOf } from "../ownership.ts";
import { errorText } from "../pod_template.ts";
import {
  claimOf,
  DELETE_PROTECTION,
  isDone,
  keptReservations,
  planClaim,
  type WantedClaim,
  wantedClaims,
} from "./plan.ts";

const WORKERS = 10;

/** Makes the claims that templates of pods ask for, and gives back what pods that are done had. */
export const resourceClaimController: Controller = {
  name: "resourceclaim-controller",
  start: (context) => new ResourceClaims(context).start(),
};

class ResourceClaims {
  readonly #context: ControllerContext;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<ResourceClaim>;
  readonly #templates: Informer<ResourceClaimTemplate>;
  readonly #events: EventRecorder;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#pods = context.informers.pods();
    this.#claims = context.informers.of(RESOURCE_CLAIMS);
    this.#templates = context.informers.of(RESOURCE_CLAIM_TEMPLATES);
    this.#events = recorderOf(context, "resource_claim");
  }

  start(): Running {
    const needs = [this.#pods, this.#claims, this.#templates];
    const pods = runLoop(this.#context, {
      name: "resource-claim-pods",
      needs,
      workers: WORKERS,
      reconcile: (key) => this.#syncPod(key),
    });
    const claims = runLoop(this.#context, {
      name: "resource-claims",
      needs,
      workers: WORKERS,
      reconcile: (key) => this.#syncClaim(key),
    });
    this.#pods.onChange(({ current, key, previous }) => {
      const pod = current ?? previous;
      if ((pod?.spec?.resourceClaims ?? []).length === 0) return;
      if (current !== undefined && !isDone(current)) pods.queue.add(key);
      // Whoever had the name before is gone.
      const gone = previous !== undefined && previous.metadata?.uid !== current?.metadata?.uid;
      for (const one of [gone ? previous : undefined, current]) {
        if (one === undefined || (one === current && !isDone(one))) continue;
        for (const claim of this.#claimsOf(one)) claims.queue.add(claim);
      }
    });
    this.#claims.onChange(({ current, key, previous }) => {
      if (current !== undefined) return claims.queue.add(key);
      // A claim that was made for a pod is made again.
      const owner = previous === undefined ? undefined : controllerOf(previous);
      if (owner?.kind === "Pod") {
        pods.queue.add(`${previous?.metadata?.namespace}/${owner.name}`);
      }
    });
    this.#templates.onChange(({ current, previous }) => {
      if (current === undefined || previous !== undefined) return;
      for (const pod of this.#pods.list()) {
        const waits = pod.metadata?.namespace === current.metadata?.namespace &&
          pod.spec?.resourceClaims?.some(({ resourceClaimTemplateName }) =>
            resourceClaimTemplateName === current.metadata?.name
          );
        if (waits === true) pods.queue.add(objectKey(pod));
      }
    });
    return together(pods, claims);
  }

  /** Keys of the claims that a pod names. */
  *#claimsOf(pod: Pod): Iterable<string> {
    const { namespace = "", uid = "" } = pod.metadata ?? {};
    for (const { resourceClaimName } of pod.spec?.resourceClaims ?? []) {
      if (resourceClaimName !== undefined) yield `${namespace}/${resourceClaimName}`;
    }
    for (const claim of this.#claims.byIndex(BY_OWNER, uid)) yield objectKey(claim);
  }

  async #syncPod(key: string): Promise<void> {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    const wanted = wantedClaims(pod, this.#claims.byIndex(BY_OWNER, pod.metadata?.uid ?? ""));
    if (wanted.length === 0) return;
    const statuses: { name: string; resourceClaimName: string }[] = [];
    for (const one of wanted) {
      try {
        const resourceClaimName = one.made ?? await this.#make(pod, one);
        statuses.push({ name: one.name, resourceClaimName });
      } catch (error) {
        const message = `PodResourceClaim ${one.name}: ${errorText(error)}`;
        this.#events.warning(pod, "FailedResourceClaimCreation", message);
        throw error;
      }
    }
    const { name = "", namespace = "", uid } = pod.metadata ?? {};
    try {
      await this.#context.client.patch(PODS, name, {
        metadata: { uid },
        status: { resourceClaimStatuses: statuses },
      }, { type: "strategic", subresource: "status", namespace });
    } catch (error) {
      // The pod is gone; its claims go after it.
      if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
    }
  }

  async #make(pod: Pod, wanted: WantedClaim): Promise<string> {
    const template = this.#templates.get(`${pod.metadata?.namespace}/${wanted.template}`);
    if (template === undefined) {
      throw new Error(
        `resource claim template "${wanted.template}": resourceclaimtemplate.resource.k8s.io "${wanted.template}" not found`,
      );
    }
    const claim = await this.#context.client.create<ResourceClaim>(
      RESOURCE_CLAIMS,
      claimOf(pod, wanted, template),
    );
    return claim.metadata?.name ?? "";
  }

  async #syncClaim(key: string): Promise<void> {
    let claim = this.#claims.get(key);
    if (claim === undefined) return;
    const namespace = claim.metadata?.namespace ?? "";
    const pods = new Map<string, Pod>();
    for (const reference of claim.status?.reservedFor ?? []) {
      const pod = await this.#podOf(namespace, reference);
      if (pod !== undefined) pods.set(reference.uid ?? "", pod);
    }
    const kept = keptReservations(claim, ({ uid = "" }) => pods.get(uid));
    const plan = planClaim(claim, kept);
    const { client } = this.#context;
    try {
      if (plan.status !== undefined) {
        claim = await client.update(
          RESOURCE_CLAIMS,
          { ...claim, status: plan.status },
          { subresource: "status" },
        );
      }
      if (plan.unprotect) {
        const finalizers = claim.metadata?.finalizers?.filter((one) => one !== DELETE_PROTECTION);
        claim = await client.update(RESOURCE_CLAIMS, {
          ...claim,
          metadata: { ...claim.metadata, ...(finalizers === undefined ? {} : { finalizers }) },
        });
      }
      if (plan.unused) await this.#deleteUnneeded(claim, namespace);
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }

  /** What was made for a pod that has ended is of no use to anybody else. */
  async #deleteUnneeded(claim: ResourceClaim, namespace: string): Promise<void> {
    const owner = controllerOf(claim);
    if (owner?.kind !== "Pod" || claim.metadata?.deletionTimestamp !== undefined) return;
    const pod = this.#pods.get(`${namespace}/${owner.name}`);
    // Where the pod is gone, the garbage collector sees to it.
    if (pod === undefined || pod.metadata?.uid !== owner.uid || !isDone(pod)) return;
    await this.#context.client.delete(RESOURCE_CLAIMS, claim.metadata?.name ?? "", { namespace });
  }

  /** A pod that the cache does not have yet may be there: the scheduler is as fast as the watch. */
  async #podOf(
    namespace: string,
    { name = "", resource, uid }: ResourceClaimConsumerReference,
  ): Promise<Pod | undefined> {
    if (resource !== "pods") return undefined;
    let pod = this.#pods.get(`${namespace}/${name}`);
    if (pod?.metadata?.uid !== uid) pod = await this.#context.client.find(PODS, name, namespace);
    return pod?.metadata?.uid === uid ? pod : undefined;
  }
}
