import { type Clock, invariant, type Logger, sleep } from "../../base/mod.ts";
import {
  CompactedError,
  type Entry,
  KeyExistsError,
  type ListOptions,
  type ListResult,
  RevisionMismatchError,
  type Store,
  StoreFailedError,
  VALUE_MAXIMUM_BYTES,
  ValueTooLargeError,
  type WatchHandle,
  type WatchSink,
  type Write,
} from "../store.ts";
import type { EtcdTls } from "./endpoint.ts";
import { EtcdClient } from "./etcd_client.ts";
import {
  COMPACTION_INTERVAL_SECONDS,
  EtcdCompactor,
  HISTORY_EVENTS_MAXIMUM,
} from "./etcd_compactor.ts";
import type { EtcdHistoryLimits } from "./etcd_compactor.ts";
import { EtcdError } from "./etcd_error.ts";
import { EtcdKeys, oneKey } from "./etcd_keys.ts";
import { EtcdLeases } from "./etcd_leases.ts";
import { readRange } from "./etcd_pages.ts";
import { OwnWrites } from "./own_writes.ts";
import { EtcdWatchers } from "./etcd_watchers.ts";
import { firstReadable } from "./first_readable.ts";
import { FreshRevision } from "./fresh_revision.ts";
import type { KeyValue, TxnRequest } from "./messages.ts";
import { MemberStatuses } from "./member_statuses.ts";

export interface EtcdStoreOptions {
  /** `http://HOST:PORT` or `https://HOST:PORT`, one a member. */
  readonly endpoints: readonly string[];
  /** What etcd's keys start with in the place of `root`; `/registry` where not given, as kube-apiserver's. */
  readonly prefix?: string;
  /** What every key of the port starts with; `/registry` where not given. */
  readonly root?: string;
  readonly tls?: EtcdTls;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly history?: Partial<EtcdHistoryLimits>;
}

/** The key that kube-apiserver's health check asks for. */
const HEALTH_KEY = "health";
/** Written for nothing but its event. */
const TOUCHED_KEY = "coracle-progress";
const HEALTH_TIMEOUT_MILLISECONDS = 2_000;
/** Where an etcd starts that holds nothing: no event has this revision, or one before it. */
const EMPTY_REVISION = 1;
/** How far in the past the shared feed starts, so that caches have some past after a restart. */
const REPLAY_REVISIONS = 1_000;
/** How long an acknowledged write waits for its own event. */
const OWN_EVENT_MILLISECONDS = 3_000;
const LIST_TRIES_MAXIMUM = 5;
/** How long the end waits for writes on their way. */
const CLOSE_MILLISECONDS = 2_000;

/** The store in etcd, which others may write to as well. */
export class EtcdStore implements Store {
  readonly shared = true;
  readonly #options: EtcdStoreOptions;
  readonly #client: EtcdClient;
  readonly #keys: EtcdKeys;
  readonly #leases: EtcdLeases;
  readonly #fresh: FreshRevision;
  readonly #compactor: EtcdCompactor;
  readonly #watchers: EtcdWatchers;
  readonly #statuses: MemberStatuses;
  readonly #writes: OwnWrites;
  #revision: number;
  #compacted: number;
  #closing: Promise<void> | undefined;

  /** Connects, and finds out where etcd stands. Rejects with `StoreFailedError`. */
  static async open(options: EtcdStoreOptions): Promise<EtcdStore> {
    const { clock, endpoints, logger, tls } = options;
    const client = new EtcdClient({
      endpoints: endpoints.map((text) => new URL(text)),
      clock,
      logger,
      ...(tls === undefined ? {} : { tls }),
    });
    try {
      const keys = new EtcdKeys(options.prefix ?? "/registry", options.root ?? "/registry");
      const { revision } = await client.range({ ...oneKey(keys.own(HEALTH_KEY)), limit: 1 });
      const compacted = await firstReadable(client, keys.own(HEALTH_KEY), revision);
      const statuses = new MemberStatuses(clock, () => client.statuses());
      await statuses.refresh();
      return new EtcdStore(options, client, keys, statuses, revision, compacted);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  private constructor(
    options: EtcdStoreOptions,
    client: EtcdClient,
    keys: EtcdKeys,
    statuses: MemberStatuses,
    revision: number,
    compacted: number,
  ) {
    const { clock, logger } = options;
    this.#options = options;
    this.#statuses = statuses;
    this.#client = client;
    this.#keys = keys;
    this.#revision = revision;
    this.#compacted = compacted;
    this.#leases = new EtcdLeases(clock, async (seconds) => (await client.leaseGrant(seconds)).id);
    this.#writes = new OwnWrites(clock);
    this.#fresh = new FreshRevision(() => this.#ask());
    this.#compactor = new EtcdCompactor({
      client,
      clock,
      logger,
      limits: {
        seconds: COMPACTION_INTERVAL_SECONDS,
        events: HISTORY_EVENTS_MAXIMUM,
        ...options.history,
      },
      compact: (to) => this.compact(to),
    });
    this.#watchers = new EtcdWatchers({
      client,
      keys,
      clock,
      logger,
      known: () => this.#revision,
      current: () => this.#fresh.get(),
      trusted: () => statuses.tellProgress,
      touch: async () => this.#heard(await client.put(keys.own(TOUCHED_KEY), TOUCHED_VALUE)),
      written: (key, value) => this.#writes.own(key, value),
      compacted: (to) => this.#forgotten(to),
      moved: () => {
        this.#heard(this.#watchers.position);
        this.#compactor.check(this.#revision, this.#compacted);
      },
    }, Math.max(compacted, revision - REPLAY_REVISIONS, EMPTY_REVISION));
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  get databaseBytes(): number {
    return this.#statuses.databaseBytes;
  }

  freshRevision(): Promise<number> {
    return this.#fresh.get();
  }

  async check(): Promise<void> {
    const key = oneKey(this.#keys.own(HEALTH_KEY));
    await this.#client.range({ ...key, limit: 1 }, HEALTH_TIMEOUT_MILLISECONDS);
  }

  async get(key: string): Promise<Entry | undefined> {
    const { entries, revision } = await this.#client.range(oneKey(this.#keys.key(key)));
    this.#heard(revision);
    return entries[0] && this.#entry(entries[0]);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#listOnce(prefix, options);
      } catch (error) {
        // A list of what is there now is read at one revision, which compaction may overtake between two pages.
        const again = options.revision === undefined && tries < LIST_TRIES_MAXIMUM;
        if (!(error instanceof CompactedError) || !again) throw error;
      }
    }
  }

  async #listOnce(prefix: string, options: ListOptions): Promise<ListResult> {
    const { limit = Number.POSITIVE_INFINITY, startAfter } = options;
    const asked = options.revision ?? 0;
    if (options.revision !== undefined && asked < this.#compacted) {
      throw new CompactedError(asked, this.#compacted);
    }
    try {
      const range = this.#keys.range(prefix, startAfter);
      const { entries, revision, remaining } = await readRange(this.#client, range, {
        revision: options.revision === undefined ? 0 : Math.max(asked, EMPTY_REVISION),
        limit,
      });
      this.#heard(revision);
      return {
        entries: entries.map((entry) => this.#entry(entry)),
        revision: options.revision ?? revision,
        remaining,
      };
    } catch (error) {
      if (!(error instanceof EtcdError) || !error.compacted) throw error;
      this.#forgotten(asked + 1);
      throw new CompactedError(asked, this.#compacted);
    }
  }

  async write(write: Write): Promise<number> {
    const size = write.op === "delete" ? 0 : write.value.length;
    if (size > VALUE_MAXIMUM_BYTES) throw new ValueTooLargeError(write.key, size);
    if (this.#closing !== undefined) throw new StoreFailedError("the store is closed");
    try {
      return await this.#writes.run(write, () => this.#send(write), ({ entry }) => {
        throw refusal(write, entry);
      });
    } catch (error) {
      if (error instanceof EtcdError && error.tooLarge) {
        throw new ValueTooLargeError(write.key, size);
      }
      throw error;
    }
  }

  // deno-lint-ignore require-await
  async watch(prefix: string, after: number, sink: WatchSink): Promise<WatchHandle> {
    if (after < this.#compacted) throw new CompactedError(after, this.#compacted);
    return this.#watchers.watch(prefix, Math.max(after, EMPTY_REVISION), sink);
  }

  async compact(revision: number): Promise<void> {
    const to = Math.min(revision, this.#revision);
    if (to <= this.#compacted) return;
    try {
      await this.#client.compact(to);
    } catch (error) {
      // Somebody else has been there.
      if (!(error instanceof EtcdError) || !error.compacted) throw error;
    }
    this.#forgotten(to);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#compactor.close();
    const late = new AbortController();
    const { clock } = this.#options;
    await Promise.race([
      this.#writes.idle(),
      sleep(clock, CLOSE_MILLISECONDS, late.signal).catch(() => {}),
    ]);
    late.abort(new Error("in time"));
    this.#watchers.close();
    this.#client.close();
  }

  /** Tries again with another lease where the one taken is gone: nothing was written then. */
  async #txn(write: Write) {
    const seconds = write.op === "delete" ? undefined : write.timeToLiveSeconds;
    for (let tries = 1;; tries++) {
      const lease = seconds === undefined ? 0n : await this.#leases.get(seconds);
      try {
        return await this.#client.txn(this.#request(write, lease));
      } catch (error) {
        if (seconds === undefined || tries > 2) throw error;
        if (!(error instanceof EtcdError) || !error.leaseNotFound) throw error;
        this.#leases.forget(seconds);
      }
    }
  }

  #request(write: Write, lease: bigint): TxnRequest {
    const key = this.#keys.key(write.key);
    // A key that does not exist is at revision 0.
    const value = write.op === "create" ? 0 : write.revision;
    return {
      key,
      compare: { target: "modRevision", value },
      success: write.op === "delete" ? { op: "delete" } : { op: "put", value: write.value, lease },
    };
  }

  async #send(write: Write): Promise<number> {
    const { succeeded, revision, current } = await this.#txn(write);
    this.#heard(revision);
    if (!succeeded) throw refusal(write, current && this.#entry(current));
    await this.#ownEvent(revision);
    return revision;
  }

  /** Whoever is told of a write finds it in every cache, as long as events come at all. */
  async #ownEvent(revision: number): Promise<void> {
    if (this.#watchers.position >= revision || !this.#watchers.connected) return;
    const abort = new AbortController();
    const timer = this.#options.clock.after(OWN_EVENT_MILLISECONDS, () => abort.abort());
    await this.#watchers.wait(revision, abort.signal).catch(() => {});
    timer.cancel();
  }

  async #ask(): Promise<number> {
    const key = oneKey(this.#keys.own(HEALTH_KEY));
    const { revision } = await this.#client.range({ ...key, countOnly: true });
    this.#heard(revision);
    return revision;
  }

  #entry({ key, value, modRevision }: KeyValue): Entry {
    return { key: this.#keys.text(key), value, revision: modRevision };
  }

  #heard(revision: number): void {
    invariant(Number.isSafeInteger(revision), "etcd's revisions are whole numbers");
    if (revision > this.#revision) this.#revision = revision;
  }

  #forgotten(revision: number): void {
    if (revision > this.#compacted) this.#compacted = revision;
  }
}

const TOUCHED_VALUE = new TextEncoder().encode("{}");

/** What a write is told that lost against what is there. */
function refusal(write: Write, current: Entry | undefined): Error {
  return write.op === "create"
    ? new KeyExistsError(write.key)
    : new RevisionMismatchError(write.key, write.revision, current);
}
