import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from "../../generated/types.ts";
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  type Quantity,
  QUANTITY_ZERO,
  tryParseQuantity,
} from "../../quantity.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateItems } from "./names.ts";

const OPTIONS_MAXIMUM = 10;

const amount = (text: string | undefined): Quantity | undefined =>
  text === undefined ? undefined : tryParseQuantity(String(text));
const more = (a: Quantity, b: Quantity): boolean => compareQuantity(a, b) > 0;

/** How much of a device one claim may take: only of devices that several claims share. */
export function validateCapacity(
  { requestPolicy, value }: DeviceCapacity,
  shared: boolean,
  path: Path,
  errors: Errors,
): void {
  if (requestPolicy === undefined) return;
  const at = path.child("requestPolicy");
  if (!shared) return errors.forbidden(at, "allowMultipleAllocations must be true");
  validatePolicy(requestPolicy, amount(value) ?? QUANTITY_ZERO, at, errors);
}

function validatePolicy(
  policy: CapacityRequestPolicy,
  whole: Quantity,
  path: Path,
  errors: Errors,
): void {
  const { validValues = [], validRange } = policy;
  if (validValues.length > 0 && validRange !== undefined) {
    return errors.forbidden(
      path,
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
    );
  }
  const usual = amount(policy.default);
  const member = validValues.length > 0 ? "validValues" : "validRange";
  if (validValues.length === 0 && validRange === undefined) return;
  if (usual === undefined) {
    return errors.required(path.child("default"), `required when ${member} is defined`);
  }
  if (validRange !== undefined) validateRange(validRange, usual, whole, path, errors);
  else validateValues(validValues, usual, whole, path.child(member), errors);
}

function validateValues(
  texts: readonly string[],
  usual: Quantity,
  whole: Quantity,
  path: Path,
  errors: Errors,
): void {
  const values = texts.map((text) => amount(text) ?? QUANTITY_ZERO);
  for (const [i, value] of values.entries()) {
    const before = values[i - 1];
    if (before !== undefined && more(before, value)) {
      errors.invalid(
        path.at(i),
        formatQuantity(value),
        "values must be sorted in ascending order",
      );
    }
  }
  validateItems(values, OPTIONS_MAXIMUM, path, errors, (value, at) => {
    if (!more(value, whole)) return;
    errors.invalid(
      at,
      formatQuantity(value),
      `option is larger than capacity value: ${formatQuantity(whole)}`,
    );
  }, ({ nano }) => String(nano / 1_000_000_000n));
  if (!values.some((value) => compareQuantity(value, usual) === 0)) {
    errors.invalid(
      path,
      formatQuantity(usual),
      "default value is not valid according to the requestPolicy",
    );
  }
}

function validateRange(
  range: CapacityRequestPolicyRange,
  usual: Quantity,
  whole: Quantity,
  policy: Path,
  errors: Errors,
): void {
  const path = policy.child("validRange");
  const [min, max, step] = [amount(range.min), amount(range.max), amount(range.step)];
  if (min === undefined) {
    return errors.required(path.child("min"), "required when validRange is defined");
  }
  const bad = (member: string, value: Quantity, what: string, than: Quantity) =>
    errors.invalid(path.child(member), formatQuantity(value), `${what}: ${formatQuantity(than)}`);
  if (more(min, whole)) bad("min", min, "min is larger than capacity value", whole);
  if (more(min, usual)) bad("default", usual, "default is less than min", min);
  if (max !== undefined) {
    if (more(min, max)) bad("max", min, "min is larger than max", max);
    if (more(max, whole)) bad("max", max, "max is larger than capacity value", whole);
    if (more(usual, max)) bad("default", usual, "default is more than max", max);
  }
  if (step === undefined) return;
  const at = path.child("step");
  if (step.nano <= 0n) {
    return errors.invalid(at, formatQuantity(step), "must be greater than zero");
  }
  const one = addQuantity(min, step);
  if (more(one, whole)) {
    bad("step", step, `one step ${formatQuantity(one)} is larger than capacity value`, whole);
  }
  for (const value of max === undefined ? [usual] : [usual, max]) {
    if ((value.nano - min.nano) % step.nano === 0n) continue;
    errors.invalid(
      at,
      formatQuantity(value),
      `value is not a multiple of a given step (${formatQuantity(step)}) from (${
        formatQuantity(min)
      })`,
    );
  }
}
