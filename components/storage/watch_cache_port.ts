import type { StoreEvent } from "./store.ts";

/**
 * The watch cache of one key prefix: every current entry in memory with its one encoding, and a window of past
 * events for watchers. `Index` is what the owner wants to filter by without decoding (labels, fields, names).
 *
 * - Reads see a consistent state at `revision`. After `await waitFor(store.revision)` a read is as fresh as the store.
 * - An event is rendered once and shared by all watchers; a watcher gets each event once and in order.
 * - A watcher that asks for a revision older than the window gets `CompactedError`.
 */
export interface WatchCache<Index, Decoded> {
  /** The revision this cache has seen. */
  readonly revision: number;
  /** Resolves when the first list is in. */
  ready(): Promise<void>;
  /** Resolves when `revision` has been seen; rejects with the signal's reason. */
  waitFor(revision: number, signal?: AbortSignal): Promise<void>;
  get(key: string): CacheEntry<Index> | undefined;
  /** Entries under `prefix` (which starts with the cache's own) in key order; from a sorted index, not a scan of all. */
  range(prefix: string, startAfter?: string): Iterable<CacheEntry<Index>>;
  /** How many entries lie under `prefix`. */
  count(prefix: string): number;
  /** The decoded object of an entry; kept in a bounded LRU. Callers must not change it: they clone. */
  decoded(entry: CacheEntry<Index>): Decoded;
  /** Events after revision `after` under `prefix`. `sink` is called in order with batches and must not block. */
  watch(prefix: string, after: number, sink: CacheSink<Index>): CacheWatch;
  close(): void;
}

export interface CacheEntry<Index> {
  readonly key: string;
  readonly revision: number;
  /** The object's JSON, resourceVersion included, as `render` made it: shared, never changed. */
  readonly bytes: Uint8Array;
  readonly index: Index;
}

/** `current` is absent on a delete; then `previous` is the last state and `revision` that of the delete. */
export interface CacheEvent<Index> {
  readonly revision: number;
  readonly key: string;
  readonly current?: CacheEntry<Index>;
  readonly previous?: CacheEntry<Index>;
  /** A place where the owner keeps what it has encoded for this event, so that it is made once for all watchers. */
  readonly encodings: Map<string, Uint8Array>;
}

export interface CacheSink<Index> {
  events(batch: readonly CacheEvent<Index>[]): void;
  /** All events up to this revision have been delivered, whether or not any matched (for bookmarks). */
  progress?(revision: number): void;
  /** The cache closed or lost its place; the watcher must end with an error. */
  end(error?: Error): void;
}

export interface CacheWatch {
  cancel(): void;
}

/** How the owner of a cache reads its values. All pure. */
export interface CacheCodec<Index, Decoded> {
  decode(value: Uint8Array, revision: number): Decoded;
  index(decoded: Decoded, key: string): Index;
  /** The bytes that readers get: the stored JSON with its resourceVersion filled in. */
  render(value: Uint8Array, revision: number): Uint8Array;
}

export type { StoreEvent };
