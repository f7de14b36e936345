import { type Clock, type Logger, sleep } from "../base/mod.ts";
import {
  CompactedError,
  type Entry,
  type Store,
  type StoreEvent,
  type WatchHandle,
} from "./store.ts";

/** How far behind the present the first list starts, so that the window has some past after a restart. */
const REPLAY_REVISIONS_MAXIMUM = 1000;
const RETRY_MILLISECONDS = 1000;

/** Where a feed pours what it reads. */
export interface FeedTarget {
  /** A whole new state, as of `revision`. */
  reset(entries: readonly Entry[], revision: number): void;
  events(batch: readonly StoreEvent[]): void;
  progress(revision: number): void;
  /** The store has closed: nothing more comes. */
  closed(): void;
}

/** Lists, then watches, and lists again whenever the watch loses its place. */
export class WatchCacheFeed {
  readonly #abort = new AbortController();
  #handle: WatchHandle | undefined;
  /** The revision that somebody waits for. */
  #wanted = 0;

  constructor(
    readonly store: Store,
    readonly prefix: string,
    readonly target: FeedTarget,
    readonly clock: Clock,
    readonly logger: Logger,
  ) {}

  /** Asks the store to report progress to `revision`, where it does not do so by itself. */
  requestProgress(revision: number): void {
    this.#wanted = Math.max(this.#wanted, revision);
    this.#handle?.requestProgress?.(revision);
  }

  close(): void {
    this.#abort.abort();
    this.#handle?.cancel();
  }

  async run(): Promise<void> {
    let past = REPLAY_REVISIONS_MAXIMUM;
    while (!this.#abort.signal.aborted) {
      try {
        if (await this.#follow(past)) return;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        // Compaction overtook the watch or the list: there is no point in waiting, and none in starting in the past.
        past = 0;
        const compacted = error instanceof CompactedError;
        this.logger.warn("watch cache lists again", { prefix: this.prefix, error });
        if (!compacted) {
          await sleep(this.clock, RETRY_MILLISECONDS, this.#abort.signal).catch(() => {});
        }
      }
    }
  }

  /** Resolves with true when the store closed; rejects when the watch ended otherwise. */
  async #follow(past: number): Promise<boolean> {
    const { store, prefix, target } = this;
    const revision = await this.#list(past);
    if (this.#abort.signal.aborted) return true;
    const ended = Promise.withResolvers<boolean>();
    this.#abort.signal.addEventListener("abort", () => ended.resolve(true), { once: true });
    this.#handle = await store.watch(prefix, revision, {
      omitPrevious: true,
      events: (batch) => target.events(batch),
      progress: (revision) => target.progress(revision),
      end(error) {
        if (error !== undefined) return ended.reject(error);
        target.closed();
        ended.resolve(true);
      },
    });
    if (this.#abort.signal.aborted) this.#handle.cancel();
    else this.#handle.requestProgress?.(this.#wanted);
    return await ended.promise;
  }
  /** Lists as of some revisions ago; answers that revision. A function that waits would hold on to the values. */
  async #list(past: number): Promise<number> {
    const { store, prefix, target } = this;
    const revision = Math.max(store.compactedRevision, store.revision - past);
    const { entries } = await store.list(prefix, { revision });
    if (!this.#abort.signal.aborted) target.reset(entries, revision);
    return revision;
  }
}
