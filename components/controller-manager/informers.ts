import type { Clock, Logger } from "../base/mod.ts";
import { type KubeObject, type Pod, PODS, type ResourceType } from "../api/mod.ts";
import type { Client, Selection } from "../client/mod.ts";
import { Informer, withoutManagedFields } from "../reconcile/mod.ts";
import { controllerOf } from "./ownership.ts";
import { slimPod } from "./slim_pod.ts";

/** Index: objects by the uid of their controller. */
export const BY_OWNER = "owner";
/** Index: objects without a controller by namespace. */
export const ORPHANS = "orphans";
/** Index: objects by namespace. */
export const BY_NAMESPACE = "namespace";
/** Index of pods: by the node that they are bound to; the empty string for those that are not. */
export const BY_NODE = "node";

const indexers = {
  [BY_OWNER]: (object: KubeObject) => {
    const uid = controllerOf(object)?.uid;
    return uid === undefined ? [] : [uid];
  },
  [ORPHANS]: (object: KubeObject) =>
    controllerOf(object) === undefined ? [object.metadata?.namespace ?? ""] : [],
  [BY_NAMESPACE]: (object: KubeObject) => [object.metadata?.namespace ?? ""],
};

/** One informer a resource, shared by all controllers. It starts when the first of them asks for it. */
export class Informers {
  readonly #options: { client: Client; clock: Clock; logger: Logger; signal: AbortSignal };
  readonly #shared = new Map<string, Informer<KubeObject>>();

  constructor(options: { client: Client; clock: Clock; logger: Logger; signal: AbortSignal }) {
    this.#options = options;
  }

  /** Pods by what controllers read of them (`slimPod`): never write one back whole. */
  pods(): Informer<Pod> {
    return this.#get<Pod>(PODS, {}, (type) =>
      new Informer<Pod>({
        ...this.#options,
        type,
        project: slimPod,
        indexers: { ...indexers, [BY_NODE]: (pod) => [pod.spec?.nodeName ?? ""] },
      }));
  }

  /** Whole objects of one resource but for `managedFields`. */
  of<T extends KubeObject>(type: ResourceType<T>, selection: Selection = {}): Informer<T> {
    return this.#get<T>(type, selection, (type) =>
      new Informer<T>({
        ...this.#options,
        ...selection,
        type,
        project: withoutManagedFields,
        indexers,
      }));
  }

  /** The informer over all objects of a resource, where one already runs. */
  running(type: { group: string; resource: string }): Informer<KubeObject> | undefined {
    return this.#shared.get(sharedKey(type, {}));
  }

  #get<T extends KubeObject>(
    type: ResourceType<T>,
    selection: Selection,
    make: (type: ResourceType<T>) => Informer<T>,
  ): Informer<T> {
    const key = sharedKey(type, selection);
    const known = this.#shared.get(key);
    if (known !== undefined) return known as unknown as Informer<T>;
    const informer = make(type).start(this.#options.signal);
    this.#shared.set(key, informer as unknown as Informer<KubeObject>);
    return informer;
  }
}

function sharedKey(type: { group: string; resource: string }, selection: Selection): string {
  return [
    type.group,
    type.resource,
    selection.namespace ?? "",
    selection.labelSelector ?? "",
    selection.fieldSelector ?? "",
  ].join("|");
}
