import { sleep } from "../../base/mod.ts";
import type { KubeObject } from "../../api/mod.ts";
import { Informer } from "../../reconcile/mod.ts";
import type { ControllerContext } from "../controller.ts";
import { discover, type ServedResource } from "../discovery.ts";
import { MetadataClient } from "../metadata_client.ts";
import { type GraphNode, graphNode } from "./graph.ts";

/** A resource that cannot be listed must not keep all others from being collected. */
const SYNC_PATIENCE_MILLISECONDS = 30_000;

export interface MonitorHandler {
  changed(node: GraphNode): void;
  removed(node: GraphNode): void;
  /** The resource is no longer served: what was known of it is forgotten, which is not the same as deleted. */
  forgotten(node: GraphNode): void;
}

interface Monitor {
  readonly resource: ServedResource;
  readonly nodes: Map<string, GraphNode>;
  readonly stop: () => void;
}

/** Watches every deletable resource that the server has: through shared informers where they run, else metadata only. */
export class Monitors {
  readonly #context: ControllerContext;
  readonly #handler: MonitorHandler;
  readonly #metadata: MetadataClient;
  readonly #monitors = new Map<string, Monitor>();
  #byKind = new Map<string, ServedResource>();

  constructor(context: ControllerContext, handler: MonitorHandler) {
    this.#context = context;
    this.#handler = handler;
    this.#metadata = new MetadataClient(context.client);
  }

  /** The resource that an owner reference names; undefined where the server does not know the kind. */
  resourceOf(apiVersion: string, kind: string): ServedResource | undefined {
    const slash = apiVersion.indexOf("/");
    return this.#byKind.get(`${slash < 0 ? "" : apiVersion.slice(0, slash)}/${kind}`);
  }

  /** Asks what is served and starts and stops monitors to match. Answers whether all groups have answered. */
  async refresh(): Promise<boolean> {
    const { resources, failures } = await discover(this.#context.client);
    const byKind = new Map<string, ServedResource>();
    const wanted = new Map<string, ServedResource>();
    for (const resource of resources) {
      byKind.set(`${resource.group}/${resource.kind}`, resource);
      if (isCollected(resource)) wanted.set(keyOf(resource), resource);
    }
    const complete = failures.length === 0;
    if (complete) {
      for (const [key, monitor] of this.#monitors) if (!wanted.has(key)) this.#stop(key, monitor);
    }
    this.#byKind = complete ? byKind : new Map([...this.#byKind, ...byKind]);
    const started = [...wanted].filter(([key]) => !this.#monitors.has(key))
      .map(([key, resource]) => this.#start(key, resource));
    const patience = sleep(this.#context.clock, SYNC_PATIENCE_MILLISECONDS, this.#context.signal);
    await Promise.race([Promise.allSettled(started), patience.catch(() => {})]);
    return complete;
  }

  #start(key: string, resource: ServedResource): Promise<void> {
    const nodes = new Map<string, GraphNode>();
    const follow = (
      objectKey: string,
      current: GraphNode | undefined,
    ) => {
      const previous = nodes.get(objectKey);
      if (current === undefined) nodes.delete(objectKey);
      else nodes.set(objectKey, current);
      if (previous !== undefined && previous.uid !== current?.uid) this.#handler.removed(previous);
      if (current !== undefined) this.#handler.changed(current);
    };
    const shared = this.#context.informers.running(resource);
    if (shared !== undefined) {
      const stop = shared.onChange(({ key, current }) =>
        follow(key, current === undefined ? undefined : graphNode(current, resource))
      );
      this.#monitors.set(key, { resource, nodes, stop });
      return shared.synced();
    }
    const abort = new AbortController();
    const informer = new Informer<KubeObject, GraphNode>({
      client: this.#metadata,
      clock: this.#context.clock,
      logger: this.#context.logger,
      type: resource,
      project: (object) => graphNode(object, resource),
    });
    informer.onChange(({ key, current }) => follow(key, current));
    informer.start(AbortSignal.any([abort.signal, this.#context.signal]));
    this.#monitors.set(key, {
      resource,
      nodes,
      stop: () => abort.abort(new Error("no longer served")),
    });
    return informer.synced();
  }

  #stop(key: string, monitor: Monitor): void {
    this.#monitors.delete(key);
    monitor.stop();
    for (const node of monitor.nodes.values()) this.#handler.forgotten(node);
  }
}

const keyOf = ({ resource, group }: ServedResource): string => `${resource}.${group}`;

/** Events own nothing and are owned by nothing: they run out by themselves. */
function isCollected({ resource, group, verbs }: ServedResource): boolean {
  if (resource === "events" && (group === "" || group === "events.k8s.io")) return false;
  return ["delete", "list", "watch"].every((verb) => verbs.includes(verb));
}
