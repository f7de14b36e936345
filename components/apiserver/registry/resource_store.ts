import { type Clock, expired, type Logger } from "../../base/mod.ts";
import { jsonOutline, type KubeObject, type ResourceDefinition } from "../../api/served.ts";
import {
  type CacheEntry,
  CompactedError,
  type EntryRange,
  openWatchCache,
  type Store,
  type WatchCache,
} from "../../storage/mod.ts";
import { failureOf } from "../encryption/mod.ts";
import { awaitRevision } from "../read/freshness.ts";
import { convertObject } from "./conversion.ts";
import { apiVersionOf, ObjectEncoding } from "./encoding.ts";
import { storeError } from "./write_context.ts";
import type { StoredVersions } from "./stored_versions.ts";

/** What is known of an object without decoding it. */
export interface ObjectIndex {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

export type StoredObject = CacheEntry<ObjectIndex>;

const NO_LABELS: Readonly<Record<string, string>> = {};

/** The objects under one prefix of the store: their cache, their keys, their encoding. Versions of a kind share one. */
export class ResourceStore {
  readonly definition: ResourceDefinition;
  readonly encoding: ObjectEncoding;
  readonly cache: WatchCache<ObjectIndex, KubeObject>;
  readonly #store: Store;
  readonly #prefix: string;
  readonly #clock: Clock;
  /** Objects of entries that did not come from the cache. */
  readonly #past = new WeakMap<StoredObject, KubeObject>();
  readonly #versions: StoredVersions | undefined;
  readonly #siblings: readonly ResourceDefinition[];
  #users = 0;
  #retired: (() => void) | undefined;

  constructor(
    store: Store,
    definition: ResourceDefinition,
    prefix: string,
    clock: Clock,
    logger: Logger,
    versions?: StoredVersions,
    /** All versions of a built-in resource. */
    siblings: readonly ResourceDefinition[] = [definition],
  ) {
    this.#siblings = siblings;
    this.definition = definition;
    this.encoding = new ObjectEncoding(definition);
    this.#store = store;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#versions = versions;
    this.cache = openWatchCache<ObjectIndex, KubeObject>({
      store,
      prefix,
      clock,
      logger,
      codec: {
        decode: (value, revision) => this.#decode(value, revision),
        index: (object) => indexOf(definition, object),
        indexValue: (value, revision) => this.#indexValue(value, revision),
        render: (value, revision) => this.#render(value, revision),
        revise: (object, revision) => {
          if (object.metadata !== undefined) object.metadata.resourceVersion = String(revision);
          return object;
        },
      },
    });
  }

  /** The prefix of one namespace's objects, or of all. */
  prefix(namespace: string): string {
    return this.definition.namespaced && namespace !== ""
      ? `${this.#prefix}${namespace}/`
      : this.#prefix;
  }

  key(namespace: string, name: string): string {
    return this.prefix(namespace) + name;
  }

  /** What a continue token names of a key: its part after the prefix. */
  keyTail(key: string): string {
    return key.slice(this.#prefix.length);
  }

  /**
   * Waits until the cache shows everything that is durable now, whoever wrote it. Throws what the store's failure is
   * answered with, and 504.
   */
  async fresh(): Promise<void> {
    const asked = this.#store.freshRevision();
    if (typeof asked !== "number") return await this.#freshFromOthers(asked);
    if (this.cache.revision < asked) await this.cache.waitFor(asked);
  }

  async #freshFromOthers(asked: Promise<number>): Promise<void> {
    const revision = await asked.catch((error) => {
      throw storeError(error);
    });
    await awaitRevision(this, revision, this.#clock);
  }

  /** The entry as it is now. */
  async get(namespace: string, name: string): Promise<StoredObject | undefined> {
    await this.fresh();
    return this.cache.get(this.key(namespace, name));
  }

  /** The object of an entry as it is stored. Shared: never changed. */
  object(entry: StoredObject): KubeObject {
    return this.#past.get(entry) ?? this.cache.decoded(entry);
  }

  /** The object of an entry as `definition` serves it. Shared: never changed. */
  decoded(entry: StoredObject, definition: ResourceDefinition): KubeObject {
    return convertObject(this.object(entry), this.definition, definition);
  }

  /** The bytes of an entry as `definition` serves it. */
  bytes(entry: StoredObject, definition: ResourceDefinition): Uint8Array {
    if (definition === this.definition) return entry.bytes;
    return new TextEncoder().encode(JSON.stringify(this.decoded(entry, definition)));
  }

  /** The values that a version's field selectors look at. */
  fields(entry: StoredObject, definition: ResourceDefinition): Readonly<Record<string, string>> {
    if (definition === this.definition) return entry.index.fields;
    return definition.selectableFields(this.decoded(entry, definition));
  }

  /** True where other versions than the stored one have to be asked for. */
  get converts(): boolean {
    return this.#versions?.conversion !== undefined;
  }

  /** The definition of one of its versions, also of one that is not served; undefined for what is none. */
  version(apiVersion: string): ResourceDefinition | undefined {
    const slash = apiVersion.lastIndexOf("/");
    const [group, version] = [apiVersion.slice(0, Math.max(0, slash)), apiVersion.slice(slash + 1)];
    const versions = this.#versions;
    if (versions !== undefined) {
      return group === this.definition.group ? versions.find(version) : undefined;
    }
    return this.#siblings.find((each) => each.group === group && each.version === version);
  }

  /** An object as a version has it, and, given the stored version, as it is to be stored. */
  convert(
    object: KubeObject,
    from: ResourceDefinition,
    to: ResourceDefinition,
  ): KubeObject | Promise<KubeObject> {
    const conversion = this.#versions?.conversion;
    return conversion === undefined ? convertObject(object, from, to) : conversion.one(object, to);
  }

  /** The objects of entries as a version has them, where that has to be asked for. */
  async converted(
    entries: readonly StoredObject[],
    to: ResourceDefinition,
  ): Promise<Map<StoredObject, KubeObject>> {
    const held = entries.map((entry) => ({ entry, object: this.object(entry) }));
    return await this.#versions?.conversion?.entries(held, to) ?? new Map();
  }

  /** The same for objects that have just been read; those that are gone since are left out. */
  async convertStored(
    objects: readonly KubeObject[],
    to: ResourceDefinition,
  ): Promise<KubeObject[]> {
    const entries = objects.map(({ metadata }) =>
      this.cache.get(this.key(metadata?.namespace ?? "", metadata?.name ?? ""))
    ).filter((entry) => entry !== undefined);
    const converted = await this.converted(entries, to);
    return entries.map((entry) => converted.get(entry)).filter((each) => each !== undefined);
  }

  /** True where the bytes of an entry are those that readers of a version get. */
  isOf(entry: StoredObject, definition: ResourceDefinition): boolean {
    return this.encodingOf(entry).apiVersion === apiVersionOf(definition);
  }

  /** How the bytes of an entry are laid out: as the stored version is, or as one that is still to be converted. */
  encodingOf(entry: StoredObject): ObjectEncoding {
    const versions = this.#versions;
    return versions?.conversion === undefined || versions.isCurrent(entry.revision)
      ? this.encoding
      : versions.encodingOf(this.object(entry));
  }

  /** What the cache knows of a revision that history still holds, for use in this turn. */
  past(revision: number): EntryRange<ObjectIndex> | undefined {
    return revision < this.#store.compactedRevision ? undefined : this.cache.past(revision);
  }

  /** Entries as of a revision that history still holds. */
  async listAt(
    namespace: string,
    options: { readonly revision: number; readonly limit?: number; readonly startAfter?: string },
  ): Promise<{ readonly entries: StoredObject[]; readonly remaining: number }> {
    try {
      const result = await this.#store.list(this.prefix(namespace), options);
      return {
        entries: result.entries.map(({ key, value, revision }) => this.entry(key, value, revision)),
        remaining: result.remaining,
      };
    } catch (error) {
      if (error instanceof CompactedError) {
        throw expired("The resourceVersion for the provided list is too old.");
      }
      throw storeError(error);
    }
  }

  /** Does some work with these objects: they stay readable until it is done, also when they are served no more. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work();
    } finally {
      if (--this.#users === 0) this.#retired?.();
    }
  }

  /** Closes the cache, and ends its watches, as soon as nothing is under way any more. */
  retire(done: () => void): void {
    this.#retired = () => {
      this.cache.close();
      done();
    };
    if (this.#users === 0) this.#retired();
  }

  #decode(value: Uint8Array, revision: number): KubeObject {
    const object = this.encoding.decode(value, revision);
    const versions = this.#versions;
    return versions === undefined || versions.isCurrent(revision)
      ? object
      : versions.current(object);
  }

  /** Of a built-in kind all that is indexed stands outside of lists. */
  #indexValue(value: Uint8Array, revision: number): ObjectIndex | undefined {
    const { definition } = this;
    const versions = this.#versions;
    if (definition.custom !== undefined || versions?.isCurrent(revision) === false) {
      return undefined;
    }
    if (failureOf(value) !== undefined) return undefined;
    const outline = jsonOutline(value);
    return outline && indexOf(definition, outline as unknown as KubeObject);
  }

  #render(value: Uint8Array, revision: number): Uint8Array {
    const { encoding } = this;
    const versions = this.#versions;
    return versions === undefined || versions.isCurrent(revision)
      ? encoding.render(value, revision)
      : this.#renderOld(this.#decode(value, revision), versions, revision);
  }

  #renderOld(object: KubeObject, versions: StoredVersions, revision: number): Uint8Array {
    const encoding = versions.conversion === undefined
      ? this.encoding
      : versions.encodingOf(object);
    return encoding.render(encoding.encode(object), revision);
  }

  /** An entry made of a value outside the cache: an old revision, or one that has just been written. */
  entry(key: string, value: Uint8Array, revision: number): StoredObject {
    const { definition } = this;
    const object = this.#decode(value, revision);
    const entry = {
      key,
      revision,
      bytes: this.#render(value, revision),
      index: indexOf(definition, object),
    };
    this.#past.set(entry, object);
    return entry;
  }
}

function indexOf(definition: ResourceDefinition, object: KubeObject): ObjectIndex {
  const { name = "", namespace = "", labels } = object.metadata ?? {};
  return {
    name,
    namespace,
    labels: labels ?? NO_LABELS,
    fields: definition.selectableFields(object),
  };
}
