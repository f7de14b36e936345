import type { CapacityRequestPolicy, Device, DeviceCapacity } from "../../api/mod.ts";
import { quantityNano } from "./amount.ts";

/** Amounts in billionths, by the name of a capacity. */
export type Amounts = ReadonlyMap<string, bigint>;

const NANO = 1_000_000_000n;

/** Whole units, rounded up: steps are counted in them. */
const units = (nano: bigint): bigint => (nano + NANO - 1n) / NANO;

/** What an allocation takes of one capacity: what is asked for, rounded up as the device's policy says. */
function taken(
  asked: bigint | undefined,
  { value, requestPolicy: policy }: DeviceCapacity,
): bigint {
  if (asked === undefined) return quantityNano(policy?.default ?? value);
  const { validRange: range, validValues: values } = policy ?? {};
  if (range?.min !== undefined) {
    const min = quantityNano(range.min);
    if (asked < min) return min;
    if (range.step === undefined) return asked;
    const step = units(quantityNano(range.step));
    if (step <= 0n) return asked;
    const over = units(asked) - units(min);
    return (units(min) + (over + step - 1n) / step * step) * NANO;
  }
  for (const text of values ?? []) {
    const valid = quantityNano(text);
    if (asked <= valid) return valid;
  }
  return asked;
}

function violates(amount: bigint, policy: CapacityRequestPolicy | undefined): boolean {
  if (policy === undefined) return false;
  if (policy.default !== undefined && amount === quantityNano(policy.default)) return false;
  const { validRange: range, validValues: values = [] } = policy;
  if (range !== undefined) {
    if (range.max !== undefined && amount > quantityNano(range.max)) return true;
    if (range.step === undefined) return false;
    const step = units(quantityNano(range.step));
    return step > 0n && (units(amount) - units(quantityNano(range.min))) % step !== 0n;
  }
  return values.length > 0 && !values.some((text) => amount === quantityNano(text));
}

/**
 * What an allocation takes of a device's capacities, beside what `used` says others have; undefined where it asks for
 * what the device does not have, has not left, or does not give in such amounts.
 */
export function takenCapacity(
  { capacity = {} }: Device,
  asked: Amounts,
  used: (name: string) => bigint,
): Amounts | undefined {
  for (const name of asked.keys()) if (!Object.hasOwn(capacity, name)) return undefined;
  const amounts = new Map<string, bigint>();
  for (const [name, one] of Object.entries(capacity)) {
    const amount = taken(asked.get(name), one);
    if (violates(amount, one.requestPolicy)) return undefined;
    if (used(name) + amount > quantityNano(one.value)) return undefined;
    amounts.set(name, amount);
  }
  return amounts;
}
