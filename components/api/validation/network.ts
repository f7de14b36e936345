import { equalJson } from "../../base/mod.ts";
import type {
  Endpoints,
  EndpointSlice,
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "../generated/types.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  portNumberProblems,
  wildcardSubdomainProblems,
} from "../names.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { validatePort } from "./pod/probes.ts";
import { isIpAddress, isIpv4, isIpv6 } from "./pod/spec.ts";
import { validateLabelSelector } from "./selector.ts";
import { isStrictSubset, validateNonSpecialAddress } from "./special_address.ts";

const SPEC = Path.of("spec");
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/** `10.0.0.0/8` or `2001:db8::/32`. */
export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^(0|[1-9][0-9]{0,2})$/.test(bits)) return false;
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
}

export function validateIngress({ spec = {} }: Ingress, errors: Errors): void {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.invalid(SPEC, rules, "either `defaultBackend` or `rules` must be specified");
  }
  if (defaultBackend !== undefined) {
    validateBackend(defaultBackend, SPEC.child("defaultBackend"), errors);
  }
  for (const [i, { host = "", http }] of rules.entries()) {
    const at = SPEC.child("rules").at(i);
    if (host !== "") {
      if (isIpAddress(host)) {
        errors.invalid(at.child("host"), host, "must be a DNS name, not an IP address");
      } else validateHost(host, at.child("host"), errors);
    }
    if (http === undefined) continue;
    const paths = at.child("http").child("paths");
    if (!http.paths?.length) errors.required(paths);
    for (const [j, path] of (http.paths ?? []).entries()) validatePath(path, paths.at(j), errors);
  }
  for (const [i, { hosts }] of tls.entries()) {
    for (const [j, host] of (hosts ?? []).entries()) {
      validateHost(host, SPEC.child("tls").at(i).child("hosts").at(j), errors);
    }
  }
  if (ingressClassName !== undefined) {
    const problems = dnsSubdomainProblems(ingressClassName);
    errors.invalidAll(SPEC.child("ingressClassName"), ingressClassName, problems);
  }
}

function validateHost(host: string, path: Path, errors: Errors): void {
  const problems = host.includes("*")
    ? wildcardSubdomainProblems(host)
    : dnsSubdomainProblems(host);
  errors.invalidAll(path, host, problems);
}

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];

function validatePath(rule: HTTPIngressPath, path: Path, errors: Errors): void {
  const { pathType, path: text = "", backend } = rule;
  const at = path.child("path");
  if (pathType === undefined) errors.required(path.child("pathType"), "pathType must be specified");
  else if (!PATH_TYPES.includes(pathType)) {
    errors.notSupported(path.child("pathType"), pathType, PATH_TYPES);
  } else if (pathType === "ImplementationSpecific") {
    if (text !== "" && !text.startsWith("/")) errors.invalid(at, text, "must be an absolute path");
  } else {
    if (!text.startsWith("/")) errors.invalid(at, text, "must be an absolute path");
    for (const bad of ["//", "/./", "/../", "%2f", "%2F"]) {
      if (text.includes(bad)) errors.invalid(at, text, `must not contain '${bad}'`);
    }
    for (const bad of ["/..", "/."]) {
      if (text.endsWith(bad)) errors.invalid(at, text, `cannot end with '${bad}'`);
    }
  }
  validateBackend(backend ?? {}, path.child("backend"), errors);
}

function validateBackend(backend: IngressBackend, path: Path, errors: Errors): void {
  const { service, resource } = backend;
  if (service !== undefined && resource !== undefined) {
    errors.invalid(path, "", "cannot set both resource and service backends");
  } else if (resource !== undefined) {
    if (!resource.kind) errors.required(path.child("resource").child("kind"));
    if (!resource.name) errors.required(path.child("resource").child("name"));
  } else if (service !== undefined) {
    const at = path.child("service");
    const { name = "", port = {} } = service;
    if (name === "") errors.required(at.child("name"));
    else errors.invalidAll(at.child("name"), name, dnsLabelProblems(name));
    const named = port.name !== undefined && port.name !== "";
    if (named && port.number) errors.invalid(path, "", "cannot set both port name & port number");
    else if (!named && !port.number) errors.required(path, "port name or number is required");
    else if (port.number) {
      const problems = portNumberProblems(port.number);
      errors.invalidAll(at.child("port").child("number"), port.number, problems);
    }
  } else errors.required(path, "resource or service backend is required");
}

export function validateIngressClass({ spec = {} }: IngressClass, errors: Errors): void {
  const { controller = "", parameters } = spec;
  const at = SPEC.child("controller");
  if (controller.length > 250) errors.tooLong(at, 250);
  const slash = controller.indexOf("/");
  if (controller === "") errors.required(at);
  else if (slash <= 0 || slash === controller.length - 1) {
    errors.invalid(at, controller, 'must be a domain-prefixed path (such as "acme.io/foo")');
  } else {
    const host = controller.slice(0, slash);
    errors.invalidAll(at, host, dnsSubdomainProblems(host));
  }
  if (parameters === undefined) return;
  const path = SPEC.child("parameters");
  if (!parameters.kind) errors.required(path.child("kind"), "kind is required");
  if (!parameters.name) errors.required(path.child("name"), "name is required");
  if (parameters.scope === "Namespace" && !parameters.namespace) {
    errors.required(
      path.child("namespace"),
      "`parameters.scope` is set to 'Namespace'",
    );
  }
  if (parameters.scope === "Cluster" && parameters.namespace !== undefined) {
    errors.forbidden(path.child("namespace"), "`parameters.scope` is set to 'Cluster'");
  }
}

export function validateIngressClassUpdate(
  next: IngressClass,
  old: IngressClass,
  errors: Errors,
): void {
  if (next.spec?.controller !== old.spec?.controller) {
    errors.invalid(SPEC.child("controller"), next.spec?.controller ?? "", IMMUTABLE);
  }
  validateIngressClass(next, errors);
}

export function validateNetworkPolicy({ spec = {} }: NetworkPolicy, errors: Errors): void {
  validateLabelSelector(spec.podSelector, SPEC.child("podSelector"), errors);
  for (const [i, { ports, from }] of (spec.ingress ?? []).entries()) {
    validatePolicyRule(ports, from, SPEC.child("ingress").at(i), "from", errors);
  }
  for (const [i, { ports, to }] of (spec.egress ?? []).entries()) {
    validatePolicyRule(ports, to, SPEC.child("egress").at(i), "to", errors);
  }
  const types = spec.policyTypes ?? [];
  const at = SPEC.child("policyTypes");
  if (types.length > 2) {
    return errors.invalid(at, types, "may not specify more than two policyTypes");
  }
  for (const [i, type] of types.entries()) {
    if (type !== "Ingress" && type !== "Egress") {
      errors.notSupported(at.at(i), type, ["Egress", "Ingress"]);
    }
  }
}

function validatePolicyRule(
  ports: readonly NetworkPolicyPort[] | undefined,
  peers: readonly NetworkPolicyPeer[] | undefined,
  path: Path,
  direction: "from" | "to",
  errors: Errors,
): void {
  for (const [i, { protocol, port, endPort }] of (ports ?? []).entries()) {
    const at = path.child("ports").at(i);
    if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
      errors.notSupported(at.child("protocol"), protocol, PROTOCOLS);
    }
    if (port !== undefined) {
      validatePort(port, at.child("port"), errors);
      if (endPort !== undefined) {
        if (typeof port === "string") {
          errors.invalid(
            at.child("endPort"),
            endPort,
            "may not be specified when `port` is non-numeric",
          );
        } else if (endPort < port) {
          errors.invalid(at.child("endPort"), endPort, "must be greater than or equal to `port`");
        }
      }
    } else if (endPort !== undefined) {
      errors.invalid(
        at.child("endPort"),
        endPort,
        "may not be specified when `port` is not specified",
      );
    }
  }
  for (const [i, peer] of (peers ?? []).entries()) {
    validatePeer(peer, path.child(direction).at(i), errors);
  }
}

function validatePeer(peer: NetworkPolicyPeer, path: Path, errors: Errors): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  validateLabelSelector(podSelector, path.child("podSelector"), errors);
  validateLabelSelector(namespaceSelector, path.child("namespaceSelector"), errors);
  if (ipBlock !== undefined) {
    const at = path.child("ipBlock");
    const { cidr = "", except = [] } = ipBlock;
    if (cidr === "") errors.required(at.child("cidr"));
    else if (!isCidr(cidr)) {
      errors.invalid(
        at.child("cidr"),
        cidr,
        "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
      );
    }
    for (const [i, text] of except.entries()) {
      const place = at.child("except").at(i);
      if (!isCidr(text)) {
        errors.invalid(
          place,
          text,
          "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        );
      } else if (isCidr(cidr) && !isStrictSubset(text, cidr)) {
        errors.invalid(place, text, "must be a strict subset of `cidr`");
      }
    }
    if (podSelector !== undefined || namespaceSelector !== undefined) {
      errors.forbidden(path, "may not specify both ipBlock and another peer");
    }
  } else if (podSelector === undefined && namespaceSelector === undefined) {
    errors.required(path, "must specify a peer");
  }
}

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 100;

export function validateEndpointSlice(slice: EndpointSlice, errors: Errors): void {
  const { addressType = "", endpoints = [], ports = [] } = slice;
  if (addressType === "") errors.required(Path.of("addressType"));
  else if (!ADDRESS_TYPES.includes(addressType)) {
    errors.notSupported(Path.of("addressType"), addressType, ADDRESS_TYPES);
  }
  if (endpoints.length > MAX_ENDPOINTS) {
    errors.tooMany(Path.of("endpoints"), endpoints.length, MAX_ENDPOINTS);
  }
  for (const [i, { addresses = [], hostname, nodeName }] of endpoints.entries()) {
    const at = Path.of("endpoints").at(i);
    const path = at.child("addresses");
    if (addresses.length === 0) errors.required(path, "must contain at least 1 address");
    if (addresses.length > MAX_ADDRESSES) errors.tooMany(path, addresses.length, MAX_ADDRESSES);
    for (const [j, address] of addresses.entries()) {
      if (addressType === "IPv4" && !isIpv4(address)) {
        errors.invalid(path.at(j), address, "must be a valid IPv4 address");
      } else if (addressType === "IPv6" && !isIpv6(address)) {
        errors.invalid(path.at(j), address, "must be a valid IPv6 address");
      } else if (addressType === "FQDN") {
        errors.invalidAll(path.at(j), address, dnsSubdomainProblems(address));
      } else if (addressType === "IPv4" || addressType === "IPv6") {
        validateNonSpecialAddress(address, path.at(j), errors);
      }
    }
    if (hostname) errors.invalidAll(at.child("hostname"), hostname, dnsLabelProblems(hostname));
    if (nodeName) {
      errors.invalidAll(at.child("nodeName"), nodeName, dnsSubdomainProblems(nodeName));
    }
  }
  if (ports.length > MAX_PORTS) errors.tooMany(Path.of("ports"), ports.length, MAX_PORTS);
  const names = new Set<string>();
  for (const [i, { name = "", protocol }] of ports.entries()) {
    const at = Path.of("ports").at(i);
    if (name !== "") errors.invalidAll(at.child("name"), name, dnsLabelProblems(name));
    if (names.has(name)) errors.duplicate(at.child("name"), name);
    names.add(name);
    if (protocol === undefined) errors.required(at.child("protocol"));
    else if (!PROTOCOLS.includes(protocol)) {
      errors.notSupported(at.child("protocol"), protocol, PROTOCOLS);
    }
  }
}

export function validateEndpointSliceUpdate(
  next: EndpointSlice,
  old: EndpointSlice,
  errors: Errors,
): void {
  validateEndpointSlice(next, errors);
  if (!equalJson(next.addressType, old.addressType)) {
    errors.invalid(Path.of("addressType"), next.addressType ?? "", IMMUTABLE);
  }
}

export function validateEndpoints({ subsets = [] }: Endpoints, errors: Errors): void {
  for (const [i, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
    const at = Path.of("subsets").at(i);
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.required(at, "must specify `addresses` or `notReadyAddresses`");
    }
    for (
      const [member, list] of [
        ["addresses", addresses],
        ["notReadyAddresses", notReadyAddresses],
      ] as const
    ) {
      for (const [j, { ip = "" }] of list.entries()) {
        const place = at.child(member).at(j).child("ip");
        if (!isIpAddress(ip)) errors.invalid(place, ip, NOT_AN_ADDRESS);
        else validateNonSpecialAddress(ip, place, errors);
      }
    }
    for (const [j, { name = "", port = 0, protocol = "" }] of ports.entries()) {
      const path = at.child("ports").at(j);
      if (ports.length > 1 && name === "") errors.required(path.child("name"));
      else if (name !== "") errors.invalidAll(path.child("name"), name, dnsLabelProblems(name));
      errors.invalidAll(path.child("port"), port, portNumberProblems(port));
      if (protocol === "") errors.required(path.child("protocol"));
      else if (!PROTOCOLS.includes(protocol)) {
        errors.notSupported(path.child("protocol"), protocol, PROTOCOLS);
      }
    }
  }
}
