import { equalJson } from "../../base/mod.ts";
import type { EndpointAddress, Endpoints, EndpointSubset, Pod, Service } from "../../api/mod.ts";
import { isGoing, isReady, isTerminal } from "../pod_state.ts";
import {
  familiesOf,
  HEADLESS_LABEL,
  hostnameOf,
  isHeadless,
  podAddress,
  type ResolvedPort,
  resolvePorts,
  targetReference,
} from "./pod_endpoint.ts";

const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const ADDRESSES_MAXIMUM = 1000;

/** The Endpoints that a service should have, over those it has; undefined where nothing has to be written. */
export function planEndpoints(
  service: Service,
  pods: readonly Pod[],
  existing: Endpoints | undefined,
): Endpoints | undefined {
  const { name = "", namespace = "" } = service.metadata ?? {};
  const { subsets, truncated } = limited(subsetsOf(service, pods));
  const labels: Record<string, string> = {
    ...service.metadata?.labels,
    [MANAGED_BY]: "endpoint-controller",
  };
  if (isHeadless(service)) labels[HEADLESS_LABEL] = "";
  else delete labels[HEADLESS_LABEL];
  const { [OVER_CAPACITY]: _, ...others } = existing?.metadata?.annotations ?? {};
  const annotations = truncated ? { ...others, [OVER_CAPACITY]: "truncated" } : others;
  const same = existing !== undefined &&
    equalJson(existing.subsets ?? [], subsets) &&
    equalJson(existing.metadata?.labels ?? {}, labels) &&
    equalJson(existing.metadata?.annotations ?? {}, annotations);
  if (same) return undefined;
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { ...existing?.metadata ?? { name, namespace }, labels, annotations },
    subsets,
  };
}

function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const family = familiesOf(service)[0]!;
  const withoutPorts = isHeadless(service) && !service.spec?.ports?.length;
  const groups = new Map<
    string,
    { ports: ResolvedPort[]; ready: EndpointAddress[]; unready: EndpointAddress[] }
  >();
  for (const pod of pods) {
    const ip = podAddress(pod, family);
    const publishes = service.spec?.publishNotReadyAddresses === true;
    if (ip === undefined || isTerminal(pod) || (isGoing(pod) && !publishes)) continue;
    const ports = resolvePorts(service, pod);
    if (ports.length === 0 && !withoutPorts) continue;
    const key = JSON.stringify(ports);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, group = { ports, ready: [], unready: [] });
    const hostname = hostnameOf(service, pod);
    const nodeName = pod.spec?.nodeName;
    const address = {
      ip,
      ...(hostname === undefined ? {} : { hostname }),
      ...(nodeName === undefined ? {} : { nodeName }),
      targetRef: targetReference(pod),
    };
    (publishes || isReady(pod) ? group.ready : group.unready).push(address);
  }
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([, { ports, ready, unready }]) => ({
    ...(ready.length === 0 ? {} : { addresses: ready.sort(byAddress) }),
    ...(unready.length === 0 ? {} : { notReadyAddresses: unready.sort(byAddress) }),
    ...(ports.length === 0 ? {} : { ports: [...ports].sort(byName).map(named) }),
  }));
}

/** The one port without a name has none in Endpoints. */
function named({ name, ...port }: ResolvedPort) {
  return name === undefined || name === "" ? port : { name, ...port };
}

const byName = (a: { name?: string }, b: { name?: string }): number =>
  (a.name ?? "") < (b.name ?? "") ? -1 : 1;

function byAddress(a: EndpointAddress, b: EndpointAddress): number {
  const [left, right] = [`${a.ip} ${a.targetRef?.uid}`, `${b.ip} ${b.targetRef?.uid}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Ready addresses first, up to the number that the API takes. */
function limited(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const total = subsets.reduce(
    (sum, one) => sum + (one.addresses?.length ?? 0) + (one.notReadyAddresses?.length ?? 0),
    0,
  );
  if (total <= ADDRESSES_MAXIMUM) return { subsets, truncated: false };
  let left = ADDRESSES_MAXIMUM;
  const take = (addresses: EndpointAddress[] | undefined): EndpointAddress[] => {
    const taken = (addresses ?? []).slice(0, left);
    left -= taken.length;
    return taken;
  };
  const ready = subsets.map(({ addresses }) => take(addresses));
  const unready = subsets.map(({ notReadyAddresses }) => take(notReadyAddresses));
  const kept = subsets.map(({ ports }, i) => ({
    ...(ready[i]!.length === 0 ? {} : { addresses: ready[i]! }),
    ...(unready[i]!.length === 0 ? {} : { notReadyAddresses: unready[i]! }),
    ...(ports === undefined ? {} : { ports }),
  }));
  return {
    subsets: kept.filter((one) => "addresses" in one || "notReadyAddresses" in one),
    truncated: true,
  };
}
