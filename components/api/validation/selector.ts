import type { LabelSelector } from "../generated/types.ts";
import { labelValueProblems, qualifiedNameProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { validateLabels } from "./metadata.ts";
import type { Path } from "./path.ts";

/** The rules of a label selector. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: Path,
  errors: Errors,
): void {
  if (selector === undefined) return;
  validateLabels(selector.matchLabels, path.child("matchLabels"), errors);
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    const at = path.child("matchExpressions").at(i);
    const { key = "", operator = "", values = [] } = requirement;
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0) {
        errors.required(
          at.child("values"),
          "must be specified when `operator` is 'In' or 'NotIn'",
        );
      }
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0) {
        errors.forbidden(
          at.child("values"),
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
    } else errors.invalid(at.child("operator"), operator, "not a valid selector operator");
    errors.invalidAll(at.child("key"), key, qualifiedNameProblems(key));
    for (const [j, value] of values.entries()) {
      errors.invalidAll(at.child("values").at(j), value, labelValueProblems(value));
    }
  }
}

/** True for a selector that names nothing. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 &&
    (selector?.matchExpressions ?? []).length === 0;
}
