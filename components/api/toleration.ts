import type { Taint, Toleration } from "./generated/types.ts";
import { wholeNumber } from "./whole_number.ts";

/**
 * Whether a toleration covers a taint. An empty key with `Exists` covers all; an empty effect covers every effect;
 * `Lt` and `Gt` compare the taint's value with the toleration's as whole numbers.
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = "", operator = "", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  switch (operator) {
    case "Exists":
      return true;
    case "":
    case "Equal":
      return key !== "" && value === (taint.value ?? "");
    case "Lt":
    case "Gt": {
      const [found, bound] = [wholeNumber(taint.value), wholeNumber(value)];
      if (found === undefined || bound === undefined) return false;
      return operator === "Lt" ? found < bound : found > bound;
    }
    default:
      return false;
  }
}

/** The taints of the given effects that nothing covers. */
export function untolerated(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint[] {
  return (taints ?? []).filter((taint) =>
    effects.includes(taint.effect ?? "") &&
    !(tolerations ?? []).some((toleration) => tolerates(toleration, taint))
  );
}
