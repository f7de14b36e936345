import type { Pod } from "../../api/mod.ts";
import {
  type Cycle,
  type PreFilterAnswer,
  type SchedulerPlugin,
  SKIP,
  SUCCESS,
  type Verdict,
} from "../framework/mod.ts";
import { podDisks } from "./disks.ts";
import { volumeRestrictionsHints } from "./hints.ts";
import { isVerdict, mountsClaims } from "./pod_claims.ts";
import { planRestrictions, restrictedOn, type RestrictionsPlan } from "./restrictions_plan.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeView } from "./volume_view.ts";

const NAME = "VolumeRestrictions";

/** Keeps pods from disks and claims that one pod alone may hold. */
export class VolumeRestrictions implements SchedulerPlugin {
  readonly name = NAME;
  readonly hints = volumeRestrictionsHints;
  readonly #view: VolumeView;
  readonly #used: UsedVolumes;

  constructor(view: VolumeView, used: UsedVolumes) {
    this.#view = view;
    this.#used = used;
  }

  concerns(pod: Pod): boolean {
    return mountsClaims(pod) || podDisks(pod).length > 0;
  }

  preFilter(cycle: Cycle): PreFilterAnswer {
    const plan = planRestrictions(cycle.pod, this.#view, this.#used);
    if (isVerdict(plan)) return { verdict: plan };
    if (plan.diskHolders.size === 0 && plan.claimHolders.size === 0) return { verdict: SKIP };
    cycle.state.set(NAME, plan);
    return { verdict: SUCCESS };
  }

  filter(cycle: Cycle, nodes: readonly string[]): ReadonlyMap<string, Verdict> {
    const refused = new Map<string, Verdict>();
    const plan = cycle.state.get(NAME) as RestrictionsPlan | undefined;
    if (plan === undefined) return refused;
    for (const node of nodes) {
      const restriction = restrictedOn(plan, node);
      if (restriction === undefined) continue;
      const { holders, reason } = restriction;
      refused.set(node, { code: "Unschedulable", reasons: [reason], holders });
    }
    return refused;
  }
}
