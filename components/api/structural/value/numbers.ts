import { goNumber } from "../go_text.ts";
import type { Outcome } from "./outcome.ts";

const INT32 = 2 ** 31;
const INT64 = 2 ** 63;
const FLOAT32_MAXIMUM = 3.4028234663852886e38;

export interface NumberLimits {
  readonly type: "integer" | "number" | "";
  readonly format: string;
  readonly multipleOf: number | undefined;
  readonly maximum: number | undefined;
  readonly exclusiveMaximum: boolean;
  readonly minimum: number | undefined;
  readonly exclusiveMinimum: boolean;
}

/** True for what a reader of JSON takes for a whole number. */
export const isWhole = (value: number): boolean =>
  Number.isInteger(value) && value >= -INT64 && value < INT64;

/** Checks a number; `path` is that of its field. */
export function checkNumber(
  value: number,
  limits: NumberLimits,
  path: string,
  out: Outcome,
): void {
  const whole = isWhole(value);
  if (!inRange(value, limits)) tellRange("Checked", limits, path, out);
  const { multipleOf, maximum, minimum } = limits;
  if (multipleOf !== undefined) {
    if (!inRange(multipleOf, limits)) tellRange("MultipleOf", limits, path, out);
    checkMultiple(value, whole && inRange(multipleOf, limits), multipleOf, path, out);
  }
  if (maximum !== undefined) {
    const bound = boundOf(maximum, whole, limits, "Maximum boundary", path, out);
    const { exclusiveMaximum: exclusive } = limits;
    if (exclusive ? value >= bound : value > bound) {
      const text = exclusive ? "less than" : "less than or equal to";
      out.invalid(path, value, `should be ${text} ${goNumber(bound)}`);
    }
  }
  if (minimum !== undefined) {
    const bound = boundOf(minimum, whole, limits, "Minimum boundary", path, out);
    const { exclusiveMinimum: exclusive } = limits;
    if (exclusive ? value <= bound : value < bound) {
      const text = exclusive ? "greater than" : "greater than or equal to";
      out.invalid(path, value, `should be ${text} ${goNumber(bound)}`);
    }
  }
}

/** A bound of whole numbers is one itself. */
function boundOf(
  bound: number,
  whole: boolean,
  limits: NumberLimits,
  what: string,
  path: string,
  out: Outcome,
): number {
  if (inRange(bound, limits)) return whole ? Math.trunc(bound) : bound;
  tellRange(what, limits, path, out);
  return bound;
}

function checkMultiple(
  value: number,
  whole: boolean,
  factor: number,
  path: string,
  out: Outcome,
): void {
  const by = whole ? Math.trunc(factor) : factor;
  if (by <= 0) {
    out.add({
      message: `factor MultipleOf declared for ${path} must be positive: ${goNumber(by)}`,
      tell(errors, base) {
        errors.invalid(base === "" ? path : `${base}.${path}`, by, this.message);
      },
    });
    return;
  }
  const quotient = by < 1 ? 1 / by * value : value / by;
  const multiple = whole ? value % by === 0 : isNearlyWhole(quotient);
  if (!multiple) out.invalid(path, value, `should be a multiple of ${goNumber(by)}`);
}

/** Fractions are not exact: what is very near to a whole number is one. */
function isNearlyWhole(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const difference = Math.abs(value - Math.trunc(value));
  const near = Math.abs(value - Math.round(value));
  return difference === 0 || near < 1e-9 * Math.max(1, Math.abs(value));
}

function inRange(value: number, { type, format }: NumberLimits): boolean {
  if (type === "integer") {
    if (!isWhole(value)) return false;
    return format !== "int32" || value >= -INT32 && value < INT32;
  }
  return format !== "float" || Math.abs(value) <= FLOAT32_MAXIMUM;
}

function tellRange(what: string, limits: NumberLimits, path: string, out: Outcome): void {
  const { type, format } = limits;
  const form = format === "" ? "(default format)" : `with format ${format}`;
  out.general(`${what} value must be of type ${type} ${form} in ${path}`);
}
