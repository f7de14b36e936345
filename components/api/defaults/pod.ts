import type { JsonObject } from "../../base/mod.ts";
import { at, type Fill, fill, structAt, structsAt } from "./fill.ts";
import { POD_SPEC } from "./pod_spec.ts";
import { podLevelResources } from "./pod_resources.ts";

/** What pods get and templates do not. */
function podOnly(spec: JsonObject): void {
  spec["enableServiceLinks"] ??= true;
  const hostNetwork = spec["hostNetwork"] === true;
  for (const list of ["containers", "initContainers"]) {
    for (const container of structsAt(spec, list)) {
      requestLimits(container);
      if (hostNetwork) takeHostPorts(container);
    }
  }
  podLevelResources(spec);
}

/** A resource that is limited and not requested is requested at its limit. */
function requestLimits(container: JsonObject): void {
  const resources = structAt(container, "resources");
  const limits = structAt(resources, "limits");
  if (resources === undefined || limits === undefined) return;
  let requests = structAt(resources, "requests");
  for (const name in limits) {
    if (requests?.[name] !== undefined) continue;
    if (requests === undefined) {
      requests = {};
      resources["requests"] = requests;
    }
    requests[name] = limits[name];
  }
}

/** On the host's network a container's port is the host's. */
function takeHostPorts(container: JsonObject): void {
  for (const port of structsAt(container, "ports")) {
    if ((port["hostPort"] ?? 0) === 0) port["hostPort"] = port["containerPort"];
  }
}

export const POD: Fill = fill({ within: { spec: podOnly } });
export const POD_DEFAULTS: readonly Fill[] = [POD, at("spec", POD_SPEC)];
