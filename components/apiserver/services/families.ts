import type { FieldError, ServiceSpec } from "../../api/served.ts";
import { familyOf, type IpFamily } from "./ip_range.ts";
import { isHeadless, needsClusterIp } from "./service_needs.ts";

/** A rule that one field breaks, in upstream's words. */
export const wrong = (field: string, value: unknown, why: string): FieldError => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});

/**
 * Fills in `clusterIPs`, `ipFamilies` and `ipFamilyPolicy` of a service, in place, for a cluster that has addresses of
 * `families` (the first is the usual one); answers what cannot be had.
 */
export function fillFamilies(spec: ServiceSpec, families: readonly IpFamily[]): FieldError[] {
  if (!needsClusterIp(spec)) return [];
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  const [usual = "IPv4"] = families;
  if (isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0) {
    fillWithoutPods(spec, usual);
    return [];
  }
  const chosen: IpFamily[] = inferred(spec);
  const errors = chosen.flatMap((family, i) =>
    families.includes(family)
      ? []
      : [wrong(`spec.ipFamilies[${i}]`, family, "not configured on this cluster")]
  );
  if (spec.ipFamilyPolicy === undefined && chosen.length > 1) {
    errors.push({
      reason: "FieldValueRequired",
      field: "spec.ipFamilyPolicy",
      message: "Required value: must be 'RequireDualStack' or 'PreferDualStack' " +
        "when multiple ipFamilies or clusterIPs are specified",
    });
  }
  const policy = spec.ipFamilyPolicy ??= "SingleStack";
  if (policy === "RequireDualStack" && families.length < 2) {
    const why = "this cluster is not configured for dual-stack services";
    errors.push(wrong("spec.ipFamilyPolicy", policy, why));
  }
  if (chosen.length === 0) chosen.push(usual);
  if (policy !== "SingleStack" && chosen.length === 1) {
    const other = families.find((family) => family !== chosen[0]);
    if (other !== undefined) chosen.push(other);
  }
  spec.ipFamilies = chosen;
  return errors;
}

/** Endpoints that somebody writes may be of either family, whatever the cluster's own are. */
function fillWithoutPods(spec: ServiceSpec, usual: IpFamily): void {
  spec.ipFamilyPolicy ??= "RequireDualStack";
  const chosen = (spec.ipFamilies?.length ? spec.ipFamilies : [usual]) as IpFamily[];
  const other: IpFamily = chosen[0] === "IPv6" ? "IPv4" : "IPv6";
  spec.ipFamilies = spec.ipFamilyPolicy === "SingleStack" || chosen.length > 1
    ? [...chosen]
    : [...chosen, other];
}

/** The families asked for, or those of the addresses asked for. */
function inferred({ ipFamilies, clusterIPs }: ServiceSpec): IpFamily[] {
  if (ipFamilies?.length) return [...ipFamilies] as IpFamily[];
  return (clusterIPs ?? []).map(familyOf).filter((family) => family !== undefined);
}
