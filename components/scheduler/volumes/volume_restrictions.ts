import type { Pod } from "../../api/mod.ts";
import {
  type Cycle,
  type PreFilterAnswer,
  type SchedulerPlugin,
  SKIP,
  SUCCESS,
} from "../framework/mod.ts";
import { podDisks } from "./disks.ts";
import { volumeRestrictionsHints } from "./hints.ts";
import { isVerdict, mountsClaims } from "./pod_claims.ts";
import { planRestrictions, restrictions } from "./restrictions_plan.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeView } from "./volume_view.ts";

/** Keeps pods from disks and claims that one pod alone may hold. */
export class VolumeRestrictions implements SchedulerPlugin {
  readonly name = "VolumeRestrictions";
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

  preFilter({ pod }: Cycle): PreFilterAnswer {
    const plan = planRestrictions(pod, this.#view, this.#used);
    if (isVerdict(plan)) return { verdict: plan };
    const constraints = restrictions(plan);
    return constraints.length === 0 ? { verdict: SKIP } : { verdict: SUCCESS, constraints };
  }
}
