import { compilePattern } from "../../regex/mod.ts";
import { functions, methods, type Overload, type Signature } from "../overload.ts";
import { stringCosts } from "../string_cost.ts";
import { type TimestampPart, timestampPart } from "../time.ts";
import {
  BOOL,
  BYTES,
  DURATION,
  INT,
  listOf,
  mapOf,
  parameter,
  STRING,
  TIMESTAMP,
} from "../type.ts";
import {
  CelFailure,
  type CelList,
  type CelMap,
  type CelValue,
  type Duration,
  textSize,
  type Timestamp,
} from "../value.ts";

const LIST_A = listOf(parameter("A"));
const MAP_AB = mapOf(parameter("A"), parameter("B"));

const textLength = (text: string): CelValue => BigInt(textSize(text));
const bytesLength = (bytes: Uint8Array): CelValue => BigInt(bytes.length);
const sizeOf = (container: CelList | CelMap): CelValue => BigInt(container.size);

const size: readonly Overload[] = [
  ...functions("size", [
    ["size_bytes", [BYTES], INT, bytesLength],
    ["size_list", [LIST_A], INT, sizeOf],
    ["size_map", [MAP_AB], INT, sizeOf],
    ["size_string", [STRING], INT, textLength],
  ]),
  ...methods("size", [
    ["bytes_size", [BYTES], INT, bytesLength],
    ["list_size", [LIST_A], INT, sizeOf],
    ["map_size", [MAP_AB], INT, sizeOf],
    ["string_size", [STRING], INT, textLength],
  ]),
];

export function matches(text: string, source: string): CelValue {
  const pattern = compilePattern(source);
  return "error" in pattern ? new CelFailure(pattern.error) : pattern.test(text);
}

const texts: readonly Overload[] = [
  ...methods("contains", [
    [
      "contains_string",
      [STRING, STRING],
      BOOL,
      (text: string, part: string) => text.includes(part),
    ],
  ], stringCosts.contains),
  ...methods("startsWith", [
    [
      "starts_with_string",
      [STRING, STRING],
      BOOL,
      (text: string, start: string) => text.startsWith(start),
    ],
  ], stringCosts.affix),
  ...methods("endsWith", [
    ["ends_with_string", [STRING, STRING], BOOL, (text: string, end: string) => text.endsWith(end)],
  ], stringCosts.affix),
  ...functions("matches", [["matches", [STRING, STRING], BOOL, matches]]),
  ...methods("matches", [["matches_string", [STRING, STRING], BOOL, matches]], stringCosts.matches),
];

const PARTS: Readonly<Record<TimestampPart, string>> = {
  getFullYear: "year",
  getMonth: "month",
  getDayOfYear: "day_of_year",
  getDate: "day_of_month_1_based",
  getDayOfMonth: "day_of_month",
  getDayOfWeek: "day_of_week",
  getHours: "hours",
  getMinutes: "minutes",
  getSeconds: "seconds",
  getMilliseconds: "milliseconds",
};
/** Nanoseconds of the units that durations are told in. */
const DURATION_PARTS: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

function timeParts(): Overload[] {
  return Object.entries(PARTS).flatMap(([name, id]) => {
    const part = name as TimestampPart;
    const signatures: Signature[] = [
      [
        `timestamp_to_${id}`,
        [TIMESTAMP],
        INT,
        (at: Timestamp) => timestampPart(at, part, "UTC") ?? 0n,
      ],
      [
        `timestamp_to_${id}_with_tz`,
        [TIMESTAMP, STRING],
        INT,
        (at: Timestamp, zone: string) =>
          timestampPart(at, part, zone) ?? new CelFailure(`unknown time zone ${zone}`),
      ],
    ];
    const unit = DURATION_PARTS[name];
    if (unit !== undefined) {
      signatures.push([
        `duration_to_${id}`,
        [DURATION],
        INT,
        ({ nanos }: Duration) => nanos / unit,
      ]);
    }
    return methods(name, signatures);
  });
}

/** Functions of the language that are no operators and no conversions. */
export const standard: readonly Overload[] = [...size, ...texts, ...timeParts()];
