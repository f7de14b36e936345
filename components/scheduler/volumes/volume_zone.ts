import type { Pod } from "../../api/mod.ts";
import {
  type Cycle,
  type PreFilterAnswer,
  type SchedulerPlugin,
  SKIP,
  SUCCESS,
  unresolvable,
  type Verdict,
} from "../framework/mod.ts";
import { volumeZoneHints } from "./hints.ts";
import { isVerdict, mountsClaims, sortClaims } from "./pod_claims.ts";
import type { NodeTerms, VolumeView } from "./volume_view.ts";
import { planZones, ZONE_CONFLICT } from "./zone_plan.ts";

const NAME = "VolumeZone";
const REFUSED = unresolvable(ZONE_CONFLICT);

/** Keeps a pod in the zones of its volumes. */
export class VolumeZone implements SchedulerPlugin {
  readonly name = NAME;
  readonly hints = volumeZoneHints;
  readonly #view: VolumeView;
  readonly #nodes: NodeTerms;

  constructor(view: VolumeView, nodes: NodeTerms) {
    this.#view = view;
    this.#nodes = nodes;
  }

  concerns(pod: Pod): boolean {
    return mountsClaims(pod);
  }

  preFilter(cycle: Cycle): PreFilterAnswer {
    const sorted = sortClaims(cycle.pod, this.#view);
    if (isVerdict(sorted)) return { verdict: sorted };
    const zones = planZones(sorted.bound, this.#view);
    if (isVerdict(zones)) return { verdict: zones };
    if (zones.length === 0) return { verdict: SKIP };
    cycle.state.set(NAME, zones.map((terms) => this.#nodes.matching(terms)));
    return { verdict: SUCCESS };
  }

  filter(cycle: Cycle, nodes: readonly string[]): ReadonlyMap<string, Verdict> {
    const zones = (cycle.state.get(NAME) ?? []) as readonly ReadonlySet<string>[];
    const refused = new Map<string, Verdict>();
    for (const node of nodes) {
      if (zones.some((zone) => !zone.has(node))) refused.set(node, REFUSED);
    }
    return refused;
  }
}
