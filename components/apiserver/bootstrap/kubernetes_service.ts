import { equalJson } from "../../base/mod.ts";
import {
  ENDPOINT_SLICES,
  ENDPOINTS,
  type Endpoints,
  type EndpointSlice,
  type Service,
  SERVICES,
} from "../../api/served.ts";
import type { Ensurer } from "./ensure.ts";

/** Where pods reach the API server. */
export interface ApiServerEndpoint {
  /** Addresses that pods reach: never loopback. Empty while none is known. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** The first address of the service range. */
  readonly clusterIp: string;
}

const NAME = "kubernetes";
const NAMESPACE = "default";
const HTTPS_PORT = 443;

/** Service, Endpoints and EndpointSlice `default/kubernetes`, as they should be now. */
export async function ensureKubernetesService(
  ensurer: Ensurer,
  endpoint: ApiServerEndpoint,
): Promise<void> {
  const service = kubernetesService(endpoint);
  const slice = kubernetesSlice(endpoint);
  const endpoints = kubernetesEndpoints(endpoint);
  await Promise.all([
    ensurer.ensure(SERVICES, service, (existing) => {
      const ports = service.spec?.ports ?? [];
      const right = equalJson(existing.spec?.ports, ports);
      return right ? undefined : { ...existing, spec: { ...existing.spec, ports } };
    }),
    ensurer.ensure(ENDPOINT_SLICES, slice, (existing) => {
      const right = equalJson(existing.endpoints ?? [], slice.endpoints ?? []) &&
        equalJson(existing.ports, slice.ports);
      if (right) return undefined;
      const { endpoints = [], ports = [] } = slice;
      return { ...existing, endpoints, ports };
    }),
    ensurer.ensure(ENDPOINTS, endpoints, (existing) => {
      const right = equalJson(existing.subsets ?? [], endpoints.subsets ?? []);
      return right ? undefined : { ...existing, subsets: endpoints.subsets ?? [] };
    }),
  ]);
}

export function kubernetesService({ port, clusterIp }: ApiServerEndpoint): Service {
  return {
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: [clusterIp.includes(":") ? "IPv6" : "IPv4"],
      ipFamilyPolicy: "SingleStack",
      sessionAffinity: "None",
      ports: [{ name: "https", protocol: "TCP", port: HTTPS_PORT, targetPort: port }],
    },
  };
}

export function kubernetesSlice({ addresses, port, clusterIp }: ApiServerEndpoint): EndpointSlice {
  const six = clusterIp.includes(":");
  return {
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { "kubernetes.io/service-name": NAME },
    },
    addressType: six ? "IPv6" : "IPv4",
    endpoints: addresses.filter((address) => address.includes(":") === six)
      .map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: "https", protocol: "TCP", port }],
  };
}

export function kubernetesEndpoints({ addresses, port }: ApiServerEndpoint): Endpoints {
  return {
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      // The slice is written above: the mirroring controller must not make a second one.
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    },
    ...(addresses.length === 0 ? {} : {
      subsets: [{
        addresses: addresses.map((ip) => ({ ip })),
        ports: [{ name: "https", protocol: "TCP", port }],
      }],
    }),
  };
}
