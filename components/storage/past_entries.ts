import { utf8Order } from "./key_order.ts";
import { SortedMap } from "./sorted_map.ts";

interface Change<E> {
  readonly key: string;
  readonly previous?: E;
}

/**
 * The entries of a map as they were before the last changes: what is there now, but for the keys that have changed,
 * and these as they were before. Costs by the changes, and not by the entries there are. To be used up in one turn.
 */
export class PastEntries<E extends { readonly key: string }> {
  readonly #now: SortedMap<E>;
  /** The keys that have changed. */
  readonly #changed = new Set<string>();
  /** Those of them that were there. */
  readonly #before = new SortedMap<E>();

  /** `changes` since then, oldest first. */
  constructor(now: SortedMap<E>, changes: readonly Change<E>[]) {
    this.#now = now;
    for (const { key, previous } of changes) {
      if (this.#changed.has(key)) continue;
      this.#changed.add(key);
      if (previous !== undefined) this.#before.set(key, previous);
    }
  }

  /** In the order of their keys, as `SortedMap.range`. */
  *range(prefix: string, startAfter?: string): Generator<E> {
    const before = this.#before.range(prefix, startAfter);
    let earlier = before.next();
    for (const entry of this.#now.range(prefix, startAfter)) {
      if (this.#changed.has(entry.key)) continue;
      for (
        ;
        !earlier.done && utf8Order(earlier.value.key, entry.key) < 0;
        earlier = before.next()
      ) {
        yield earlier.value;
      }
      yield entry;
    }
    for (; !earlier.done; earlier = before.next()) yield earlier.value;
  }

  /** How many `range` gives; does not walk over them. */
  count(prefix: string, startAfter?: string): number {
    let changed = 0;
    for (const key of this.#changed) {
      const inRange = key.startsWith(prefix) &&
        (startAfter === undefined || utf8Order(key, startAfter) > 0);
      if (inRange && this.#now.get(key) !== undefined) changed++;
    }
    return this.#now.count(prefix, startAfter) - changed + this.#before.count(prefix, startAfter);
  }
}
