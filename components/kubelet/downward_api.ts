import type { Container, Pod, ResourceFieldSelector } from "../api/mod.ts";
import { initContainers, mainContainers } from "./pod_containers.ts";
import { quantityValue } from "./quantity.ts";

/** What of a pod only the node knows. */
export interface DownwardFacts {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  readonly allocatable: Readonly<Record<string, string>>;
}

/** The value of a field of the pod; undefined for a path that the downward API does not have. Pure. */
export function fieldValue(pod: Pod, path: string, facts: DownwardFacts): string | undefined {
  const metadata = pod.metadata ?? {};
  const subscript = subscriptOf(path);
  if (subscript !== undefined) {
    const map = subscript.map === "metadata.labels" ? metadata.labels : metadata.annotations;
    return map?.[subscript.key] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return metadata.name ?? "";
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "metadata.labels":
      return mapText(metadata.labels ?? {});
    case "metadata.annotations":
      return mapText(metadata.annotations ?? {});
    case "spec.nodeName":
      return pod.spec?.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "";
    case "status.hostIP":
      return facts.hostIPs[0] ?? "";
    case "status.hostIPs":
      return facts.hostIPs.join(",");
    case "status.podIP":
      return facts.podIPs[0] ?? "";
    case "status.podIPs":
      return facts.podIPs.join(",");
    default:
      return undefined;
  }
}

/** A container's request or limit in whole divisors, rounded up; a limit that is not set is the node's. Pure. */
export function resourceValue(
  pod: Pod,
  container: Container,
  selector: ResourceFieldSelector,
  facts: DownwardFacts,
): string {
  const target = selector.containerName === undefined || selector.containerName === ""
    ? container
    : [...mainContainers(pod), ...initContainers(pod)]
      .find(({ name }) => name === selector.containerName)?.spec;
  if (target === undefined) throw new Error(`container ${selector.containerName} not found`);
  const [kind = "", ...rest] = (selector.resource ?? "").split(".");
  const name = rest.join(".");
  const limit = target.resources?.limits?.[name] ?? facts.allocatable[name];
  const request = target.resources?.requests?.[name];
  if (kind !== "limits" && kind !== "requests") {
    throw new Error(`unsupported container resource : ${selector.resource}`);
  }
  const value = quantityValue(kind === "limits" ? limit : request);
  const divisor = quantityValue(selector.divisor) || 1;
  return String(Math.ceil(value / divisor - 1e-9));
}

/** `metadata.labels['key']` in its parts. */
function subscriptOf(path: string): { map: string; key: string } | undefined {
  for (const map of ["metadata.labels", "metadata.annotations"]) {
    const open = `${map}['`;
    if (path.startsWith(open) && path.endsWith("']")) {
      return { map, key: path.slice(open.length, -2) };
    }
  }
  return undefined;
}

/** One `key="value"` a line, by key, with Go's escapes. */
function mapText(map: Readonly<Record<string, string>>): string {
  return Object.keys(map).sort().map((key) => `${key}=${goQuote(map[key] ?? "")}`).join("\n");
}

function goQuote(text: string): string {
  // JSON's quoting differs from Go's only in characters that these values hold rarely.
  return JSON.stringify(text);
}
