import type { DeviceTaint, DeviceToleration } from "../../generated/types.ts";
import { labelValueProblems, qualifiedNameProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateItems } from "./names.ts";

const EFFECTS = ["NoExecute", "NoSchedule", "None"];
const TOLERATIONS_MAXIMUM = 16;

export function validateDeviceTaint(
  { key = "", value = "", effect = "" }: DeviceTaint,
  path: Path,
  errors: Errors,
): void {
  errors.invalidAll(path.child("key"), key, qualifiedNameProblems(key));
  errors.invalidAll(path.child("value"), value, labelValueProblems(value));
  if (effect === "") errors.required(path.child("effect"));
  else if (!EFFECTS.includes(effect)) errors.notSupported(path.child("effect"), effect, EFFECTS);
}

export function validateDeviceTolerations(
  tolerations: readonly DeviceToleration[] | undefined,
  path: Path,
  errors: Errors,
): void {
  validateItems(tolerations, TOLERATIONS_MAXIMUM, path, errors, (toleration, at) => {
    const { key = "", operator = "", value = "", effect = "" } = toleration;
    if (key !== "") errors.invalidAll(at.child("key"), key, qualifiedNameProblems(key));
    if (operator === "Exists") {
      if (value !== "") {
        errors.invalid(at.child("value"), value, "must be empty for operator `Exists`");
      }
    } else if (operator === "Equal") {
      errors.invalidAll(at.child("value"), value, labelValueProblems(value));
    } else if (operator === "") errors.required(at.child("operator"));
    else errors.notSupported(at.child("operator"), operator, ["Equal", "Exists"]);
    if (effect !== "" && !EFFECTS.includes(effect)) {
      errors.notSupported(at.child("effect"), effect, EFFECTS);
    }
  });
}

const CONDITIONS_MAXIMUM = 4;

/** Conditions that a device is bound or given up by: both kinds or none, none in both. */
export function validateBinding(
  { bindingConditions: wanted = [], bindingFailureConditions: failed = [] }: {
    readonly bindingConditions?: readonly string[];
    readonly bindingFailureConditions?: readonly string[];
  },
  path: Path,
  errors: Errors,
): void {
  const [good, bad] = [path.child("bindingConditions"), path.child("bindingFailureConditions")];
  for (const [list, at] of [[wanted, good], [failed, bad]] as const) {
    validateItems(list, CONDITIONS_MAXIMUM, at, errors, (name, place) => {
      errors.invalidAll(place, name, qualifiedNameProblems(name));
    });
  }
  for (const [list, at] of [[wanted, good], [failed, bad]] as const) {
    for (const [i, name] of list.entries()) {
      if (list.indexOf(name) < i) errors.duplicate(at.at(i), name);
      if (list === failed && wanted.includes(name)) {
        errors.invalid(
          at.at(i),
          name,
          "bindingFailureConditions must not overlap with bindingConditions",
        );
      }
    }
  }
  if (wanted.length === 0 && failed.length > 0) {
    errors.invalid(
      good,
      wanted,
      "bindingConditions are required to use bindingFailureConditions",
    );
  }
  if (failed.length === 0 && wanted.length > 0) {
    errors.invalid(
      bad,
      failed,
      "bindingFailureConditions are required to use bindingConditions",
    );
  }
}
