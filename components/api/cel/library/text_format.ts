import { writeDuration, writeTimestamp } from "../time.ts";
import {
  CelFailure,
  CelList,
  CelMap,
  type CelValue,
  Duration,
  Timestamp,
  TypeValue,
  Uint,
  valueTypeName,
} from "../value.ts";
import { ELEMENT, work } from "../work.ts";
import { TEXT_LENGTH, TEXT_TOO_LONG } from "./result_bound.ts";
import { writeDouble } from "./conversions.ts";

/** Digits after the point where a clause names none, and most that one may name. */
const PRECISION = 6;
const PRECISION_MAXIMUM = 100;

/** One clause of a format: `%d`, `%.2f`. */
export interface Clause {
  readonly verb: string;
  readonly precision: number;
}

/** A format taken apart: texts and clauses in order; or what is wrong with it. */
export function parseFormat(
  format: string,
): { readonly parts: readonly (string | Clause)[] } | { readonly error: string } {
  const parts: (string | Clause)[] = [];
  for (let at = 0; at < format.length;) {
    const next = format.indexOf("%", at);
    if (next < 0) {
      parts.push(format.slice(at));
      break;
    }
    if (next > at) parts.push(format.slice(at, next));
    at = next + 1;
    if (format[at] === "%") {
      parts.push("%");
      at++;
      continue;
    }
    if (at >= format.length) return { error: "unexpected end of string" };
    let precision = PRECISION;
    if (format[at] === ".") {
      const start = ++at;
      while (format[at] !== undefined && /[0-9]/.test(format.charAt(at))) at++;
      const inPrecision = "could not parse formatting clause: error while parsing precision: ";
      if (at >= format.length) {
        return { error: `${inPrecision}could not find end of precision specifier` };
      }
      const digits = format.slice(start, at);
      if (digits === "" || digits.length > 9) {
        const reader = `strconv.Atoi: parsing "${digits}": invalid syntax`;
        return { error: `${inPrecision}error while converting precision to integer: ${reader}` };
      }
      precision = Number(digits);
    }
    const verb = String.fromCodePoint(format.codePointAt(at) ?? 0);
    if (!"sdfebxXo".includes(verb)) {
      return {
        error: `could not parse formatting clause: unrecognized formatting clause "${verb}"`,
      };
    }
    parts.push({ verb, precision });
    at += verb.length;
  }
  return { parts };
}

/** `'%d of %s'.format([1, x])`. */
export function formatText(format: string, args: CelList): CelValue {
  const parsed = parseFormat(format);
  if ("error" in parsed) return new CelFailure(parsed.error);
  let text = "";
  let index = 0;
  for (const part of parsed.parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const value = args.get(index);
    if (value === undefined) return new CelFailure(`index ${index} out of range`);
    if (value instanceof CelFailure) return value;
    index++;
    const formatted = formatClause(part, value);
    if (typeof formatted !== "string") return formatted;
    work(formatted.length);
    text += formatted;
    if (text.length > TEXT_LENGTH) return TEXT_TOO_LONG;
  }
  return text;
}

const UNFIT: Readonly<Record<string, string>> = {
  s: "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
  d: "decimal clause can only be used on integers",
  f: "fixed-point clause can only be used on doubles",
  e: "scientific clause can only be used on doubles",
  b: "only integers and bools can be formatted as binary",
  x: "only integers, byte buffers, and strings can be formatted as hex",
  X: "only integers, byte buffers, and strings can be formatted as hex",
  o: "octal clause can only be used on integers",
};

/** What is said of a value that a clause does not take. */
export function unfitText(verb: string, typeName: string): string {
  return `error during formatting: ${UNFIT[verb]}, was given ${typeName}`;
}

function formatClause({ verb, precision }: Clause, value: CelValue): string | CelFailure {
  const text = formatAs(verb, precision, value);
  return text ?? new CelFailure(unfitText(verb, valueTypeName(value)));
}

function formatAs(verb: string, precision: number, value: CelValue): string | undefined {
  const integer = typeof value === "bigint"
    ? value
    : value instanceof Uint
    ? value.value
    : undefined;
  switch (verb) {
    case "s":
      return formatValue(value);
    case "d":
      return integer?.toString();
    case "b":
      return typeof value === "boolean" ? String(Number(value)) : integer?.toString(2);
    case "o":
      return integer?.toString(8);
    case "x":
      return integer?.toString(16) ?? hex(value);
    case "X":
      return (integer?.toString(16) ?? hex(value))?.toUpperCase();
  }
  const number = doubleOf(value);
  if (number === undefined) return undefined;
  // Upstream takes the precision of an exponential for its width.
  return verb === "f"
    ? formatFixed(number, precision)
    : formatScientific(number).padStart(Math.min(precision, PRECISION_MAXIMUM));
}

function hex(value: CelValue): string | undefined {
  if (typeof value === "string") return new TextEncoder().encode(value).toHex();
  return value instanceof Uint8Array ? value.toHex() : undefined;
}

function doubleOf(value: CelValue): number | undefined {
  if (typeof value === "number") return value;
  return value === "NaN" || value === "Infinity" || value === "-Infinity"
    ? Number(value)
    : undefined;
}

/** With commas between thousands, as English has it. */
function formatFixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  const digits = Math.min(precision, PRECISION_MAXIMUM);
  if (Math.abs(value) >= 2 ** 53) {
    // Whole numbers, of which the formatter of the runtime writes the first digits only.
    const whole = BigInt(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
    return digits === 0 ? whole : `${whole}.${"0".repeat(digits)}`;
  }
  return new Intl.NumberFormat("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    roundingMode: "halfEven",
  }).format(value === 0 ? 0 : value);
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `1.5×10⁰³`. */
function formatScientific(value: number): string {
  if (!Number.isFinite(value)) return formatFixed(value, 0);
  const [mantissa = "", exponent = ""] = value.toExponential(PRECISION).split("e");
  const digits = exponent.slice(1).padStart(2, "0");
  const raised = Array.from(digits, (digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `${mantissa}×10${exponent[0] === "-" ? "⁻" : ""}${raised}`;
}

/** What `%s` makes of a value; undefined for what it does not take. Only the outermost text is without quotes. */
function formatValue(value: CelValue): string | undefined {
  if (value instanceof Duration) return writeDuration(value);
  if (value instanceof Timestamp) return writeTimestamp(value);
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (typeof value === "number") return writeDouble(value);
  return formatInner(value);
}

/** A value within a list or a map. */
function formatInner(value: CelValue): string | undefined {
  switch (typeof value) {
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      return Number.isFinite(value) ? value.toFixed(6) : `"${infinite(value)}"`;
    case "string":
      return JSON.stringify(value);
  }
  if (value === null) return "null";
  if (value instanceof Uint) return String(value.value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Duration) return `duration("${writeDuration(value)}")`;
  if (value instanceof Timestamp) return `timestamp("${writeTimestamp(value)}")`;
  if (value instanceof Uint8Array) return `b"${new TextDecoder().decode(value)}"`;
  if (value instanceof CelList) return formatList(value);
  return value instanceof CelMap ? formatMap(value) : undefined;
}

const infinite = (value: number): string =>
  Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";

function formatList(list: CelList): string | undefined {
  work(list.size * 5 * ELEMENT);
  const parts: string[] = [];
  for (let i = 0; i < list.size; i++) {
    const part = formatInner(list.get(i) as CelValue);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return `[${parts.join(", ")}]`;
}

/** Entries in the order of their keys. */
function formatMap(map: CelMap): string | undefined {
  work(map.size * ELEMENT);
  const entries: [string, string][] = [];
  for (const key of map.keys()) {
    const name = formatInner(key);
    const value = formatInner(map.find(key) as CelValue);
    if (name === undefined || value === undefined) return undefined;
    entries.push([name, value]);
  }
  entries.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return `{${entries.map(([name, value]) => `${name}:${value}`).join(", ")}}`;
}
