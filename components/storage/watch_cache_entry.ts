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

/** An event whose place for encodings is made when first asked for. */
export class StoredEvent<Index> implements CacheEvent<Index> {
  #encodings: Map<string, Uint8Array> | undefined;
  declare readonly current?: StoredEntry<Index>;
  declare readonly previous?: StoredEntry<Index>;

  constructor(
    readonly key: string,
    readonly revision: number,
    current: StoredEntry<Index> | undefined,
    previous: StoredEntry<Index> | undefined,
  ) {
    if (current !== undefined) this.current = current;
    if (previous !== undefined) this.previous = previous;
  }

  get encodings(): Map<string, Uint8Array> {
    return this.#encodings ??= new Map();
  }
}
