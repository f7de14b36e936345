import type { PodCondition, PodStatus } from "../api/mod.ts";
import { equalJson } from "../base/mod.ts";

/**
 * The strategic merge patch that turns one status into another, or undefined when they are equal. Conditions merge by
 * type, so that those of other owners are left alone; addresses are replaced as a whole. Pure.
 */
export function statusPatch(
  before: PodStatus | undefined,
  after: PodStatus,
): Record<string, unknown> | undefined {
  const from = (before ?? {}) as Record<string, unknown>;
  const to = after as Record<string, unknown>;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(to)) {
    if (equalJson(from[key], to[key])) continue;
    if (key === "conditions") {
      const changed = changedConditions(before?.conditions ?? [], after.conditions ?? []);
      if (changed.length > 0) patch[key] = changed;
    } else if ((key === "podIPs" || key === "hostIPs") && from[key] !== undefined) {
      patch[key] = [{ $patch: "replace" }, ...after[key] ?? []];
    } else patch[key] = to[key];
  }
  // Only what the kubelet itself writes is ever taken away.
  for (const key of OWNED_FIELDS) {
    if (from[key] !== undefined && to[key] === undefined) patch[key] = null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

const OWNED_FIELDS = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];

function changedConditions(
  before: readonly PodCondition[],
  after: readonly PodCondition[],
): Record<string, unknown>[] {
  const changed: Record<string, unknown>[] = [];
  for (const condition of after) {
    const old = before.find(({ type }) => type === condition.type);
    if (equalJson(old, condition)) continue;
    const gone: Record<string, null> = {};
    for (const key of ["reason", "message"] as const) {
      if (old?.[key] !== undefined && condition[key] === undefined) gone[key] = null;
    }
    changed.push({ ...condition, ...gone });
  }
  return changed;
}
