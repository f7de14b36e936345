import type { CacheEntry, CacheEvent } from "./watch_cache_port.ts";

/** What an entry asks of its cache, each once. */
export interface EntryReader<Index> {
  render(value: Uint8Array, revision: number): Uint8Array;
  index(entry: StoredEntry<Index>): Index;
}

/** An entry that renders and indexes itself when first asked, and then holds the rendered bytes alone. */
export class StoredEntry<Index> implements CacheEntry<Index> {
  #bytes: Uint8Array;
  #rendered = false;
  #index: Index | undefined;
  /** Bytes of the value as stored. */
  readonly size: number;

  constructor(
    readonly reader: EntryReader<Index>,
    readonly key: string,
    readonly revision: number,
    value: Uint8Array,
  ) {
    this.#bytes = value;
    this.size = value.length;
  }

  /** The stored or the rendered bytes, whichever are there: what a codec's `decode` takes. */
  get source(): Uint8Array {
    return this.#bytes;
  }

  get bytes(): Uint8Array {
    if (!this.#rendered) {
      this.#bytes = this.reader.render(this.#bytes, this.revision);
      this.#rendered = true;
    }
    return this.#bytes;
  }

  get index(): Index {
    return this.#index ??= this.reader.index(this);
  }
}

/** Events whose encodings are kept: watchers that follow are never further apart than this. */
export const ENCODED_EVENTS_MAXIMUM = 512;

/** Which events hold encodings. Of those over the bound the ones longest encoded lose theirs: they are made again. */
export class EncodedEvents {
  readonly #events: { dropEncodings(): void }[] = [];
  #next = 0;

  add(event: { dropEncodings(): void }): void {
    this.#events[this.#next]?.dropEncodings();
    this.#events[this.#next] = event;
    this.#next = (this.#next + 1) % ENCODED_EVENTS_MAXIMUM;
  }
}

/** An event whose place for encodings is made when first asked for. */
export class StoredEvent<Index> implements CacheEvent<Index> {
  #encodings: Map<string, Uint8Array> | undefined;
  readonly #encoded: EncodedEvents;
  declare readonly current?: StoredEntry<Index>;
  declare readonly previous?: StoredEntry<Index>;

  constructor(
    readonly key: string,
    readonly revision: number,
    current: StoredEntry<Index> | undefined,
    previous: StoredEntry<Index> | undefined,
    encoded: EncodedEvents,
  ) {
    if (current !== undefined) this.current = current;
    if (previous !== undefined) this.previous = previous;
    this.#encoded = encoded;
  }

  get encodings(): Map<string, Uint8Array> {
    if (this.#encodings === undefined) {
      this.#encodings = new Map();
      this.#encoded.add(this);
    }
    return this.#encodings;
  }

  dropEncodings(): void {
    this.#encodings = undefined;
  }
}
