import { type Pod, PODS } from "../api/mod.ts";
import { type Clock, hasReason, type Logger } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { ControlLoop, objectKey } from "../reconcile/mod.ts";

export const CONFIG_SOURCE = "kubernetes.io/config.source";
export const CONFIG_HASH = "kubernetes.io/config.hash";
export const CONFIG_SEEN = "kubernetes.io/config.seen";
export const CONFIG_MIRROR = "kubernetes.io/config.mirror";

/** True for a pod that came from a file, not from the API. */
export function isStatic(pod: Pod): boolean {
  const annotations = pod.metadata?.annotations;
  return annotations?.[CONFIG_SOURCE] === "file" && annotations[CONFIG_MIRROR] === undefined;
}

/** True for the API's picture of a static pod. */
export function isMirror(pod: Pod | undefined): boolean {
  return pod?.metadata?.annotations?.[CONFIG_MIRROR] !== undefined;
}

/** Keeps one object in the API for each static pod, so that the cluster sees what runs here. */
export class MirrorPods {
  readonly #client: Client;
  readonly #nodeUid: () => string | undefined;
  readonly #nodeName: string;
  readonly #loop: ControlLoop;
  /** Both by `namespace/name`. */
  readonly #statics = new Map<string, Pod>();
  readonly #mirrors = new Map<string, Pod>();

  constructor(
    client: Client,
    clock: Clock,
    logger: Logger,
    nodeName: string,
    nodeUid: () => string | undefined,
  ) {
    this.#client = client;
    this.#nodeName = nodeName;
    this.#nodeUid = nodeUid;
    this.#loop = new ControlLoop({
      name: "mirror-pods",
      clock,
      logger,
      retry: { initialMilliseconds: 200, maximumMilliseconds: 10_000 },
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  set(pod: Pod): void {
    this.#statics.set(objectKey(pod), pod);
    this.#loop.queue.add(objectKey(pod));
  }

  delete(pod: Pod): void {
    const key = objectKey(pod);
    // A newer version of the same pod may already have taken the name.
    if (this.#statics.get(key)?.metadata?.uid === pod.metadata?.uid) this.#statics.delete(key);
    this.#loop.queue.add(key);
  }

  onMirror(current: Pod | undefined, previous: Pod | undefined): void {
    const mirror = isMirror(current) ? current : undefined;
    const key = objectKey(current ?? previous ?? {});
    if (mirror === undefined) this.#mirrors.delete(key);
    else this.#mirrors.set(key, mirror);
    this.#loop.queue.add(key);
  }

  /** The API's object for a static pod; undefined while there is none. */
  mirrorOf(pod: Pod): Pod | undefined {
    const mirror = this.#mirrors.get(objectKey(pod));
    return mirror !== undefined && mirrors(mirror, pod) ? mirror : undefined;
  }

  staticUid(mirror: Pod | undefined): string | undefined {
    return mirror === undefined ? undefined : this.#statics.get(objectKey(mirror))?.metadata?.uid;
  }

  /** The node is registered: mirrors that waited for it can be made. */
  nodeRegistered(): void {
    for (const key of this.#statics.keys()) this.#loop.queue.add(key);
  }

  end(): Promise<void> {
    return this.#loop.end();
  }

  async #reconcile(key: string): Promise<void> {
    const pod = this.#statics.get(key);
    const mirror = this.#mirrors.get(key);
    if (mirror !== undefined && (pod === undefined || !mirrors(mirror, pod))) {
      const { name = "", namespace = "", uid = "" } = mirror.metadata ?? {};
      try {
        await this.#client.delete(PODS, name, { namespace, uid, graceSeconds: 0 });
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error;
      }
      // Its end comes back as a change, and the new one is made then.
      return;
    }
    if (pod === undefined || mirror !== undefined) return;
    await this.#client.create(PODS, this.#mirror(pod));
  }

  #mirror(pod: Pod): Pod {
    const { name, namespace, labels, annotations } = pod.metadata ?? {};
    const uid = this.#nodeUid();
    if (uid === undefined) throw new Error("the node is not registered yet");
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...(name === undefined ? {} : { name }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(labels === undefined ? {} : { labels }),
        annotations: { ...annotations, [CONFIG_MIRROR]: annotations?.[CONFIG_HASH] ?? "" },
        ownerReferences: [
          { apiVersion: "v1", kind: "Node", name: this.#nodeName, uid, controller: true },
        ],
      },
      ...(pod.spec === undefined ? {} : { spec: pod.spec }),
    };
  }
}

function mirrors(mirror: Pod, pod: Pod): boolean {
  return mirror.metadata?.deletionTimestamp === undefined &&
    mirror.metadata?.annotations?.[CONFIG_MIRROR] === pod.metadata?.annotations?.[CONFIG_HASH];
}
