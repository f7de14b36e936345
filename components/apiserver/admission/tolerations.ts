import { equalJson } from "../../base/mod.ts";
import type { Toleration } from "../../api/served.ts";

/** True where `wide` tolerates everything that `narrow` does. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (equalJson(wide, narrow)) return true;
  const isAnyKey = !wide.key && wide.operator === "Exists";
  if ((narrow.key ?? "") !== (wide.key ?? "") && !isAnyKey) return false;
  if (wide.effect && narrow.effect !== wide.effect) return false;
  if (wide.effect === "NoExecute" && wide.tolerationSeconds !== undefined) {
    const seconds = narrow.tolerationSeconds;
    if (seconds === undefined || seconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === "Exists") return true;
  return (narrow.operator || "Equal") === (wide.operator || "Equal") &&
    (narrow.value ?? "") === (wide.value ?? "");
}

/** Both lists without those that others cover; of equal ones the first stays. */
export function mergeTolerations(
  first: readonly Toleration[],
  second: readonly Toleration[],
): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [i, one] of all.entries()) {
    if (merged.some((known) => covers(known, one))) continue;
    const later = all.slice(i + 1);
    if (later.some((other) => !equalJson(one, other) && covers(other, one))) continue;
    merged.push(one);
  }
  return merged;
}
