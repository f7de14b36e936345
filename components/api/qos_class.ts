import { equalJson } from "../base/mod.ts";
import type { Pod } from "./generated/types.ts";

/** The quality of service a pod's requests and limits give it. */
export function qosClassOf({ spec }: Pod): "Guaranteed" | "Burstable" | "BestEffort" {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const whole = spec?.resources;
  const parts = whole?.requests !== undefined || whole?.limits !== undefined
    ? [whole]
    : all.map(({ resources }) => resources);
  let asks = false;
  let guaranteed = true;
  for (const part of parts) {
    const [requests, limits] = [counted(part?.requests), counted(part?.limits)];
    if (Object.keys(requests).length > 0 || Object.keys(limits).length > 0) asks = true;
    const both = limits["cpu"] !== undefined && limits["memory"] !== undefined;
    if (!both || !equalJson({ ...limits, ...requests }, limits)) guaranteed = false;
  }
  if (!asks) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

function counted(list: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ["cpu", "memory"]) {
    const amount = list?.[name];
    if (amount !== undefined && amount !== "0") found[name] = amount;
  }
  return found;
}
