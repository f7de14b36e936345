import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  type Quantity,
  quantityOfValue,
  subtractQuantity,
  tryParseQuantity,
} from "../quantity.ts";

/** Amounts by the name of a resource. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** A ResourceList as amounts; entries that are no quantities are left out. */
export function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  const amounts = new Map<string, Quantity>();
  for (const [name, text] of Object.entries(list ?? {})) {
    const amount = tryParseQuantity(text);
    if (amount !== undefined) amounts.set(name, amount);
  }
  return amounts;
}

/** Amounts as a ResourceList. */
export function listOf(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]));
}

/** A number of things. */
export const countOf = (count: number): Quantity => quantityOfValue(count);

/** Every name of either, with both amounts added. */
export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum = new Map(a);
  for (const [name, amount] of b) {
    const known = sum.get(name);
    sum.set(name, known === undefined ? amount : addQuantity(known, amount));
  }
  return sum;
}

/** Every name of `a`, by which it is more than `b`, never below zero. */
export function amountsAbove(a: Amounts, b: Amounts): Amounts {
  const rest = new Map<string, Quantity>();
  for (const [name, amount] of a) {
    const less = b.get(name);
    const left = less === undefined ? amount : subtractQuantity(amount, less);
    rest.set(name, left.nano < 0n ? { ...left, nano: 0n } : left);
  }
  return rest;
}

/** Every name of either, with the larger amount. */
export function largerAmounts(a: Amounts, b: Amounts): Amounts {
  const larger = new Map(a);
  for (const [name, amount] of b) {
    const known = larger.get(name);
    if (known === undefined || compareQuantity(known, amount) < 0) larger.set(name, amount);
  }
  return larger;
}

/** The entries of those names. */
export function maskAmounts(amounts: Amounts, names: { has(name: string): boolean }): Amounts {
  return new Map([...amounts].filter(([name]) => names.has(name)));
}

/** `cpu=1,memory=2Gi`, by name. */
export function showAmounts(amounts: Amounts): string {
  return [...amounts].map(([name, amount]) => `${name}=${formatQuantity(amount)}`).sort().join(",");
}
