import type { Taint, Toleration } from "../api/mod.ts";

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";
export const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";
export const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

/** True when a toleration covers a taint. An empty key with Exists covers all; an empty effect covers every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = "", operator = "Equal", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  switch (operator === "" ? "Equal" : operator) {
    case "Exists":
      return true;
    case "Equal":
      return key !== "" && value === (taint.value ?? "");
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

/** Two taints are the same when key and effect are. */
export const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
