import { Backoff } from "../../base/mod.ts";
import { type KubeObject, type Namespace, NAMESPACES } from "../../api/mod.ts";
import { splitKey } from "../../reconcile/mod.ts";
import { type Controller, type ControllerContext, runLoop } from "../controller.ts";
import { discover, type ServedResource } from "../discovery.ts";
import { MetadataClient } from "../metadata_client.ts";
import {
  deletionOrder,
  longestGrace,
  namespaceConditions,
  type PassOutcome,
  type Remains,
} from "./plan.ts";

const FINALIZER = "kubernetes";
const RESOURCES_AT_ONCE = 8;

/** Empties namespaces that are being deleted, says in their conditions what holds them up, and lets them go. */
export const namespaceController: Controller = {
  name: "namespace-controller",
  aliases: ["namespace"],
  start(context) {
    const namespaces = context.informers.of(NAMESPACES);
    const pods = context.informers.pods();
    const again = new Backoff({ initialMilliseconds: 100, maximumMilliseconds: 15_000 });
    const cleaner = new NamespaceCleaner(context);
    const loop = runLoop(context, {
      name: "namespace",
      needs: [namespaces],
      workers: 10,
      reconcile: async (name) => {
        const namespace = namespaces.get(name);
        if (namespace?.metadata?.deletionTimestamp === undefined) return again.forget(name);
        if (!namespace.spec?.finalizers?.includes(FINALIZER)) return again.forget(name);
        const outcome = await cleaner.empty(name);
        const done = outcome.remains.length + outcome.deletionErrors.length +
            outcome.discoveryFailures.length === 0;
        if (done) {
          again.forget(name);
          return await cleaner.finalize(namespace);
        }
        await cleaner.report(namespace, outcome);
        // The end of its last pod wakes it sooner.
        const grace = longestGrace(outcome.remains);
        return Math.max(again.fail(name), grace > 0 ? grace / 2 : 0);
      },
    });
    namespaces.onChange(({ key, current }) => {
      if (current?.metadata?.deletionTimestamp !== undefined) loop.queue.add(key);
    });
    pods.onChange(({ key, current }) => {
      if (current !== undefined) return;
      const { namespace } = splitKey(key);
      if (namespaces.get(namespace)?.metadata?.deletionTimestamp !== undefined) {
        loop.queue.add(namespace);
      }
    });
    return loop;
  },
};

class NamespaceCleaner {
  readonly #context: ControllerContext;
  readonly #metadata: MetadataClient;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#metadata = new MetadataClient(context.client);
  }

  /** One pass: asks everything in the namespace to go and answers what is still there. */
  async empty(namespace: string): Promise<PassOutcome> {
    const { resources, failures } = await discover(this.#context.client);
    const { pods, rest } = deletionOrder(resources);
    const errors: string[] = [];
    let remains = await this.#emptyAll(namespace, pods, errors);
    if (remains.length === 0 && errors.length === 0) {
      remains = await this.#emptyAll(namespace, rest, errors);
    }
    return { discoveryFailures: failures, deletionErrors: errors, remains };
  }

  async #emptyAll(
    namespace: string,
    resources: readonly ServedResource[],
    errors: string[],
  ): Promise<Remains[]> {
    const remains: Remains[] = [];
    let next = 0;
    const work = async () => {
      for (;;) {
        const resource = resources[next++];
        if (resource === undefined) return;
        try {
          const objects = await this.#emptyOne(namespace, resource);
          if (objects.length > 0) remains.push({ resource, objects });
        } catch (error) {
          errors.push(error instanceof Error ? error.message : String(error));
        }
      }
    };
    await Promise.all(Array.from({ length: RESOURCES_AT_ONCE }, work));
    return remains;
  }

  /** Most namespaces hold a few kinds: one look tells, and only those are deleted and looked at again. */
  async #emptyOne(namespace: string, resource: ServedResource): Promise<KubeObject[]> {
    const before = (await this.#metadata.list(resource, { namespace })).items;
    if (before.length === 0) return before;
    if (resource.verbs.includes("deletecollection")) {
      await this.#context.client.deleteCollection(resource, { namespace });
    } else {
      for (const { metadata } of before) {
        await this.#context.client.delete(resource, metadata?.name ?? "", {
          namespace,
          propagationPolicy: "Background",
        });
      }
    }
    return (await this.#metadata.list(resource, { namespace })).items;
  }

  async report(namespace: Namespace, outcome: PassOutcome): Promise<void> {
    const previous = namespace.status?.conditions ?? [];
    const conditions = namespaceConditions(previous, outcome, this.#context.clock.now());
    if (conditions === previous && namespace.status?.phase === "Terminating") return;
    await this.#context.client.update(NAMESPACES, {
      ...namespace,
      status: { ...namespace.status, phase: "Terminating", conditions: [...conditions] },
    }, { subresource: "status" });
  }

  async finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((one) => one !== FINALIZER);
    await this.#context.client.update(NAMESPACES, {
      ...namespace,
      spec: { ...namespace.spec, finalizers },
    }, { subresource: "finalize" });
  }
}
