import { QuantityError, quantityMilli } from "../api/mod.ts";

/** Thousandths, rounded up: `100m` is 100, `2` is 2000; 0 for what is absent or not a quantity. */
export function milliValue(text: string | undefined): number {
  if (text === undefined) return 0;
  try {
    return quantityMilli(text);
  } catch (error) {
    if (error instanceof QuantityError) return 0;
    throw error;
  }
}

/** The value as a plain number, in thousandths at the finest. */
export function quantityValue(text: string | undefined): number {
  return milliValue(text) / 1000;
}
