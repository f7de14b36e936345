import {
  ApiError,
  backoffDelay,
  type BackoffPolicy,
  type Clock,
  hasReason,
  type Logger,
  sleep,
} from "../base/mod.ts";
import type { KubeObject, ResourceType } from "../api/mod.ts";
import type { Client, Selection } from "../client/mod.ts";
import { IndexedCache, type Indexer } from "./indexed_cache.ts";
import { objectKey } from "./object_key.ts";

/** What happened to one key: added without `previous`, deleted without `current`. */
export interface Change<P> {
  readonly key: string;
  readonly current?: P;
  readonly previous?: P;
}

export interface InformerOptions<T extends KubeObject, P> extends Selection {
  readonly client: Client;
  readonly type: ResourceType<T>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is kept of each object; without it the whole object. Keep little: memory is cluster size times this. */
  readonly project?: (object: T) => P;
  readonly indexers?: Readonly<Record<string, Indexer<P>>>;
}

const RETRY: BackoffPolicy = { initialMilliseconds: 200, maximumMilliseconds: 30_000 };
const PAGE_LIMIT = 500;

/**
 * A reflector and its cache: lists, then watches, and lists again when the watch's place is lost.
 *
 * - Handlers see every change of the cache once, in order, after the cache shows it; a change that came and went while
 *   the connection was down may be seen as one. Handlers must not throw or block: they enqueue keys.
 * - Items are shared: never change them.
 * - Not promised: that the cache is as new as the server. Reconcilers write with resourceVersions and retry.
 */
export class Informer<T extends KubeObject, P = T> {
  readonly #options: InformerOptions<T, P>;
  readonly #cache: IndexedCache<P>;
  readonly #handlers = new Set<(change: Change<P>) => void>();
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #started = false;
  #resourceVersion = "";

  constructor(options: InformerOptions<T, P>) {
    this.#options = options;
    this.#cache = new IndexedCache(options.indexers);
    this.#synced.promise.catch(() => {});
  }

  /** Begins; ends with the signal. Starting twice does nothing. */
  start(signal: AbortSignal): this {
    if (this.#started) return this;
    this.#started = true;
    void this.#run(signal);
    return this;
  }

  /** Resolves when the first list is in the cache; rejects when the informer ends before. */
  synced(): Promise<void> {
    return this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** The resourceVersion up to which the cache has seen everything; empty before the first list. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  get size(): number {
    return this.#cache.size;
  }

  /** By `namespace/name`. */
  get(key: string): P | undefined {
    return this.#cache.get(key);
  }

  list(): P[] {
    return [...this.#cache.values()];
  }

  keys(): string[] {
    return [...this.#cache.keys()];
  }

  byIndex(name: string, value: string): P[] {
    return this.#cache.byIndex(name, value);
  }

  /** Adds a handler; it is told of everything already cached as additions. Answers how to take it away. */
  onChange(handler: (change: Change<P>) => void): () => void {
    for (const key of [...this.#cache.keys()]) {
      handler({ key, current: this.#cache.get(key) as P });
    }
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger, type } = this.#options;
    let failures = 0;
    let listed = false;
    while (!signal.aborted) {
      try {
        if (!listed) await this.#list(signal);
        listed = true;
        failures = 0;
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (hasReason(error, "Expired") || hasReason(error, "Gone")) {
          listed = false;
          continue;
        }
        failures++;
        const delay = backoffDelay(RETRY, failures);
        // A server that is away is somebody else's news; a server that refuses is this informer's.
        const refused = error instanceof ApiError && error.code < 500;
        const level = refused ? "warn" : "debug";
        logger[level]("watch interrupted", {
          resource: type.resource,
          error: String(error),
          delay,
        });
        await sleep(clock, delay, signal).catch(() => {});
      }
    }
    this.#synced.reject(signal.reason);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, type } = this.#options;
    const seen = new Set<string>();
    let page = await client.list(type, { ...this.#selection(), limit: PAGE_LIMIT });
    for (;;) {
      for (const item of page.items) {
        item.apiVersion ??= type.group === "" ? type.version : `${type.group}/${type.version}`;
        item.kind ??= type.kind;
        seen.add(objectKey(item));
        this.#put(item);
      }
      const next = page.metadata?.continue;
      if (next === undefined || next === "") break;
      signal.throwIfAborted();
      page = await client.list(type, { ...this.#selection(), limit: PAGE_LIMIT, continue: next });
    }
    for (const key of [...this.#cache.keys()]) if (!seen.has(key)) this.#remove(key);
    this.#resourceVersion = page.metadata?.resourceVersion ?? "";
    this.#isSynced = true;
    this.#synced.resolve();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, type } = this.#options;
    const events = await client.watch(type, {
      ...this.#selection(),
      resourceVersion: this.#resourceVersion,
      allowWatchBookmarks: true,
      signal,
    });
    for await (const event of events) {
      if (event.type === "DELETED") this.#remove(objectKey(event.object));
      else if (event.type !== "BOOKMARK") this.#put(event.object);
      this.#resourceVersion = event.object.metadata?.resourceVersion ?? this.#resourceVersion;
    }
  }

  #selection(): Selection {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }

  #put(object: T): void {
    const key = objectKey(object);
    const project = this.#options.project;
    const current = project === undefined ? object as unknown as P : project(object);
    const previous = this.#cache.set(key, current);
    this.#tell(previous === undefined ? { key, current } : { key, current, previous });
  }

  #remove(key: string): void {
    const previous = this.#cache.delete(key);
    if (previous !== undefined) this.#tell({ key, previous });
  }

  #tell(change: Change<P>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#options.logger.error("change handler failed", { key: change.key, error });
      }
    }
  }
}
