import { type Pod, PODS } from "../api/mod.ts";
import type { Clock, Logger } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { type Change, Informer, withoutManagedFields } from "../reconcile/mod.ts";

/** The pods that the API has given one node. Many kubelets in one process share what is behind it. */
export interface PodSource {
  synced(): Promise<void>;
  /** Tells of every pod of the node that is there already, then of every change. Answers how to stop. */
  onChange(handler: (change: Change<Pod>) => void): () => void;
}

/** The pods of one node, watched by itself. */
export function nodePodSource(
  client: Client,
  clock: Clock,
  logger: Logger,
  nodeName: string,
  signal: AbortSignal,
): PodSource {
  return new Informer<Pod>({
    client,
    type: PODS,
    clock,
    logger,
    fieldSelector: `spec.nodeName=${nodeName}`,
  }).start(signal);
}

/** Hands the pods of one informer over all nodes to the kubelets of each: a change costs one lookup. */
export class PodDistributor {
  readonly #informer: Informer<Pod>;
  readonly #handlers = new Map<string, Set<(change: Change<Pod>) => void>>();

  /** The informer must watch all pods and have the index `nodeName`. */
  constructor(informer: Informer<Pod>) {
    this.#informer = informer;
    informer.onChange((change) => {
      const from = change.previous?.spec?.nodeName;
      const to = change.current?.spec?.nodeName;
      if (to !== undefined) this.#tell(to, change);
      else if (from !== undefined) this.#tell(from, change);
    });
  }

  static informer(client: Client, clock: Clock, logger: Logger): Informer<Pod> {
    return new Informer<Pod>({
      client,
      type: PODS,
      clock,
      logger,
      // Those without a node are nobody's here.
      fieldSelector: "spec.nodeName!=",
      project: withoutManagedFields,
      indexers: { nodeName: (pod) => pod.spec?.nodeName ? [pod.spec.nodeName] : [] },
    });
  }

  source(nodeName: string): PodSource {
    return {
      synced: () => this.#informer.synced(),
      onChange: (handler) => {
        for (const pod of this.#informer.byIndex("nodeName", nodeName)) {
          const { namespace = "", name = "" } = pod.metadata ?? {};
          handler({ key: `${namespace}/${name}`, current: pod });
        }
        const handlers = this.#handlers.get(nodeName) ?? new Set();
        this.#handlers.set(nodeName, handlers.add(handler));
        return () => {
          handlers.delete(handler);
          if (handlers.size === 0) this.#handlers.delete(nodeName);
        };
      },
    };
  }

  #tell(nodeName: string, change: Change<Pod>): void {
    for (const handler of this.#handlers.get(nodeName) ?? []) handler(change);
  }
}
