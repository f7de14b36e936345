import { equalJson } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import { podRequest } from "../pod_request.ts";

/** Whether a pod asks for less of anything than before. Pure. */
export function requestsShrank(before: Pod, after: Pod): boolean {
  if (
    equalJson(before.spec?.containers, after.spec?.containers) &&
    equalJson(before.spec?.initContainers, after.spec?.initContainers) &&
    equalJson(before.spec?.resources, after.spec?.resources)
  ) return false;
  return anyLess(podRequest(before).requests, podRequest(after).requests);
}

/** Whether any amount is lower than it was. Pure. */
export function anyLess(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): boolean {
  for (const [name, amount] of before) if ((after.get(name) ?? 0) < amount) return true;
  return false;
}
