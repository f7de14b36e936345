import type { EndpointSlice, Service } from "../api/mod.ts";

/** One port of a Service with everything that rules need; addresses of one family. */
export interface ServicePort {
  /** `namespace/name/protocol/portName`: names chains. */
  readonly id: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly port: number;
  readonly clusterIP: string;
  readonly nodePort?: number;
  /** External addresses: spec.externalIPs and load balancer addresses of mode VIP. */
  readonly externalIPs: readonly string[];
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  /** Seconds that a client keeps its endpoint; undefined without session affinity. */
  readonly affinitySeconds?: number;
  /** Endpoints for policy Cluster, and for policy Local. */
  readonly clusterEndpoints: readonly Endpoint[];
  readonly localEndpoints: readonly Endpoint[];
  /** Whether there is a usable endpoint anywhere: decides between reject and drop. */
  readonly anyEndpoint: boolean;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface Candidate extends Endpoint {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly local: boolean;
  readonly zones: readonly string[] | undefined;
  readonly nodes: readonly string[] | undefined;
}

/** Where the rules will stand. */
export interface ProxyNode {
  readonly name: string;
  readonly zone?: string;
}

/** A label that hands a Service to another proxy. */
const PROXY_NAME_LABEL = "service.kubernetes.io/service-proxy-name";

/** The ports of a Service that get rules; none for headless and ExternalName Services. */
export function servicePorts(
  service: Service,
  slices: readonly EndpointSlice[],
  node: ProxyNode,
): ServicePort[] {
  const spec = service.spec ?? {};
  const clusterIP = spec.clusterIP ?? "";
  if (clusterIP === "" || clusterIP === "None" || spec.type === "ExternalName") return [];
  if (service.metadata?.labels?.[PROXY_NAME_LABEL] !== undefined || clusterIP.includes(":")) {
    return [];
  }
  const external = externalAddresses(service);
  return (spec.ports ?? []).map((port) => {
    const protocol = (port.protocol ?? "TCP").toLowerCase() as ServicePort["protocol"];
    const candidates = endpointsOf(slices, port.name ?? "", port.protocol ?? "TCP", node);
    const externally = external.length > 0 || (port.nodePort ?? 0) > 0;
    const { namespace = "", name = "" } = service.metadata ?? {};
    const affinity = spec.sessionAffinity === "ClientIP"
      ? spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800
      : undefined;
    const internalLocal = spec.internalTrafficPolicy === "Local";
    const externalLocal = spec.externalTrafficPolicy === "Local" && externally;
    return {
      id: `${namespace}/${name}/${protocol}/${port.name ?? ""}`,
      protocol,
      port: port.port ?? 0,
      clusterIP,
      ...(port.nodePort === undefined || port.nodePort === 0 ? {} : { nodePort: port.nodePort }),
      externalIPs: external,
      internalLocal,
      externalLocal,
      ...(affinity === undefined ? {} : { affinitySeconds: affinity }),
      clusterEndpoints: usable(byTopology(candidates, node)),
      localEndpoints: usable(candidates.filter((candidate) => candidate.local)),
      anyEndpoint: usable(candidates).length > 0,
    };
  });
}

function externalAddresses(service: Service): string[] {
  const ingress = service.spec?.type === "LoadBalancer"
    ? service.status?.loadBalancer?.ingress ?? []
    : [];
  const addresses = [
    ...service.spec?.externalIPs ?? [],
    ...ingress.filter((entry) => entry.ip !== undefined && entry.ipMode !== "Proxy").map((entry) =>
      entry.ip!
    ),
  ];
  return [...new Set(addresses.filter((address) => !address.includes(":")))];
}

/** What the slices say of one port, one candidate an address and port; one that does not terminate wins. */
function endpointsOf(
  slices: readonly EndpointSlice[],
  portName: string,
  protocol: string,
  node: ProxyNode,
): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slice of slices) {
    if (slice.addressType !== "IPv4") continue;
    for (const port of slice.ports ?? []) {
      if ((port.name ?? "") !== portName || (port.protocol ?? "TCP") !== protocol) continue;
      if (port.port === undefined || port.port === 0) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const address = endpoint.addresses?.[0];
        if (address === undefined) continue;
        const candidate: Candidate = {
          address,
          port: port.port,
          ready: endpoint.conditions?.ready ?? true,
          serving: endpoint.conditions?.serving ?? true,
          terminating: endpoint.conditions?.terminating ?? false,
          local: endpoint.nodeName === node.name,
          zones: endpoint.hints?.forZones?.map((hint) => hint.name ?? ""),
          nodes: endpoint.hints?.forNodes?.map((hint) => hint.name ?? ""),
        };
        const key = `${address}:${port.port}`;
        const other = found.get(key);
        if (other === undefined || (other.terminating && !candidate.terminating)) {
          found.set(key, candidate);
        }
      }
    }
  }
  return [...found.values()].sort((a, b) =>
    a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port
  );
}

/** Hints narrow the ready endpoints only when every one of them carries a hint. */
function byTopology(candidates: readonly Candidate[], node: ProxyNode): readonly Candidate[] {
  const ready = candidates.filter((candidate) => candidate.ready);
  if (ready.length === 0) return candidates;
  const forNode = ready.filter((candidate) => candidate.nodes?.includes(node.name));
  if (forNode.length > 0 && ready.every((candidate) => candidate.nodes !== undefined)) {
    return forNode;
  }
  const zone = node.zone;
  if (zone === undefined) return candidates;
  const forZone = ready.filter((candidate) => candidate.zones?.includes(zone));
  if (forZone.length > 0 && ready.every((candidate) => candidate.zones !== undefined)) {
    return forZone;
  }
  return candidates;
}

/** Ready ones; with none, those that still serve while they terminate. */
function usable(candidates: readonly Candidate[]): Endpoint[] {
  const ready = candidates.filter((candidate) => candidate.ready);
  const chosen = ready.length > 0
    ? ready
    : candidates.filter((candidate) => candidate.serving && candidate.terminating);
  return chosen.map(({ address, port }) => ({ address, port }));
}
