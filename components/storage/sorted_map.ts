import { type KeyOrder, needsUtf8Order, plainOrder, utf8Order } from "./key_order.ts";

/** A leaf over this is split in two; so an insertion moves at most so many slots. */
const LEAF_ENTRIES_MAXIMUM = 512;

interface Leaf<V> {
  readonly keys: string[];
  readonly values: V[];
}

/**
 * A map in key order (bytes of UTF-8) over sorted leaves: lookups and changes cost two binary searches and a short
 * move, ranges cost what they yield. A range goes on correctly when the map changes under it.
 */
export class SortedMap<V> {
  #leaves: Leaf<V>[] = [];
  #size = 0;
  /** Counts changes of structure, so that a running range knows to find its place again. */
  #changes = 0;
  #order: KeyOrder = plainOrder;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const leaf = this.#leaves[this.#leafFor(key)];
    if (leaf === undefined) return undefined;
    const at = this.#lowerBound(leaf.keys, key);
    return leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  set(key: string, value: V): void {
    if (this.#order === plainOrder && needsUtf8Order(key)) this.#order = utf8Order;
    const leafAt = this.#leafFor(key);
    const leaf = this.#leaves[leafAt];
    if (leaf === undefined) {
      this.#leaves.push({ keys: [key], values: [value] });
    } else {
      const at = this.#lowerBound(leaf.keys, key);
      if (leaf.keys[at] === key) {
        leaf.values[at] = value;
        return;
      }
      leaf.keys.splice(at, 0, key);
      leaf.values.splice(at, 0, value);
      if (leaf.keys.length > LEAF_ENTRIES_MAXIMUM) this.#split(leafAt, leaf);
    }
    this.#size++;
    this.#changes++;
  }

  delete(key: string): boolean {
    const leafAt = this.#leafFor(key);
    const leaf = this.#leaves[leafAt];
    if (leaf === undefined) return false;
    const at = this.#lowerBound(leaf.keys, key);
    if (leaf.keys[at] !== key) return false;
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    if (leaf.keys.length === 0) this.#leaves.splice(leafAt, 1);
    this.#size--;
    this.#changes++;
    return true;
  }

  clear(): void {
    this.#leaves = [];
    this.#size = 0;
    this.#changes++;
  }

  /** The values whose keys start with `prefix`, only those that sort after `startAfter` when it is given. */
  *range(prefix: string, startAfter?: string): Generator<V> {
    let [leafAt, at] = this.#start(prefix, startAfter);
    let changes = this.#changes;
    while (true) {
      const leaf = this.#leaves[leafAt];
      if (leaf === undefined) return;
      const key = leaf.keys[at];
      if (key === undefined) {
        leafAt++;
        at = 0;
        continue;
      }
      if (!key.startsWith(prefix)) return;
      yield leaf.values[at] as V;
      if (changes === this.#changes) {
        at++;
      } else {
        [leafAt, at] = this.#after(key);
        changes = this.#changes;
      }
    }
  }

  /** How many values `range` would yield: linear only in the number of leaves that they lie in. */
  count(prefix: string, startAfter?: string): number {
    if (prefix === "" && startAfter === undefined) return this.#size;
    let [leafAt, at] = this.#start(prefix, startAfter);
    let total = 0;
    for (let leaf = this.#leaves[leafAt]; leaf !== undefined; leaf = this.#leaves[++leafAt]) {
      const last = leaf.keys[leaf.keys.length - 1];
      if (last !== undefined && last.startsWith(prefix)) {
        total += leaf.keys.length - at;
        at = 0;
        continue;
      }
      return total + firstWithout(leaf.keys, prefix, at) - at;
    }
    return total;
  }

  #start(prefix: string, startAfter: string | undefined): [number, number] {
    return startAfter !== undefined && this.#order(startAfter, prefix) >= 0
      ? this.#after(startAfter)
      : this.#position(prefix);
  }

  #position(key: string): [number, number] {
    const leafAt = this.#leafFor(key);
    const leaf = this.#leaves[leafAt];
    return [leafAt, leaf === undefined ? 0 : this.#lowerBound(leaf.keys, key)];
  }

  #after(key: string): [number, number] {
    const [leafAt, at] = this.#position(key);
    return [leafAt, this.#leaves[leafAt]?.keys[at] === key ? at + 1 : at];
  }

  /** The last leaf whose first key is not after `key`; the first leaf when there is none such. */
  #leafFor(key: string): number {
    let low = 0;
    let high = this.#leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#leaves[middle]?.keys[0] as string;
      if (this.#order(first, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #lowerBound(keys: readonly string[], key: string): number {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order(keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #split(leafAt: number, leaf: Leaf<V>): void {
    // Keys often arrive in order (generated names, time stamps): cutting off the tail of the last leaf keeps it full.
    const last = leafAt === this.#leaves.length - 1;
    const cut = last ? leaf.keys.length - 32 : leaf.keys.length >>> 1;
    this.#leaves.splice(leafAt + 1, 0, {
      keys: leaf.keys.splice(cut),
      values: leaf.values.splice(cut),
    });
  }
}

/** The first position from `from` whose key does not start with `prefix`, where those that do come first. */
function firstWithout(keys: readonly string[], prefix: string, from: number): number {
  let low = from;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string).startsWith(prefix)) low = middle + 1;
    else high = middle;
  }
  return low;
}
