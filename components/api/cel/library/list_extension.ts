import { equal } from "../equality.ts";
import { LIST_COST, TRAVERSAL } from "../cost_unit.ts";
import { functions, methods, type Overload, type Range, type Sized } from "../overload.ts";
import { fixed, plus, scale, times, UNBOUNDED, UNKNOWN } from "../range.ts";
import { DYN, INT, listOf } from "../type.ts";
import { ArrayList, CelFailure, CelList, type CelValue, costSize, NO_OVERLOAD } from "../value.ts";
import { ELEMENT, work } from "../work.ts";
import { COMPARABLE, compare, elements, LIST, LIST_SIZE } from "./lists.ts";

function slice(list: CelList, start: bigint, end: bigint): CelValue {
  const head = `cannot slice(${start}, ${end}),`;
  if (start < 0n || end < 0n) return new CelFailure(`${head} negative indexes not supported`);
  if (start > end) {
    return new CelFailure(`${head} start index must be less than or equal to end index`);
  }
  if (end > BigInt(list.size)) return new CelFailure(`${head} list is length ${list.size}`);
  work(Number(end - start) * ELEMENT);
  const values: CelValue[] = [];
  for (let i = Number(start); i < Number(end); i++) values.push(list.get(i) as CelValue);
  return new ArrayList(values);
}

function flatten(list: CelList, depth = 1n): CelValue {
  if (depth < 0n) return new CelFailure("level must be non-negative");
  const values: CelValue[] = [];
  const add = (from: CelList, left: bigint): void => {
    work(from.size * ELEMENT);
    for (let i = 0; i < from.size && values.length <= LIST_SIZE; i++) {
      const value = from.get(i) as CelValue;
      if (value instanceof CelList && left > 0n) add(value, left - 1n);
      else values.push(value);
    }
  };
  add(list, depth);
  return values.length > LIST_SIZE
    ? new CelFailure("list exceeds limit", "cost")
    : new ArrayList(values);
}

function sortBy(list: CelList, keys: CelList): CelValue {
  if (list.size !== keys.size) return NO_OVERLOAD;
  const values = elements(list);
  if (values instanceof CelFailure) return values;
  const ranks = elements(keys);
  if (ranks instanceof CelFailure) return ranks;
  const order = values.map((_, i) => i);
  let unordered = false;
  order.sort((a, b) => {
    const rank = compare(ranks[a] as CelValue, ranks[b] as CelValue);
    if (Number.isNaN(rank)) unordered = true;
    return rank || 0;
  });
  if (unordered) return new CelFailure("list elements must have the same type");
  return new ArrayList(order.map((i) => values[i] as CelValue));
}

function range(count: bigint): CelValue {
  if (count > BigInt(LIST_SIZE)) return new CelFailure("list exceeds limit", "cost");
  work(Math.max(Number(count), 0) * ELEMENT);
  return new ArrayList(Array.from({ length: Math.max(Number(count), 0) }, (_, i) => BigInt(i)));
}

function reverse(list: CelList): CelValue {
  work(list.size * ELEMENT);
  const values: CelValue[] = [];
  for (let i = list.size - 1; i >= 0; i--) values.push(list.get(i) as CelValue);
  return new ArrayList(values);
}

function distinct(list: CelList): CelValue {
  const values: CelValue[] = [];
  for (let i = 0; i < list.size; i++) {
    // Each is compared with those before it, and the cost is charged only afterwards.
    work(values.length * ELEMENT);
    const value = list.get(i) as CelValue;
    if (!values.some((other) => equal(value, other) === true)) values.push(value);
  }
  return new ArrayList(values);
}

/** A call and a list of so many items. */
const made = (size: number, factor = 1): number => Math.floor(size * factor) + 1 + LIST_COST;
const estimated = (size: Range, factor = 1): { cost: Range; size: Range } => ({
  cost: plus(scale(size, factor), fixed(1 + LIST_COST)),
  size,
});

type Costs = Pick<Overload, "cost" | "estimate">;

const resultCosts = (estimate: NonNullable<Overload["estimate"]>): Costs => ({
  cost: (_, result) => made(costSize(result)),
  estimate,
});

const whole = (sized: Sized | undefined, otherwise: number): number =>
  typeof sized?.literal === "bigint" ? Math.max(Number(sized.literal), 0) : otherwise;

/** Every item is compared with every other. */
const pairs = (index: 0 | 1): Costs => ({
  cost: (args) => {
    const list = args[index] as CelList;
    const first = list.get(0);
    const text = typeof first === "string" || first instanceof Uint8Array;
    return made(list.size * list.size, text ? 2 + TRAVERSAL : 2);
  },
  estimate: (args, id) => {
    const size = args[index]?.size ?? UNKNOWN;
    return estimated(times(size, size), /_(string|bytes)_/.test(id) ? 2 + TRAVERSAL : 2);
  },
});

const distinctCosts: Costs = {
  ...pairs(0),
  estimate: ([list]) => estimated(times(list?.size ?? UNKNOWN, list?.size ?? UNKNOWN), 2),
};

const flattenCosts: Costs = {
  cost: ([list, depth]) =>
    made(costSize(list ?? null), typeof depth === "bigint" ? Number(depth) : 1),
  estimate: ([list, depth]) =>
    estimated(list?.size ?? UNKNOWN, depth === undefined ? 1 : whole(depth, UNBOUNDED)),
};

/** The functions on lists that come with the language's extensions. */
export const listExtension: readonly Overload[] = [
  ...methods(
    "slice",
    [["list_slice", [LIST, INT, INT], LIST, slice]],
    resultCosts(
      ([list, start, end]) =>
        estimated(fixed(whole(end, list?.size.max ?? UNBOUNDED) - whole(start, 0))),
    ),
  ),
  ...methods("flatten", [
    ["list_flatten", [listOf(LIST)], LIST, flatten],
    ["list_flatten_int", [listOf(DYN), INT], listOf(DYN), flatten],
  ], flattenCosts),
  ...methods(
    "sort",
    COMPARABLE.map(([, type]) =>
      [
        `list_${type.kind}_sort`,
        [listOf(type)],
        listOf(type),
        (list: CelList) => sortBy(list, list),
      ] as const
    ),
    pairs(0),
  ),
  ...methods(
    "@sortByAssociatedKeys",
    COMPARABLE.map(([, type]) =>
      [`list_${type.kind}_sortByAssociatedKeys`, [LIST, listOf(type)], LIST, sortBy] as const
    ),
    pairs(1),
  ),
  ...functions(
    "lists.range",
    [["lists_range", [INT], listOf(INT), range]],
    resultCosts(
      ([count]) => estimated(fixed(whole(count, UNBOUNDED))),
    ),
  ),
  ...methods(
    "reverse",
    [["list_reverse", [LIST], LIST, reverse]],
    resultCosts(
      ([list]) => estimated(list?.size ?? UNKNOWN),
    ),
  ),
  ...methods("distinct", [["list_distinct", [LIST], LIST, distinct]], distinctCosts),
];
