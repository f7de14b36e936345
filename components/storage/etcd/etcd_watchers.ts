import {
  backoffDelay,
  type BackoffPolicy,
  type Clock,
  type Logger,
  type Timer,
} from "../../base/mod.ts";
import { PrefixGroups } from "../prefix_groups.ts";
import { RevisionWaiters } from "../revision_waiters.ts";
import {
  CompactedError,
  type StoreEvent,
  StoreFailedError,
  type WatchHandle,
  type WatchSink,
} from "../store.ts";
import { WatchWindow, type WindowLimits } from "../watch_window.ts";
import type { EtcdClient } from "./etcd_client.ts";
import { EtcdFeed, type FeedListener } from "./etcd_feed.ts";
import type { EtcdKeys } from "./etcd_keys.ts";

/** Past events that the shared feed keeps for watchers that start a little in the past. */
export const SHARED_WINDOW_LIMITS: WindowLimits = {
  events: 4_000,
  bytes: 16 * 1024 * 1024,
  seconds: 120,
};
/** How long a revision that somebody waits for may stay away before etcd is asked what became of it; then longer. */
const CATCH_UP: BackoffPolicy = { initialMilliseconds: 50, maximumMilliseconds: 1000 };
/** Asked so often in vain, the connection is taken for dead: after one and a half seconds. */
const ASKED_IN_VAIN_MAXIMUM = 5;

interface Watcher {
  readonly prefix: string;
  readonly sink: WatchSink;
  /** Events up to here are none of its business, or were told to it before. */
  after: number;
  active: boolean;
  /** Its own feed, as long as the shared one does not do. */
  feed: EtcdFeed | undefined;
}

export interface EtcdWatchersOptions {
  readonly client: EtcdClient;
  readonly keys: EtcdKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The last revision that etcd is known to have reached. */
  readonly known: () => number;
  /** Asks etcd for its revision. */
  readonly current: () => Promise<number>;
  /** Whether etcd's word for its progress can be trusted. */
  readonly trusted: () => boolean;
  /** Makes an event, so that the feed comes to show where it is. */
  readonly touch: () => Promise<void>;
  readonly written: (key: string, value: Uint8Array) => Uint8Array;
  readonly compacted: (revision: number) => void;
  /** Called after each batch. */
  readonly moved: () => void;
}

/**
 * The watchers of one store over one shared feed of all its events. A watcher that starts where the shared feed's
 * window no longer reaches, or that wants previous values, has a feed of its own; the former until it has caught up.
 */
export class EtcdWatchers {
  readonly #options: EtcdWatchersOptions;
  readonly #live = new PrefixGroups<Watcher>();
  readonly #all = new Set<Watcher>();
  readonly #waiters = new RevisionWaiters();
  #feed: EtcdFeed;
  #window: WatchWindow<StoreEvent>;
  #wanted = 0;
  #timer: Timer | undefined;
  /** How often in a row in vain. */
  #asked = 0;
  #closed = false;

  constructor(options: EtcdWatchersOptions, after: number) {
    this.#options = options;
    this.#window = new WatchWindow(after, SHARED_WINDOW_LIMITS);
    this.#feed = this.#open(after);
  }

  /** Every event up to here has been handed out. */
  get position(): number {
    return this.#feed.position;
  }

  get connected(): boolean {
    return this.#feed.connected;
  }

  /** Resolves when every event up to `revision` has been handed out. */
  wait(revision: number, signal?: AbortSignal): Promise<void> {
    if (revision <= this.position) return Promise.resolve();
    return this.#waiters.wait(revision, signal);
  }

  /** Sees to it that the position comes to `revision`, which etcd has reached. */
  #catchUp(revision: number): void {
    if (revision <= this.position || this.#closed) return;
    this.#wanted = Math.max(this.#wanted, revision);
    const pause = backoffDelay(CATCH_UP, this.#asked + 1);
    this.#timer ??= this.#options.clock.after(pause, () => void this.#ask());
  }

  watch(prefix: string, after: number, sink: WatchSink): WatchHandle {
    if (this.#closed) throw new StoreFailedError("the store is closed");
    const watcher: Watcher = { prefix, sink, after, active: true, feed: undefined };
    this.#all.add(watcher);
    if (!this.#join(watcher)) this.#follow(watcher);
    return {
      cancel: () => void this.#remove(watcher),
      requestProgress: (revision) => {
        void this.#request(revision);
        if (this.#options.trusted()) watcher.feed?.requestProgress();
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#feed.close();
    this.#waiters.close(new StoreFailedError("the store is closed"));
    for (const watcher of [...this.#all]) this.#end(watcher);
  }

  #open(after: number): EtcdFeed {
    return this.#start(after, false, {
      events: (batch) => this.#publish(batch),
      progress: (revision) => {
        if (!this.#options.trusted()) return;
        this.#feed.trust(revision);
        this.#tellProgress();
      },
      compacted: (revision) => this.#lost(revision),
    });
  }

  #start(after: number, previous: boolean, listener: FeedListener): EtcdFeed {
    const { client, keys, clock, logger, written } = this.#options;
    const feed = new EtcdFeed({
      client,
      keys,
      after,
      previous,
      listener,
      clock,
      logger,
      ...(previous ? {} : { written }),
    });
    feed.start();
    return feed;
  }

  #publish(batch: readonly StoreEvent[]): void {
    const now = this.#options.clock.monotonic();
    for (const event of batch) this.#window.push(event, event.value?.length ?? 0, now);
    for (const [watcher, events] of this.#live.route(batch)) this.#deliver(watcher, events);
    this.#tellProgress();
    this.#options.moved();
  }

  #tellProgress(): void {
    const { position } = this;
    for (const watcher of [...this.#live.members()]) this.#progress(watcher, position);
    this.#waiters.settle(position);
  }

  /** Compaction has overtaken the shared feed: who rests on it has to start anew. */
  #lost(revision: number): void {
    const { position } = this;
    this.#options.compacted(revision);
    this.#window = new WatchWindow(revision, SHARED_WINDOW_LIMITS);
    this.#feed = this.#open(revision);
    for (const watcher of [...this.#live.members()]) {
      this.#end(watcher, new CompactedError(position, revision));
    }
    this.#waiters.settle(revision);
  }

  /** Makes the watcher one of the shared feed's, if that can tell it all that it has not been told. */
  #join(watcher: Watcher): boolean {
    if (!watcher.sink.omitPrevious || watcher.after < this.#window.startRevision) return false;
    watcher.feed?.close();
    watcher.feed = undefined;
    this.#live.add(watcher.prefix, watcher);
    const past = this.#window.since(watcher.after, watcher.prefix);
    if (past.length > 0) this.#deliver(watcher, past);
    this.#progress(watcher, this.position);
    return true;
  }

  #follow(watcher: Watcher): void {
    watcher.feed = this.#start(watcher.after, !watcher.sink.omitPrevious, {
      events: (batch) => {
        this.#deliver(watcher, batch.filter(({ key }) => key.startsWith(watcher.prefix)));
        this.#progress(watcher, batch.at(-1)?.revision ?? 0);
        if (watcher.active) this.#join(watcher);
      },
      progress: (revision) => {
        if (!this.#options.trusted()) return;
        watcher.feed?.trust(revision);
        this.#progress(watcher, revision);
        if (watcher.active) this.#join(watcher);
      },
      compacted: (revision) => {
        this.#options.compacted(revision);
        this.#end(watcher, new CompactedError(watcher.after, revision));
      },
    });
  }

  #deliver(watcher: Watcher, events: readonly StoreEvent[]): void {
    const wanted = (events[0]?.revision ?? 0) > watcher.after
      ? events
      : events.filter(({ revision }) => revision > watcher.after);
    const last = wanted.at(-1);
    if (last === undefined || !watcher.active) return;
    watcher.after = last.revision;
    this.#guard(watcher, () => watcher.sink.events(wanted));
  }

  #progress(watcher: Watcher, revision: number): void {
    if (!watcher.active || revision < watcher.after) return;
    watcher.after = revision;
    if (watcher.sink.progress !== undefined) {
      this.#guard(watcher, () => watcher.sink.progress?.(revision));
    }
  }

  /** Somebody may wait for a revision that there is not yet, or never: nothing is done for that. */
  async #request(revision: number): Promise<void> {
    if (revision <= this.position || this.#closed) return;
    if (revision <= this.#options.known()) return this.#catchUp(revision);
    try {
      this.#catchUp(Math.min(revision, await this.#options.current()));
    } catch (error) {
      this.#options.logger.debug("etcd's revision is not known", { error });
    }
  }

  async #ask(): Promise<void> {
    if (this.#wanted <= this.position || this.#closed) {
      this.#timer = undefined;
      this.#asked = 0;
      return;
    }
    if (++this.#asked > ASKED_IN_VAIN_MAXIMUM) {
      this.#asked = 0;
      this.#options.logger.warn("etcd's watch stands still: it is opened anew");
      this.#feed.reconnect();
    }
    try {
      if (this.#options.trusted()) this.#feed.requestProgress();
      else if (this.connected) await this.#options.touch();
    } catch (error) {
      this.#options.logger.warn("etcd's revision was not caught up with", { error });
    }
    // In case that the answer gets lost.
    this.#timer = undefined;
    this.#catchUp(this.#wanted);
  }

  /** A sink that throws loses its watch, and nobody else theirs. */
  #guard(watcher: Watcher, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.logger.error("watch sink failed", { prefix: watcher.prefix, error });
      this.#end(watcher, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #end(watcher: Watcher, error?: Error): void {
    if (!this.#remove(watcher)) return;
    try {
      watcher.sink.end(error);
    } catch (failure) {
      this.#options.logger.error("watch sink failed", { prefix: watcher.prefix, error: failure });
    }
  }

  #remove(watcher: Watcher): boolean {
    if (!watcher.active) return false;
    watcher.active = false;
    watcher.feed?.close();
    this.#all.delete(watcher);
    this.#live.remove(watcher.prefix, watcher);
    return true;
  }
}
