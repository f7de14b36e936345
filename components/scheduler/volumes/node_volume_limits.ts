import type { Pod } from "../../api/mod.ts";
import { type Cycle, type SchedulerPlugin, unschedulable, type Verdict } from "../framework/mod.ts";
import { nodeVolumeLimitsHints } from "./hints.ts";
import { LimitsPlan, plannedAttachments, TOO_MANY_VOLUMES } from "./limits_plan.ts";
import { isVerdict, mountsClaims } from "./pod_claims.ts";
import type { UsedVolumes } from "./used_volumes.ts";
import type { VolumeCache } from "./volume_cache.ts";

const REFUSED = unschedulable(TOO_MANY_VOLUMES);

/** Keeps nodes from more volumes of a driver than it can attach. */
export class NodeVolumeLimits implements SchedulerPlugin {
  readonly name = "NodeVolumeLimits";
  readonly hints = nodeVolumeLimitsHints;
  readonly #cache: VolumeCache;
  readonly #used: UsedVolumes;

  constructor(cache: VolumeCache, used: UsedVolumes) {
    this.#cache = cache;
    this.#used = used;
  }

  concerns(pod: Pod): boolean {
    return mountsClaims(pod);
  }

  filter({ pod }: Cycle, nodes: readonly string[]): ReadonlyMap<string, Verdict> {
    const needs = plannedAttachments(pod, this.#cache);
    if (isVerdict(needs)) return new Map(nodes.map((node) => [node, needs]));
    const refused = new Map<string, Verdict>();
    const plan = new LimitsPlan(
      needs,
      this.#cache,
      this.#used,
      (node) => this.#cache.attachedTo(node),
    );
    if (!plan.any) return refused;
    for (const node of nodes) if (!plan.fits(node)) refused.set(node, REFUSED);
    return refused;
  }
}
