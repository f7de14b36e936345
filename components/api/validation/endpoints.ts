import { equalJson } from "../../base/mod.ts";
import type { EndpointHints, Endpoints, EndpointSlice } from "../generated/types.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  portNumberProblems,
  qualifiedNameProblems,
} from "../names.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE, validateLabels } from "./metadata.ts";
import { Path } from "./path.ts";
import { isIpAddress, isIpv4, isIpv6 } from "./pod/spec.ts";
import { validateNonSpecialAddress } from "./special_address.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;
const MAX_TOPOLOGY = 16;
const MAX_HINTS = 8;

export function validateEndpointSlice(slice: EndpointSlice, errors: Errors): void {
  const { addressType = "", endpoints = [], ports = [] } = slice;
  if (addressType === "") errors.required(Path.of("addressType"));
  else if (!ADDRESS_TYPES.includes(addressType)) {
    errors.notSupported(Path.of("addressType"), addressType, ADDRESS_TYPES);
  }
  if (endpoints.length > MAX_ENDPOINTS) {
    errors.tooMany(Path.of("endpoints"), endpoints.length, MAX_ENDPOINTS);
  }
  for (const [i, endpoint] of endpoints.entries()) {
    const { addresses = [], hostname, nodeName, deprecatedTopology: topology } = endpoint;
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
        validateFullName(address, path.at(j), errors);
      } else if (addressType === "IPv4" || addressType === "IPv6") {
        validateNonSpecialAddress(address, path.at(j), errors);
      }
    }
    if (hostname) errors.invalidAll(at.child("hostname"), hostname, dnsLabelProblems(hostname));
    if (nodeName) {
      errors.invalidAll(at.child("nodeName"), nodeName, dnsSubdomainProblems(nodeName));
    }
    const labels = at.child("deprecatedTopology");
    const count = Object.keys(topology ?? {}).length;
    if (count > MAX_TOPOLOGY) errors.tooMany(labels, count, MAX_TOPOLOGY);
    validateLabels(topology, labels, errors);
    validateHints(endpoint.hints, at.child("hints"), errors);
  }
  if (ports.length > MAX_PORTS) errors.tooMany(Path.of("ports"), ports.length, MAX_PORTS);
  const names = new Set<string>();
  for (const [i, { name = "", protocol, appProtocol }] of ports.entries()) {
    const at = Path.of("ports").at(i);
    if (name !== "") errors.invalidAll(at.child("name"), name, dnsLabelProblems(name));
    if (names.has(name)) errors.duplicate(at.child("name"), name);
    names.add(name);
    if (protocol === undefined) errors.required(at.child("protocol"));
    else if (!PROTOCOLS.includes(protocol)) {
      errors.notSupported(at.child("protocol"), protocol, PROTOCOLS);
    }
    if (appProtocol !== undefined) {
      const problems = qualifiedNameProblems(appProtocol);
      errors.invalidAll(at.child("appProtocol"), appProtocol, problems);
    }
  }
}

/** A name of two parts at least, with a dot at its end or without. */
function validateFullName(name: string, path: Path, errors: Errors): void {
  if (name === "") return errors.required(path);
  const plain = name.replace(/\.$/, "");
  const problems = dnsSubdomainProblems(plain);
  errors.invalidAll(path, plain, problems);
  if (problems.length > 0 || plain.includes(".")) return;
  errors.invalid(path, plain, "should be a domain with at least two segments separated by dots");
}

/** Zones and nodes that an endpoint is meant for. */
function validateHints(hints: EndpointHints | undefined, path: Path, errors: Errors): void {
  for (
    const [member, rule] of [
      ["forZones", labelValueProblems],
      ["forNodes", dnsSubdomainProblems],
    ] as const
  ) {
    const [list, at] = [hints?.[member] ?? [], path.child(member)];
    if (list.length > MAX_HINTS) {
      errors.tooMany(at, list.length, MAX_HINTS);
      continue;
    }
    const seen = new Set<string>();
    for (const [i, { name = "" }] of list.entries()) {
      if (seen.has(name)) errors.duplicate(at.at(i).child("name"), name);
      seen.add(name);
      errors.invalidAll(at.at(i).child("name"), name, rule(name));
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
      for (const [j, { ip = "", hostname = "", nodeName }] of list.entries()) {
        const address = at.child(member).at(j);
        if (hostname !== "") {
          errors.invalidAll(address.child("hostname"), hostname, dnsLabelProblems(hostname));
        }
        if (nodeName !== undefined) {
          errors.invalidAll(address.child("nodeName"), nodeName, dnsSubdomainProblems(nodeName));
        }
        const place = address.child("ip");
        if (!isIpAddress(ip)) errors.invalid(place, ip, NOT_AN_ADDRESS);
        else validateNonSpecialAddress(ip, place, errors);
      }
    }
    for (const [j, { name = "", port = 0, protocol = "", appProtocol }] of ports.entries()) {
      const path = at.child("ports").at(j);
      if (appProtocol !== undefined) {
        const problems = qualifiedNameProblems(appProtocol);
        errors.invalidAll(path.child("appProtocol"), appProtocol, problems);
      }
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
