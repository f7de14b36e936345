import type { Taint } from "../api/mod.ts";

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";
export const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";
export const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

/** Two taints are the same when key and effect are. */
export const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
