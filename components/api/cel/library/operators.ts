import { compareBytes, compareNumbers, compareTexts, equal } from "../equality.ts";
import { merge } from "../merging.ts";
import { functions, type Overload, type Signature } from "../overload.ts";
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "../time.ts";
import {
  BOOL,
  BYTES,
  type CelScalarType,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  optionalOf,
  parameter,
  STRING,
  TIMESTAMP,
  UINT,
} from "../type.ts";
import {
  CelFailure,
  CelList,
  CelMap,
  CelOptional,
  type CelValue,
  Duration,
  INT_MAX,
  INT_MIN,
  isKey,
  JoinedList,
  NO_OVERLOAD,
  Timestamp,
  Uint,
  UINT_MAX,
  valueTypeName,
} from "../value.ts";
import { ELEMENT, work } from "../work.ts";
import { LIST_SIZE, LIST_TOO_LONG, TEXT_LENGTH, TEXT_TOO_LONG } from "./result_bound.ts";
import { stringCosts } from "../string_cost.ts";

const A = parameter("A");
const B = parameter("B");
const LIST_A = listOf(A);
const MAP_AB = mapOf(A, B);

export const INT_OVERFLOW: CelFailure = new CelFailure("integer overflow");
const UINT_OVERFLOW = new CelFailure("unsigned integer overflow");
const DURATION_OVERFLOW = new CelFailure("duration overflow");
const TIMESTAMP_OVERFLOW = new CelFailure("timestamp overflow");
const NO_ORDER = new CelFailure("NaN values cannot be ordered");
const DIVISION_BY_ZERO = new CelFailure("division by zero");
const MODULUS_BY_ZERO = new CelFailure("modulus by zero");

export function int(value: bigint): CelValue {
  return value >= INT_MIN && value <= INT_MAX ? value : INT_OVERFLOW;
}

function uint(value: bigint): CelValue {
  return value >= 0n && value <= UINT_MAX ? new Uint(value) : UINT_OVERFLOW;
}

function duration(nanos: bigint): CelValue {
  return nanos >= INT_MIN && nanos <= INT_MAX ? new Duration(nanos) : DURATION_OVERFLOW;
}

function timestamp(nanos: bigint, zone: number): CelValue {
  return nanos >= TIMESTAMP_MIN && nanos <= TIMESTAMP_MAX
    ? new Timestamp(nanos, zone)
    : TIMESTAMP_OVERFLOW;
}

function joinBytes(a: Uint8Array, b: Uint8Array): CelValue {
  if (a.length + b.length > TEXT_LENGTH) return TEXT_TOO_LONG;
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Where only the values tell that they are texts, joining them costs one: it must not double without bound. */
function joinTexts(a: string, b: string): CelValue {
  return a.length + b.length > TEXT_LENGTH ? TEXT_TOO_LONG : a + b;
}

/** Joining is lazy and cheap. */
function joinLists(a: CelList, b: CelList): CelValue {
  if (a.merging !== undefined) return merge(a, b, a.merging);
  if (a.size === 0 && b.merging === undefined) return b;
  if (b.size === 0) return a;
  if (a.size + b.size > LIST_SIZE) return LIST_TOO_LONG;
  return new JoinedList(a, b);
}

const arithmetic: readonly Overload[] = [
  ...functions("_+_", [
    ["add_bytes", [BYTES, BYTES], BYTES, joinBytes],
    ["add_double", [DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a + b],
    [
      "add_duration_duration",
      [DURATION, DURATION],
      DURATION,
      (a: Duration, b: Duration) => duration(a.nanos + b.nanos),
    ],
    [
      "add_duration_timestamp",
      [DURATION, TIMESTAMP],
      TIMESTAMP,
      (a: Duration, b: Timestamp) => timestamp(a.nanos + b.nanos, b.zone),
    ],
    [
      "add_timestamp_duration",
      [TIMESTAMP, DURATION],
      TIMESTAMP,
      (a: Timestamp, b: Duration) => timestamp(a.nanos + b.nanos, a.zone),
    ],
    ["add_int64", [INT, INT], INT, (a: bigint, b: bigint) => int(a + b)],
    ["add_list", [LIST_A, LIST_A], LIST_A, joinLists],
    ["add_string", [STRING, STRING], STRING, joinTexts],
    ["add_uint64", [UINT, UINT], UINT, (a: Uint, b: Uint) => uint(a.value + b.value)],
  ], stringCosts.add),
  ...functions("_-_", [
    ["subtract_double", [DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a - b],
    [
      "subtract_duration_duration",
      [DURATION, DURATION],
      DURATION,
      (a: Duration, b: Duration) => duration(a.nanos - b.nanos),
    ],
    ["subtract_int64", [INT, INT], INT, (a: bigint, b: bigint) => int(a - b)],
    [
      "subtract_timestamp_duration",
      [TIMESTAMP, DURATION],
      TIMESTAMP,
      (a: Timestamp, b: Duration) => timestamp(a.nanos - b.nanos, a.zone),
    ],
    ["subtract_timestamp_timestamp", [TIMESTAMP, TIMESTAMP], DURATION, (
      a: Timestamp,
      b: Timestamp,
    ) => duration(a.nanos - b.nanos)],
    ["subtract_uint64", [UINT, UINT], UINT, (a: Uint, b: Uint) => uint(a.value - b.value)],
  ]),
  ...functions("_*_", [
    ["multiply_double", [DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a * b],
    ["multiply_int64", [INT, INT], INT, (a: bigint, b: bigint) => int(a * b)],
    ["multiply_uint64", [UINT, UINT], UINT, (a: Uint, b: Uint) => uint(a.value * b.value)],
  ]),
  ...functions("_/_", [
    ["divide_double", [DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a / b],
    [
      "divide_int64",
      [INT, INT],
      INT,
      (a: bigint, b: bigint) => b === 0n ? DIVISION_BY_ZERO : int(a / b),
    ],
    [
      "divide_uint64",
      [UINT, UINT],
      UINT,
      (a: Uint, b: Uint) => b.value === 0n ? DIVISION_BY_ZERO : uint(a.value / b.value),
    ],
  ]),
  ...functions("_%_", [
    [
      "modulo_int64",
      [INT, INT],
      INT,
      (a: bigint, b: bigint) =>
        b === 0n ? MODULUS_BY_ZERO : a === INT_MIN && b === -1n ? INT_OVERFLOW : a % b,
    ],
    [
      "modulo_uint64",
      [UINT, UINT],
      UINT,
      (a: Uint, b: Uint) => b.value === 0n ? MODULUS_BY_ZERO : uint(a.value % b.value),
    ],
  ]),
  ...functions("-_", [
    ["negate_double", [DOUBLE], DOUBLE, (a: number) => -a],
    ["negate_int64", [INT], INT, (a: bigint) => int(-a)],
  ]),
];

type Comparison = (order: number) => boolean;

/** All pairs of types that have an order, in upstream's order. */
function comparison(name: string, id: string, holds: Comparison): Overload[] {
  const numbers = (a: CelValue, b: CelValue): CelValue => {
    const order = compareNumbers(a, b);
    return Number.isNaN(order) ? NO_ORDER : holds(order);
  };
  const times = (a: Duration, b: Duration) =>
    holds(a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0);
  const one = (suffix: string, type: CelType, call: Signature[3]): Signature => [
    `${id}_${suffix}`,
    [type, type],
    BOOL,
    call,
  ];
  const two = (suffix: string, a: CelScalarType, b: CelScalarType): Signature => [
    `${id}_${suffix}`,
    [a, b],
    BOOL,
    numbers,
  ];
  return functions(name, [
    one("bool", BOOL, (a: boolean, b: boolean) => holds(Number(a) - Number(b))),
    one("int64", INT, (a: bigint, b: bigint) => holds(a < b ? -1 : a > b ? 1 : 0)),
    two("int64_double", INT, DOUBLE),
    two("int64_uint64", INT, UINT),
    one("uint64", UINT, numbers),
    two("uint64_double", UINT, DOUBLE),
    two("uint64_int64", UINT, INT),
    one("double", DOUBLE, numbers),
    two("double_int64", DOUBLE, INT),
    two("double_uint64", DOUBLE, UINT),
    one("string", STRING, (a: string, b: string) => holds(compareTexts(a, b))),
    one("bytes", BYTES, (a: Uint8Array, b: Uint8Array) => holds(compareBytes(a, b))),
    one("timestamp", TIMESTAMP, times),
    one("duration", DURATION, times),
  ], stringCosts.compare);
}

const relations: readonly Overload[] = [
  ...functions("_==_", [["equals", [A, A], BOOL, equal]], stringCosts.equal),
  ...functions("_!=_", [["not_equals", [A, A], BOOL, (a: CelValue, b: CelValue) => {
    const same = equal(a, b);
    return typeof same === "boolean" ? !same : same;
  }]], stringCosts.notEqual),
  ...comparison("_<_", "less", (order) => order < 0),
  ...comparison("_<=_", "less_equals", (order) => order <= 0),
  ...comparison("_>_", "greater", (order) => order > 0),
  ...comparison("_>=_", "greater_equals", (order) => order >= 0),
];

function inList(value: CelValue, list: CelList): CelValue {
  work(list.size * ELEMENT);
  let failure: CelFailure | undefined;
  for (let i = 0; i < list.size; i++) {
    const same = equal(value, list.get(i) as CelValue);
    if (same === true) return true;
    if (same !== false) failure ??= same;
  }
  return failure ?? false;
}

function inMap(key: CelValue, map: CelMap): CelValue {
  const found = map.find(key);
  return found instanceof CelFailure ? found : found !== undefined;
}

export function noSuchKey(key: CelValue): CelFailure {
  const text = key instanceof Uint ? key.value : key;
  return isKey(key) ? new CelFailure(`no such key: ${text}`) : NO_OVERLOAD;
}

/** The whole number that an index is: whole doubles and uints serve as well. */
function indexOf(index: CelValue): number | undefined {
  const number = index instanceof Uint ? Number(index.value) : Number(index);
  if (typeof index === "number" && !Number.isInteger(index)) return undefined;
  return number;
}

export function elementAt(operand: CelValue, index: CelValue): CelValue | undefined {
  if (operand instanceof CelList) {
    if (typeof index !== "bigint" && typeof index !== "number" && !(index instanceof Uint)) {
      return new CelFailure(`unsupported index type '${valueTypeName(index)}' in list`);
    }
    const at = indexOf(index);
    return at === undefined
      ? new CelFailure(`unsupported index value ${index} in list`)
      : operand.get(at);
  }
  return operand instanceof CelMap ? operand.find(index) : undefined;
}

export function index(operand: CelValue, key: CelValue): CelValue {
  if (operand instanceof CelOptional) return optionalIndex(operand, key);
  const element = elementAt(operand, key);
  if (element !== undefined) return element;
  if (!(operand instanceof CelList)) return noSuchKey(key);
  return new CelFailure(`index out of bounds: ${key instanceof Uint ? key.value : key}`);
}

export function optionalIndex(operand: CelValue, key: CelValue): CelValue {
  const inner = operand instanceof CelOptional ? operand.value : operand;
  if (inner === undefined) return CelOptional.none;
  const element = elementAt(inner, key);
  if (element === undefined) return CelOptional.none;
  return element instanceof CelFailure ? element : new CelOptional(element);
}

const OPTIONAL_B = optionalOf(B);

const containers: readonly Overload[] = [
  ...functions("_[_]", [
    ["index_list", [LIST_A, INT], A, index],
    ["index_map", [MAP_AB, A], B, index],
    ["optional_list_index_int", [optionalOf(LIST_A), INT], optionalOf(A), index],
    ["optional_map_index_value", [optionalOf(MAP_AB), A], OPTIONAL_B, index],
  ]),
  ...functions("_[?_]", [
    ["list_optindex_optional_int", [LIST_A, INT], optionalOf(A), optionalIndex],
    [
      "optional_list_optindex_optional_int",
      [optionalOf(LIST_A), INT],
      optionalOf(A),
      optionalIndex,
    ],
    ["map_optindex_optional_value", [MAP_AB, A], OPTIONAL_B, optionalIndex],
    ["optional_map_optindex_optional_value", [optionalOf(MAP_AB), A], OPTIONAL_B, optionalIndex],
  ]),
  ...functions("@in", [
    ["in_list", [A, LIST_A], BOOL, inList],
    ["in_map", [A, MAP_AB], BOOL, inMap],
  ], stringCosts.in),
];

/** `&&`, `||`, `?:` and `.?` are carried out by the program itself: they do not take all their arguments. */
const unreachable = (): CelValue => NO_OVERLOAD;

const logic: readonly Overload[] = [
  ...functions("_&&_", [["logical_and", [BOOL, BOOL], BOOL, unreachable]]),
  ...functions("_||_", [["logical_or", [BOOL, BOOL], BOOL, unreachable]]),
  ...functions("_?_:_", [["conditional", [BOOL, A, A], A, unreachable]]),
  ...functions("_?._", [["select_optional_field", [DYN, STRING], optionalOf(B), unreachable]]),
  ...functions("!_", [["logical_not", [BOOL], BOOL, (a: boolean) => !a]]),
  ...functions("@not_strictly_false", [
    ["not_strictly_false", [BOOL], BOOL, (a: CelValue) => a !== false],
  ], { lenient: true }),
];

/** Operators of the language. */
export const operators: readonly Overload[] = [
  ...logic,
  ...relations,
  ...arithmetic,
  ...containers,
];
