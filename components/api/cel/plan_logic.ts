import type { Step } from "./frame.ts";
import { CelFailure, CelOptional, NO_OVERLOAD } from "./value.ts";

/** False wins over failures, wherever it stands; then the first failure. */
export function and(steps: readonly Step[]): Step {
  return (frame) => {
    let failure: CelFailure | undefined;
    for (let i = 0; i < steps.length; i++) {
      const value = (steps[i] as Step)(frame);
      if (value === false) return false;
      if (value !== true) failure ??= value instanceof CelFailure ? value : NO_OVERLOAD;
    }
    return failure ?? true;
  };
}

/** True wins over failures. */
export function or(steps: readonly Step[]): Step {
  return (frame) => {
    let failure: CelFailure | undefined;
    for (let i = 0; i < steps.length; i++) {
      const value = (steps[i] as Step)(frame);
      if (value === true) return true;
      if (value !== false) failure ??= value instanceof CelFailure ? value : NO_OVERLOAD;
    }
    return failure ?? false;
  };
}

/** `a ? b : c`. */
export function conditional([condition, yes, no]: readonly [Step, Step, Step]): Step {
  return (frame) => {
    const holds = condition(frame);
    if (holds === true) return yes(frame);
    if (holds === false) return no(frame);
    return holds instanceof CelFailure ? holds : NO_OVERLOAD;
  };
}

/** `a.or(b)` and `a.orValue(b)`, where b is computed only if it is needed. */
export function orElse(optional: Step, other: Step, name: "or" | "orValue"): Step {
  return (frame) => {
    const value = optional(frame);
    if (value instanceof CelFailure) return value;
    if (!(value instanceof CelOptional)) return NO_OVERLOAD;
    if (value.value === undefined) return other(frame);
    return name === "or" ? value : value.value;
  };
}
