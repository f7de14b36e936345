import { type Clock, invariant, type Logger, type Timer } from "../base/mod.ts";
import { LeastRecentlyUsed } from "./least_recently_used.ts";
import { PastEntries } from "./past_entries.ts";
import { PrefixGroups } from "./prefix_groups.ts";
import { SortedMap } from "./sorted_map.ts";
import { CompactedError, type Entry, type Store, type StoreEvent } from "./store.ts";
import { EncodedEvents, StoredEntry, StoredEvent } from "./watch_cache_entry.ts";
import { WatchCacheFeed } from "./watch_cache_feed.ts";
import type {
  CacheCodec,
  CacheEntry,
  CacheSink,
  CacheWatch,
  EntryRange,
  WatchCache,
} from "./watch_cache_port.ts";
import { RevisionWaiters } from "./revision_waiters.ts";
import { WatchWindow, WINDOW_LIMITS, type WindowLimits } from "./watch_window.ts";

/** Decoded objects that one cache keeps. */
export const DECODED_ENTRIES_MAXIMUM = 1000;
const PROGRESS_INTERVAL_MILLISECONDS = 1000;
/** What an event costs beside the value it keeps alive, roughly. */
const EVENT_OVERHEAD_BYTES = 400;

export interface WatchCacheOptions<Index, Decoded> {
  readonly store: Store;
  /** The keys it holds; ends in `/`. */
  readonly prefix: string;
  readonly codec: CacheCodec<Index, Decoded>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly window?: Partial<WindowLimits>;
  readonly decodedEntriesMaximum?: number;
}

/** Opens the watch cache of a prefix; it starts to read at once. Close it before the store. */
export function openWatchCache<Index, Decoded>(
  options: WatchCacheOptions<Index, Decoded>,
): WatchCache<Index, Decoded> {
  return new StoreWatchCache(options);
}

interface Watcher<Index> {
  readonly prefix: string;
  readonly sink: CacheSink<Index>;
  /** Events up to this revision are none of its business. */
  readonly after: number;
  active: boolean;
}

class StoreWatchCache<Index, Decoded> implements WatchCache<Index, Decoded> {
  readonly #options: WatchCacheOptions<Index, Decoded>;
  readonly #feed: WatchCacheFeed;
  readonly #watchers = new PrefixGroups<Watcher<Index>>();
  readonly #waiters = new RevisionWaiters();
  readonly #decoded: LeastRecentlyUsed<CacheEntry<Index>, { readonly object: Decoded }>;
  readonly #offers = new WeakMap<Uint8Array, { readonly object: Decoded }>();
  readonly #ready: Promise<void>;
  readonly #encoded = new EncodedEvents();
  #entries = new SortedMap<StoredEntry<Index>>();
  #window: WatchWindow<StoredEvent<Index>> | undefined;
  #revision = 0;
  #progressTimer: Timer | undefined;
  #closed = false;

  constructor(options: WatchCacheOptions<Index, Decoded>) {
    this.#options = options;
    const { store, prefix, clock, logger } = options;
    this.#decoded = new LeastRecentlyUsed(options.decodedEntriesMaximum ?? DECODED_ENTRIES_MAXIMUM);
    this.#ready = this.#waiters.wait(store.revision);
    this.#ready.catch(() => {});
    this.#feed = new WatchCacheFeed(
      store,
      prefix,
      {
        reset: (entries, revision) => this.#reset(entries, revision),
        events: (batch) => this.#take(batch),
        progress: (revision) => this.#advance(revision),
        closed: () => this.close(),
      },
      clock,
      logger,
    );
    this.#feed.requestProgress(store.revision);
    void this.#feed.run();
  }

  get revision(): number {
    return this.#revision;
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  waitFor(revision: number, signal?: AbortSignal): Promise<void> {
    if (revision <= this.#revision && this.#window !== undefined) return Promise.resolve();
    const seen = this.#waiters.wait(revision, signal);
    this.#feed.requestProgress(revision);
    return seen;
  }

  get(key: string): CacheEntry<Index> | undefined {
    return this.#entries.get(key);
  }

  range(prefix: string, startAfter?: string): Iterable<CacheEntry<Index>> {
    return this.#entries.range(prefix, startAfter);
  }

  count(prefix: string, startAfter?: string): number {
    return this.#entries.count(prefix, startAfter);
  }

  past(revision: number): EntryRange<Index> | undefined {
    const window = this.#window;
    if (window === undefined || revision < window.startRevision || revision > this.#revision) {
      return undefined;
    }
    const { prefix } = this.#options;
    return new PastEntries<CacheEntry<Index>>(this.#entries, window.since(revision, prefix));
  }

  decoded(entry: CacheEntry<Index>): Decoded {
    const known = this.#decoded.get(entry);
    if (known !== undefined) return known.object;
    invariant(entry instanceof StoredEntry, "the entry came from a watch cache");
    const object = this.#options.codec.decode(entry.source, entry.revision);
    this.#decoded.set(entry, { object });
    return object;
  }

  offer(value: Uint8Array, decoded: Decoded): void {
    this.#offers.set(value, { object: decoded });
  }

  watch(prefix: string, after: number, sink: CacheSink<Index>): CacheWatch {
    invariant(!this.#closed && this.#window !== undefined, "the watch cache is ready and open");
    if (after < this.#window.startRevision) {
      throw new CompactedError(after, this.#window.startRevision);
    }
    const watcher: Watcher<Index> = { prefix, sink, after, active: true };
    this.#watchers.add(prefix, watcher);
    const past = this.#window.since(after, prefix);
    if (past.length > 0) this.#deliver(watcher, past);
    return { cancel: () => this.#remove(watcher) };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#progressTimer?.cancel();
    this.#feed.close();
    this.#waiters.close(new Error("the watch cache is closed"));
    this.#endAll();
  }

  #reset(entries: readonly Entry[], revision: number): void {
    const lost = this.#window !== undefined;
    const before = this.#revision;
    const old = this.#entries;
    const fresh = new SortedMap<StoredEntry<Index>>();
    for (const { key, value, revision } of entries) {
      const known = old.get(key);
      fresh.set(key, known?.revision === revision ? known : this.#entry(key, revision, value));
    }
    this.#entries = fresh;
    this.#window = new WatchWindow(revision, { ...WINDOW_LIMITS, ...this.#options.window });
    if (lost) {
      this.#revision = Math.max(before, revision);
      this.#startAnew(old, fresh, new CompactedError(before, revision));
    }
    this.#advance(revision);
  }

  /** Tells those who follow the state what is different, and ends those who follow the history. */
  #startAnew(
    old: SortedMap<StoredEntry<Index>>,
    fresh: SortedMap<StoredEntry<Index>>,
    error: CompactedError,
  ): void {
    const followers: Watcher<Index>[] = [];
    for (const watcher of [...this.#watchers.members()]) {
      if (watcher.sink.reset === undefined) this.#end(watcher, error);
      else followers.push(watcher);
    }
    if (followers.length === 0) return;
    const changes: StoredEvent<Index>[] = [];
    const event = (key: string, current?: StoredEntry<Index>, previous?: StoredEntry<Index>) =>
      changes.push(new StoredEvent(key, this.#revision, current, previous, this.#encoded));
    for (const entry of old.range("")) {
      const now = fresh.get(entry.key);
      if (now !== entry) event(entry.key, now, entry);
    }
    for (const entry of fresh.range("")) {
      if (old.get(entry.key) === undefined) event(entry.key, entry);
    }
    for (const watcher of followers) {
      const wanted = changes.filter(({ key }) => key.startsWith(watcher.prefix));
      this.#guard(watcher, () => watcher.sink.reset?.(wanted));
    }
  }

  #take(batch: readonly StoreEvent[]): void {
    const now = this.#options.clock.monotonic();
    const events: StoredEvent<Index>[] = [];
    for (const { key, revision, value } of batch) {
      const previous = this.#entries.get(key);
      if (value === undefined && previous === undefined) continue;
      const current = value && this.#entry(key, revision, value);
      if (current !== undefined) this.#entries.set(key, current);
      else this.#entries.delete(key);
      const event = new StoredEvent(key, revision, current, previous, this.#encoded);
      this.#window?.push(event, (previous?.size ?? 0) + EVENT_OVERHEAD_BYTES, now);
      events.push(event);
    }
    const last = batch.at(-1)?.revision ?? 0;
    this.#revision = Math.max(this.#revision, last);
    for (const [watcher, matching] of this.#watchers.route(events)) {
      if (watcher.active) this.#deliver(watcher, matching);
    }
    this.#advance(last);
  }

  #entry(key: string, revision: number, value: Uint8Array): StoredEntry<Index> {
    const { codec } = this.#options;
    const entry = new StoredEntry<Index>(this.#reader, key, revision, value);
    const offered = this.#offers.get(value);
    if (offered !== undefined && codec.revise !== undefined) {
      this.#offers.delete(value);
      this.#decoded.set(entry, { object: codec.revise(offered.object, revision) });
    }
    return entry;
  }

  readonly #reader = {
    render: (value: Uint8Array, revision: number) => this.#options.codec.render(value, revision),
    index: (entry: StoredEntry<Index>) => {
      const { codec } = this.#options;
      // To look over all that there is must not turn out of the cache what is in use.
      return (this.#decoded.has(entry)
        ? undefined
        : codec.indexValue?.(entry.source, entry.revision)) ??
        codec.index(this.decoded(entry), entry.key);
    },
  };

  #advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    this.#waiters.settle(this.#revision);
    if (this.#watchers.size === 0 || this.#progressTimer !== undefined || this.#closed) return;
    const { clock } = this.#options;
    this.#progressTimer = clock.after(PROGRESS_INTERVAL_MILLISECONDS, () => {
      this.#progressTimer = undefined;
      for (const watcher of [...this.#watchers.members()]) {
        if (watcher.active && this.#revision > watcher.after) {
          this.#guard(watcher, () => watcher.sink.progress?.(this.#revision));
        }
      }
    });
  }

  #deliver(watcher: Watcher<Index>, events: readonly StoredEvent<Index>[]): void {
    const first = events[0]?.revision ?? 0;
    const wanted = first > watcher.after
      ? events
      : events.filter(({ revision }) => revision > watcher.after);
    if (wanted.length > 0) this.#guard(watcher, () => watcher.sink.events(wanted));
  }

  /** A sink that throws loses its watch, and nobody else theirs. */
  #guard(watcher: Watcher<Index>, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.logger.error("watch sink failed", { prefix: watcher.prefix, error });
      this.#end(watcher, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #endAll(error?: Error): void {
    for (const watcher of [...this.#watchers.members()]) this.#end(watcher, error);
  }

  #end(watcher: Watcher<Index>, error?: Error): void {
    if (!this.#remove(watcher)) return;
    try {
      watcher.sink.end(error);
    } catch (failure) {
      this.#options.logger.error("watch sink failed", { prefix: watcher.prefix, error: failure });
    }
  }

  #remove(watcher: Watcher<Index>): boolean {
    if (!watcher.active) return false;
    watcher.active = false;
    this.#watchers.remove(watcher.prefix, watcher);
    return true;
  }
}
