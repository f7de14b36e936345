import ipaddr from "ipaddr.js";
import type { NetworkPolicy, NetworkPolicyPeer, Node, Service } from "../../generated/types.ts";
import { Path } from "../path.ts";
import { isIpAddress } from "../pod/spec.ts";

const SPEC = Path.of("spec");

/** Addresses of IPv6 that are not in their one form. */
export function addressWarnings(text: string | undefined, path: Path): string[] {
  if (text === undefined || !text.includes(":") || !isIpAddress(text)) return [];
  const form = (ipaddr.parse(text) as ipaddr.IPv6).toRFC5952String();
  if (form === text) return [];
  return [
    `${path}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${
      JSON.stringify(form)
    })`,
  ];
}

function cidrWarnings(text: string | undefined, path: Path): string[] {
  const [address = "", bits = ""] = text?.split("/") ?? [];
  if (!address.includes(":") || !isIpAddress(address)) return [];
  const form = `${(ipaddr.parse(address) as ipaddr.IPv6).toRFC5952String()}/${bits}`;
  if (form === text) return [];
  return [
    `${path}: IPv6 CIDR value ${JSON.stringify(text)} should be in RFC 5952 canonical format (${
      JSON.stringify(form)
    })`,
  ];
}

const HINTS = "service.kubernetes.io/topology-aware-hints";

export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const found: string[] = [];
  if (metadata?.annotations?.[HINTS] !== undefined) {
    found.push(
      `annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    );
  }
  const headless = spec.type === "ClusterIP" && spec.clusterIP === "None";
  for (const [i, address] of (spec.clusterIPs ?? []).entries()) {
    found.push(...addressWarnings(address, SPEC.child("clusterIPs").at(i)));
  }
  const external = spec.externalIPs ?? [];
  if (headless) {
    if (spec.loadBalancerIP) found.push("spec.loadBalancerIP is ignored for headless services");
    if (external.length > 0) found.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") {
      found.push("spec.SessionAffinity is ignored for headless services");
    }
  }
  for (const [i, address] of external.entries()) {
    found.push(...addressWarnings(address, SPEC.child("externalIPs").at(i)));
  }
  found.push(...addressWarnings(spec.loadBalancerIP, SPEC.child("loadBalancerIP")));
  for (const [i, cidr] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    found.push(...cidrWarnings(cidr, SPEC.child("loadBalancerSourceRanges").at(i)));
  }
  const named = spec.type === "ExternalName";
  if (named && external.length > 0) {
    found.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (!named && spec.externalName) {
    found.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  return found;
}

export function nodeWarnings({ spec = {} }: Node): string[] {
  return [
    ...spec.configSource === undefined
      ? []
      : ["spec.configSource: the feature is no longer supported"],
    ...spec.externalID
      ? ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]
      : [],
    ...(spec.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(cidr, SPEC.child("podCIDRs").at(i))),
  ];
}

export function networkPolicyWarnings({ spec = {} }: NetworkPolicy): string[] {
  const of = (peers: readonly NetworkPolicyPeer[] | undefined, path: Path) =>
    (peers ?? []).flatMap(({ ipBlock }, i) => {
      const at = path.at(i).child("ipBlock");
      return [
        ...cidrWarnings(ipBlock?.cidr, at.child("cidr")),
        ...(ipBlock?.except ?? []).flatMap((text, j) =>
          cidrWarnings(text, at.child("except").at(j))
        ),
      ];
    });
  return [
    ...(spec.ingress ?? []).flatMap(({ from }, i) =>
      of(from, SPEC.child("ingress").at(i).child("from"))
    ),
    ...(spec.egress ?? []).flatMap(({ to }, i) => of(to, SPEC.child("egress").at(i).child("to"))),
  ];
}
