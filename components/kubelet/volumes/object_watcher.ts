import {
  CONFIG_MAPS,
  type ConfigMap,
  type KubeObject,
  type Pod,
  type ResourceType,
  type Secret,
  SECRETS,
} from "../../api/mod.ts";
import type { Clock, Logger } from "../../base/mod.ts";
import type { Client } from "../../client/mod.ts";
import { Informer } from "../../reconcile/mod.ts";
import { allContainers } from "../pod_containers.ts";

interface Watched {
  readonly informer: Informer<KubeObject>;
  readonly abort: AbortController;
  readonly users: Set<string>;
}

/**
 * The ConfigMaps and Secrets that pods of this node refer to, each watched by itself: the node may read no others.
 * Tells which pods use what has changed.
 */
export class ObjectWatcher {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onChange: (uid: string) => void;
  readonly #watched = new Map<string, Watched>();
  readonly #keysOf = new Map<string, Set<string>>();

  constructor(client: Client, clock: Clock, logger: Logger, onChange: (uid: string) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** Watches what a pod refers to, until `forget`. */
  watch(pod: Pod): void {
    const uid = pod.metadata?.uid ?? "";
    const namespace = pod.metadata?.namespace ?? "";
    const wanted = new Set<string>();
    for (const [kind, name] of references(pod)) wanted.add(`${kind}/${namespace}/${name}`);
    for (const key of wanted) this.#use(key, uid);
    for (const key of this.#keysOf.get(uid) ?? []) if (!wanted.has(key)) this.#release(key, uid);
    this.#keysOf.set(uid, wanted);
  }

  forget(uid: string): void {
    for (const key of this.#keysOf.get(uid) ?? []) this.#release(key, uid);
    this.#keysOf.delete(uid);
  }

  end(): void {
    for (const { abort } of this.#watched.values()) abort.abort();
    this.#watched.clear();
  }

  async configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return await this.#get(`configmaps/${namespace}/${name}`, CONFIG_MAPS, namespace, name);
  }

  async secret(namespace: string, name: string): Promise<Secret | undefined> {
    return await this.#get(`secrets/${namespace}/${name}`, SECRETS, namespace, name);
  }

  async #get<T extends KubeObject>(
    key: string,
    type: ResourceType<T>,
    namespace: string,
    name: string,
  ): Promise<T | undefined> {
    const watched = this.#watched.get(key);
    if (watched === undefined) return await this.#client.find(type, name, namespace);
    await watched.informer.synced();
    // The cache may lag behind a pod that was made right after its object.
    return (watched.informer.get(`${namespace}/${name}`) as T | undefined) ??
      await this.#client.find(type, name, namespace);
  }

  #use(key: string, uid: string): void {
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      const [kind = "", namespace = "", name = ""] = key.split("/");
      const type: ResourceType<KubeObject> = kind === "secrets" ? SECRETS : CONFIG_MAPS;
      const abort = new AbortController();
      const users = new Set<string>();
      const informer = new Informer<KubeObject>({
        client: this.#client,
        type,
        clock: this.#clock,
        logger: this.#logger,
        namespace,
        fieldSelector: `metadata.name=${name}`,
      });
      informer.onChange(() => {
        for (const user of users) this.#onChange(user);
      });
      informer.start(abort.signal);
      this.#watched.set(key, watched = { informer, abort, users });
    }
    watched.users.add(uid);
  }

  #release(key: string, uid: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    watched.users.delete(uid);
    if (watched.users.size > 0) return;
    watched.abort.abort();
    this.#watched.delete(key);
  }
}

/** Every ConfigMap and Secret that a pod's volumes and environments name. Pure. */
export function references(pod: Pod): ["configmaps" | "secrets", string][] {
  const found: ["configmaps" | "secrets", string][] = [];
  const add = (kind: "configmaps" | "secrets", name: string | undefined) => {
    if (name !== undefined && name !== "") found.push([kind, name]);
  };
  for (const volume of pod.spec?.volumes ?? []) {
    add("configmaps", volume.configMap?.name);
    add("secrets", volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add("configmaps", source.configMap?.name);
      add("secrets", source.secret?.name);
    }
  }
  for (const { spec } of allContainers(pod)) {
    for (const source of spec.envFrom ?? []) {
      add("configmaps", source.configMapRef?.name);
      add("secrets", source.secretRef?.name);
    }
    for (const { valueFrom } of spec.env ?? []) {
      add("configmaps", valueFrom?.configMapKeyRef?.name);
      add("secrets", valueFrom?.secretKeyRef?.name);
    }
  }
  return found;
}
