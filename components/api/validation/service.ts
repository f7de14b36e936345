import { equalJson } from "../../base/mod.ts";
import type { Service, ServiceSpec } from "../generated/types.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  portNumberProblems,
  qualifiedNameProblems,
} from "../names.ts";
import { cidrProblems } from "./addresses.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE, validateLabels } from "./metadata.ts";
import { Path } from "./path.ts";
import { validatePort } from "./pod/probes.ts";
import { isIpAddress, isIpv6 } from "./pod/spec.ts";
import { validateNonSpecialAddress } from "./special_address.ts";

const SPEC = Path.of("spec");
const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const POLICIES = ["Cluster", "Local"];
const MODES = ["Proxy", "VIP"];
const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

export function validateService(service: Service, errors: Errors): void {
  const spec = service.spec ?? {};
  const { type = "", clusterIP = "", ports = [] } = spec;
  const headless = clusterIP === "None";
  if (ports.length === 0 && !headless && type !== "ExternalName") {
    errors.required(SPEC.child("ports"));
  }
  if (type === "LoadBalancer" && headless) {
    errors.invalid(
      SPEC.child("clusterIPs").at(0),
      clusterIP,
      "may not be set to 'None' for LoadBalancer services",
    );
  }
  if (type === "NodePort" && headless) {
    errors.invalid(
      SPEC.child("clusterIPs").at(0),
      clusterIP,
      "may not be set to 'None' for NodePort services",
    );
  }
  if (type === "ExternalName") validateExternalName(spec, errors);
  validatePorts(spec, errors);
  validateLabels(spec.selector, SPEC.child("selector"), errors);
  const { sessionAffinity = "", sessionAffinityConfig } = spec;
  if (sessionAffinity === "") errors.required(SPEC.child("sessionAffinity"));
  else if (sessionAffinity !== "None" && sessionAffinity !== "ClientIP") {
    errors.notSupported(SPEC.child("sessionAffinity"), sessionAffinity, ["ClientIP", "None"]);
  }
  const timeout = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (timeout !== undefined && (timeout <= 0 || timeout > 86400)) {
    errors.invalid(
      SPEC.child("sessionAffinityConfig").child("clientIP").child("timeoutSeconds"),
      timeout,
      "must be greater than 0 and less than 86400",
    );
  }
  validateAddresses(spec, errors);
  if (type === "") errors.required(SPEC.child("type"));
  else if (!TYPES.includes(type)) errors.notSupported(SPEC.child("type"), type, TYPES);
  validateTraffic(spec, errors);
}

function validateExternalName(spec: ServiceSpec, errors: Errors): void {
  const { clusterIP, externalName = "" } = spec;
  if (clusterIP) {
    errors.forbidden(SPEC.child("clusterIPs"), "may not be set for ExternalName services");
  }
  for (const member of ["ipFamilies", "ipFamilyPolicy"] as const) {
    if (spec[member] !== undefined) {
      errors.forbidden(SPEC.child(member), "may not be set for ExternalName services");
    }
  }
  const at = SPEC.child("externalName");
  // A dot at the end only says that the name is complete.
  const name = externalName.endsWith(".") ? externalName.slice(0, -1) : externalName;
  if (name === "") errors.required(at);
  else errors.invalidAll(at, externalName, dnsSubdomainProblems(name));
}

function validatePorts({ ports = [], type, clusterIP }: ServiceSpec, errors: Errors): void {
  const names = new Set<string>();
  const pairs = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = SPEC.child("ports").at(i);
    const { name = "", port: number = 0, protocol = "", targetPort, nodePort = 0 } = port;
    if (port.appProtocol !== undefined) {
      const problems = qualifiedNameProblems(port.appProtocol);
      errors.invalidAll(at.child("appProtocol"), port.appProtocol, problems);
    }
    if (ports.length > 1 && name === "") errors.required(at.child("name"));
    else if (name !== "") {
      errors.invalidAll(at.child("name"), name, dnsLabelProblems(name));
      if (names.has(name)) errors.duplicate(at.child("name"), name);
      names.add(name);
    }
    errors.invalidAll(at.child("port"), number, portNumberProblems(number));
    if (protocol === "") errors.required(at.child("protocol"));
    else if (!PROTOCOLS.includes(protocol)) {
      errors.notSupported(at.child("protocol"), protocol, PROTOCOLS);
    }
    if (targetPort !== undefined || type !== "ExternalName") {
      validatePort(targetPort, at.child("targetPort"), errors);
    }
    if (nodePort !== 0) {
      if (type === "ClusterIP") {
        errors.forbidden(at.child("nodePort"), "may not be used when `type` is 'ClusterIP'");
      } else if (clusterIP === "None" || type === "ExternalName") {
        errors.forbidden(at.child("nodePort"), "may not be used when `type` is 'ExternalName'");
      }
      const place = `${protocol}/${nodePort}`;
      if (nodePorts.has(place)) errors.duplicate(at.child("nodePort"), nodePort);
      nodePorts.add(place);
    }
    const pair = `${protocol}/${number}`;
    if (pairs.has(pair)) errors.duplicate(at, { port: number, protocol });
    pairs.add(pair);
  }
}

function validateAddresses(spec: ServiceSpec, errors: Errors): void {
  const { clusterIPs = [], clusterIP = "", externalIPs = [], ipFamilies = [] } = spec;
  if (clusterIPs.length > 0 && clusterIP !== "" && clusterIPs[0] !== clusterIP) {
    errors.invalid(SPEC.child("clusterIPs"), clusterIPs, "first value must match `clusterIP`");
  }
  if (clusterIPs.length > 2) {
    errors.invalid(SPEC.child("clusterIPs"), clusterIPs, "may only hold up to 2 values");
  }
  const families = new Set(clusterIPs.map((address) => address.includes(":")));
  if (clusterIPs.length === 2 && !clusterIPs.includes("None") && families.size === 1) {
    errors.invalid(
      SPEC.child("clusterIPs"),
      clusterIPs,
      "may specify no more than one IP for each IP family",
    );
  }
  for (const [i, address] of clusterIPs.entries()) {
    if (address === "None") {
      if (clusterIPs.length > 1) {
        errors.invalid(
          SPEC.child("clusterIPs"),
          clusterIPs,
          "'None' must be the first and only value",
        );
      }
    } else if (!isIpAddress(address)) {
      errors.invalid(SPEC.child("clusterIPs").at(i), address, NOT_AN_ADDRESS);
    } else {
      const family = isIpv6(address) ? "IPv6" : "IPv4";
      const wanted = ipFamilies[i];
      if (wanted !== undefined && wanted !== family) {
        errors.invalid(
          SPEC.child("clusterIPs").at(i),
          address,
          `expected an ${wanted} value as indicated by \`ipFamilies[${i}]\``,
        );
      }
    }
  }
  for (const [i, address] of externalIPs.entries()) {
    const at = SPEC.child("externalIPs").at(i);
    if (!isIpAddress(address)) errors.invalid(at, address, NOT_AN_ADDRESS);
    else validateNonSpecialAddress(address, at, errors);
  }
  for (const [i, family] of ipFamilies.entries()) {
    if (family !== "IPv4" && family !== "IPv6") {
      errors.notSupported(SPEC.child("ipFamilies").at(i), family, ["IPv4", "IPv6"]);
    } else if (ipFamilies.indexOf(family) !== i) {
      errors.duplicate(SPEC.child("ipFamilies").at(i), family);
    }
  }
}

function validateTraffic(spec: ServiceSpec, errors: Errors): void {
  const { type, externalTrafficPolicy, internalTrafficPolicy, trafficDistribution } = spec;
  const external = SPEC.child("externalTrafficPolicy");
  if (externalTrafficPolicy) {
    const facing = type === "NodePort" || type === "LoadBalancer" ||
      (type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0);
    if (!facing) {
      errors.invalid(
        external,
        externalTrafficPolicy,
        "may only be set for externally-accessible services",
      );
    } else if (!POLICIES.includes(externalTrafficPolicy)) {
      errors.notSupported(external, externalTrafficPolicy, POLICIES);
    }
  }
  if (internalTrafficPolicy !== undefined && !POLICIES.includes(internalTrafficPolicy)) {
    errors.notSupported(SPEC.child("internalTrafficPolicy"), internalTrafficPolicy, POLICIES);
  }
  const { loadBalancerClass, loadBalancerSourceRanges = [], healthCheckNodePort = 0 } = spec;
  if (loadBalancerClass !== undefined && type !== "LoadBalancer") {
    errors.forbidden(
      SPEC.child("loadBalancerClass"),
      "may only be used when `type` is 'LoadBalancer'",
    );
  }
  if (loadBalancerClass !== undefined) {
    const problems = qualifiedNameProblems(loadBalancerClass);
    errors.invalidAll(SPEC.child("loadBalancerClass"), loadBalancerClass, problems);
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && type !== "LoadBalancer") {
    errors.forbidden(
      SPEC.child("allocateLoadBalancerNodePorts"),
      "may only be used when `type` is 'LoadBalancer'",
    );
  }
  for (const [i, range] of loadBalancerSourceRanges.entries()) {
    // Blanks around them are as old as the annotation that they come from.
    const at = SPEC.child("loadBalancerSourceRanges").at(i);
    errors.invalidAll(at, range, cidrProblems(range.trim(), false));
  }
  if (loadBalancerSourceRanges.length > 0 && type !== "LoadBalancer") {
    errors.forbidden(
      SPEC.child("loadBalancerSourceRanges"),
      "may only be used when `type` is 'LoadBalancer'",
    );
  }
  if (
    healthCheckNodePort !== 0 && !(type === "LoadBalancer" && externalTrafficPolicy === "Local")
  ) {
    errors.invalid(
      SPEC.child("healthCheckNodePort"),
      healthCheckNodePort,
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    );
  }
  const zones = ["PreferClose", "PreferSameZone", "PreferSameNode"];
  if (trafficDistribution !== undefined && !zones.includes(trafficDistribution)) {
    errors.notSupported(SPEC.child("trafficDistribution"), trafficDistribution, zones);
  }
}

export function validateServiceUpdate(next: Service, old: Service, errors: Errors): void {
  const [now, before] = [next.spec ?? {}, old.spec ?? {}];
  // An address belongs to the service as long as it has one; what changes its type may give it up.
  const fixed = before.type !== "ExternalName" && now.type !== "ExternalName" &&
    (before.clusterIP ?? "") !== "";
  if (fixed && now.clusterIP !== before.clusterIP) {
    errors.invalid(SPEC.child("clusterIPs").at(0), now.clusterIP ?? "", IMMUTABLE);
  }
  if (before.type === "LoadBalancer" && now.type === "LoadBalancer") {
    if (!equalJson(now.loadBalancerClass, before.loadBalancerClass)) {
      errors.invalid(
        SPEC.child("loadBalancerClass"),
        now.loadBalancerClass ?? null,
        "may not change once set",
      );
    }
  }
  validateService(next, errors);
}

/** What balancers say: addresses and names. */
export function validateServiceStatus({ spec, status }: Service, _old: Service, errors: Errors) {
  const given = status?.loadBalancer?.ingress ?? [];
  const path = Path.of("status", "loadBalancer", "ingress");
  if (given.length > 0 && spec?.type !== "LoadBalancer") {
    return errors.forbidden(path, "may only be used when `spec.type` is LoadBalancer");
  }
  for (const [i, { ip = "", ipMode, hostname = "" }] of given.entries()) {
    const at = path.at(i);
    if (ip !== "" && !isIpAddress(ip)) errors.invalid(at.child("ip"), ip, NOT_AN_ADDRESS);
    if (ipMode !== undefined && ip === "") {
      errors.forbidden(at.child("ipMode"), "may not be specified when `ip` is not set");
    } else if (ip !== "" && ipMode === undefined) {
      errors.required(at.child("ipMode"), "must be specified when `ip` is set");
    } else if (ipMode !== undefined && !MODES.includes(ipMode)) {
      errors.notSupported(at.child("ipMode"), ipMode, MODES);
    }
    if (hostname === "") continue;
    errors.invalidAll(at.child("hostname"), hostname, dnsSubdomainProblems(hostname));
    if (isIpAddress(hostname)) {
      errors.invalid(at.child("hostname"), hostname, "must be a DNS name, not an IP address");
    }
  }
}
