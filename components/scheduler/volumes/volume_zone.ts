import type { Pod } from "../../api/mod.ts";
import {
  type Cycle,
  type PreFilterAnswer,
  type SchedulerPlugin,
  SKIP,
  SUCCESS,
} from "../framework/mod.ts";
import { volumeZoneHints } from "./hints.ts";
import { nodesOfAll } from "./node_rule.ts";
import { isVerdict, mountsClaims, sortClaims } from "./pod_claims.ts";
import type { NodeTerms, VolumeView } from "./volume_view.ts";
import { planZones, ZONE_CONFLICT } from "./zone_plan.ts";

const NAME = "VolumeZone";

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
    const rule = nodesOfAll(zones, this.#nodes);
    return {
      verdict: SUCCESS,
      constraints: [{ reason: ZONE_CONFLICT, unresolvable: true, ...rule }],
    };
  }
}
