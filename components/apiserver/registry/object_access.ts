import { ApiError, hasReason, invariant, noSuchResource } from "../../base/mod.ts";
import type { KubeObject, ResourceDefinition } from "../../api/served.ts";
import type { CacheEvent } from "../../storage/mod.ts";
import type { ObjectReader, ObjectWriter, UserInfo } from "../ports.ts";
import { createObject } from "./create.ts";
import { deleteObject } from "./delete.ts";
import type { Registry } from "./registry.ts";
import type { ObjectIndex, ResourceStore } from "./resource_store.ts";
import { updateObject } from "./update.ts";
import type { WriteContext } from "./write_context.ts";

/** Whom the API server's own writes are made as. */
const SELF: UserInfo = { username: "system:apiserver", groups: ["system:masters"] };

/** Reads from the caches. */
export function objectReader(registry: Registry): ObjectReader {
  const find = (group: string, resource: string): [ResourceStore, ResourceDefinition] => {
    const definition = registry.definitions.anyVersion(group, resource);
    invariant(definition !== undefined, `no resource ${resource} in group "${group}"`);
    const store = registry.resource(definition);
    invariant(store !== undefined, `${resource} are not stored`);
    return [store, definition];
  };
  return {
    get<T extends KubeObject>(group: string, resource: string, namespace: string, name: string) {
      const [store, definition] = find(group, resource);
      const entry = store.cache.get(store.key(namespace, name));
      return entry === undefined ? undefined : store.decoded(entry, definition) as T;
    },
    list<T extends KubeObject>(group: string, resource: string, namespace = "") {
      const [store, definition] = find(group, resource);
      const found: T[] = [];
      for (const entry of store.cache.range(store.prefix(namespace))) {
        found.push(store.decoded(entry, definition) as T);
      }
      return found;
    },
    onChange(group, resource, callback) {
      const [store, definition] = find(group, resource);
      const tell = (batch: readonly CacheEvent<ObjectIndex>[]) => {
        for (const { current, previous } of batch) {
          const now = current && readable(() => store.decoded(current, definition));
          const before = previous && readable(() => store.decoded(previous, definition));
          callback({
            ...(now === undefined ? {} : { current: now }),
            ...(before === undefined ? {} : { previous: before }),
          });
        }
      };
      const watch = store.cache.watch(store.prefix(""), store.cache.revision, {
        events: tell,
        reset: tell,
        end() {},
      });
      return () => watch.cancel();
    },
    fresh: (group, resource) => find(group, resource)[0].fresh(),
  };
}

/** Who follows objects goes on: to them, one that cannot be read is not there. */
function readable(decode: () => KubeObject): KubeObject | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** Writes through the registry as the API server itself. */
export function objectWriter(registry: Registry): ObjectWriter {
  const context = (
    group: string,
    resource: string,
    namespace: string,
    name: string,
    subresource: string,
  ): WriteContext => {
    const definition = registry.definitions.anyVersion(group, resource);
    const store = definition === undefined ? undefined : registry.resource(definition);
    if (definition === undefined || store === undefined) throw noSuchResource();
    return {
      definition,
      resource: store,
      namespace,
      name,
      subresource,
      user: SELF,
      dryRun: false,
      fieldManager: "kube-apiserver",
      warn() {},
    };
  };
  return {
    async create<T extends KubeObject>(group: string, resource: string, object: T) {
      const namespace = object.metadata?.namespace ?? "";
      const target = context(group, resource, namespace, "", "");
      // The write fills its object in; the caller's may be a constant.
      const next = structuredClone(object);
      target.definition.applyDefaults(next);
      return (await createObject(registry.writes, target, next)).object as T;
    },
    async update<T extends KubeObject>(
      group: string,
      resource: string,
      object: T,
      subresource = "",
    ) {
      const { namespace = "", name = "" } = object.metadata ?? {};
      const target = context(group, resource, namespace, name, subresource);
      const written = await updateObject(registry.writes, target, {
        createsMissing: false,
        unconditional: true,
        make: () => {
          const next = structuredClone(object);
          target.definition.applyDefaults(next);
          return next;
        },
      });
      return written.object as T;
    },
    async delete(group, resource, namespace, name, options = {}) {
      try {
        await deleteObject(registry.writes, context(group, resource, namespace, name, ""), {
          dryRun: false,
          ...(options.graceSeconds === undefined
            ? {}
            : { gracePeriodSeconds: options.graceSeconds }),
          ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
        });
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error;
      }
    },
  };
}
