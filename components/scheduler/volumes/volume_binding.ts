import type { Pod } from "../../api/mod.ts";
import {
  type Cycle,
  failure,
  type PreFilterAnswer,
  type SchedulerPlugin,
  SKIP,
  SUCCESS,
  unresolvable,
  type Verdict,
} from "../framework/mod.ts";
import { BindingPlan, NODE_CONFLICT, type NodeBinding } from "./binding_plan.ts";
import { isReservedFor } from "./candidates.ts";
import { volumeBindingHints } from "./hints.ts";
import { isVerdict, mountsClaims, sortClaims } from "./pod_claims.ts";
import type { VolumeBinder } from "./volume_binder.ts";
import type { NodeTerms, VolumeView } from "./volume_view.ts";

const NAME = "VolumeBinding";

interface Attempt {
  readonly plan: BindingPlan;
  /** Set by reserve, where there is anything to be done. */
  reserved?: { readonly node: string; readonly binding: NodeBinding };
}

export interface VolumeBindingOptions {
  readonly view: VolumeView;
  readonly nodes: NodeTerms;
  readonly binder: VolumeBinder;
  /** Aborts when the scheduler ends. */
  readonly signal: AbortSignal;
}

/** Puts a pod where its volumes are or can be, and binds its claims before it is bound itself. */
export class VolumeBinding implements SchedulerPlugin {
  readonly name = NAME;
  readonly hints = volumeBindingHints;
  readonly #options: VolumeBindingOptions;

  constructor(options: VolumeBindingOptions) {
    this.#options = options;
  }

  concerns(pod: Pod): boolean {
    return mountsClaims(pod);
  }

  preFilter(cycle: Cycle): PreFilterAnswer {
    if (!mountsClaims(cycle.pod)) return { verdict: SKIP };
    const { view, nodes } = this.#options;
    const sorted = sortClaims(cycle.pod, view);
    if (isVerdict(sorted)) return { verdict: sorted };
    const attempt: Attempt = { plan: new BindingPlan(sorted, view, nodes) };
    cycle.state.set(NAME, attempt);
    const { rule } = attempt.plan;
    if (rule === undefined) return { verdict: SUCCESS };
    const constraint = { reason: NODE_CONFLICT, unresolvable: true, ...rule };
    return { verdict: SUCCESS, constraints: [constraint] };
  }

  filter(cycle: Cycle, nodes: readonly string[]): ReadonlyMap<string, Verdict> {
    const refused = new Map<string, Verdict>();
    const verdicts = new Map<string, Verdict>();
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return refused;
    for (const node of nodes) {
      const answer = attempt.plan.on(node);
      if (!isRefusal(answer)) continue;
      // Thousands of nodes have one of a few verdicts.
      const key = answer.join("\n");
      const verdict = verdicts.get(key) ?? unresolvable(...answer);
      verdicts.set(key, verdict);
      refused.set(node, verdict);
    }
    return refused;
  }

  reserve(cycle: Cycle, node: string): Verdict {
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return SUCCESS;
    let binding = attempt.plan.on(node);
    if (!isRefusal(binding) && this.#isTaken(binding)) {
      // Another pod was given a volume while others were asked about this one.
      const { view, nodes } = this.#options;
      const sorted = sortClaims(cycle.pod, view);
      if (isVerdict(sorted)) return sorted;
      binding = new BindingPlan(sorted, view, nodes).on(node);
    }
    if (isRefusal(binding)) return unresolvable(...binding);
    if (binding.matches.length === 0 && binding.provisions.length === 0) return SUCCESS;
    this.#options.binder.assume(binding, node);
    attempt.reserved = { node, binding };
    return SUCCESS;
  }

  #isTaken({ matches }: NodeBinding): boolean {
    return matches.some(({ claim, volume }) => {
      const current = this.#options.view.volume(volume.name);
      return current === undefined ||
        (current.reservedFor !== undefined && !isReservedFor(current, claim));
    });
  }

  preBindWorks(cycle: Cycle): boolean {
    return attemptOf(cycle)?.reserved !== undefined;
  }

  async preBind(cycle: Cycle, node: string): Promise<Verdict> {
    const reserved = attemptOf(cycle)?.reserved;
    if (reserved === undefined) return SUCCESS;
    const { binder, signal } = this.#options;
    try {
      const { name = "", uid = "" } = cycle.pod.metadata ?? {};
      await binder.bind({ name, uid }, reserved.binding, node, signal);
    } catch (error) {
      return failure(error instanceof Error ? error.message : String(error));
    }
    return SUCCESS;
  }

  unreserve(cycle: Cycle, node: string): void {
    const reserved = attemptOf(cycle)?.reserved;
    if (reserved !== undefined) this.#options.binder.forget(reserved.binding, node);
  }
}

function attemptOf(cycle: Cycle): Attempt | undefined {
  return cycle.state.get(NAME) as Attempt | undefined;
}

function isRefusal(answer: NodeBinding | readonly string[]): answer is readonly string[] {
  return Array.isArray(answer);
}
