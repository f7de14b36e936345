import type { NodeSelectorRequirement, NodeSelectorTerm } from "../../api/mod.ts";
import { unresolvable, type Verdict } from "../framework/mod.ts";
import type { ClaimRecord } from "./claim_record.ts";
import type { VolumeRecord } from "./volume_record.ts";
import type { VolumeView } from "./volume_view.ts";

export const ZONE_CONFLICT = "node(s) had no available volume zone";

const ZONE = "topology.kubernetes.io/zone";
const REGION = "topology.kubernetes.io/region";
const OLD_ZONE = "failure-domain.beta.kubernetes.io/zone";
const OLD_REGION = "failure-domain.beta.kubernetes.io/region";
const KEYS = [ZONE, REGION, OLD_ZONE, OLD_REGION] as const;
/** The same label under its other name. */
const TWIN: Readonly<Record<string, string>> = {
  [ZONE]: OLD_ZONE,
  [REGION]: OLD_REGION,
  [OLD_ZONE]: ZONE,
  [OLD_REGION]: REGION,
};
/** A volume that is in several zones names them all in one label. */
const SEPARATOR = "__";

const missing = (key: string): NodeSelectorRequirement => ({ key, operator: "DoesNotExist" });

/** Nodes without any zone or region take every volume. */
const WITHOUT_ZONES: NodeSelectorTerm = { matchExpressions: KEYS.map(missing) };

/** The nodes that a volume's zone and region let in; undefined where it has none. */
export function zoneTerms({ labels }: VolumeRecord): readonly NodeSelectorTerm[] | undefined {
  let terms: NodeSelectorRequirement[][] = [[]];
  for (const key of KEYS) {
    const value = labels[key];
    if (value === undefined) continue;
    const values = value.split(SEPARATOR).filter((zone) => zone !== "");
    const twin = TWIN[key] ?? key;
    terms = terms.flatMap((term) => [
      [...term, { key, operator: "In", values }],
      [...term, missing(key), { key: twin, operator: "In", values }],
    ]);
  }
  if (terms.length === 1) return undefined;
  return [WITHOUT_ZONES, ...terms.map((matchExpressions) => ({ matchExpressions }))];
}

/** What the zones of a pod's volumes ask of nodes: each list of terms holds for itself. */
export function planZones(
  bound: readonly ClaimRecord[],
  view: Pick<VolumeView, "volume">,
): readonly (readonly NodeSelectorTerm[])[] | Verdict {
  const all: (readonly NodeSelectorTerm[])[] = [];
  for (const { volumeName } of bound) {
    const volume = view.volume(volumeName);
    if (volume === undefined) return unresolvable(`persistentvolume "${volumeName}" not found`);
    const terms = zoneTerms(volume);
    if (terms !== undefined) all.push(terms);
  }
  return all;
}
