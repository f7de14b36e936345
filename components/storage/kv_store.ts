import { type Clock, invariant, type Logger, type Timer } from "../base/mod.ts";
import type { DecidedWrite } from "./kv_commit_queue.ts";
import { type KvDatabase, openDenoKv } from "./kv_database.ts";
import { type KvDirectory, ownDirectory } from "./kv_directory.ts";
import { KvExpiry } from "./kv_expiry.ts";
import { KvHistory } from "./kv_history.ts";
import { loadHistory } from "./kv_load.ts";
import type { Version } from "./kv_record.ts";
import { HISTORY_LIMITS, type HistoryLimits, KvRetention } from "./kv_retention.ts";
import { KvValues } from "./kv_values.ts";
import { KvWatchers } from "./kv_watchers.ts";
import { KvWriter } from "./kv_writer.ts";
import {
  CompactedError,
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionMismatchError,
  type Store,
  StoreFailedError,
  type WatchHandle,
  type WatchSink,
  type Write,
} from "./store.ts";

export interface KvStoreOptions {
  /** Where the files lie (made when absent), or the word for a store that dies with the process. */
  readonly directory: string | "memory";
  readonly logger: Logger;
  readonly clock: Clock;
  /** Who owns the directory, as a second process is told. */
  readonly holder?: string;
  readonly history?: Partial<HistoryLimits>;
  /** For tests that put faults between store and database. */
  readonly open?: (path: string) => Promise<KvDatabase>;
}

/** How long what a start has read is held for the watch caches. */
const HELD_MILLISECONDS = 30_000;

/**
 * Opens the store in one file. Throws `StoreLockedError` when another process has the directory and
 * `StoreFormatError` when a newer program wrote it.
 */
export async function openKvStore(options: KvStoreOptions): Promise<Store> {
  const open = options.open ?? openDenoKv;
  if (options.directory === "memory") return await KvStore.load(await open(":memory:"), options);
  const holder = options.holder ?? `process ${Deno.pid} on ${Deno.hostname()}`;
  const directory = await ownDirectory(options.directory, holder);
  try {
    return await KvStore.load(await open(directory.databasePath), options, directory);
  } catch (error) {
    directory.release();
    throw error;
  }
}

class KvStore implements Store {
  readonly #history: KvHistory;
  readonly #values: KvValues;
  readonly #watchers: KvWatchers;
  readonly #writer: KvWriter;
  readonly #expiry: KvExpiry;
  readonly #retention: KvRetention;
  readonly #held: Timer;
  #closing: Promise<void> | undefined;

  static async load(
    database: KvDatabase,
    options: KvStoreOptions,
    directory?: KvDirectory,
  ): Promise<KvStore> {
    const history = new KvHistory();
    const values = new KvValues(database);
    try {
      const garbage = await loadHistory(database, history, values);
      const store = new KvStore(database, history, values, options, directory);
      store.#writer.remove(garbage);
      for (const version of history.range("", undefined, history.revision)) {
        store.#expiry.add(version);
      }
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private constructor(
    readonly database: KvDatabase,
    history: KvHistory,
    values: KvValues,
    options: KvStoreOptions,
    readonly directory: KvDirectory | undefined,
  ) {
    const { clock, logger } = options;
    this.#history = history;
    this.#values = values;
    this.#held = clock.after(HELD_MILLISECONDS, () => values.letGo());
    this.#watchers = new KvWatchers(history, values, logger);
    this.#writer = new KvWriter({
      database,
      history,
      clock,
      logger,
      publish: (writes) => this.#publish(writes),
      read: (key) => this.get(key),
    });
    this.#expiry = new KvExpiry(clock, (key, revision) => this.#expire(key, revision));
    const limits = { ...HISTORY_LIMITS, ...options.history };
    this.#retention = new KvRetention(history, limits, clock, (to) => this.#forget(to));
  }

  get revision(): number {
    return this.#history.revision;
  }

  get compactedRevision(): number {
    return this.#history.compactedRevision;
  }

  /** One process owns the directory, so nobody else has written anything. */
  readonly shared = false;

  freshRevision(): number {
    return this.#history.revision;
  }

  // deno-lint-ignore require-await
  async check(): Promise<void> {
    if (this.#closing !== undefined) throw new StoreFailedError("the store is closed");
  }

  async get(key: string): Promise<Entry | undefined> {
    for (;;) {
      const version = this.#history.current(key);
      if (version === undefined) return undefined;
      const [value] = await this.#values.read([version]);
      if (value !== undefined) return { key, value, revision: version.revision };
      invariant(this.#history.current(key) !== version, `the value of ${key} is there`);
    }
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    for (;;) {
      const compacted = this.#history.compactedRevision;
      const revision = options.revision ?? this.#history.revision;
      if (revision < compacted) throw new CompactedError(revision, compacted);
      invariant(revision <= this.#history.revision, "a list does not look into the future");
      const limit = options.limit ?? Number.POSITIVE_INFINITY;
      const versions: Version[] = [];
      let remaining = 0;
      for (const version of this.#history.range(prefix, options.startAfter, revision)) {
        if (versions.length === limit) {
          const last = versions.at(-1)?.key ?? options.startAfter;
          remaining = this.#history.count(prefix, last, revision);
          break;
        }
        versions.push(version);
      }
      const values = await this.#values.read(versions);
      if (!values.includes(undefined)) {
        const entries = versions.map(({ key, revision }, i) => (
          { key, value: values[i] as Uint8Array, revision }
        ));
        return { entries, revision, remaining };
      }
      invariant(this.#history.compactedRevision > revision, `the values under ${prefix} are there`);
    }
  }

  write(write: Write): Promise<number> {
    return this.#writer.write(write);
  }

  // deno-lint-ignore require-await
  async watch(prefix: string, after: number, sink: WatchSink): Promise<WatchHandle> {
    if (this.#closing !== undefined) throw new StoreFailedError("the store is closed");
    return this.#watchers.watch(prefix, after, sink);
  }

  async compact(revision: number): Promise<void> {
    this.#forget(Math.min(revision, this.#history.revision));
    await this.#writer.idle();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#held.cancel();
    this.#expiry.close();
    this.#retention.close();
    await this.#writer.close();
    this.#watchers.close();
    this.database.close();
    this.directory?.release();
  }

  #publish(writes: readonly DecidedWrite[]): void {
    const before = this.#history.revision;
    const versions = writes.map(({ version, value }) => {
      this.#history.append(version);
      if (value !== undefined) this.#values.remember(version, value);
      this.#expiry.add(version);
      return version;
    });
    this.#watchers.publish(versions, before);
    this.#retention.check();
  }

  #forget(revision: number): void {
    const garbage = this.#history.compact(revision);
    for (const version of garbage) this.#values.forget(version);
    this.#writer.remove(garbage);
  }

  async #expire(key: string, revision: number): Promise<boolean> {
    if (this.#history.current(key)?.revision !== revision) return true;
    try {
      await this.write({ op: "delete", key, revision });
      return true;
    } catch (error) {
      // Somebody else has written it since; else the store is failing, and says so itself.
      return error instanceof RevisionMismatchError;
    }
  }
}
