import { timestamp } from "../../base/mod.ts";
import type { Node, Taint } from "../../api/mod.ts";
import { conditionOf } from "../pod_state.ts";
import { NOT_READY, sameTaint, UNREACHABLE, UNSCHEDULABLE } from "../taints.ts";

/** Which value of a condition means which taint. */
const CONDITION_TAINTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: "node.kubernetes.io/memory-pressure" },
  DiskPressure: { True: "node.kubernetes.io/disk-pressure" },
  PIDPressure: { True: "node.kubernetes.io/pid-pressure" },
  NetworkUnavailable: { True: "node.kubernetes.io/network-unavailable" },
};

const MANAGED = new Set([
  UNSCHEDULABLE,
  ...Object.values(CONDITION_TAINTS).flatMap((taints) => Object.values(taints)),
]);

/** `not-ready`, `unreachable`, or nothing for a node that is ready. */
export function unhealthyKey(node: Node): string | undefined {
  const status = conditionOf(node.status?.conditions, "Ready")?.status ?? "Unknown";
  return CONDITION_TAINTS["Ready"]![status];
}

function noScheduleKeys(node: Node): Set<string> {
  const keys = new Set<string>();
  for (const [type, taints] of Object.entries(CONDITION_TAINTS)) {
    const status = conditionOf(node.status?.conditions, type)?.status;
    const key = status === undefined ? undefined : taints[status];
    if (key !== undefined) keys.add(key);
  }
  if (node.spec?.unschedulable === true) keys.add(UNSCHEDULABLE);
  return keys;
}

/**
 * The taints a node should have, or undefined where it has them. `evict` says whether pods of an unhealthy node may
 * be driven out now; a taint that is there already stays while the node is unhealthy, unless `stopEvictions`.
 */
export function plannedTaints(
  node: Node,
  now: number,
  eviction: "start" | "keep" | "stop",
): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const wanted: Taint[] = [...noScheduleKeys(node)].map((key) => ({ key, effect: "NoSchedule" }));
  const unhealthy = unhealthyKey(node);
  const evicting = current.some(isEvictionTaint);
  if (unhealthy !== undefined && (eviction === "start" || (evicting && eviction === "keep"))) {
    wanted.push({ key: unhealthy, effect: "NoExecute", timeAdded: timestamp(now) });
  }
  const next = [
    ...current.filter((taint) => !isManaged(taint) || wanted.some((one) => sameTaint(one, taint))),
    ...wanted.filter((one) => !current.some((taint) => sameTaint(one, taint))),
  ];
  const same = next.length === current.length && next.every((taint, i) => taint === current[i]);
  return same ? undefined : next;
}

export const isEvictionTaint = (taint: Taint): boolean =>
  taint.effect === "NoExecute" && (taint.key === NOT_READY || taint.key === UNREACHABLE);

const isManaged = (taint: Taint): boolean =>
  isEvictionTaint(taint) || (taint.effect === "NoSchedule" && MANAGED.has(taint.key ?? ""));

const MIRRORED_LABELS = [
  ["kubernetes.io/os", "beta.kubernetes.io/os"],
  ["kubernetes.io/arch", "beta.kubernetes.io/arch"],
] as const;

/** The labels that have to follow others; empty where they do. */
export function mirroredLabels(node: Node): Record<string, string> {
  const labels = node.metadata?.labels ?? {};
  const written: Record<string, string> = {};
  for (const [from, to] of MIRRORED_LABELS) {
    const value = labels[from];
    if (value !== undefined && labels[to] !== value) written[to] = value;
  }
  return written;
}
