import type { Service, ServiceSpec } from "../generated/types.ts";
import { dnsLabelProblems } from "../names.ts";
import {
  validateService,
  validateServiceStatus,
  validateServiceUpdate,
} from "../validation/service.ts";
import { serviceWarnings } from "../validation/warnings/addresses.ts";
import { rules } from "./rules.ts";

const hasAddress = (spec: ServiceSpec): boolean => spec.type !== "ExternalName";
const hasNodePorts = (spec: ServiceSpec): boolean =>
  spec.type === "NodePort" ||
  (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
const hasHealthPort = (spec: ServiceSpec): boolean =>
  spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";

export const SERVICE_RULES = rules<Service>({
  names: dnsLabelProblems,
  createOnUpdate: true,
  returnsDeleted: true,
  status: () => ({ loadBalancer: {} }),
  create: validateService,
  update: validateServiceUpdate,
  statusUpdate: validateServiceStatus,
  warnings: serviceWarnings,
  prepareCreate({ spec }) {
    if (spec !== undefined) alignAddresses(spec);
  },
  prepareUpdate(next, previous) {
    const [now, before] = [next.spec ?? {}, previous.spec ?? {}];
    dropWhatTypeLost(now, before);
    keepAllocated(now, before);
    alignAddresses(now);
    // Where nothing balances any more, nothing has an address outside.
    if (now.type !== "LoadBalancer" && next.status !== undefined) {
      next.status = { ...next.status, loadBalancer: {} };
    }
  },
});

/** One address may be written in either of two members. */
function alignAddresses(spec: ServiceSpec): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  else if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0];
}

/** What was given to the service before stays, where the client does not ask for anything else. */
function keepAllocated(now: ServiceSpec, before: ServiceSpec): void {
  if (hasAddress(now) && hasAddress(before)) {
    if (!now.clusterIP && !now.clusterIPs?.length) {
      if (before.clusterIP !== undefined) now.clusterIP = before.clusterIP;
      if (before.clusterIPs !== undefined) now.clusterIPs = [...before.clusterIPs];
    }
    if (now.ipFamilies === undefined && before.ipFamilies !== undefined) {
      now.ipFamilies = [...before.ipFamilies];
    }
    if (now.ipFamilyPolicy === undefined && before.ipFamilyPolicy !== undefined) {
      now.ipFamilyPolicy = before.ipFamilyPolicy;
    }
  }
  if (hasNodePorts(now) && hasNodePorts(before)) {
    const given = new Map(
      (before.ports ?? []).map(({ protocol, port, nodePort }) => [`${protocol}/${port}`, nodePort]),
    );
    const taken = new Set((now.ports ?? []).map(({ nodePort }) => nodePort));
    for (const port of now.ports ?? []) {
      const nodePort = given.get(`${port.protocol}/${port.port}`);
      if (!port.nodePort && nodePort && !taken.has(nodePort)) port.nodePort = nodePort;
    }
  }
  if (hasHealthPort(now) && hasHealthPort(before) && !now.healthCheckNodePort) {
    if (before.healthCheckNodePort) now.healthCheckNodePort = before.healthCheckNodePort;
  }
}

/** A change of type gives up what only the old type had, unless the client changed that too. */
function dropWhatTypeLost(now: ServiceSpec, before: ServiceSpec): void {
  if (hasAddress(before) && !hasAddress(now)) {
    if (now.clusterIP === before.clusterIP) {
      delete now.clusterIP;
      delete now.clusterIPs;
      delete now.ipFamilies;
      delete now.ipFamilyPolicy;
    }
  }
  if (hasNodePorts(before) && !hasNodePorts(now)) {
    const old = new Set((before.ports ?? []).map(({ nodePort }) => nodePort));
    for (const port of now.ports ?? []) if (old.has(port.nodePort)) delete port.nodePort;
  }
  if (hasHealthPort(before) && !hasHealthPort(now)) {
    if (now.healthCheckNodePort === before.healthCheckNodePort) delete now.healthCheckNodePort;
  }
  if (before.type === "LoadBalancer" && now.type !== "LoadBalancer") {
    if (now.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) {
      delete now.allocateLoadBalancerNodePorts;
    }
    if (now.loadBalancerClass === before.loadBalancerClass) delete now.loadBalancerClass;
  }
  const facing = now.type === "NodePort" || now.type === "LoadBalancer" ||
    (now.type === "ClusterIP" && (now.externalIPs?.length ?? 0) > 0);
  if (!facing && now.externalTrafficPolicy === before.externalTrafficPolicy) {
    delete now.externalTrafficPolicy;
  }
}
