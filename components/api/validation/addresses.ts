import ipaddr from "ipaddr.js";
import { equalJson } from "../../base/mod.ts";
import type { IPAddress, ServiceCIDR } from "../generated/types.ts";
import { dnsSubdomainProblems, pathSegmentProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { isIpAddress, isIpv4, isIpv6 } from "./pod/spec.ts";

const SPEC = Path.of("spec");
const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const LEADING_ZERO = /(^|[.])0[0-9]/;
const isMapped = (text: string): boolean => /^::ffff:[0-9.]+$/i.test(text);
const canonical = (text: string): string => {
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
};

/** What keeps a text from being an address in the one form that names of IPAddresses have. */
export function addressProblems(text: string): readonly string[] {
  const plain = text.replaceAll(/(^|[.])0+(?=[0-9])/g, "$1");
  if (plain !== text && isIpv4(plain)) return ["must not have leading 0s"];
  if (!isIpAddress(text)) return [NOT_AN_ADDRESS];
  if (isMapped(text)) return ["must not be an IPv4-mapped IPv6 address"];
  const form = canonical(text);
  return form === text ? [] : [`must be in canonical form (${JSON.stringify(form)})`];
}

/** What keeps a text from being a range of addresses; `one` form only where `strict`. */
export function cidrProblems(text: string, strict: boolean): readonly string[] {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^[0-9]{1,3}$/.test(bits)) return [NOT_A_CIDR];
  const plain = address.includes(":") ? address : address.replaceAll(/(^|[.])0+(?=[0-9])/g, "$1");
  if (!isIpAddress(plain) || Number(bits) > (isIpv6(plain) ? 128 : 32)) return [NOT_A_CIDR];
  if (LEADING_ZERO.test(address) && isIpv4(plain) || /^0[0-9]/.test(bits)) {
    return ["must not have leading 0s in IP or prefix length"];
  }
  if (isMapped(address)) return ["must not have an IPv4-mapped IPv6 address"];
  const [first, length] = ipaddr.parseCIDR(text);
  const family = first.kind() === "ipv6" ? ipaddr.IPv6 : ipaddr.IPv4;
  const start = family.networkAddressFromCIDR(text);
  if (start.toString() !== first.toString()) {
    return ["must not have bits set beyond the prefix length"];
  }
  const form = `${canonical(address)}/${length}`;
  if (!strict || form === text) return [];
  return [`must be in canonical form (${JSON.stringify(form)})`];
}

export function validateAddress({ spec }: IPAddress, errors: Errors): void {
  const parent = spec?.parentRef;
  const at = SPEC.child("parentRef");
  if (parent === undefined) return errors.required(at);
  const { group = "", resource = "", name = "", namespace = "" } = parent;
  if (group !== "") errors.invalidAll(at.child("group"), group, dnsSubdomainProblems(group));
  for (const [member, value] of [["resource", resource], ["name", name]] as const) {
    if (value === "") errors.required(at.child(member));
    else errors.invalidAll(at.child(member), value, pathSegmentProblems(value));
  }
  errors.invalidAll(at.child("namespace"), namespace, pathSegmentProblems(namespace));
}

export function validateAddressUpdate(next: IPAddress, old: IPAddress, errors: Errors): void {
  if (!equalJson(next.spec?.parentRef, old.spec?.parentRef)) {
    errors.invalid(SPEC.child("parentRef"), next.spec?.parentRef ?? null, IMMUTABLE);
  }
}

const CIDRS = SPEC.child("cidrs");

export function validateServiceCidr({ spec }: ServiceCIDR, errors: Errors): void {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return errors.required(CIDRS, "at least one CIDR required");
  if (cidrs.length > 2) return errors.invalid(CIDRS, spec, "may only hold up to 2 values");
  for (const [i, cidr] of cidrs.entries()) {
    errors.invalidAll(CIDRS.at(i), cidr, cidrProblems(cidr, true));
  }
  const families = new Set(cidrs.map((cidr) => cidr.includes(":")));
  if (cidrs.length > families.size) {
    errors.invalid(
      CIDRS,
      cidrs,
      "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64",
    );
  }
}

/** A range stays what it is; one of the other family may be added. */
export function validateServiceCidrUpdate(
  next: ServiceCIDR,
  old: ServiceCIDR,
  errors: Errors,
): void {
  const [now, before] = [next.spec?.cidrs ?? [], old.spec?.cidrs ?? []];
  const grows = before.length === 1 && now.length === 2;
  if (!grows && now.length !== before.length) return errors.invalid(CIDRS, now, IMMUTABLE);
  for (const [i, cidr] of before.entries()) {
    if (now[i] !== cidr) errors.invalid(CIDRS.at(i), now[i] ?? "", IMMUTABLE);
  }
  if (grows) validateServiceCidr(next, errors);
}
