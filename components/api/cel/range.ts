import type { Range } from "./overload.ts";

/** Arithmetic of costs and sizes; what is past counting is `Infinity`. */

export const ZERO: Range = { min: 0, max: 0 };
export const UNKNOWN: Range = { min: 0, max: Infinity };

export function fixed(value: number): Range {
  return { min: value, max: value };
}

export function plus(a: Range, b: Range): Range {
  return { min: a.min + b.min, max: a.max + b.max };
}

export function times(a: Range, b: Range): Range {
  return { min: product(a.min, b.min), max: product(a.max, b.max) };
}

/** Times a fraction, rounded up. */
export function scale(a: Range, factor: number): Range {
  return { min: Math.ceil(a.min * factor), max: Math.ceil(a.max * factor) };
}

export function ceilOf(a: Range): Range {
  return scale(a, 1);
}

export function union(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

/** Nothing times anything is nothing. */
function product(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}
