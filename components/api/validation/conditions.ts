import type { Condition } from "../generated/types.ts";
import { byteLength, qualifiedNameProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import type { Path } from "./path.ts";

const REASON_MAXIMUM = 1024;
const MESSAGE_MAXIMUM = 32 * 1024;
const STATUSES = ["False", "True", "Unknown"];

/** Conditions of the form that most kinds share. */
export function validateConditions(
  conditions: readonly Condition[],
  path: Path,
  errors: Errors,
): void {
  const seen = new Map<string, number>();
  for (const [i, condition] of conditions.entries()) {
    const at = path.at(i);
    const { type = "", status = "", reason = "", message = "", observedGeneration = 0 } = condition;
    if (seen.has(type)) errors.duplicate(at.child("type"), type);
    seen.set(type, i);
    if (type === "") errors.required(at.child("type"), "must be set");
    else errors.invalidAll(at.child("type"), type, qualifiedNameProblems(type));
    if (!STATUSES.includes(status)) errors.notSupported(at.child("status"), status, STATUSES);
    if (observedGeneration < 0) {
      errors.invalid(
        at.child("observedGeneration"),
        observedGeneration,
        "must be greater than or equal to zero",
      );
    }
    if (condition.lastTransitionTime === undefined) {
      errors.required(at.child("lastTransitionTime"), "must be set");
    }
    const place = at.child("reason");
    if (reason === "") errors.required(place, "must be set");
    else if (byteLength(reason) > REASON_MAXIMUM) errors.tooLong(place, REASON_MAXIMUM);
    else if (!/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/.test(reason)) {
      errors.invalid(
        place,
        reason,
        "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric " +
          "characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  " +
          "or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is " +
          "'[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')",
      );
    }
    if (byteLength(message) > MESSAGE_MAXIMUM) {
      errors.tooLong(at.child("message"), MESSAGE_MAXIMUM);
    }
  }
}
