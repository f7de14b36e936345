import type { Range } from "./overload.ts";

/** Arithmetic of costs and sizes, which never counts past `UNBOUNDED`. */

export const UNBOUNDED: number = 2 ** 64;
export const ZERO: Range = { min: 0, max: 0 };
export const UNKNOWN: Range = { min: 0, max: UNBOUNDED };

export function fixed(value: number): Range {
  return { min: value, max: value };
}

export function plus(a: Range, b: Range): Range {
  return { min: bounded(a.min + b.min), max: bounded(a.max + b.max) };
}

export function times(a: Range, b: Range): Range {
  return { min: bounded(a.min * b.min), max: bounded(a.max * b.max) };
}

/** Times a fraction, rounded up. */
export function scale(a: Range, factor: number): Range {
  return { min: bounded(Math.ceil(a.min * factor)), max: bounded(Math.ceil(a.max * factor)) };
}

export function union(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

const bounded = (value: number): number => Math.min(value, UNBOUNDED);
