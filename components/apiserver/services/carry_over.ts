import { equalJson } from "../../base/mod.ts";
import type { ServicePort, ServiceSpec } from "../../api/served.ts";
import {
  hasExternalTraffic,
  isHeadless,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
} from "./service_needs.ts";

/**
 * Makes an update mean what its author meant, in place: allocated values that were left out stay, and values that
 * the new type does not have and the author did not touch go. Pure but for `next`.
 */
export function carryOver(next: ServiceSpec, previous: ServiceSpec): void {
  keepAllocated(next, previous);
  matchClusterIps(next, previous);
  dropForType(next, previous);
  keepFamilies(next, previous);
}

function keepAllocated(next: ServiceSpec, previous: ServiceSpec): void {
  if (needsClusterIp(previous) && needsClusterIp(next)) {
    if (!next.clusterIP && previous.clusterIP) next.clusterIP = previous.clusterIP;
    if (!next.clusterIPs?.length && next.clusterIP === previous.clusterIP && previous.clusterIPs) {
      next.clusterIPs = [...previous.clusterIPs];
    }
  }
  if (needsNodePort(previous) && needsNodePort(next)) keepNodePorts(next, previous);
  if (
    needsHealthCheckPort(previous) && needsHealthCheckPort(next) && !next.healthCheckNodePort &&
    previous.healthCheckNodePort !== undefined
  ) next.healthCheckNodePort = previous.healthCheckNodePort;
}

function keepNodePorts(next: ServiceSpec, previous: ServiceSpec): void {
  const ports = next.ports ?? [];
  const used = new Set(
    ports.flatMap(({ nodePort, protocol }) => nodePort ? [`${protocol} ${nodePort}`] : []),
  );
  for (const port of ports) {
    if (port.nodePort) continue;
    const before = previous.ports?.find((old) => samePort(old, port))?.nodePort;
    if (!before || used.has(`${port.protocol} ${before}`)) continue;
    port.nodePort = before;
    used.add(`${port.protocol} ${before}`);
  }
}

const samePort = (a: ServicePort, b: ServicePort): boolean =>
  (a.protocol ?? "TCP") === (b.protocol ?? "TCP") && a.port === b.port;

/** `clusterIP` and `clusterIPs[0]` are one thing: who changes only one of them means both. */
function matchClusterIps(next: ServiceSpec, previous: ServiceSpec): void {
  const sameList = equalJson(next.clusterIPs ?? [], previous.clusterIPs ?? []);
  if (next.clusterIP !== previous.clusterIP && sameList) {
    if (next.clusterIP) next.clusterIPs = [next.clusterIP];
    else delete next.clusterIPs;
  } else if (next.clusterIP === previous.clusterIP && !sameList && !next.clusterIPs?.length) {
    delete next.clusterIP;
    delete next.clusterIPs;
  }
}

function dropForType(next: ServiceSpec, previous: ServiceSpec): void {
  if (needsClusterIp(previous) && !needsClusterIp(next)) {
    if (next.clusterIP === previous.clusterIP) delete next.clusterIP;
    if (equalJson(next.clusterIPs ?? [], previous.clusterIPs ?? [])) delete next.clusterIPs;
    if (equalJson(next.ipFamilies ?? [], previous.ipFamilies ?? [])) delete next.ipFamilies;
    if (next.ipFamilyPolicy === previous.ipFamilyPolicy) delete next.ipFamilyPolicy;
    if (next.internalTrafficPolicy === previous.internalTrafficPolicy) {
      delete next.internalTrafficPolicy;
    }
  }
  if (needsNodePort(previous) && !needsNodePort(next)) {
    const before = new Set([0, ...(previous.ports ?? []).map(({ nodePort }) => nodePort ?? 0)]);
    const untouched = (next.ports ?? []).every(({ nodePort }) => before.has(nodePort ?? 0));
    if (untouched) { for (const port of next.ports ?? []) delete port.nodePort; }
  }
  if (
    needsHealthCheckPort(previous) && !needsHealthCheckPort(next) &&
    next.healthCheckNodePort === previous.healthCheckNodePort
  ) delete next.healthCheckNodePort;
  if (previous.type === "LoadBalancer" && next.type !== "LoadBalancer") {
    if (next.allocateLoadBalancerNodePorts === previous.allocateLoadBalancerNodePorts) {
      delete next.allocateLoadBalancerNodePorts;
    }
    if (next.loadBalancerClass === previous.loadBalancerClass) delete next.loadBalancerClass;
  }
  if (
    hasExternalTraffic(previous) && !hasExternalTraffic(next) &&
    next.externalTrafficPolicy === previous.externalTrafficPolicy
  ) delete next.externalTrafficPolicy;
}

function keepFamilies(next: ServiceSpec, previous: ServiceSpec): void {
  if (!needsClusterIp(next) || !needsClusterIp(previous)) return;
  next.ipFamilyPolicy ??= previous.ipFamilyPolicy ?? "SingleStack";
  if (!next.ipFamilies?.length && previous.ipFamilies) next.ipFamilies = [...previous.ipFamilies];
  const shrinks = next.ipFamilyPolicy === "SingleStack" &&
    previous.ipFamilyPolicy !== "SingleStack" &&
    equalJson(next.ipFamilies, previous.ipFamilies) &&
    equalJson(next.clusterIPs ?? [], previous.clusterIPs ?? []);
  if (!shrinks) return;
  next.ipFamilies = next.ipFamilies?.slice(0, 1) ?? [];
  if (!isHeadless(next) && next.clusterIPs) next.clusterIPs = next.clusterIPs.slice(0, 1);
}

/** Node ports of a service: what it holds, and what an update gives back. */
export function nodePortsOf(spec: ServiceSpec | undefined): Set<number> {
  const ports = new Set<number>();
  for (const { nodePort } of spec?.ports ?? []) if (nodePort) ports.add(nodePort);
  if (spec?.healthCheckNodePort) ports.add(spec.healthCheckNodePort);
  return ports;
}

/** Addresses of a service that come from a range. */
export function clusterIpsOf(spec: ServiceSpec | undefined): string[] {
  if (spec === undefined || !needsClusterIp(spec) || isHeadless(spec)) return [];
  const list = spec.clusterIPs?.length ? spec.clusterIPs : spec.clusterIP ? [spec.clusterIP] : [];
  return [...list];
}
