import { functions, type Overload } from "../overload.ts";
import { scale, UNBOUNDED, UNKNOWN } from "../range.ts";
import { TRAVERSAL } from "../cost_unit.ts";
import {
  parseGoDuration,
  readTimestamp,
  TIMESTAMP_MAX,
  TIMESTAMP_MIN,
  writeDuration,
  writeTimestamp,
} from "../time.ts";
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  parameter,
  STRING,
  TIMESTAMP,
  UINT,
} from "../type.ts";
import {
  CelFailure,
  type CelValue,
  costSize,
  Duration,
  INT_MAX,
  INT_MIN,
  Timestamp,
  TypeValue,
  Uint,
  UINT_MAX,
  valueTypeName,
} from "../value.ts";
import { INT_OVERFLOW } from "./operators.ts";

const A = parameter("A");
const SECOND = 1_000_000_000n;
const UINT_OVERFLOW = new CelFailure("unsigned integer overflow");

const same = (value: CelValue): CelValue => value;

const unreadable = (type: string): CelFailure =>
  new CelFailure(`type conversion error from 'string' to '${type}'`);

function toInt(value: CelValue): CelValue {
  switch (typeof value) {
    case "number":
      // Both ends are no ints: the doubles nearest to them lie outside.
      if (!(value > Number(INT_MIN) && value < Number(INT_MAX))) return INT_OVERFLOW;
      return BigInt(Math.trunc(value));
    case "string": {
      if (value.length > 20 || !/^[+-]?\d+$/.test(value)) {
        return unreadable("int");
      }
      const number = BigInt(value.startsWith("+") ? value.slice(1) : value);
      return number >= INT_MIN && number <= INT_MAX ? number : unreadable("int");
    }
    case "bigint":
      return value;
  }
  if (value instanceof Uint) return value.value <= INT_MAX ? value.value : INT_OVERFLOW;
  if (value instanceof Duration) return value.nanos;
  if (value instanceof Timestamp) return floorDivide(value.nanos, SECOND);
  return new CelFailure("no such overload");
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

function toUint(value: CelValue): CelValue {
  switch (typeof value) {
    case "number":
      if (!(value >= 0 && value < 18446744073709551616)) return UINT_OVERFLOW;
      return new Uint(BigInt(Math.trunc(value)));
    case "bigint":
      return value >= 0n ? new Uint(value) : UINT_OVERFLOW;
    case "string": {
      if (value.length > 20 || !/^\d+$/.test(value)) return unreadable("uint");
      const number = BigInt(value);
      return number <= UINT_MAX ? new Uint(number) : unreadable("uint");
    }
  }
  return value;
}

function toDouble(value: CelValue): CelValue {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value !== "string") return value;
  const word = value.toLowerCase().replace(/^[+-]/, "");
  if (word === "inf" || word === "infinity") return value[0] === "-" ? -Infinity : Infinity;
  if (word === "nan") return NaN;
  const plain = value.replace(/(?<=\d)_(?=\d)/g, "");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : unreadable("double");
}

const TRUE = new Set(["1", "t", "true", "T", "True", "TRUE"]);
const FALSE = new Set(["0", "f", "false", "F", "False", "FALSE"]);

function toBool(text: string): CelValue {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : unreadable("bool");
}

/** A double as Go prints it with the fewest digits: with an exponent from a million on, `+Inf`. */
export function writeDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return String(value);
}

function toText(value: CelValue): CelValue {
  switch (typeof value) {
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      return writeDouble(value);
  }
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Duration) return writeDuration(value);
  if (value instanceof Timestamp) return writeTimestamp(value);
  if (!(value instanceof Uint8Array)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    return new CelFailure("invalid UTF-8 in bytes, cannot convert to string");
  }
}

function toDuration(text: string): CelValue {
  return parseGoDuration(text) ?? unreadable("google.protobuf.Duration");
}

/** Declared, but upstream's ints do not become durations. */
const noDuration = (): CelValue =>
  new CelFailure("type conversion error from 'int' to 'google.protobuf.Duration'");

function toTimestamp(value: bigint | string): CelValue {
  if (typeof value === "string") {
    return readTimestamp(value, true) ?? unreadable("google.protobuf.Timestamp");
  }
  const nanos = value * SECOND;
  return nanos >= TIMESTAMP_MIN && nanos <= TIMESTAMP_MAX
    ? new Timestamp(nanos)
    : new CelFailure("timestamp overflow");
}

const walk = ([value]: readonly CelValue[]): number =>
  Math.ceil(costSize(value ?? null) * TRAVERSAL);

/** Between texts and bytes the whole is walked; a character is up to four bytes. */
const bytesToText: Pick<Overload, "cost" | "estimate"> = {
  cost: walk,
  estimate: ([bytes]) => {
    const size = bytes?.size ?? UNKNOWN;
    return { cost: scale(size, TRAVERSAL), size: { min: Math.floor(size.min / 4), max: size.max } };
  },
};
const textToBytes: Pick<Overload, "cost" | "estimate"> = {
  cost: walk,
  estimate: ([text]) => {
    const size = text?.size ?? UNKNOWN;
    return {
      cost: scale(size, TRAVERSAL),
      size: { min: size.min, max: Math.min(size.max * 4, UNBOUNDED) },
    };
  },
};

/** Conversions between types, and `type(x)`. */
export const conversions: readonly Overload[] = [
  ...functions("type", [
    [
      "type",
      [A],
      { kind: "type", of: A },
      (value: CelValue) => new TypeValue(valueTypeName(value)),
    ],
  ]),
  ...functions("dyn", [["to_dyn", [A], DYN, same]]),
  ...functions("bool", [
    ["bool_to_bool", [BOOL], BOOL, same],
    ["string_to_bool", [STRING], BOOL, toBool],
  ]),
  ...functions("bytes", [["bytes_to_bytes", [BYTES], BYTES, same]]),
  ...functions("bytes", [
    ["string_to_bytes", [STRING], BYTES, (text: string) => new TextEncoder().encode(text)],
  ], textToBytes),
  ...functions("double", [
    ["double_to_double", [DOUBLE], DOUBLE, same],
    ["int64_to_double", [INT], DOUBLE, toDouble],
    ["string_to_double", [STRING], DOUBLE, toDouble],
    ["uint64_to_double", [UINT], DOUBLE, toDouble],
  ]),
  ...functions("duration", [
    ["duration_to_duration", [DURATION], DURATION, same],
    ["int64_to_duration", [INT], DURATION, noDuration],
    ["string_to_duration", [STRING], DURATION, toDuration],
  ]),
  ...functions("int", [
    ["int64_to_int64", [INT], INT, same],
    ["double_to_int64", [DOUBLE], INT, toInt],
    ["duration_to_int64", [DURATION], INT, toInt],
    ["string_to_int64", [STRING], INT, toInt],
    ["timestamp_to_int64", [TIMESTAMP], INT, toInt],
    ["uint64_to_int64", [UINT], INT, toInt],
  ]),
  ...functions("string", [
    ["string_to_string", [STRING], STRING, same],
    ["bool_to_string", [BOOL], STRING, toText],
  ]),
  ...functions("string", [["bytes_to_string", [BYTES], STRING, toText]], bytesToText),
  ...functions("string", [
    ["double_to_string", [DOUBLE], STRING, toText],
    ["duration_to_string", [DURATION], STRING, toText],
    ["int64_to_string", [INT], STRING, toText],
    ["timestamp_to_string", [TIMESTAMP], STRING, toText],
    ["uint64_to_string", [UINT], STRING, toText],
  ]),
  ...functions("timestamp", [
    ["timestamp_to_timestamp", [TIMESTAMP], TIMESTAMP, same],
    ["int64_to_timestamp", [INT], TIMESTAMP, toTimestamp],
    ["string_to_timestamp", [STRING], TIMESTAMP, toTimestamp],
  ]),
  ...functions("uint", [
    ["uint64_to_uint64", [UINT], UINT, same],
    ["double_to_uint64", [DOUBLE], UINT, toUint],
    ["int64_to_uint64", [INT], UINT, toUint],
    ["string_to_uint64", [STRING], UINT, toUint],
  ]),
];
