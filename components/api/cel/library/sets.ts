import { ELEMENT, work } from "../work.ts";
import { equal } from "../equality.ts";
import { functions, type Overload } from "../overload.ts";
import { fixed, plus, scale, times, UNKNOWN } from "../range.ts";
import { BOOL, listOf, mapOf, parameter } from "../type.ts";
import {
  CelFailure,
  type CelList,
  type CelMap,
  type CelValue,
  costSize,
  EntryMap,
} from "../value.ts";

const T = parameter("T");
const LIST = listOf(T);

/** The cost is charged only afterwards. */
function has(list: CelList, item: CelValue): boolean {
  work(list.size * ELEMENT);
  for (let i = 0; i < list.size; i++) {
    if (equal(item, list.get(i) as CelValue) === true) return true;
  }
  return false;
}

function contains(list: CelList, part: CelList): CelValue {
  for (let i = 0; i < part.size; i++) if (!has(list, part.get(i) as CelValue)) return false;
  return true;
}

function equivalent(a: CelList, b: CelList): CelValue {
  const there = contains(a, b);
  return there === true ? contains(b, a) : there;
}

function intersects(a: CelList, b: CelList): CelValue {
  for (let i = 0; i < a.size; i++) if (has(b, a.get(i) as CelValue)) return true;
  return false;
}

const pairs = (factor: number): Pick<Overload, "cost" | "estimate"> => ({
  cost: ([a, b]) => 1 + costSize(a ?? null) * costSize(b ?? null) * factor,
  estimate: ([a, b]) => ({
    cost: plus(scale(times(a?.size ?? UNKNOWN, b?.size ?? UNKNOWN), factor), fixed(1)),
  }),
});

/** Lists as sets. */
export const sets: readonly Overload[] = [
  ...functions("sets.contains", [
    ["list_sets_contains_list", [LIST, LIST], BOOL, contains],
  ], pairs(1)),
  ...functions("sets.equivalent", [
    ["list_sets_equivalent_list", [LIST, LIST], BOOL, equivalent],
  ], pairs(2)),
  ...functions("sets.intersects", [
    ["list_sets_intersects_list", [LIST, LIST], BOOL, intersects],
  ], pairs(1)),
];

const K = parameter("K");
const V = parameter("V");
const MAP = mapOf(K, V);

/** The map that a macro makes, with one more entry. It belongs to the macro alone, so that it is added to in place. */
function insert(map: CelMap, key: CelValue, value: CelValue): CelValue {
  const entries = map instanceof EntryMap && map.size > 0 ? map : copyOf(map);
  return entries.insert(key, value)
    ? entries
    : new CelFailure(`insert failed: key ${key} already exists`);
}

function copyOf(map: CelMap): EntryMap {
  const copy = new EntryMap();
  for (const key of map.keys()) copy.insert(key, map.find(key) as CelValue);
  return copy;
}

function insertAll(map: CelMap, entries: CelMap): CelValue {
  let result: CelValue = map;
  for (const key of entries.keys()) {
    result = insert(result as CelMap, key, entries.find(key) as CelValue);
    if (result instanceof CelFailure) return result;
  }
  return result;
}

/** What `transformMap` and `transformMapEntry` expand to. */
export const mapInsert: readonly Overload[] = functions("cel.@mapInsert", [
  ["@mapInsert_map_key_value", [MAP, K, V], MAP, insert],
  ["@mapInsert_map_map", [MAP, MAP], MAP, insertAll],
]);
