import { StructValue } from "./struct_value.ts";
import { writeDuration, writeTimestamp } from "./time.ts";
import {
  CelFailure,
  CelList,
  CelMap,
  CelOptional,
  type CelValue,
  Duration,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";
import { WireList, WireMap, WireObject } from "./wire.ts";

/** A value as JSON: what callers of a program get. Ints past 2^53 stay `bigint`. */
export function toJson(value: CelValue): unknown {
  switch (typeof value) {
    case "bigint":
      return bigintToJson(value);
    case "object":
      break;
    default:
      return value;
  }
  if (value === null || value instanceof CelFailure) return value;
  if (value instanceof WireList || value instanceof WireMap || value instanceof WireObject) {
    return value.raw;
  }
  if (value instanceof CelList) {
    const list: unknown[] = [];
    for (let i = 0; i < value.size; i++) list.push(toJson(value.get(i) as CelValue));
    return list;
  }
  if (value instanceof CelMap) {
    const entries: [string, unknown][] = [];
    for (const key of value.keys()) {
      const name = value instanceof StructValue ? value.wireName(key as string) : toJson(key);
      entries.push([String(name), toJson(value.find(key) as CelValue)]);
    }
    return Object.fromEntries(entries);
  }
  if (value instanceof Uint) return bigintToJson(value.value);
  if (value instanceof Uint8Array) return value.toBase64();
  if (value instanceof Duration) return writeDuration(value);
  if (value instanceof Timestamp) return writeTimestamp(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof CelOptional) return value.value === undefined ? null : toJson(value.value);
  return value.toJson();
}

function bigintToJson(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}
