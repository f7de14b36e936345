/** How a quantity is written: `100m`, `1Gi` or `1e3`. */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

/** A fixed-point number down to billionths, as `resources.requests.cpu` holds. */
export interface Quantity {
  /** The amount in billionths. */
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

/** A text that is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

export const QUANTITY_ZERO: Quantity = { nano: 0n, format: "DecimalSI" };

const NANO = 1_000_000_000n;
const MAX_NANO = (2n ** 63n - 1n) * NANO;
/** No magnitude past this many digits is worth computing: it is capped, or rounds up to a billionth. */
const MAX_DIGITS = 60;
const DECIMAL_SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const WRONG_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_SUFFIX = "unable to parse quantity's suffix";

/** Reads a quantity. Amounts finer than a billionth round away from zero, huge ones are capped. Throws QuantityError. */
export function parseQuantity(text: string): Quantity {
  if (text === "") throw new QuantityError(WRONG_FORMAT);
  let at = 0;
  const negative = text.charCodeAt(0) === 0x2d;
  if (negative || text.charCodeAt(0) === 0x2b) at = 1;
  const whole = digitsFrom(text, at);
  at += whole.length;
  let fraction = "";
  if (text.charCodeAt(at) === 0x2e) {
    fraction = digitsFrom(text, at + 1);
    at += 1 + fraction.length;
  }
  // Without digits it is zero, as upstream reads `Mi` and `.`.
  const { power, binary, format } = readSuffix(text.slice(at));
  const nano = toNano(whole + fraction, power - fraction.length, binary);
  const below1 = nano > 0n && nano < NANO;
  return {
    nano: negative ? -nano : nano,
    format: format === "BinarySI" && below1 && !negative ? "DecimalSI" : format,
  };
}

/** The quantity, or undefined for a text that is none. */
export function tryParseQuantity(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

function digitsFrom(text: string, start: number): string {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  return text.slice(start, end);
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

function readSuffix(
  suffix: string,
): { power: number; binary: number; format: QuantityFormat } {
  const decimal = DECIMAL_SUFFIXES.indexOf(suffix);
  if (decimal >= 0) return { power: (decimal - 3) * 3, binary: 0, format: "DecimalSI" };
  const binary = BINARY_SUFFIXES.indexOf(suffix);
  if (binary > 0) return { power: 0, binary, format: "BinarySI" };
  if (suffix[0] === "e" || suffix[0] === "E") {
    const signed = suffix[1] === "-" || suffix[1] === "+";
    const digits = suffix.slice(signed ? 2 : 1);
    if (digits !== "" && digitsFrom(digits, 0) === digits) {
      const power = Math.min(Number(digits), 1_000_000_000);
      return { power: suffix[1] === "-" ? -power : power, binary: 0, format: "DecimalExponent" };
    }
  }
  if (!/^[eEinumkKMGTP]*[-+]?[0-9]*$/.test(suffix)) throw new QuantityError(WRONG_FORMAT);
  throw new QuantityError(WRONG_SUFFIX);
}

/** `digits` times 10 to the `power` times 1024 to the `binary`, in billionths, rounded up and capped. */
function toNano(digits: string, power: number, binary: number): bigint {
  let start = 0;
  while (digits.charCodeAt(start) === 0x30) start++;
  if (start === digits.length) return 0n;
  const significant = digits.length - start;
  if (significant + power > MAX_DIGITS) return MAX_NANO;
  if (significant + power < -MAX_DIGITS) return 1n;
  // A long tail only says whether to round up.
  const kept = digits.slice(start, start + 2 * MAX_DIGITS);
  const dropped = significant - kept.length;
  const sticky = dropped > 0 && hasNonZero(digits, start + kept.length);
  const exponent = power + dropped + 9;
  let value = BigInt(kept) * 1024n ** BigInt(binary);
  if (exponent >= 0) value *= 10n ** BigInt(exponent);
  else {
    const divisor = 10n ** BigInt(-exponent);
    const rest = value % divisor;
    value = value / divisor + (rest > 0n || sticky ? 1n : 0n);
  }
  return value > MAX_NANO ? MAX_NANO : value;
}

function hasNonZero(digits: string, start: number): boolean {
  for (let i = start; i < digits.length; i++) if (digits.charCodeAt(i) !== 0x30) return true;
  return false;
}

/** The canonical text: no fraction, the largest suffix that loses nothing. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return "0";
  const small = nano > -1024n * NANO && nano < 1024n * NANO;
  if (format === "BinarySI" && !small && nano % NANO === 0n) {
    let value = nano / NANO;
    let steps = 0;
    while (steps < BINARY_SUFFIXES.length - 1 && value % 1024n === 0n) {
      value /= 1024n;
      steps++;
    }
    return `${value}${BINARY_SUFFIXES[steps]}`;
  }
  let value = nano;
  let steps = 0;
  while (value % 1000n === 0n) {
    value /= 1000n;
    steps++;
  }
  if (format === "DecimalExponent") {
    const power = (steps - 3) * 3;
    return power === 0 ? String(value) : `${value}e${power}`;
  }
  return `${value}${DECIMAL_SUFFIXES[steps] ?? ""}`;
}

/** The canonical text of a quantity, fast where it already is canonical. Throws QuantityError. */
export function canonicalQuantity(text: string): string {
  return isPlainlyCanonical(text) ? text : formatQuantity(parseQuantity(text));
}

/** One to three digits without a leading zero and a common suffix: nothing to change. */
function isPlainlyCanonical(text: string): boolean {
  let end = 0;
  while (isDigit(text.charCodeAt(end))) end++;
  if (end === 0 || end > 3) return false;
  if (text.charCodeAt(0) === 0x30) return text.length === 1;
  const rest = text.slice(end);
  // The largest suffixes may be past the cap.
  if (rest.startsWith("E")) return false;
  return DECIMAL_SUFFIXES.includes(rest) || BINARY_SUFFIXES.includes(rest);
}

/** -1, 0 or 1. */
export function compareQuantity(a: Quantity, b: Quantity): -1 | 0 | 1 {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;
}

/** The sum; it is written as its first operand, or as the other where that is zero. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format };
}

export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano - b.nano, format: a.nano === 0n ? b.format : a.format };
}

/** Rounded up to thousandths, as every entry of a ResourceList is. */
export function roundUpToMilli(quantity: Quantity): Quantity {
  const rest = quantity.nano % 1_000_000n;
  if (rest === 0n) return quantity;
  const away = quantity.nano > 0n ? 1_000_000n - rest : -1_000_000n - rest;
  return { nano: quantity.nano + away, format: quantity.format };
}

/** A quantity of whole thousandths. */
export function quantityOfMilli(milli: number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { nano: BigInt(Math.ceil(milli)) * 1_000_000n, format };
}

/** A quantity of whole units. */
export function quantityOfValue(value: number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { nano: BigInt(Math.ceil(value)) * NANO, format };
}

/** The amount in units, rounded up; numbers past 2^53 lose precision. Throws QuantityError. */
export function quantityValue(text: string): number {
  return Math.ceil(scaled(text, 1));
}

/** The amount in thousandths, rounded up. Throws QuantityError. */
export function quantityMilli(text: string): number {
  return Math.ceil(scaled(text, 1000));
}

const MULTIPLIERS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function scaled(text: string, scale: 1 | 1000): number {
  // Whole numbers with a common suffix are nearly all there are.
  let end = 0;
  while (isDigit(text.charCodeAt(end))) end++;
  if (end > 0 && end <= 9) {
    const suffix = text.slice(end);
    const digits = Number(text.slice(0, end));
    if (suffix === "m") return scale === 1000 ? digits : digits / 1000;
    const multiplier = MULTIPLIERS[suffix];
    if (multiplier !== undefined) return digits * multiplier * scale;
  }
  const { nano } = parseQuantity(text);
  const unit = NANO / BigInt(scale);
  const rest = nano % unit;
  return Number(nano / unit + (rest > 0n ? 1n : 0n));
}
