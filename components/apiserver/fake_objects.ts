import { alreadyExists, cloneJson, conflict, notFound, OBJECT_MODIFIED } from "../base/mod.ts";
import type { KubeObject } from "../api/served.ts";
import type { ObjectReader, ObjectWriter } from "./ports.ts";

type Change = { readonly current?: KubeObject; readonly previous?: KubeObject };

/** Objects in memory behind the reader's and the writer's port: for tests. No validation, no defaults. */
export class FakeObjects implements ObjectReader, ObjectWriter {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #callbacks = new Map<string, Set<(change: Change) => void>>();
  #revision = 0;

  /** Puts the object there, whether it exists or not, and tells who listens. */
  put<T extends KubeObject>(group: string, resource: string, object: T): T {
    const stored = cloneJson(object);
    const { name, namespace, uid } = stored.metadata ?? {};
    stored.metadata = {
      ...stored.metadata,
      uid: uid ?? `uid-of-${name}`,
      resourceVersion: String(++this.#revision),
    };
    const previous = this.#of(group, resource).get(key(namespace, name));
    this.#of(group, resource).set(key(namespace, name), stored);
    this.#tell(group, resource, { current: stored, ...(previous ? { previous } : {}) });
    return stored;
  }

  /** Takes the object away and tells who listens. */
  remove(group: string, resource: string, namespace: string, name: string): void {
    const previous = this.#of(group, resource).get(key(namespace, name));
    if (previous === undefined) return;
    this.#of(group, resource).delete(key(namespace, name));
    this.#tell(group, resource, { previous });
  }

  get<T extends KubeObject>(
    group: string,
    resource: string,
    namespace: string,
    name: string,
  ): T | undefined {
    return this.#of(group, resource).get(key(namespace, name)) as T | undefined;
  }

  list<T extends KubeObject>(group: string, resource: string, namespace?: string): T[] {
    return [...this.#of(group, resource).values()].filter((object) =>
      namespace === undefined || object.metadata?.namespace === namespace
    ) as T[];
  }

  onChange(group: string, resource: string, callback: (change: Change) => void): () => void {
    const id = `${group}/${resource}`;
    const callbacks = this.#callbacks.get(id) ?? new Set();
    this.#callbacks.set(id, callbacks.add(callback));
    return () => callbacks.delete(callback);
  }

  fresh(): Promise<void> {
    return Promise.resolve();
  }

  create<T extends KubeObject>(group: string, resource: string, object: T): Promise<T> {
    const { name = "", namespace } = object.metadata ?? {};
    if (this.#of(group, resource).has(key(namespace, name))) {
      return Promise.reject(alreadyExists({ group, resource }, name));
    }
    return Promise.resolve(this.put(group, resource, object));
  }

  update<T extends KubeObject>(group: string, resource: string, object: T): Promise<T> {
    const { name = "", namespace, resourceVersion } = object.metadata ?? {};
    const stored = this.get(group, resource, namespace ?? "", name);
    if (stored === undefined) return Promise.reject(notFound({ group, resource }, name));
    if (resourceVersion !== undefined && resourceVersion !== stored.metadata?.resourceVersion) {
      return Promise.reject(conflict({ group, resource }, name, OBJECT_MODIFIED));
    }
    return Promise.resolve(this.put(group, resource, object));
  }

  delete(group: string, resource: string, namespace: string, name: string): Promise<void> {
    if (this.get(group, resource, namespace, name) === undefined) {
      return Promise.reject(notFound({ group, resource }, name));
    }
    this.remove(group, resource, namespace, name);
    return Promise.resolve();
  }

  #of(group: string, resource: string): Map<string, KubeObject> {
    const id = `${group}/${resource}`;
    let objects = this.#objects.get(id);
    if (objects === undefined) this.#objects.set(id, objects = new Map());
    return objects;
  }

  #tell(group: string, resource: string, change: Change): void {
    for (const callback of this.#callbacks.get(`${group}/${resource}`) ?? []) callback(change);
  }
}

const key = (namespace: string | undefined, name: string | undefined) =>
  `${namespace ?? ""}/${name ?? ""}`;
