import { ELEMENT, work } from "./work.ts";
import {
  ArrayList,
  CelFailure,
  type CelList,
  CelMap,
  type CelValue,
  type ListKeys,
  mapKey,
} from "./value.ts";

/** How a list of type `set` or `map` compares and merges: by what each element is known by, without order. */

/** One text or value that stands for an element among the others. */
function identity(element: CelValue, { listType, keys }: ListKeys): unknown {
  if (listType === "set") return mapKey(element);
  if (!(element instanceof CelMap)) return element;
  if (keys.length === 1) return mapKey(element.find(keys[0] as string) ?? null);
  return JSON.stringify(keys.map((key) => {
    const value = element.find(key);
    return typeof value === "bigint" ? `${value}n` : value ?? null;
  }));
}

/** Whether two lists of one size hold the same, whatever the order. */
export function mergedEqual(
  a: CelList,
  b: CelList,
  merging: ListKeys,
  equal: (a: CelValue, b: CelValue) => boolean | CelFailure,
): boolean | CelFailure {
  const known = new Map<unknown, CelValue>();
  for (let i = 0; i < a.size; i++) {
    const element = a.get(i) as CelValue;
    known.set(identity(element, merging), element);
  }
  for (let i = 0; i < b.size; i++) {
    const element = b.get(i) as CelValue;
    const other = known.get(identity(element, merging));
    if (other === undefined) return false;
    const same = equal(other, element);
    if (same !== true) return same;
  }
  return true;
}

/** A list that goes on merging as the one it came from does. */
class MergingList extends ArrayList {
  readonly #merging: ListKeys;

  constructor(values: readonly CelValue[], merging: ListKeys) {
    super(values);
    this.#merging = merging;
  }

  override get merging(): ListKeys {
    return this.#merging;
  }
}

/** `a + b`: elements of `b` take the places of those of `a` that they are known by, new ones come after. */
export function merge(a: CelList, b: CelList, merging: ListKeys): CelList {
  work((a.size + b.size) * ELEMENT);
  const values: CelValue[] = [];
  const places = new Map<unknown, number>();
  for (const list of [a, b]) {
    for (let i = 0; i < list.size; i++) {
      const element = list.get(i) as CelValue;
      const key = identity(element, merging);
      const place = list === a && a !== b ? undefined : places.get(key);
      if (place === undefined) {
        places.set(key, values.length);
        values.push(element);
      } else if (merging.listType === "map") values[place] = element;
    }
  }
  return new MergingList(values, merging);
}
