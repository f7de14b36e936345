import type { StoreEvent } from "./store.ts";

/** Entries in the order of their keys. */
export interface EntryRange<Index> {
  /**
   * Entries under `prefix` (which starts with the cache's own) in key order; from a sorted index, not a scan of all.
   * A consistent state when it is used up in one turn; over several it goes on correctly in what is there by then.
   */
  range(prefix: string, startAfter?: string): Iterable<CacheEntry<Index>>;
  /** How many entries `range` would give; does not walk over them. */
  count(prefix: string, startAfter?: string): number;
}

/**
 * The watch cache of one key prefix: every current entry in memory with its one encoding, and a window of past
 * events for watchers. `Index` is what the owner wants to filter by without decoding (labels, fields, names).
 *
 * - Reads see a consistent state at `revision`. After `await waitFor(store.revision)` a read is as fresh as the store.
 * - An event is rendered once and shared by all watchers; a watcher gets each event once and in order.
 * - A watcher that asks for a revision older than the window gets `CompactedError`.
 */
export interface WatchCache<Index, Decoded> extends EntryRange<Index> {
  /** The revision this cache has seen. */
  readonly revision: number;
  /** Resolves when the first list is in. */
  ready(): Promise<void>;
  /** Resolves when `revision` has been seen; rejects with the signal's reason. */
  waitFor(revision: number, signal?: AbortSignal): Promise<void>;
  get(key: string): CacheEntry<Index> | undefined;
  /**
   * What there was at a revision that has been seen, for use in this turn; undefined where the window does not reach
   * back to it.
   */
  past(revision: number): EntryRange<Index> | undefined;
  /** The decoded object of an entry; kept in a bounded LRU. Callers must not change it: they clone. */
  decoded(entry: CacheEntry<Index>): Decoded;
  /**
   * Saves a decode: tells, before a write, what its `value` (that very array) holds. Used when the write's event comes,
   * provided that the codec can `revise`; from then on nobody may change `decoded`.
   */
  offer(value: Uint8Array, decoded: Decoded): void;
  /**
   * Events after revision `after` under `prefix`. `sink` is called in order with batches and must not block; those that
   * the window holds come before `watch` returns. So in any one turn a reader and its watch see the same state, and
   * between turns every watcher has been given all events up to the cache's `revision`.
   */
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
  /**
   * All events up to this revision have been delivered, whether or not any matched (for bookmarks). Called when the
   * revision has risen, at most once a second; `WatchCache.revision` says the same at any time.
   */
  progress?(revision: number): void;
  /**
   * Set by sinks that follow the state and not its history: when the cache has lost its place and starts anew, they are
   * given what is different now, and go on.
   */
  reset?(changes: readonly CacheEvent<Index>[]): void;
  /** The cache closed or lost its place; the watcher must end with an error. */
  end(error?: Error): void;
}

export interface CacheWatch {
  cancel(): void;
}

/** How the owner of a cache reads its values. All pure, and called only when somebody asks for the result. */
export interface CacheCodec<Index, Decoded> {
  /** `value` is what the store holds, or what `render` made of it. */
  decode(value: Uint8Array, revision: number): Decoded;
  index(decoded: Decoded, key: string): Index;
  /** The same out of a value that nobody has decoded, where that is less work; undefined where it has to be decoded. */
  indexValue?(value: Uint8Array, revision: number): Index | undefined;
  /** The bytes that readers get: the stored JSON with its resourceVersion filled in. */
  render(value: Uint8Array, revision: number): Uint8Array;
  /** Gives an offered object the revision of its write; it may change and return the same one. */
  revise?(decoded: Decoded, revision: number): Decoded;
}

export type { StoreEvent };
