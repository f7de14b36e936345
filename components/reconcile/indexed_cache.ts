/** Says under which values of one index an item is found. */
export type Indexer<P> = (item: P) => readonly string[];

/** Items by key, and by any number of named indexes that are kept as items change. */
export class IndexedCache<P> {
  readonly #items = new Map<string, P>();
  readonly #indexers: Readonly<Record<string, Indexer<P>>>;
  readonly #indexes = new Map<string, Map<string, Map<string, P>>>();

  constructor(indexers: Readonly<Record<string, Indexer<P>>> = {}) {
    this.#indexers = indexers;
    for (const name in indexers) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): P | undefined {
    return this.#items.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#items.keys();
  }

  values(): IterableIterator<P> {
    return this.#items.values();
  }

  /** The items under one value of an index. Throws for an index that was not declared. */
  byIndex(name: string, value: string): P[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`no index ${name}`);
    return [...index.get(value)?.values() ?? []];
  }

  /** Puts or replaces; answers what was there before. */
  set(key: string, item: P): P | undefined {
    const previous = this.#items.get(key);
    if (previous !== undefined) this.#unindex(key, previous);
    this.#items.set(key, item);
    for (const [name, index] of this.#indexes) {
      for (const value of this.#indexers[name]!(item)) {
        const bucket = index.get(value);
        if (bucket === undefined) index.set(value, new Map([[key, item]]));
        else bucket.set(key, item);
      }
    }
    return previous;
  }

  delete(key: string): P | undefined {
    const previous = this.#items.get(key);
    if (previous === undefined) return undefined;
    this.#unindex(key, previous);
    this.#items.delete(key);
    return previous;
  }

  #unindex(key: string, item: P): void {
    for (const [name, index] of this.#indexes) {
      for (const value of this.#indexers[name]!(item)) {
        const bucket = index.get(value);
        bucket?.delete(key);
        if (bucket?.size === 0) index.delete(value);
      }
    }
  }
}
