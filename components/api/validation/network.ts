import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../generated/types.ts";
import { cidrProblems } from "./addresses.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";
import { validatePort } from "./pod/probes.ts";
import { isIpv4, isIpv6 } from "./pod/spec.ts";
import { validateLabelSelector } from "./selector.ts";
import { isStrictSubset } from "./special_address.ts";

const SPEC = Path.of("spec");
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

/** `10.0.0.0/8` or `2001:db8::/32`. */
export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^(0|[1-9][0-9]{0,2})$/.test(bits)) return false;
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
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
    else errors.invalidAll(at.child("cidr"), cidr, cidrProblems(cidr, false));
    for (const [i, text] of except.entries()) {
      const place = at.child("except").at(i);
      const problems = cidrProblems(text, false);
      if (problems.length > 0) {
        errors.invalidAll(place, text, problems);
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
