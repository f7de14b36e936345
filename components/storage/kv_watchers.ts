import type { Logger } from "../base/mod.ts";
import type { KvHistory } from "./kv_history.ts";
import type { Version } from "./kv_record.ts";
import type { KvValues } from "./kv_values.ts";
import { PrefixGroups } from "./prefix_groups.ts";
import { CompactedError, type StoreEvent, type WatchHandle, type WatchSink } from "./store.ts";

/** Versions that a replay looks at in one step. */
const REPLAY_VERSIONS_MAXIMUM = 500;

interface Watcher {
  readonly prefix: string;
  readonly sink: WatchSink;
  active: boolean;
}

/** An event whose previous value was not in memory when it was published. */
type PublishedEvent = StoreEvent & { readonly incomplete: boolean };

/**
 * The store's watchers. One that has seen all is live and gets each batch as it is published; one that has not, or that
 * wants previous values which are not in memory, replays the log until it is live.
 */
export class KvWatchers {
  readonly #live = new PrefixGroups<Watcher>();
  readonly #all = new Set<Watcher>();

  constructor(
    readonly history: KvHistory,
    readonly values: KvValues,
    readonly logger: Logger,
  ) {}

  watch(prefix: string, after: number, sink: WatchSink): WatchHandle {
    const compacted = this.history.compactedRevision;
    if (after < compacted) throw new CompactedError(after, compacted);
    const watcher: Watcher = { prefix, sink, active: true };
    this.#all.add(watcher);
    void this.#replay(watcher, after);
    return { cancel: () => this.#remove(watcher) };
  }

  /** Hands out versions that were just appended to the history, whose revision was `before` until then. */
  publish(versions: readonly Version[], before: number): void {
    if (this.#all.size === 0 || versions.length === 0) return;
    const routed = this.#live.route(versions.map((version) => this.#published(version)));
    for (const [watcher, events] of routed) {
      if (!watcher.active) continue;
      if (!watcher.sink.omitPrevious && events.some((event) => event.incomplete)) {
        this.#live.remove(watcher.prefix, watcher);
        void this.#replay(watcher, before);
      } else {
        this.#deliver(watcher, events);
      }
    }
    const revision = this.history.revision;
    for (const watcher of this.#live.members()) {
      if (watcher.active) this.#progress(watcher, revision);
    }
  }

  close(): void {
    for (const watcher of [...this.#all]) this.#end(watcher);
  }

  /** Runs without a pause, so that nothing is published between its last look and the watcher being live. */
  async #replay(watcher: Watcher, after: number): Promise<void> {
    let position = after;
    try {
      while (watcher.active) {
        if (position < this.history.compactedRevision) {
          throw new CompactedError(position, this.history.compactedRevision);
        }
        const versions = this.history.since(position, REPLAY_VERSIONS_MAXIMUM);
        const last = versions.at(-1);
        if (last === undefined) {
          this.#live.add(watcher.prefix, watcher);
          if (after < this.history.revision) this.#progress(watcher, this.history.revision);
          return;
        }
        const wanted = versions.filter((version) => version.key.startsWith(watcher.prefix));
        const events = await this.#read(wanted);
        // Compaction was faster; the next turn finds that out.
        if (events === undefined) continue;
        if (watcher.active && events.length > 0) this.#deliver(watcher, events);
        position = last.revision;
      }
    } catch (error) {
      this.#end(watcher, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #published(version: Version): PublishedEvent {
    const previous = existing(version.previous);
    const previousValue = previous && this.values.peek(previous);
    return {
      ...event(version, this.values.peek(version), previous, previousValue),
      incomplete: previous !== undefined && previousValue === undefined,
    };
  }

  async #read(versions: readonly Version[]): Promise<StoreEvent[] | undefined> {
    // Compaction may cut these links while the values are read.
    const pairs = versions.map((version) => ({
      version: existing(version),
      previous: existing(version.previous),
    }));
    const wanted = pairs.flatMap(({ version, previous }) => [version, previous])
      .filter((version) => version !== undefined);
    const values = await this.values.read(wanted);
    if (values.includes(undefined)) return undefined;
    let at = 0;
    return versions.map((version, i) => {
      const pair = pairs[i];
      const value = pair?.version && values[at++];
      const previousValue = pair?.previous && values[at++];
      return event(version, value, pair?.previous, previousValue);
    });
  }

  #deliver(watcher: Watcher, events: readonly StoreEvent[]): void {
    this.#guard(watcher, () => watcher.sink.events(events));
  }

  #progress(watcher: Watcher, revision: number): void {
    if (watcher.sink.progress !== undefined) {
      this.#guard(watcher, () => watcher.sink.progress?.(revision));
    }
  }

  /** A sink that throws loses its watch, and nobody else theirs. */
  #guard(watcher: Watcher, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.logger.error("watch sink failed", { prefix: watcher.prefix, error });
      this.#end(watcher, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #end(watcher: Watcher, error?: Error): void {
    if (!this.#remove(watcher)) return;
    try {
      watcher.sink.end(error);
    } catch (failure) {
      this.logger.error("watch sink failed", { prefix: watcher.prefix, error: failure });
    }
  }

  #remove(watcher: Watcher): boolean {
    if (!watcher.active) return false;
    watcher.active = false;
    this.#all.delete(watcher);
    this.#live.remove(watcher.prefix, watcher);
    return true;
  }
}

function existing(version: Version | undefined): Version | undefined {
  return version?.deleted ? undefined : version;
}

function event(
  version: Version,
  value: Uint8Array | undefined,
  previous: Version | undefined,
  previousValue: Uint8Array | undefined,
): StoreEvent {
  const { key, revision } = version;
  return {
    key,
    revision,
    ...(value !== undefined && { value }),
    ...(previous !== undefined && previousValue !== undefined &&
      { previous: { key, value: previousValue, revision: previous.revision } }),
  };
}
