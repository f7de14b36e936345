import { equalJson } from "../../base/mod.ts";
import {
  type Endpoint,
  type EndpointSlice,
  type Pod,
  type Service,
  SERVICES,
} from "../../api/mod.ts";
import { controllerReference } from "../ownership.ts";
import { isGoing, isReady, isTerminal, timeOf } from "../pod_state.ts";
import {
  familiesOf,
  type Family,
  HEADLESS_LABEL,
  hostnameOf,
  isHeadless,
  LAST_CHANGE,
  podAddress,
  type ResolvedPort,
  resolvePorts,
  targetReference,
} from "./pod_endpoint.ts";

export const SERVICE_NAME = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "endpointslice-controller.k8s.io";

/** --max-endpoints-per-slice. */
const ENDPOINTS_PER_SLICE_MAXIMUM = 100;

export interface SliceInput {
  readonly service: Service;
  readonly pods: readonly Pod[];
  /** The zone of a node, where it is known. */
  readonly zoneOf: (node: string) => string | undefined;
  /** The slices that this controller keeps for the service. */
  readonly existing: readonly EndpointSlice[];
}

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

interface Group {
  readonly family: Family;
  readonly ports: readonly ResolvedPort[];
  readonly endpoints: Map<string, Endpoint>;
}

/** What has to be written so that the slices say where the service leads. Endpoints stay in the slice they are in. */
export function planSlices(input: SliceInput): SlicePlan {
  const { service, existing } = input;
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  const families = familiesOf(service);
  for (const slice of existing) {
    if (!families.includes(slice.addressType as Family)) remove.push(slice);
  }
  const changedAt = changeTime(input);
  for (const family of families) {
    const groups = groupEndpoints(input, family);
    const slices = existing.filter((slice) => slice.addressType === family);
    const byPorts = new Map<string, EndpointSlice[]>();
    for (const slice of slices) {
      const key = portsKey(slice.ports ?? []);
      byPorts.set(key, [...byPorts.get(key) ?? [], slice]);
    }
    // A service without endpoints keeps one empty slice: it says that somebody has looked.
    if (groups.size === 0) {
      groups.set(portsKey([]), { family, ports: [], endpoints: new Map() });
    }
    for (const [key, group] of groups) {
      const packed = pack(group, byPorts.get(key) ?? []);
      byPorts.delete(key);
      remove.push(...packed.remove);
      for (const { slice, endpoints } of packed.keep) {
        const next = describe(service, group, endpoints, slice);
        if (!sameSlice(slice, next)) update.push(stamped(next, changedAt));
      }
      for (const endpoints of packed.fresh) {
        create.push(stamped(describe(service, group, endpoints), changedAt));
      }
    }
    for (const stale of byPorts.values()) remove.push(...stale);
  }
  return { create, update, remove };
}

function groupEndpoints(input: SliceInput, family: Family): Map<string, Group> {
  const { service } = input;
  const groups = new Map<string, Group>();
  for (const pod of input.pods) {
    const address = podAddress(pod, family);
    if (address === undefined || isTerminal(pod)) continue;
    const ports = resolvePorts(service, pod);
    if (ports.length === 0 && !(isHeadless(service) && !service.spec?.ports?.length)) continue;
    const key = portsKey(ports);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, group = { family, ports, endpoints: new Map() });
    group.endpoints.set(`${pod.metadata?.uid}/${address}`, endpointOf(input, pod, address));
  }
  return groups;
}

function endpointOf({ service, zoneOf }: SliceInput, pod: Pod, address: string): Endpoint {
  const serving = isReady(pod);
  const terminating = isGoing(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName === undefined ? undefined : zoneOf(nodeName);
  const hostname = hostnameOf(service, pod);
  const hints = ready ? hintsOf(service, zone, nodeName) : undefined;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(hints === undefined ? {} : { hints }),
    targetRef: targetReference(pod),
  };
}

function hintsOf(service: Service, zone: string | undefined, node: string | undefined) {
  const distribution = service.spec?.trafficDistribution ?? "";
  if (!["PreferClose", "PreferSameZone", "PreferSameNode"].includes(distribution)) return undefined;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  const forNodes = distribution === "PreferSameNode" && node !== undefined
    ? { forNodes: [{ name: node }] }
    : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length === 0 ? undefined : hints;
}

interface Packed {
  readonly keep: { slice: EndpointSlice; endpoints: Endpoint[] }[];
  readonly fresh: Endpoint[][];
  readonly remove: EndpointSlice[];
}

/** Leaves each endpoint where it is, then fills what has to be written anyway, then one slice more, then new ones. */
function pack(group: Group, slices: readonly EndpointSlice[]): Packed {
  const missing = new Map(group.endpoints);
  const keep: { slice: EndpointSlice; endpoints: Endpoint[]; changed: boolean }[] = [];
  for (const slice of slices) {
    const endpoints: Endpoint[] = [];
    let changed = false;
    for (const endpoint of slice.endpoints ?? []) {
      const key = `${endpoint.targetRef?.uid}/${endpoint.addresses?.[0]}`;
      const wanted = missing.get(key);
      if (wanted === undefined) {
        changed = true;
        continue;
      }
      missing.delete(key);
      endpoints.push(wanted);
      changed ||= !equalJson(wanted, endpoint);
    }
    keep.push({ slice, endpoints, changed });
  }
  const rest = [...missing.values()];
  const fill = (target: { endpoints: Endpoint[]; changed: boolean }) => {
    const taken = rest.splice(0, ENDPOINTS_PER_SLICE_MAXIMUM - target.endpoints.length);
    target.endpoints.push(...taken);
    target.changed ||= taken.length > 0;
  };
  for (const target of keep) if (target.changed) fill(target);
  if (rest.length > 0) {
    const roomy = keep
      .filter((one) => one.endpoints.length + rest.length <= ENDPOINTS_PER_SLICE_MAXIMUM)
      .sort((a, b) => b.endpoints.length - a.endpoints.length)[0];
    if (roomy !== undefined) fill(roomy);
  }
  const fresh: Endpoint[][] = [];
  while (rest.length > 0) fresh.push(rest.splice(0, ENDPOINTS_PER_SLICE_MAXIMUM));
  const empty = keep.filter(({ endpoints }) => endpoints.length === 0);
  if (group.endpoints.size > 0) {
    return {
      keep: keep.filter(({ endpoints }) => endpoints.length > 0),
      fresh,
      remove: empty.map(({ slice }) => slice),
    };
  }
  const [placeholder, ...surplus] = empty;
  return {
    keep: placeholder === undefined ? [] : [placeholder],
    fresh: placeholder === undefined ? [[]] : [],
    remove: surplus.map(({ slice }) => slice),
  };
}

function describe(
  service: Service,
  group: Group,
  endpoints: Endpoint[],
  slice?: EndpointSlice,
): EndpointSlice {
  const { name = "", namespace = "", labels: own = {} } = service.metadata ?? {};
  const labels: Record<string, string> = { ...own };
  for (const reserved of [SERVICE_NAME, MANAGED_BY, HEADLESS_LABEL]) delete labels[reserved];
  if (isHeadless(service)) labels[HEADLESS_LABEL] = "";
  labels[SERVICE_NAME] = name;
  labels[MANAGED_BY] = MANAGER;
  const metadata = slice?.metadata ?? { generateName: `${name}-`, namespace };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      ...metadata,
      labels,
      ownerReferences: [controllerReference(service, SERVICES)],
    },
    addressType: group.family,
    endpoints,
    ports: [...group.ports],
  };
}

function sameSlice(a: EndpointSlice, b: EndpointSlice): boolean {
  return equalJson(a.endpoints ?? [], b.endpoints ?? []) &&
    equalJson(a.metadata?.labels, b.metadata?.labels) &&
    equalJson(a.metadata?.ownerReferences, b.metadata?.ownerReferences);
}

function stamped(slice: EndpointSlice, changedAt: number): EndpointSlice {
  if (changedAt === 0) return slice;
  const annotations = {
    ...slice.metadata?.annotations,
    [LAST_CHANGE]: new Date(changedAt).toISOString().replace(".000Z", "Z"),
  };
  return { ...slice, metadata: { ...slice.metadata, annotations } };
}

/** The last thing that happened to what the slices are made of. */
function changeTime({ service, pods }: SliceInput): number {
  let latest = timeOf(service.metadata?.creationTimestamp);
  for (const pod of pods) {
    const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
    latest = Math.max(latest, timeOf(ready?.lastTransitionTime));
  }
  return latest;
}

/** The same text for the same ports in any order. */
export function portsKey(
  ports: readonly { name?: string; port?: number; protocol?: string; appProtocol?: string }[],
): string {
  return ports.map(({ name = "", port, protocol, appProtocol = "" }) =>
    `${name}/${protocol}/${port}/${appProtocol}`
  ).sort().join(",");
}
