import { type Clock, invariant, type Logger, type Random } from "../../base/mod.ts";
import type { CustomDefinitions, KubeObject, ResourceDefinition } from "../../api/served.ts";
import type { Store } from "../../storage/mod.ts";
import type { AdmissionPlugin, WriteHook } from "../ports.ts";
import type { WriteDependencies } from "./create.ts";
import { CustomStores } from "./custom_stores.ts";
import type { ConvertObjects } from "./version_conversion.ts";
import { Definitions } from "./definitions.ts";
import { WritePipeline } from "./pipeline.ts";
import { ResourceStore } from "./resource_store.ts";

export interface RegistryOptions {
  readonly store: Store;
  readonly definitions: readonly ResourceDefinition[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** True for a value that should be written anew even though nothing in it changes. */
  readonly isStale?: (key: string) => boolean;
}

/** Every stored resource by its definition; versions that share objects share a `ResourceStore`. */
export class Registry {
  readonly definitions: Definitions;
  readonly #options: RegistryOptions;
  readonly #byPrefix = new Map<string, ResourceStore>();
  readonly #custom: CustomStores;
  #writes: WriteDependencies | undefined;
  #isReady = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.definitions = new Definitions(options.definitions);
    for (const definition of options.definitions) this.#open(definition);
    this.#custom = new CustomStores(options);
  }

  /** Sets what writes pass through: plugins and hooks read this registry, so they come after it. */
  useAdmission(plugins: readonly AdmissionPlugin[], hooks: readonly WriteHook[]): void {
    const { store, clock, random, isStale } = this.#options;
    this.#writes = {
      store,
      clock,
      random,
      ...(isStale === undefined ? {} : { isStale }),
      pipeline: new WritePipeline(plugins, hooks),
    };
  }

  get writes(): WriteDependencies {
    invariant(this.#writes !== undefined, "admission is set before the first write");
    return this.#writes;
  }

  /** The objects of a stored resource; undefined for one that is not stored. */
  resource(definition: ResourceDefinition): ResourceStore | undefined {
    if (definition.custom !== undefined) return this.#custom.resource(definition);
    return definition.storage === undefined
      ? undefined
      : this.#byPrefix.get(definition.storage.prefix);
  }

  /**
   * Stored objects as another version of their resource has them, in order; undefined where its versions have the same
   * fields. What is asked for is kept as long as the object stays as it is.
   */
  convertStored(
    objects: readonly KubeObject[],
    to: ResourceDefinition,
  ): Promise<KubeObject[]> | undefined {
    const resource = this.resource(to);
    return resource?.converts === true ? resource.convertStored(objects, to) : undefined;
  }

  /** How many objects there are of a resource; none of one that is not stored. */
  count(group: string, version: string, resource: string): number {
    const definition = this.definitions.find(group, version, resource);
    const stored = definition === undefined ? undefined : this.resource(definition);
    return stored?.cache.count(stored.prefix("")) ?? 0;
  }

  /**
   * Serves a custom resource from now on, in the place of what was served under its prefix. Watches of that end; what
   * is under way is done. `convert` where its versions differ in more than their name. False where a built-in resource
   * has its place.
   */
  define(definitions: CustomDefinitions, convert?: ConvertObjects): boolean {
    const { group, plural } = definitions.stored;
    const taken = this.#options.definitions.some((builtin) =>
      builtin.group === group && builtin.plural === plural
    );
    if (taken) return false;
    this.undefine(definitions.stored);
    for (const definition of definitions.served) this.definitions.add(definition);
    this.#custom.define(definitions, convert);
    return true;
  }

  /** Ends a custom resource: its paths, and the watches of it. Its objects stay where they are. */
  undefine(stored: ResourceDefinition): void {
    for (const definition of this.#custom.undefine(stored)) this.definitions.remove(definition);
  }

  /** What there is of each resource. */
  *held(): Generator<
    { readonly group: string; readonly resource: string; objects: number; revision: number }
  > {
    for (const [prefix, { definition, cache }] of this.#byPrefix) {
      const { group, plural: resource } = definition;
      yield { group, resource, objects: cache.count(prefix), revision: cache.revision };
    }
  }

  /** True when every cache has had its first state. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when every cache has its first state. */
  async ready(): Promise<void> {
    await Promise.all([...this.#byPrefix.values()].map((resource) => resource.cache.ready()));
    this.#isReady = true;
  }

  close(): void {
    for (const resource of this.#byPrefix.values()) resource.cache.close();
    this.#custom.close();
  }

  #open(definition: ResourceDefinition): void {
    const { storage } = definition;
    if (storage === undefined) return;
    const { store, clock, logger, definitions } = this.#options;
    if (this.#byPrefix.has(storage.prefix)) return;
    // Objects lie in the version that storage names where that is served, else in the first served one.
    const { prefix, group, version, kind } = storage;
    const siblings = definitions.filter((other) => other.storage?.prefix === prefix);
    const stored =
      siblings.find((other) =>
        other.group === group && other.version === version && other.kind === kind
      ) ?? definition;
    this.#byPrefix.set(
      prefix,
      new ResourceStore(store, stored, prefix, clock, logger, undefined, siblings),
    );
  }
}
