import type { Clock, Random } from "../../base/mod.ts";
import type { AllocationResult, Pod, ResourceClaim } from "../../api/mod.ts";
import {
  type Answer,
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
import { quantityNano } from "./amount.ts";
import { allocationResult } from "./allocation_result.ts";
import { isOverdue, readiness } from "./binding_conditions.ts";
import { type ClaimPlan, planClaim } from "./claim_plan.ts";
import type { ClaimWriter } from "./claim_writer.ts";
import { ATTEMPT_STEPS_MAXIMUM, type ClaimChoice, type SearchBudget } from "./device_search.ts";
import type { DeviceSelectors } from "./device_selectors.ts";
import { extendedClaim, type ExtendedRequests, extendedRequests } from "./extended_resources.ts";
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
  /** status.allocatable of a node. */
  readonly allocatable: (node: string) => Readonly<Record<string, string>> | undefined;
  readonly writer: ClaimWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly bindingTimeoutSeconds: number;
  /** Loaded with the first pod that needs devices where not given: the language of selectors is large. */
  readonly selectors?: DeviceSelectors;
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

/** What a pod gets on one node. */
interface NodeChoice {
  readonly plans: readonly ClaimPlan[];
  readonly choices: readonly ClaimChoice[];
  /** The last plan is for them, where any are served by devices. */
  readonly extended: ExtendedRequests | undefined;
  /** What was allocated then. */
  readonly revision: number;
}

interface Attempt {
  claims: readonly ResourceClaim[];
  readonly allocated: readonly Allocated[];
  readonly plans: readonly ClaimPlan[];
  readonly budget: SearchBudget;
  readonly selectors: DeviceSelectors;
  /** Extended resources that devices may serve, each with its class's name. */
  readonly served: ReadonlyMap<string, string>;
  readonly choices: Map<string, NodeChoice>;
  /** Claims that keep the pod from some node. */
  readonly unavailable: Set<ResourceClaim>;
  /** What was promised when the pod got its node, by the claim's uid. */
  readonly promised: Map<string, AllocationResult>;
  /** The claim of the pod's extended resources: one that an earlier attempt left, or that was made in this one. */
  extendedClaim?: ResourceClaim;
}

const uidOf = ({ metadata }: ResourceClaim): string => metadata?.uid ?? "";
const keyOf = ({ metadata }: ResourceClaim): string => `${metadata?.namespace}/${metadata?.name}`;

/** Gives pods the devices that their claims ask for. */
export class DynamicResources implements SchedulerPlugin {
  readonly name = NAME;
  readonly hints = dynamicResourcesHints;
  readonly #options: DynamicResourcesOptions;
  #selectors: DeviceSelectors | undefined;

  constructor(options: DynamicResourcesOptions) {
    this.#options = options;
    this.#selectors = options.selectors;
  }

  concerns(pod: Pod): boolean {
    return asksForClaims(pod) || this.#options.cache.servedResources(pod).size > 0;
  }

  preEnqueue(pod: Pod): Verdict {
    if (!asksForClaims(pod)) return SUCCESS;
    const claims = podResourceClaims(pod, (key) => this.#options.cache.claim(key));
    return typeof claims === "string" ? unresolvable(claims) : SUCCESS;
  }

  preFilter(cycle: Cycle): Answer<PreFilterAnswer> {
    return this.#selectors === undefined
      ? this.#load().then((selectors) => this.begin(cycle, selectors))
      : this.begin(cycle, this.#selectors);
  }

  async #load(): Promise<DeviceSelectors> {
    const { DeviceSelectors } = await import("./device_selectors.ts");
    return this.#selectors ??= new DeviceSelectors();
  }

  /** What the pod needs of devices, before nodes are looked at. */
  begin(cycle: Cycle, selectors: DeviceSelectors): PreFilterAnswer {
    const { cache, nodes, clock, bindingTimeoutSeconds } = this.#options;
    const claims = podResourceClaims(cycle.pod, (key) => cache.claim(key));
    if (typeof claims === "string") return { verdict: unresolvable(claims) };
    const served = cache.servedResources(cycle.pod);
    if (claims.length === 0 && served.size === 0) return { verdict: SKIP };
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
      served,
      selectors,
      budget: { steps: ATTEMPT_STEPS_MAXIMUM },
      choices: new Map(),
      unavailable: new Set(),
      promised: new Map(),
    };
    cycle.state.set(NAME, attempt);
    const left = cache.extendedClaimOf(cycle.pod.metadata?.uid ?? "");
    if (left !== undefined) {
      attempt.extendedClaim = left;
      return { verdict: unresolvable("cannot schedule extended resource claim") };
    }
    return { verdict: SUCCESS, deviceResources: [...served.keys()] };
  }

  filter(cycle: Cycle, nodes: readonly string[]): ReadonlyMap<string, Verdict> {
    const refused = new Map<string, Verdict>();
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return refused;
    for (const node of nodes) {
      const reason = this.#refusal(cycle.pod, attempt, node);
      if (reason !== undefined) refused.set(node, unresolvable(reason));
    }
    return refused;
  }

  #refusal(pod: Pod, attempt: Attempt, node: string): string | undefined {
    const extended = this.#extendedOn(pod, attempt, node);
    const plan = extended === undefined ? undefined : this.#planExtended(pod, extended);
    if (plan !== undefined && "kind" in plan) return plan.message;
    const plans = plan === undefined ? attempt.plans : [...attempt.plans, plan];
    if (plans.length > 0 && !attempt.choices.has(node)) {
      const choices = this.#choose(plans, node, attempt);
      if (typeof choices === "string") return choices;
      const { revision } = this.#options.cache.allocated;
      attempt.choices.set(node, { plans, choices, extended, revision });
    }
    let missing = false;
    for (const { claim, nodes } of attempt.allocated) {
      if (nodes === undefined || nodes.has(node)) continue;
      attempt.unavailable.add(claim);
      missing = true;
    }
    return missing ? NOT_ON_NODE : undefined;
  }

  #choose(plans: readonly ClaimPlan[], node: string, { budget, selectors }: Attempt) {
    const { cache: { pools, allocated }, nodes } = this.#options;
    const view = { pools, allocated, selectors, nodes };
    return chooseDevices(plans, node, view, budget);
  }

  /** What devices have to serve on a node: resources that the node has itself are not theirs. */
  #extendedOn(pod: Pod, { served }: Attempt, node: string): ExtendedRequests | undefined {
    if (served.size === 0) return undefined;
    const there = this.#options.allocatable(node) ?? {};
    const missing = new Map(
      [...served].filter(([resource]) => quantityNano(there[resource]) === 0n),
    );
    return missing.size === 0 ? undefined : extendedRequests(pod, missing);
  }

  #planExtended(pod: Pod, extended: ExtendedRequests) {
    const { cache } = this.#options;
    return planClaim(extendedClaim(pod, extended), (name) => cache.deviceClass(name));
  }

  async postFilter(cycle: Cycle): Promise<{ readonly verdict: Verdict }> {
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return { verdict: unschedulable("no new claims to deallocate") };
    if (attempt.extendedClaim !== undefined) {
      await this.#options.writer.removeExtended(attempt.extendedClaim);
      return { verdict: unschedulable("deletion of ResourceClaim completed") };
    }
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
      const choice = attempt?.choices.get(node);
      return choice === undefined ? 0 : preferenceScore(choice.plans, choice.choices);
    }));
  }

  reserve(cycle: Cycle, node: string): Verdict {
    const attempt = attemptOf(cycle);
    if (attempt === undefined) return SUCCESS;
    const chosen = attempt.choices.get(node);
    if (chosen === undefined) {
      return attempt.plans.length === 0 ? SUCCESS : failure("claim allocation not found for node");
    }
    const { cache, random } = this.#options;
    // Another pod may have been given devices while others were asked about this one.
    const choices = cache.allocated.revision === chosen.revision
      ? chosen.choices
      : this.#choose(chosen.plans, node, attempt);
    if (typeof choices === "string") return unresolvable(choices);
    for (const [i, plan] of chosen.plans.entries()) {
      const choice = choices[i];
      if (choice === undefined) return failure("claim allocation not found for node");
      const allocation = allocationResult(plan, choice, node, () => random.uuid());
      const isExtended = chosen.extended !== undefined && i === chosen.plans.length - 1;
      const key = isExtended ? extendedKey(cycle.pod) : uidOf(plan.claim);
      attempt.promised.set(key, allocation);
      cache.promise(key, allocation);
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
      const extended = attempt.choices.get(node)?.extended;
      const key = extendedKey(cycle.pod);
      const promised = attempt.promised.get(key);
      if (extended !== undefined && promised !== undefined) {
        const made = (claim: ResourceClaim) => void (attempt.extendedClaim = claim);
        claims.push(await writer.makeExtended(cycle.pod, extended, promised, made));
        this.#options.cache.withdraw("", key);
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
    cache.withdraw("", extendedKey(cycle.pod));
    if (attempt.extendedClaim !== undefined) await writer.removeExtended(attempt.extendedClaim);
    for (const claim of attempt.claims) {
      if (isReservedFor(claim, cycle.pod)) await writer.release(claim, cycle.pod);
    }
  }
}

/** Under which what is promised to a pod's extended resources counts, until their claim is made. */
const extendedKey = (pod: Pod): string => `extended resources of ${pod.metadata?.uid}`;

const NO_NODES: ReadonlySet<string> = new Set();

function attemptOf(cycle: Cycle): Attempt | undefined {
  return cycle.state.get(NAME) as Attempt | undefined;
}
