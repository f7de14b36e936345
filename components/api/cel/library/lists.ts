import { compareBytes, compareNumbers, compareTexts, equal } from "../equality.ts";
import { TRAVERSAL } from "../cost_unit.ts";
import { methods, type Overload, type Sized } from "../overload.ts";
import { fixed, plus, scale, times, UNKNOWN } from "../range.ts";
import {
  BOOL,
  BYTES,
  type CelScalarType,
  DOUBLE,
  DURATION,
  INT,
  listOf,
  parameter,
  STRING,
  TIMESTAMP,
  UINT,
} from "../type.ts";
import {
  CelFailure,
  CelList,
  CelMap,
  type CelValue,
  Duration,
  INT_MAX,
  INT_MIN,
  Timestamp,
  Uint,
  UINT_MAX,
} from "../value.ts";
import { ELEMENT, work } from "../work.ts";
import { INT_OVERFLOW } from "./operators.ts";
import { utf8Length } from "./strings.ts";

export const T = parameter("T");
export const LIST = listOf(T);
/** Types whose values have an order, by the names that their overloads have. */
export const COMPARABLE: readonly (readonly [string, CelScalarType])[] = [
  ["int", INT],
  ["uint", UINT],
  ["double", DOUBLE],
  ["bool", BOOL],
  ["duration", DURATION],
  ["timestamp", TIMESTAMP],
  ["string", STRING],
  ["bytes", BYTES],
];
/** Items of a list that a function makes. */
export const LIST_SIZE = 1_000_000;

/** -1, 0, 1, NaN where two values have no order. */
export function compare(a: CelValue, b: CelValue): number {
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  if (
    a instanceof Duration && b instanceof Duration ||
    a instanceof Timestamp && b instanceof Timestamp
  ) {
    return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  }
  return compareNumbers(a, b);
}

/** The elements, or the first that is a failure. */
export function elements(list: CelList): CelValue[] | CelFailure {
  work(list.size * ELEMENT);
  const values: CelValue[] = [];
  for (let i = 0; i < list.size; i++) {
    const value = list.get(i) as CelValue;
    if (value instanceof CelFailure) return value;
    values.push(value);
  }
  return values;
}

function isSorted(list: CelList): CelValue {
  const values = elements(list);
  if (values instanceof CelFailure) return values;
  return values.every((value, i) => i === 0 || compare(values[i - 1] as CelValue, value) !== 1);
}

function extreme(name: "min" | "max", list: CelList): CelValue {
  const values = elements(list);
  if (values instanceof CelFailure) return values;
  let found = values[0];
  if (found === undefined) return new CelFailure(`${name} called on empty list`);
  for (const value of values) {
    if (compare(found, value) === (name === "min" ? 1 : -1)) found = value;
  }
  return found;
}

function sum(zero: CelValue, list: CelList): CelValue {
  const values = elements(list);
  if (values instanceof CelFailure) return values;
  if (typeof zero === "number") {
    return values.reduce<number>((total, value) => total + Number(value), 0);
  }
  let total = 0n;
  for (const value of values) {
    total += typeof value === "bigint"
      ? value
      : value instanceof Uint
      ? value.value
      : (value as Duration).nanos;
    // As each addition would: a sum that comes back within bounds is an overflow all the same.
    if (zero instanceof Uint ? total > UINT_MAX : total > INT_MAX || total < INT_MIN) {
      if (zero instanceof Uint) return new CelFailure("unsigned integer overflow");
      return zero instanceof Duration ? new CelFailure("duration overflow") : INT_OVERFLOW;
    }
  }
  if (zero instanceof Uint) return new Uint(total);
  return zero instanceof Duration ? new Duration(total) : total;
}

function indexOf(list: CelList, item: CelValue): CelValue {
  work(list.size * ELEMENT);
  for (let i = 0; i < list.size; i++) {
    if (equal(list.get(i) as CelValue, item) === true) return BigInt(i);
  }
  return -1n;
}

function lastIndexOf(list: CelList, item: CelValue): CelValue {
  work(list.size * ELEMENT);
  for (let i = list.size - 1; i >= 0; i--) {
    if (equal(list.get(i) as CelValue, item) === true) return BigInt(i);
  }
  return -1n;
}

/** What walking a value to its leaves costs. */
function walkCost(value: CelValue): number {
  if (typeof value === "string") return Math.floor(utf8Length(value) * TRAVERSAL);
  if (value instanceof Uint8Array) return Math.floor(value.length * TRAVERSAL);
  let cost = 0;
  if (value instanceof CelList || value instanceof CelMap) work(value.size * ELEMENT);
  if (value instanceof CelList) {
    for (let i = 0; i < value.size; i++) cost += walkCost(value.get(i) as CelValue);
    return cost;
  }
  if (!(value instanceof CelMap)) return 1;
  for (const key of value.keys()) cost += walkCost(key) + walkCost(value.find(key) ?? null);
  return cost;
}

const isText = (sized: Sized | undefined): boolean =>
  sized?.type.kind === "string" || sized?.type.kind === "bytes";

const walkCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: ([list]) => walkCost(list ?? null),
  estimate: ([list]) => {
    // What is not known to be a list is taken for a text.
    if (list?.element === undefined) return { cost: scale(list?.size ?? UNKNOWN, TRAVERSAL) };
    const one = fixed(1);
    const each = isText(list?.element)
      ? plus(one, scale(list?.element?.size ?? UNKNOWN, TRAVERSAL))
      : one;
    return { cost: times(list?.size ?? UNKNOWN, each) };
  },
};

/** Kubernetes' functions on lists. */
export const lists: readonly Overload[] = [
  ...methods(
    "isSorted",
    COMPARABLE.map(([name, type]) =>
      [`list_${name}_is_sorted_bool`, [listOf(type)], BOOL, isSorted] as const
    ),
    walkCosts,
  ),
  ...methods(
    "sum",
    ([
      ["int", INT, 0n],
      ["uint", UINT, new Uint(0n)],
      ["double", DOUBLE, 0],
      ["duration", DURATION, new Duration(0n)],
    ] as const).map(([name, type, zero]) =>
      [
        `list_${name}_sum_${name}`,
        [listOf(type)],
        type,
        (list: CelList) => sum(zero, list),
      ] as const
    ),
    walkCosts,
  ),
  ...(["max", "min"] as const).flatMap((name) =>
    methods(
      name,
      COMPARABLE.map(([of, type]) =>
        [`list_${of}_${name}_${of}`, [listOf(type)], type, (list: CelList) =>
          extreme(name, list)] as const
      ),
      walkCosts,
    )
  ),
  ...methods("indexOf", [["list_a_index_of_int", [LIST, T], INT, indexOf]], walkCosts),
  ...methods("lastIndexOf", [["list_a_last_index_of_int", [LIST, T], INT, lastIndexOf]], walkCosts),
];
