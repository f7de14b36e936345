import { hasReason } from "../../base/mod.ts";
import type { ResourceDefinition } from "../../api/served.ts";
import {
  deleteObject,
  type Registry,
  type ResourceStore,
  type WriteContext,
  WritePipeline,
} from "../registry/mod.ts";

/** Deletes under way at once: they share the store's commits. */
const DELETES_AT_ONCE = 64;
const SELF = { username: "system:apiserver", groups: ["system:masters"] };

/** Deletes the objects of definitions that go, and waits for those that finalizers hold. */
export class InstanceCleanup {
  /** What tells, by the name of a definition, that one of its objects is gone. */
  readonly #watches = new Map<string, { cancel(): void }>();

  constructor(readonly registry: Registry, readonly again: (name: string) => void) {}

  /** Deletes all objects. True when none is left; else `again` is called when one more has gone. */
  async run(name: string, definition: ResourceDefinition): Promise<boolean> {
    const resource = this.registry.resource(definition);
    if (resource === undefined) return true;
    return await resource.use(() => this.#delete(name, resource));
  }

  async #delete(name: string, resource: ResourceStore): Promise<boolean> {
    await resource.fresh();
    const { cache } = resource;
    if (!this.#watches.has(name) && cache.count(resource.prefix("")) > 0) {
      this.#watches.set(
        name,
        cache.watch(resource.prefix(""), cache.revision, {
          events: (batch) => {
            if (batch.some(({ current }) => current === undefined)) this.again(name);
          },
          end: (error) => {
            this.forget(name);
            // What was deleted meanwhile was not told.
            if (error !== undefined) this.again(name);
          },
        }),
      );
    }
    const waiting = [...cache.range(resource.prefix(""))].filter((entry) =>
      resource.object(entry).metadata?.deletionTimestamp === undefined
    );
    for (let from = 0; from < waiting.length; from += DELETES_AT_ONCE) {
      await Promise.all(
        waiting.slice(from, from + DELETES_AT_ONCE).map(({ index }) =>
          this.#deleteOne(resource, index.namespace, index.name)
        ),
      );
    }
    await resource.fresh();
    if (cache.count(resource.prefix("")) > 0) return false;
    this.forget(name);
    return true;
  }

  async #deleteOne(resource: ResourceStore, namespace: string, name: string): Promise<void> {
    const context: WriteContext = {
      definition: resource.definition,
      resource,
      namespace,
      name,
      subresource: "",
      user: SELF,
      dryRun: false,
      fieldManager: "kube-apiserver",
      warn() {},
    };
    // Whoever may delete the definition may delete what it defines: nobody is asked about each.
    const dependencies = { ...this.registry.writes, pipeline: new WritePipeline([], []) };
    try {
      await deleteObject(dependencies, context, { dryRun: false });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }

  /** No more of a definition. */
  forget(name: string): void {
    const watch = this.#watches.get(name);
    this.#watches.delete(name);
    watch?.cancel();
  }

  close(): void {
    for (const name of [...this.#watches.keys()]) this.forget(name);
  }
}
