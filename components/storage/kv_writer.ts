import { type Clock, eventTurn, invariant, type Logger } from "../base/mod.ts";
import { type Atomic, type DecidedWrite, KvCommitQueue } from "./kv_commit_queue.ts";
import type { KvDatabase, KvMutation } from "./kv_database.ts";
import type { KvHistory } from "./kv_history.ts";
import { KEY_RECOVERED, removalMutations, type Version } from "./kv_record.ts";
import {
  type Entry,
  KeyExistsError,
  RevisionMismatchError,
  StoreFailedError,
  VALUE_MAXIMUM_BYTES,
  ValueTooLargeError,
  type Write,
} from "./store.ts";

/** Values decided but not durable; who writes beyond waits. */
export const WRITES_WAITING_BYTES_MAXIMUM = 32 * 1024 * 1024;
/** Turns of the event loop for which a commit waits at most, as long as each brings more writes. */
const GATHERING_TURNS_MAXIMUM = 8;
/** After a failed commit, how long writes are refused before the database is tried again. */
export const RECOVERY_INTERVAL_MILLISECONDS = 1000;

export interface KvWriterOptions {
  readonly database: KvDatabase;
  readonly history: KvHistory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the writes are durable, before their promises resolve. Must not throw. */
  publish(writes: readonly DecidedWrite[]): void;
  /** What is durable under a key, for `RevisionMismatchError`. */
  read(key: string): Promise<Entry | undefined>;
}

/**
 * Decides writes in memory, in the order in which they come, and makes them durable in groups: whatever arrives while
 * one commit is in flight goes into the next.
 */
export class KvWriter {
  readonly #options: KvWriterOptions;
  readonly #queue = new KvCommitQueue();
  /** The last decided, not yet durable version of each key that has one. */
  readonly #pending = new Map<string, Version>();
  /** The last revision given to a write. */
  #decided: number;
  #running: Promise<void> | undefined;
  /** Resolves at the end of the commit in flight, well or badly. */
  #committed = Promise.withResolvers<void>();
  #closed = false;
  #failure: { error: Error; at: number; readonly cleanup: KvMutation[] } | undefined;
  #failures = 0;
  #recovering: Promise<void> | undefined;

  constructor(options: KvWriterOptions) {
    this.#options = options;
    this.#decided = options.history.revision;
  }

  async write(write: Write): Promise<number> {
    const size = write.op === "delete" ? 0 : write.value.length;
    if (size > VALUE_MAXIMUM_BYTES) throw new ValueTooLargeError(write.key, size);
    while (this.#queue.bytes > WRITES_WAITING_BYTES_MAXIMUM || this.#failure !== undefined) {
      if (this.#closed) break;
      if (this.#failure !== undefined) await this.#recover();
      else await this.#committed.promise;
    }
    if (this.#closed) throw new StoreFailedError("the store is closed");
    const base = this.#base(write.key);
    if (!allowed(write, base)) await this.#refuse(write);
    return await this.#enqueue(write, size);
  }

  /** Deletes versions that nothing needs any more, in the background. */
  remove(garbage: readonly Version[]): void {
    if (garbage.length === 0) return;
    this.#queue.pushGarbage(garbage);
    this.#start();
  }

  /** Resolves when nothing waits to be written or removed. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Refuses new writes and finishes those in flight. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  #base(key: string): Version | undefined {
    const pending = this.#pending.get(key);
    if (pending === undefined) return this.#options.history.current(key);
    return pending.deleted ? undefined : pending;
  }

  #enqueue(write: Write, size: number): Promise<number> {
    const lifetime = write.op === "delete" ? undefined : write.timeToLiveSeconds;
    const version: Version = {
      key: write.key,
      revision: ++this.#decided,
      deleted: write.op === "delete",
      size,
      expiresAt: lifetime === undefined ? 0 : this.#options.clock.now() + lifetime * 1000,
      previous: undefined,
    };
    this.#pending.set(write.key, version);
    return new Promise((resolve, reject) => {
      const value = write.op === "delete" ? undefined : write.value;
      this.#queue.push({ version, value, resolve, reject });
      this.#start();
    });
  }

  /** Throws the conflict. One with a write that is not durable yet is told only when that one is. */
  async #refuse(write: Write): Promise<never> {
    const { history, read } = this.#options;
    const conflicting = this.#pending.get(write.key)?.revision ?? 0;
    const failures = this.#failures;
    while (history.revision < conflicting) {
      await this.#committed.promise;
      if (this.#failures !== failures) throw this.#failed();
    }
    if (write.op === "create") throw new KeyExistsError(write.key);
    const current = await read(write.key);
    throw new RevisionMismatchError(write.key, write.revision, current);
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // Something may have come between the loop's last look and now.
      if (this.#hasWork()) this.#start();
    });
  }

  #hasWork(): boolean {
    if (this.#failure !== undefined) return false;
    // What a closing store leaves is found again when it opens.
    return this.#queue.writes > 0 || (this.#queue.garbage > 0 && !this.#closed);
  }

  async #run(): Promise<void> {
    // Lets everything that the caller's turn still writes join the first commit.
    await Promise.resolve();
    const { database, history, publish } = this.#options;
    while (this.#hasWork()) {
      await this.#gather();
      const atomic = this.#queue.next(history.compactedRevision);
      try {
        await database.commit(atomic.mutations);
      } catch (error) {
        this.#fail(error, atomic);
        break;
      }
      for (const { version } of atomic.writes) {
        if (this.#pending.get(version.key) === version) this.#pending.delete(version.key);
      }
      publish(atomic.writes);
      for (const write of atomic.writes) write.resolve(write.version.revision);
      this.#nextCommit();
    }
    this.#nextCommit();
  }

  /**
   * Lets requests that have come already join the commit. Where many write, each commit costs as much time as several
   * writes; where one does, this is a turn that has nothing to do.
   */
  async #gather(): Promise<void> {
    let known = 0;
    for (let turn = 0; turn < GATHERING_TURNS_MAXIMUM && this.#queue.writes > known; turn++) {
      known = this.#queue.writes;
      await eventTurn();
    }
  }

  #nextCommit(): void {
    this.#committed.resolve();
    this.#committed = Promise.withResolvers();
  }

  /** Every write that was decided may rest on what is now not durable, so all of them fail. */
  #fail(cause: unknown, atomic: Atomic): void {
    const { clock, logger } = this.#options;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const waiting = this.#queue.clear();
    // The commit may have been carried out all the same, and of the first that waited some chunks may be durable:
    // recovery removes whatever was left.
    const cleanup = [...atomic.writes, ...waiting.slice(0, 1)]
      .flatMap(({ version }) => removalMutations(version));
    this.#failure = { error, at: clock.monotonic(), cleanup };
    this.#failures++;
    this.#queue.pushGarbage(atomic.garbage);
    this.#pending.clear();
    logger.error("store commit failed", { error, writes: atomic.writes.length + waiting.length });
    for (const write of [...atomic.writes, ...waiting]) write.reject(this.#failed());
  }

  #failed(): StoreFailedError {
    const cause = this.#failure?.error;
    return new StoreFailedError(`the store cannot write: ${cause?.message}`, { cause });
  }

  /** Tries whether the database takes writes again; throws `StoreFailedError` when it does not, or too early. */
  #recover(): Promise<void> {
    return this.#recovering ??= this.#tryRecovery().finally(() => this.#recovering = undefined);
  }

  async #tryRecovery(): Promise<void> {
    const { clock, database, logger } = this.#options;
    const failure = this.#failure;
    if (failure === undefined) return;
    if (clock.monotonic() - failure.at < RECOVERY_INTERVAL_MILLISECONDS) throw this.#failed();
    failure.at = clock.monotonic();
    try {
      await database.commit([{ key: KEY_RECOVERED, value: this.#decided }]);
      while (failure.cleanup.length > 0) {
        await database.commit(failure.cleanup.slice(0, 500));
        failure.cleanup.splice(0, 500);
      }
    } catch (error) {
      failure.error = error instanceof Error ? error : new Error(String(error));
      throw this.#failed();
    }
    invariant(this.#pending.size === 0, "nothing is decided while the store has failed");
    this.#failure = undefined;
    logger.info("store takes writes again");
    if (this.#hasWork()) this.#start();
  }
}

function allowed(write: Write, base: Version | undefined): boolean {
  return write.op === "create" ? base === undefined : base?.revision === write.revision;
}
