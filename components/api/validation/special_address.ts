import ipaddr from "ipaddr.js";
import type { Errors } from "./errors.ts";
import type { Path } from "./path.ts";

/** Addresses that are nobody's, or one's own, are no endpoint. The text must be an address. */
export function validateNonSpecialAddress(address: string, path: Path, errors: Errors): void {
  switch (ipaddr.process(address).range()) {
    case "unspecified":
      return errors.invalid(path, address, `may not be unspecified (${address})`);
    case "loopback":
      return errors.invalid(
        path,
        address,
        "may not be in the loopback range (127.0.0.0/8, ::1/128)",
      );
    case "linkLocal":
      return errors.invalid(
        path,
        address,
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
      );
    case "multicast":
      if (!/^(?:224\.0\.0\.|ff02:)/i.test(address)) return;
      return errors.invalid(
        path,
        address,
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
      );
    default:
  }
}

/** Whether a range lies within another, and is smaller. Both must be ranges. */
export function isStrictSubset(inner: string, outer: string): boolean {
  const [small, large] = [ipaddr.parseCIDR(inner), ipaddr.parseCIDR(outer)];
  if (small[0].kind() !== large[0].kind() || small[1] <= large[1]) return false;
  return small[0].match(large as never);
}
