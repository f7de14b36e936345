import type { Clock, Random } from "../../base/mod.ts";
import type { AllocationResult, Pod, ResourceClaim } from "../../api/mod.ts";
import {
  type Cycle,
  failure,
  type PreFilterAnswer,
  type SchedulerPlugin,
  SKIP,
  SUCCESS,
  unresolvable,
  unschedulable,
  type Verdict,
} from "../framework/mod.ts";
import type { NodeTerms } from "../volumes/volume_view.ts";
import { allocationResult } from "./allocation_result.ts";
import { isOverdue, readiness } from "./binding_conditions.ts";
import { type ClaimPlan, planClaim } from "./claim_plan.ts";
import type { ClaimWriter } from "./claim_writer.ts";
import { ATTEMPT_STEPS_MAXIMUM, type ClaimChoice, type SearchBudget } from "./device_search.ts";
import { DeviceSelectors } from "./device_selectors.ts";
import { dynamicResourcesHints } from "./hints.ts";
import { chooseDevices } from "./node_devices.ts";
import {
  asksForClaims,
  canBeReserved,
  isReservedFor,
  podResourceClaims,
} from "./pod_resource_claims.ts";
import { normalized, preferenceScore } from "./preference_score.ts";
import type { ResourceClaimCache } from "./resource_claim_cache.ts";

const NAME = "DynamicResources";
export const NOT_ON_NODE = "resourceclaim not available on the node";

export interface DynamicResourcesOptions {
  readonly cache: ResourceClaimCache;
  readonly nodes: NodeTerms;
  readonly writer: ClaimWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly bindingTimeoutSeconds: number;
  /** Aborts when the scheduler ends. */
  readonly signal: AbortSignal;
  /** Told when a pod waits for its devices to be prepared. */
  onWaiting?(pod: Pod, message: string): void;
}

/** A claim that has its devices, and the nodes that reach them: all where undefined. */
interface Allocated {
  readonly claim: ResourceClaim;
  readonly nodes: ReadonlySet<string> | undefined;
}

interface Attempt {
  claims: readonly ResourceClaim[];
  readonly allocated: readonly Allocated[];
  readonly plans: readonly ClaimPlan[];
  readonly budget: SearchBudget;
  /** What the plans get, by node. */
  readonly choices: Map<string, readonly ClaimChoice[]>;
  /** Claims that keep the pod from some node. */
  readonly unavailable: Set<ResourceClaim>;
  /** What was promised when the pod got its node, by the claim's uid. */
  readonly promised: Map<string, AllocationResult>;
}

const uidOf = ({ metadata }: ResourceClaim): string => metadata?.uid ?? "";
const keyOf = ({ metadata }: ResourceClaim): string => `${metadata?.namespace}/${metadata?.name}`;

/** Gives pods the devices that their claims ask for. */
export class DynamicResources implements SchedulerPlugin {
  readonly name = NAME;
  readonly hints = dynamicResourcesHints;
  readonly #options: DynamicResourcesOptions;
  readonly #selectors = new DeviceSelectors();

  constructor(options: DynamicResourcesOptions) {
    this.#options = options;
  }

  concerns(pod: Pod): boolean {
    return asksForClaims(pod);
  }

  preEnqueue(pod: Pod): Verdict {
    if (!asksForClaims(pod)) return SUCCESS;
    const claims = podResourceClaims(pod, (key) => this.#options.cache.claim(key));
    return typeof claims === "string" ? unresolvable(claims) : SUCCESS;
  }

  preFilter(cycle: Cycle): PreFilterAnswer {
    const { cache, nodes, clock, bindingTimeoutSeconds } = this.#options;
    const claims = podResourceClaims(cycle.pod, (key) => cache.claim(key));
    if (typeof claims === "string") return { verdict: unresolvable(claims) };
    if (claims.length === 0) return { verdict: SKIP };
    const allocated: Allocated[] = [];
    const plans: ClaimPlan[] = [];
    for (const claim of claims) {
      const allocation = claim.status?.allocation;
      if (allocation !== undefined) {
        if (!canBeReserved(claim) && !isReservedFor(claim, cycle.pod)) {
          return { verdict: unresolvable("resourceclaim in use") };
        }
        // Devices that could not be prepared are of use nowhere.
        const broken = readiness(claim).state === "failed" ||
          readiness(claim).state === "waiting" &&
            isOverdue(claim, clock.now(), bindingTimeoutSeconds);
        const terms = allocation.nodeSelector?.nodeSelectorTerms;
        allocated.push({
          claim,
          nodes: broken ? NO_NODES : terms === undefined ? undefined : nodes.matching(terms),
        });
        continue;
      }
      if (cache.isPromised(uidOf(claim))) {
        const why = `resource claim ${keyOf(claim)} is in the process of being allocated`;
        return { verdict: unresolvable(why) };
      }
      const plan = planClaim(claim, (name) => cache.deviceClass(name));
      if ("kind" in plan) {
        const verdict = plan.kind === "waits" ? unresolvable : failure;
        return { verdict: verdict(plan.message) };
      }
      plans.push(plan);
    }
    const attempt: Attempt = {
      claims,
      allocated,
      plans,
      budget: { steps: ATTEMPT_STEPS_MAXIMUM },
      choices: new Map(),
      unavailable: new Set(),
      promised: new Map(),
    };
    cycle.state.set(NAME, attempt);
    return { verdict: SUCCESS };
  }

  filter(cycle: Cycle, nodes: readonly string[]): ReadonlyMap<string, Verdict> {
    const refused = new Map<string, Verdict>();
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return refused;
    for (const node of nodes) {
      const reason = this.#refusal(attempt, node);
      if (reason !== undefined) refused.set(node, unresolvable(reason));
    }
    return refused;
  }

  #refusal(attempt: Attempt, node: string): string | undefined {
    if (attempt.plans.length > 0 && !attempt.choices.has(node)) {
      const { cache: { pools, allocated }, nodes } = this.#options;
      const view = { pools, allocated, selectors: this.#selectors, nodes };
      const choices = chooseDevices(attempt.plans, node, view, attempt.budget);
      if (typeof choices === "string") return choices;
      attempt.choices.set(node, choices);
    }
    let missing = false;
    for (const { claim, nodes } of attempt.allocated) {
      if (nodes === undefined || nodes.has(node)) continue;
      attempt.unavailable.add(claim);
      missing = true;
    }
    return missing ? NOT_ON_NODE : undefined;
  }

  async postFilter(cycle: Cycle): Promise<{ readonly verdict: Verdict }> {
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return { verdict: unschedulable("no new claims to deallocate") };
    for (const claim of attempt.unavailable) {
      const { reservedFor = [] } = claim.status ?? {};
      const others = reservedFor.some(({ uid }) => uid !== cycle.pod.metadata?.uid);
      if (others) continue;
      await this.#options.writer.deallocate(claim);
      return { verdict: unschedulable("deallocation of ResourceClaim completed") };
    }
    return { verdict: unschedulable("still not schedulable") };
  }

  score(cycle: Cycle, nodes: readonly string[]): readonly number[] {
    const attempt = attemptOf(cycle);
    return normalized(nodes.map((node) => {
      const choices = attempt?.choices.get(node);
      return attempt === undefined || choices === undefined
        ? 0
        : preferenceScore(attempt.plans, choices);
    }));
  }

  reserve(cycle: Cycle, node: string): Verdict {
    const attempt = attemptOf(cycle);
    if (attempt === undefined || attempt.plans.length === 0) return SUCCESS;
    const choices = attempt.choices.get(node);
    if (choices === undefined) return failure("claim allocation not found for node");
    const { cache, random } = this.#options;
    for (const [i, plan] of attempt.plans.entries()) {
      const choice = choices[i];
      if (choice === undefined) return failure("claim allocation not found for node");
      const allocation = allocationResult(plan, choice, node, () => random.uuid());
      attempt.promised.set(uidOf(plan.claim), allocation);
      cache.promise(uidOf(plan.claim), allocation);
    }
    return SUCCESS;
  }

  preBindWorks(cycle: Cycle): boolean {
    return attemptOf(cycle) !== undefined;
  }

  async preBind(cycle: Cycle, node: string): Promise<Verdict> {
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return SUCCESS;
    const { writer, signal, onWaiting } = this.#options;
    try {
      const claims = [...attempt.claims];
      for (const [i, claim] of claims.entries()) {
        if (isReservedFor(claim, cycle.pod)) continue;
        claims[i] = await writer.reserve(
          claim,
          attempt.promised.get(uidOf(claim)),
          cycle.pod,
        );
        // What is written so far is what unreserve takes back.
        attempt.claims = [...claims];
      }
      if (writer.mustWait(claims)) {
        onWaiting?.(cycle.pod, `waiting for binding conditions for device on node ${node}`);
        await writer.prepared(claims, signal);
      }
    } catch (error) {
      return failure(error instanceof Error ? error.message : String(error));
    }
    return SUCCESS;
  }

  async unreserve(cycle: Cycle): Promise<void> {
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return;
    const { cache, writer } = this.#options;
    for (const claim of attempt.claims) {
      if (attempt.promised.has(uidOf(claim))) cache.withdraw(keyOf(claim), uidOf(claim));
    }
    for (const claim of attempt.claims) {
      if (isReservedFor(claim, cycle.pod)) await writer.release(claim, cycle.pod);
    }
  }
}

const NO_NODES: ReadonlySet<string> = new Set();

function attemptOf(cycle: Cycle): Attempt | undefined {
  return cycle.state.get(NAME) as Attempt | undefined;
}
