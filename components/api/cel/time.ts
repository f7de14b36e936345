import { Duration, Timestamp } from "./value.ts";

/** Reading and writing of durations and timestamps, down to nanoseconds. */

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "µs": 1_000n,
  "μs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
/** Units that only values of the wire may have, as `2 days`. */
const LONG_UNITS: Readonly<Record<string, bigint>> = {
  ...UNITS,
  nano: 1n,
  micro: 1_000n,
  milli: 1_000_000n,
  sec: UNITS["s"] as bigint,
  second: UNITS["s"] as bigint,
  min: UNITS["m"] as bigint,
  minute: UNITS["m"] as bigint,
  hr: UNITS["h"] as bigint,
  hour: UNITS["h"] as bigint,
  d: 24n * (UNITS["h"] as bigint),
  day: 24n * (UNITS["h"] as bigint),
  w: 168n * (UNITS["h"] as bigint),
  wk: 168n * (UNITS["h"] as bigint),
  week: 168n * (UNITS["h"] as bigint),
};
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const SECOND = 1_000_000_000n;
/** Years 1 to 9999. */
export const TIMESTAMP_MIN: bigint = -62_135_596_800n * SECOND;
export const TIMESTAMP_MAX: bigint = 253_402_300_800n * SECOND - 1n;

/** `1h30m`, `-1.5s`, `0`: as Go reads it. Undefined where it is none, or past 64 bits of nanoseconds. */
export function parseGoDuration(text: string): Duration | undefined {
  const negative = text[0] === "-";
  let rest = negative || text[0] === "+" ? text.slice(1) : text;
  if (rest === "0") return new Duration(0n);
  if (rest === "") return undefined;
  let total = 0n;
  while (rest !== "") {
    const match = /^(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (match === null) return undefined;
    const [all, whole = "", fraction = "", unit = ""] = match;
    if (whole === "" && fraction === "") return undefined;
    // Longer ones than any duration are refused before they are computed.
    if (whole.length > 40) return undefined;
    const scale = UNITS[unit] as bigint;
    total += BigInt(whole || "0") * scale;
    const digits = fraction.slice(0, 18);
    if (digits !== "") total += BigInt(digits) * scale / 10n ** BigInt(digits.length);
    if (total > INT_MAX + 1n) return undefined;
    rest = rest.slice(all.length);
  }
  const nanos = negative ? -total : total;
  return nanos > INT_MAX || nanos < INT_MIN ? undefined : new Duration(nanos);
}

/** A duration of the wire: as Go reads it, or words such as `2 days`. */
export function readDuration(text: string): Duration | undefined {
  const plain = parseGoDuration(text);
  if (plain !== undefined) return plain;
  let total = 0n;
  let rest = text.toLowerCase().trim();
  if (rest === "") return undefined;
  while (rest !== "") {
    const match = /^(\d{1,18})\s*([a-zµμ]+)[\s,]*/.exec(rest);
    if (match === null) return undefined;
    const [all, count = "", word = ""] = match;
    const unit = LONG_UNITS[word] ?? LONG_UNITS[word.replace(/s$/, "")] ??
      LONG_UNITS[word.replace(/secs?$|seconds?$/, "")];
    if (unit === undefined) return undefined;
    total += BigInt(count) * unit;
    rest = rest.slice(all.length);
  }
  return total > INT_MAX ? undefined : new Duration(total);
}

/** Seconds, `1.5s`. */
export function writeDuration({ nanos }: Duration): string {
  // As upstream: the seconds are rounded to a double.
  const seconds = Number(nanos / SECOND) + Number(nanos % SECOND) / 1e9;
  const text = seconds.toString();
  return `${text.includes("e") ? seconds.toFixed(9).replace(/\.?0+$/, "") : text}s`;
}

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9})\d*)?([Zz]|[+-]\d{2}:?\d{2})?$/;

/** A timestamp of RFC 3339. Without a zone it is UTC, which only `strict` refuses. */
export function readTimestamp(text: string, strict = false): Timestamp | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = ""] = match;
  const fraction = match[7] ?? "";
  const zone = match[8];
  if (zone === undefined && strict) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) {
    return undefined;
  }
  const digits = zone === undefined || zone.length === 1 ? "" : zone.replace(":", "");
  const east = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  const minutes = digits[0] === "-" ? -east : east;
  const nanos = BigInt(date.getTime() - minutes * 60_000) * 1_000_000n +
    BigInt(fraction.padEnd(9, "0"));
  return nanos < TIMESTAMP_MIN || nanos > TIMESTAMP_MAX ? undefined : new Timestamp(nanos, minutes);
}

/** RFC 3339 in its zone, with no more digits of a second than it has. */
export function writeTimestamp({ nanos, zone }: Timestamp): string {
  const { date, fraction } = split(nanos + BigInt(zone) * 60n * SECOND);
  const digits = fraction === 0n
    ? ""
    : `.${fraction.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${date.toISOString().slice(0, 19)}${digits}${zone === 0 ? "Z" : writeZone(zone)}`;
}

function writeZone(zone: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const size = Math.abs(zone);
  return `${zone < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function split(nanos: bigint): { date: Date; fraction: bigint } {
  const fraction = ((nanos % SECOND) + SECOND) % SECOND;
  return { date: new Date(Number((nanos - fraction) / 1_000_000n)), fraction };
}

export type TimestampPart =
  | "getFullYear"
  | "getMonth"
  | "getDate"
  | "getDayOfMonth"
  | "getDayOfWeek"
  | "getDayOfYear"
  | "getHours"
  | "getMinutes"
  | "getSeconds"
  | "getMilliseconds";

/** One part of a timestamp in a time zone, undefined for zones that there are none of. Months and days of a month count from 0, but for `getDate`. */
export function timestampPart(
  { nanos }: Timestamp,
  part: TimestampPart,
  zone: string,
): bigint | undefined {
  const { date: utc, fraction } = split(nanos);
  const offset = zoneOffset(zone, utc);
  if (offset === undefined) return undefined;
  const date = new Date(utc.getTime() + offset);
  switch (part) {
    case "getFullYear":
      return BigInt(date.getUTCFullYear());
    case "getMonth":
      return BigInt(date.getUTCMonth());
    case "getDate":
      return BigInt(date.getUTCDate());
    case "getDayOfMonth":
      return BigInt(date.getUTCDate() - 1);
    case "getDayOfWeek":
      return BigInt(date.getUTCDay());
    case "getDayOfYear": {
      const start = new Date(date.getTime());
      start.setUTCMonth(0, 1);
      return BigInt(Math.round((date.getTime() - start.getTime()) / 86_400_000));
    }
    case "getHours":
      return BigInt(date.getUTCHours());
    case "getMinutes":
      return BigInt(date.getUTCMinutes());
    case "getSeconds":
      return BigInt(date.getUTCSeconds());
    case "getMilliseconds":
      return fraction / 1_000_000n;
  }
}

/** Zones whose calendars are kept. */
const ZONES_KEPT = 64;
const zones = new Map<string, Intl.DateTimeFormat>();

/** How far a zone is from UTC at a moment, in milliseconds. */
function zoneOffset(zone: string, at: Date): number | undefined {
  if (zone === "UTC" || zone === "") return 0;
  const numeric = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3]);
    return (numeric[1] === "-" ? -minutes : minutes) * 60_000;
  }
  const format = zoneFormat(zone);
  if (format === undefined) return undefined;
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(at)) parts[type] = value;
  const local = new Date(0);
  const year = Number(parts["year"]);
  local.setUTCFullYear(
    parts["era"] === "BC" ? 1 - year : year,
    Number(parts["month"]) - 1,
    Number(parts["day"]),
  );
  local.setUTCHours(Number(parts["hour"]) % 24, Number(parts["minute"]), Number(parts["second"]));
  return local.getTime() - Math.floor(at.getTime() / 1000) * 1000;
}

function zoneFormat(zone: string): Intl.DateTimeFormat | undefined {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hour12: false,
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    if (zones.size >= ZONES_KEPT) zones.clear();
    zones.set(zone, format);
    return format;
  } catch {
    return undefined;
  }
}
