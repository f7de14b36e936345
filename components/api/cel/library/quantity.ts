import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  QuantityError,
  subtractQuantity,
  tryParseQuantity,
} from "../../quantity.ts";
import { functions, methods, type Overload } from "../overload.ts";
import { traversal } from "../string_cost.ts";
import { BOOL, DOUBLE, INT, opaque, STRING } from "../type.ts";
import { CelFailure, CelOpaque, type CelValue, INT_MAX, INT_MIN } from "../value.ts";

export const QUANTITY = opaque("kubernetes.Quantity");
const NANO = 1_000_000_000n;

class QuantityValue extends CelOpaque {
  override readonly typeName = QUANTITY.name;

  /** `whole`: the amount is kept as an integer. One that is written with a fraction is not, even if it is whole. */
  constructor(readonly quantity: Quantity, readonly whole: boolean) {
    super();
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof QuantityValue && compareQuantity(this.quantity, other.quantity) === 0;
  }

  override toJson(): string {
    return formatQuantity(this.quantity);
  }
}

export function quantity(text: string): CelValue {
  try {
    return new QuantityValue(parseQuantity(text), isWhole(text));
  } catch (error) {
    if (error instanceof QuantityError) return new CelFailure(error.message);
    throw error;
  }
}

/** Digits of an amount that is kept as an integer. */
const DIGITS = 18;
/** Powers of ten of suffixes. */
const POWERS = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

function isWhole(text: string): boolean {
  const match = /^[+-]?0*(\d*)(?:\.(\d*))?(.*)$/.exec(text);
  if (match === null) return false;
  const [, whole = "", fraction = "", suffix = ""] = match;
  if (suffix.endsWith("i")) return fraction === "";
  const power = /^[eE][+-]?\d/.test(suffix)
    ? Number(suffix.slice(1))
    : (POWERS.indexOf(suffix) - 3) * 3;
  return whole.length + fraction.length <= DIGITS && power >= fraction.length;
}

function integer({ quantity: { nano }, whole }: QuantityValue): bigint | undefined {
  if (!whole || nano % NANO !== 0n) return undefined;
  const value = nano / NANO;
  // The largest amount stands for all that are larger.
  return value >= INT_MAX || value < INT_MIN ? undefined : value;
}

function toDouble({ quantity: { nano } }: QuantityValue): number {
  // The whole and the rest apart: a large number of billionths has more digits than a double.
  return Number(nano / NANO) + Number(nano % NANO) / 1e9;
}

const whole = (value: bigint): Quantity => ({ nano: value * NANO, format: "DecimalExponent" });
type Arithmetic = (a: Quantity, b: Quantity) => Quantity;

function arithmetic(name: "add" | "sub", compute: Arithmetic): Overload[] {
  return methods(name, [
    [
      `quantity_${name}`,
      [QUANTITY, QUANTITY],
      QUANTITY,
      (a: QuantityValue, b: QuantityValue) =>
        new QuantityValue(compute(a.quantity, b.quantity), a.whole && b.whole),
    ],
    [
      `quantity_${name}_int`,
      [QUANTITY, INT],
      QUANTITY,
      (a: QuantityValue, b: bigint) => new QuantityValue(compute(a.quantity, whole(b)), a.whole),
    ],
  ]);
}

const compare = (a: QuantityValue, b: QuantityValue): -1 | 0 | 1 =>
  compareQuantity(a.quantity, b.quantity);
const PAIR = [QUANTITY, QUANTITY];
const walk = traversal();

/** Amounts such as `1.5Gi`. */
export const quantities: readonly Overload[] = [
  ...functions("quantity", [["string_to_quantity", [STRING], QUANTITY, quantity]], walk),
  ...functions("isQuantity", [[
    "is_quantity_string",
    [STRING],
    BOOL,
    (text: string) => tryParseQuantity(text) !== undefined,
  ]], walk),
  // A function rather than a method, as upstream has it.
  ...functions("sign", [[
    "quantity_sign",
    [QUANTITY],
    INT,
    ({ quantity: { nano } }: QuantityValue) => nano > 0n ? 1n : nano < 0n ? -1n : 0n,
  ]]),
  ...methods("isGreaterThan", [["quantity_is_greater_than", PAIR, BOOL, (
    a: QuantityValue,
    b: QuantityValue,
  ) => compare(a, b) > 0]]),
  ...methods("isLessThan", [["quantity_is_less_than", PAIR, BOOL, (
    a: QuantityValue,
    b: QuantityValue,
  ) => compare(a, b) < 0]]),
  ...methods("compareTo", [["quantity_compare_to", PAIR, INT, (
    a: QuantityValue,
    b: QuantityValue,
  ) => BigInt(compare(a, b))]]),
  ...methods("asApproximateFloat", [["quantity_get_float", [QUANTITY], DOUBLE, toDouble]]),
  ...methods("asInteger", [[
    "quantity_get_int",
    [QUANTITY],
    INT,
    (value: QuantityValue) => integer(value) ?? new CelFailure("cannot convert value to integer"),
  ]]),
  ...methods("isInteger", [[
    "quantity_is_integer",
    [QUANTITY],
    BOOL,
    (value: QuantityValue) => integer(value) !== undefined,
  ]]),
  ...arithmetic("add", addQuantity),
  ...arithmetic("sub", subtractQuantity),
];
