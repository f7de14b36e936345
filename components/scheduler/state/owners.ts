import type { Clock, Logger } from "../../base/mod.ts";
import {
  type LabelSelector,
  type Pod,
  REPLICA_SETS,
  type ReplicaSet,
  REPLICATION_CONTROLLERS,
  type ReplicationController,
  type Service,
  SERVICES,
  STATEFUL_SETS,
  type StatefulSet,
} from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { Informer } from "../../reconcile/mod.ts";
import { defaultSelector, ServiceSelectors } from "./default_selector.ts";

/** Services and controllers, of which nothing but their selectors is kept. */
export class Owners {
  readonly #services = new ServiceSelectors();
  readonly #informers: readonly Informer<never, never>[];
  readonly #byKind: Readonly<
    Record<
      "ReplicationController" | "ReplicaSet" | "StatefulSet",
      { get(key: string): LabelSelector | undefined }
    >
  >;

  constructor(
    options: { readonly client: Client; readonly clock: Clock; readonly logger: Logger },
  ) {
    const services = new Informer<Service, { namespace: string; selector: Selector }>({
      ...options,
      type: SERVICES,
      project: ({ metadata, spec }) => ({
        namespace: metadata?.namespace ?? "",
        selector: spec?.selector,
      }),
    });
    services.onChange(({ current, key }) => {
      if (current === undefined) this.#services.delete(key);
      else this.#services.put(key, current.namespace, current.selector);
    });
    const replicaSets = new Informer<ReplicaSet, LabelSelector>({
      ...options,
      type: REPLICA_SETS,
      project: ({ spec }) => spec?.selector ?? {},
    });
    const statefulSets = new Informer<StatefulSet, LabelSelector>({
      ...options,
      type: STATEFUL_SETS,
      project: ({ spec }) => spec?.selector ?? {},
    });
    const controllers = new Informer<ReplicationController, LabelSelector>({
      ...options,
      type: REPLICATION_CONTROLLERS,
      project: ({ spec }) => ({ matchLabels: spec?.selector ?? {} }),
    });
    this.#byKind = {
      ReplicationController: controllers,
      ReplicaSet: replicaSets,
      StatefulSet: statefulSets,
    };
    this.#informers = [
      services,
      replicaSets,
      statefulSets,
      controllers,
    ] as unknown as readonly Informer<
      never,
      never
    >[];
  }

  start(signal: AbortSignal): void {
    for (const informer of this.#informers) informer.start(signal);
  }

  async synced(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.synced()));
  }

  /** See `defaultSelector`. */
  selectorOf(pod: Pod): LabelSelector | undefined {
    return defaultSelector(
      pod,
      this.#services,
      (kind, namespace, name) => this.#byKind[kind].get(`${namespace}/${name}`),
    );
  }
}

type Selector = Readonly<Record<string, string>> | undefined;
