import { equalJson } from "../../base/mod.ts";
import {
  type Endpoint,
  type EndpointAddress,
  ENDPOINTS,
  type Endpoints,
  type EndpointSlice,
} from "../../api/mod.ts";
import { controllerReference } from "../ownership.ts";
import { MANAGED_BY, portsKey, SERVICE_NAME, type SlicePlan } from "./slice_plan.ts";

export const MIRROR_MANAGER = "endpointslicemirroring-controller.k8s.io";

/** --mirroring-max-endpoints-per-subset. */
const ENDPOINTS_PER_SUBSET_MAXIMUM = 1000;
const SKIP_LABEL = "endpointslice.kubernetes.io/skip-mirror";
const LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** True for Endpoints that somebody wrote by hand and nobody wants left alone. */
export function isMirrored(endpoints: Endpoints): boolean {
  const { labels, annotations } = endpoints.metadata ?? {};
  return labels?.[SKIP_LABEL] !== "true" && annotations?.[LEADER_ANNOTATION] === undefined;
}

/** The slices that say what Endpoints say, over those there are: one for each set of ports and address family. */
export function planMirror(
  endpoints: Endpoints,
  existing: readonly EndpointSlice[],
): SlicePlan {
  const wanted = new Map<string, EndpointSlice>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    let room = ENDPOINTS_PER_SUBSET_MAXIMUM;
    const add = (address: EndpointAddress, ready: boolean) => {
      if (room-- <= 0) return;
      const family = address.ip?.includes(":") ? "IPv6" : "IPv4";
      const described = ports.map((port) => ({ ...port, name: port.name ?? "" }));
      const key = `${family}|${portsKey(described)}`;
      let slice = wanted.get(key);
      if (slice === undefined) wanted.set(key, slice = newSlice(endpoints, family, described));
      slice.endpoints!.push(endpointOf(address, ready));
    };
    for (const address of addresses) add(address, true);
    for (const address of notReadyAddresses) add(address, false);
  }
  const update: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  for (const slice of existing) {
    const key = `${slice.addressType}|${portsKey(slice.ports ?? [])}`;
    const next = wanted.get(key);
    if (next === undefined) {
      remove.push(slice);
      continue;
    }
    wanted.delete(key);
    const same = equalJson(slice.endpoints ?? [], next.endpoints) &&
      equalJson(slice.metadata?.labels, next.metadata?.labels) &&
      equalJson(slice.metadata?.annotations ?? {}, next.metadata?.annotations ?? {});
    if (same) continue;
    const { labels, annotations } = next.metadata ?? {};
    update.push({
      ...next,
      metadata: {
        ...slice.metadata,
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
    });
  }
  return { create: [...wanted.values()], update, remove };
}

function newSlice(
  endpoints: Endpoints,
  addressType: "IPv4" | "IPv6",
  ports: NonNullable<EndpointSlice["ports"]>,
): EndpointSlice {
  const { name = "", namespace = "", labels, annotations } = endpoints.metadata ?? {};
  const { [LAST_APPLIED]: _, ...kept } = annotations ?? {};
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR_MANAGER },
      annotations: kept,
      ownerReferences: [controllerReference(endpoints, ENDPOINTS)],
    },
    addressType,
    endpoints: [],
    ports,
  };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean) {
  const endpoint: Endpoint = {
    addresses: [ip ?? ""],
    conditions: { ready },
    ...(hostname === undefined || hostname === "" ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
  return endpoint;
}
