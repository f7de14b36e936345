import {
  CelFailure,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  type CelValue,
  Duration,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";
import { WireObject } from "./wire.ts";
import { ELEMENT, work } from "./work.ts";
import { mergedEqual } from "./merging.ts";

/** `a == b`. Values of different types are not equal, but numbers compare whatever their types. */
export function equal(a: CelValue, b: CelValue): boolean | CelFailure {
  switch (typeof a) {
    case "string":
    case "boolean":
      return a === b;
    case "bigint":
    case "number":
      return compareNumbers(a, b) === 0;
  }
  if (a === null || b === null) return a === b;
  if (a instanceof CelFailure) return a;
  if (b instanceof CelFailure) return b;
  if (a instanceof Uint) return compareNumbers(a, b) === 0;
  if (a instanceof CelList) return b instanceof CelList && listsEqual(a, b);
  if (a instanceof CelMap) return b instanceof CelMap && mapsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof CelOptional) {
    if (!(b instanceof CelOptional)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equal(a.value, b.value);
  }
  return a instanceof CelOpaque && b instanceof CelOpaque && a.typeName === b.typeName &&
    a.equals(b);
}

function listsEqual(a: CelList, b: CelList): boolean | CelFailure {
  if (a.size !== b.size) return false;
  const merging = a.merging;
  work(a.size * ELEMENT);
  if (merging !== undefined) return mergedEqual(a, b, merging, equal);
  for (let i = 0; i < a.size; i++) {
    const same = equal(a.get(i) as CelValue, b.get(i) as CelValue);
    if (same !== true) return same;
  }
  return true;
}

function mapsEqual(a: CelMap, b: CelMap): boolean | CelFailure {
  if (a.size !== b.size) return false;
  work(a.size * ELEMENT);
  if (a instanceof WireObject && b instanceof WireObject && !a.sameUnseen(b)) return false;
  for (const key of a.keys()) {
    const left = a.find(key);
    const right = b.find(key);
    if (left === undefined || right === undefined) {
      if (left === right) continue;
      return false;
    }
    const same = equal(left, right);
    if (same !== true) return same;
  }
  return true;
}

/** -1, 0 or 1 for numbers of any types; NaN where one is none or not a number. */
export function compareNumbers(a: CelValue, b: CelValue): number {
  const left = a instanceof Uint ? a.value : a;
  const right = b instanceof Uint ? b.value : b;
  if (typeof left !== "bigint" && typeof left !== "number") return NaN;
  if (typeof right !== "bigint" && typeof right !== "number") return NaN;
  // The language compares integers with fractions exactly.
  if (left < right) return -1;
  if (left > right) return 1;
  return left <= right ? 0 : NaN;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  work(length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}

/** Texts in the order of their UTF-8 bytes: code units differ from it where surrogates stand. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    const leftHigh = left >= 0xd800 && left <= 0xdfff;
    const rightHigh = right >= 0xd800 && right <= 0xdfff;
    if (leftHigh !== rightHigh) return leftHigh ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}
