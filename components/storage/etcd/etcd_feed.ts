import {
  backoffDelay,
  type BackoffPolicy,
  type Clock,
  type Logger,
  sleep,
} from "../../base/mod.ts";
import type { StoreEvent } from "../store.ts";
import type { EtcdClient, WatchStream } from "./etcd_client.ts";
import type { EtcdError } from "./etcd_error.ts";
import type { EtcdKeys } from "./etcd_keys.ts";
import {
  encodeProgressRequest,
  encodeWatchCreate,
  type WatchEvent,
  type WatchResponse,
} from "./messages.ts";

const RECONNECT: BackoffPolicy = { initialMilliseconds: 50, maximumMilliseconds: 2000 };

/** Where a feed pours what it reads. */
export interface FeedListener {
  /** In order; all events of one revision come in one batch. */
  events(batch: readonly StoreEvent[]): void;
  /** Nothing up to this revision is missing: only where etcd's word for it can be trusted. */
  progress(revision: number): void;
  /** What follows the feed's position is gone up to this revision. The feed has ended. */
  compacted(revision: number): void;
}

export interface FeedOptions {
  readonly client: EtcdClient;
  readonly keys: EtcdKeys;
  /** Told from the revision after this one on. */
  readonly after: number;
  /** Whether events tell what was there before. */
  readonly previous: boolean;
  readonly listener: FeedListener;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The value that was just written under a key by this process, to be kept instead of the copy that comes back. */
  readonly written?: (key: string, value: Uint8Array) => Uint8Array;
}

/**
 * Every event under the store's prefix, each once and in order of revision, over however many connections. It always
 * watches the whole prefix: whatever comes then says that everything before it has come, so that where the feed stands
 * needs no other word of etcd's.
 */
export class EtcdFeed {
  readonly #options: FeedOptions;
  readonly #abort = new AbortController();
  #position: number;
  #stream: WatchStream | undefined;
  #connected = false;
  #failures = 0;
  /** Asked for and not answered: a connection that comes to be is asked as well. */
  #progressWanted = false;
  /** Ends the wait for the end of the connection. */
  #end: () => void = () => {};
  /** Events of a revision of which more may come. */
  #held: StoreEvent[] = [];

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#position = options.after;
  }

  /** Every event up to here has been told. */
  get position(): number {
    return this.#position;
  }

  get connected(): boolean {
    return this.#connected;
  }

  start(): void {
    void this.#run();
  }

  /** Asks etcd to tell how far it is. */
  requestProgress(): void {
    this.#progressWanted = true;
    if (this.#connected) this.#stream?.send(encodeProgressRequest());
  }

  /** Goes on over another connection: this one seems dead. */
  reconnect(): void {
    this.#stream?.abandon();
    this.#end();
  }

  close(): void {
    this.#abort.abort(new Error("the watch is closed"));
    this.#stream?.cancel();
    this.#connected = false;
    this.#end();
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const error = await this.#follow();
        if (!signal.aborted) logger.debug("etcd watch lost", { error });
      } catch (error) {
        if (!signal.aborted) logger.warn("etcd cannot be watched", { error });
      }
      this.#connected = false;
      const pause = backoffDelay(RECONNECT, ++this.#failures);
      await sleep(clock, pause, signal).catch(() => {});
    }
  }

  /** One connection; resolves with why it ended. */
  async #follow(): Promise<EtcdError | undefined> {
    const { client, keys, previous } = this.#options;
    const ended = Promise.withResolvers<EtcdError | undefined>();
    this.#held = [];
    const stream = await client.watch({
      message: (response) => {
        if (stream !== this.#stream || this.#abort.signal.aborted) return;
        if (this.#take(response)) return;
        stream.cancel();
        ended.resolve(undefined);
      },
      ended: (error) => ended.resolve(error),
    });
    if (this.#abort.signal.aborted) {
      stream.cancel();
      return undefined;
    }
    this.#stream = stream;
    this.#end = () => ended.resolve(undefined);
    const startRevision = this.#position + 1;
    stream.send(encodeWatchCreate({ ...keys.everything, startRevision, previous }));
    return await ended.promise;
  }

  /** False where the connection is of no more use. */
  #take(response: WatchResponse): boolean {
    const { listener } = this.#options;
    if (response.canceled) {
      if (response.compactRevision > 0) {
        this.close();
        listener.compacted(response.compactRevision);
      }
      return false;
    }
    if (response.created) {
      this.#connected = true;
      this.#failures = 0;
      if (this.#progressWanted) this.requestProgress();
      return true;
    }
    if (response.events.length === 0) {
      this.#progressWanted = false;
      if (this.#held.length === 0 && response.revision > this.#position) {
        listener.progress(response.revision);
      }
      return true;
    }
    this.#deliver(response);
    return true;
  }

  #deliver({ events, fragment }: WatchResponse): void {
    let batch = [...this.#held, ...events.map((event) => this.#event(event))];
    this.#held = [];
    if (fragment) {
      const last = batch.at(-1)?.revision;
      const whole = batch.findIndex(({ revision }) => revision === last);
      this.#held = batch.slice(whole);
      batch = batch.slice(0, whole);
    }
    const last = batch.at(-1);
    if (last === undefined) return;
    this.#position = last.revision;
    this.#options.listener.events(batch);
  }

  /** Takes etcd's word that nothing is missing up to a revision. */
  trust(revision: number): void {
    if (revision > this.#position) this.#position = revision;
  }

  #event({ deleted, entry, previous }: WatchEvent): StoreEvent {
    const { keys, written } = this.#options;
    const key = keys.text(entry.key);
    return {
      key,
      revision: entry.modRevision,
      ...(deleted ? {} : { value: written?.(key, entry.value) ?? entry.value }),
      ...(previous === undefined
        ? {}
        : { previous: { key, value: previous.value, revision: previous.modRevision } }),
    };
  }
}
