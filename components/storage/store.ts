/**
 * The `Store` port: what the cluster's state rests on (etcd's role).
 *
 * Guarantees every backend gives, each with a case in `store_suite.ts`:
 *
 * - Revisions are whole numbers that only rise, one sequence a store, at most 2^53-1. Every successful write has its own
 *   revision; only keys whose time is over may go several at one revision. `revision` is that of the last write that is
 *   durable and that this process knows of.
 * - When a write's promise resolves, the write is on disk (the `kv` backend opened in memory excepted) and every
 *   later `get`, `list` and `watch` sees it. What is not yet durable is never read, listed or watched.
 * - Writes to one key are linearizable. Which of two concurrent writes wins is not promised.
 * - A watch delivers every event after its start revision exactly once, in rising revision order, in batches. Events of
 *   one revision come in one batch.
 * - History is bounded: `list` at a revision or `watch` from one that is no longer kept throws `CompactedError`.
 *
 * Others may write to the same state (API servers that share an etcd). What they have written is in `revision`, and
 * reaches watches, a little later than what this process has; `freshRevision` tells how far one has to wait.
 *
 * Not promised: fairness between writers, or how many writes share a commit.
 */
export interface Store {
  /** The revision of the last durable write that this process knows of. */
  readonly revision: number;
  /** The oldest revision that `list` can still answer for and from which `watch` can still start. */
  readonly compactedRevision: number;

  /**
   * Whoever has seen this revision has seen every write that was acknowledged, by whomever, before the call. A number at
   * once where nobody else can write: then it is `revision`. Rejects with `StoreFailedError`.
   */
  freshRevision(): number | Promise<number>;

  /** Whether others may write to the same state. */
  readonly shared: boolean;

  /** How large the database is, as far as is known; absent where nobody tells. */
  readonly databaseBytes?: number;

  /** Rejects when the store cannot be read just now. */
  check(): Promise<void>;

  /** The current value, or undefined. */
  get(key: string): Promise<Entry | undefined>;

  /** Entries whose key starts with `prefix`, in key order (bytes of UTF-8), as of one revision. */
  list(prefix: string, options?: ListOptions): Promise<ListResult>;

  /**
   * Carries out one write. Resolves when it is durable, with its revision. The store keeps `value` as it is: nobody
   * may change it afterwards.
   * Throws `KeyExistsError`, `RevisionMismatchError`, `ValueTooLargeError` (over `VALUE_MAXIMUM_BYTES`, or over what the
   * backend is set to), or `StoreFailedError` (disk full, closed, cannot be reached). With the `kv` backend, after the
   * last one this write and all that were decided on it have not happened, unless the process ends before a later
   * write succeeds; then nobody knows. With `etcd` nobody knows, unless a later read tells. Later writes may succeed
   * again.
   */
  write(write: Write): Promise<number>;

  /**
   * Calls `sink` with every event of keys under `prefix` after revision `after`. `sink` is called in order, never
   * twice at once; it must not block. Throws `CompactedError` when `after < compactedRevision`.
   * `sink.end` is called once when the store closes or fails, never after `cancel`.
   */
  watch(prefix: string, after: number, sink: WatchSink): Promise<WatchHandle>;

  /** Forgets history up to and including `revision` as far as no current value needs it. */
  compact(revision: number): Promise<void>;

  /** Ends watches, finishes writes in flight, releases the files. */
  close(): Promise<void>;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision of the write that put this value. */
  readonly revision: number;
}

export interface ListOptions {
  /** List as of this revision instead of now. */
  readonly revision?: number;
  /** At most so many entries. */
  readonly limit?: number;
  /** Only keys that sort after this one. */
  readonly startAfter?: string;
}

export interface ListResult {
  readonly entries: Entry[];
  /** The revision that the answer shows. */
  readonly revision: number;
  /** How many more entries there are after the last one (0 when complete). */
  readonly remaining: number;
}

/**
 * `create` fails where the key exists; `update` and `delete` need the key to be at `revision`, exactly.
 * `timeToLiveSeconds`: the entry is deleted by the store, with an ordinary event, some time after it has passed.
 */
export type Write =
  | {
    readonly op: "create";
    readonly key: string;
    readonly value: Uint8Array;
    readonly timeToLiveSeconds?: number;
  }
  | {
    readonly op: "update";
    readonly key: string;
    readonly value: Uint8Array;
    readonly revision: number;
    readonly timeToLiveSeconds?: number;
  }
  | { readonly op: "delete"; readonly key: string; readonly revision: number };

/** A put (create when `previous` is absent) or a delete (`value` absent). */
export interface StoreEvent {
  readonly key: string;
  readonly revision: number;
  readonly value?: Uint8Array;
  /** What the key held before. Whether it is filled in for sinks with `omitPrevious` is not promised. */
  readonly previous?: Entry;
}

export interface WatchSink {
  /** Set by sinks that know the previous values themselves; saves the store from reading them. */
  readonly omitPrevious?: boolean;
  events(batch: readonly StoreEvent[]): void;
  /**
   * Every event up to `revision` has been delivered, whether or not any lay under the prefix. The `kv` backend says so
   * after every commit, in the turn in which `Store.revision` rises; `etcd` with every event that it hears of, and when
   * asked by `requestProgress`.
   */
  progress?(revision: number): void;
  end(error?: Error): void;
}

export interface WatchHandle {
  cancel(): void;
  /** Asks for a `progress` to `revision` soon; absent where progress is always reported. */
  requestProgress?(revision: number): void;
}

/** The largest value a store takes: etcd's default limit of a request, of which etcd itself counts the key too. */
export const VALUE_MAXIMUM_BYTES = 1.5 * 1024 * 1024;

export class KeyExistsError extends Error {
  override readonly name = "KeyExistsError";
  constructor(readonly key: string) {
    super(`key ${key} exists`);
  }
}

/** `current` is undefined when the key does not exist. */
export class RevisionMismatchError extends Error {
  override readonly name = "RevisionMismatchError";
  constructor(
    readonly key: string,
    readonly expected: number,
    readonly current: Entry | undefined,
  ) {
    super(`key ${key} is at revision ${current?.revision ?? "none"}, not ${expected}`);
  }
}

export class ValueTooLargeError extends Error {
  override readonly name = "ValueTooLargeError";
  constructor(readonly key: string, readonly bytes: number) {
    super(`the value of ${key} has ${bytes} bytes; the limit is ${VALUE_MAXIMUM_BYTES}`);
  }
}

export class CompactedError extends Error {
  override readonly name = "CompactedError";
  constructor(readonly requested: number, readonly compacted: number) {
    super(`revision ${requested} is compacted; the oldest kept is ${compacted}`);
  }
}

/** The store itself failed (disk full, closed, out of reach): after a write nothing may be assumed about it. */
export class StoreFailedError extends Error {
  override readonly name = "StoreFailedError";
  /** It was a write, and nobody knows whether it has happened. */
  get unknown(): boolean {
    return false;
  }

  /** The store did not answer in time. */
  get timedOut(): boolean {
    return false;
  }
}

/** Another process owns the data directory; the message says which. */
export class StoreLockedError extends Error {
  override readonly name = "StoreLockedError";
}

/** The data directory was written by a newer program. */
export class StoreFormatError extends Error {
  override readonly name = "StoreFormatError";
}
