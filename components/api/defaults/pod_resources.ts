import type { JsonObject } from "../../base/mod.ts";
import { structAt } from "./fill.ts";

/** Requests of a whole pod that gives limits of a whole pod. */
export function podLevelRequests(spec: JsonObject): void {
  const resources = structAt(spec, "resources");
  const limits = structAt(resources, "limits");
  if (resources === undefined || limits === undefined) return;
  const requests = structAt(resources, "requests") ?? {};
  for (const name in limits) requests[name] ??= limits[name];
  resources["requests"] = requests;
}
