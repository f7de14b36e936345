import type { NodeSelectorTerm } from "../../api/mod.ts";
import { Candidates } from "./candidates.ts";
import type { ClaimRecord } from "./claim_record.ts";
import { type NodeRule, nodesOfAll } from "./node_rule.ts";
import type { SortedClaims } from "./pod_claims.ts";
import { Provisioning } from "./provisioning.ts";
import type { VolumeRecord } from "./volume_record.ts";
import type { NodeTerms, VolumeView } from "./volume_view.ts";

export const NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity";
export const BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind";
export const NOT_ENOUGH_SPACE = "node(s) did not have enough free storage";
export const VOLUME_MISSING =
  "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

/** A volume that a claim gets. */
export interface VolumeMatch {
  readonly claim: ClaimRecord;
  readonly volume: VolumeRecord;
}

/** What is to be done for a pod's claims when it runs on one node. */
export interface NodeBinding {
  readonly matches: readonly VolumeMatch[];
  /** Claims whose volume a provisioner is to make. */
  readonly provisions: readonly ClaimRecord[];
}

const NOTHING_TO_DO: NodeBinding = { matches: [], provisions: [] };

type BoundClaim = readonly NodeSelectorTerm[] | "everywhere" | "missing";

/**
 * Where a pod's claims let it run: one plan an attempt, asked about each node that is looked at. Two claims of one pod
 * never get one volume; the smallest claim chooses first, and each takes the smallest volume that fits.
 */
export class BindingPlan {
  readonly #nodes: NodeTerms;
  readonly #bound: readonly BoundClaim[];
  readonly #fixed: readonly ClaimRecord[];
  readonly #searching: readonly { readonly claim: ClaimRecord; readonly candidates: Candidates }[];
  readonly #provisioning = new Map<ClaimRecord, Provisioning>();

  constructor({ bound, delayed }: SortedClaims, view: VolumeView, nodes: NodeTerms) {
    this.#nodes = nodes;
    this.#bound = bound.map((claim) => {
      const volume = view.volume(claim.volumeName);
      if (volume === undefined) return "missing";
      return volume.nodeTerms ?? "everywhere";
    });
    this.#fixed = delayed.filter(({ selectedNode }) => selectedNode !== undefined);
    this.#searching = delayed.filter(({ selectedNode }) => selectedNode === undefined)
      .sort((a, b) => a.request < b.request ? -1 : a.request > b.request ? 1 : 0)
      .map((claim) => ({
        claim,
        candidates: new Candidates(claim, view.volumesOf(claim.className), nodes),
      }));
    for (const claim of delayed) {
      this.#provisioning.set(claim, new Provisioning(claim, view, nodes));
    }
  }

  /**
   * The nodes that reach all bound volumes, where nothing else is asked of nodes; undefined where each is to be asked.
   */
  get rule(): NodeRule | undefined {
    if (this.#provisioning.size > 0 || this.#bound.includes("missing")) return undefined;
    const lists = this.#bound.filter((bound) => typeof bound !== "string");
    return lists.length === 0 ? undefined : nodesOfAll(lists, this.#nodes);
  }

  /** What is to be done on a node, or why it cannot have the pod. */
  on(node: string): NodeBinding | readonly string[] {
    const reasons: string[] = [];
    for (const bound of this.#bound) {
      if (bound === "everywhere") continue;
      if (bound !== "missing" && this.#nodes.matching(bound).has(node)) continue;
      reasons.push(bound === "missing" ? VOLUME_MISSING : NODE_CONFLICT);
      break;
    }
    if (this.#provisioning.size === 0) return reasons.length === 0 ? NOTHING_TO_DO : reasons;
    const binding = this.#delayedOn(node);
    if (typeof binding === "string") {
      // A missing volume is said last.
      if (reasons[0] === VOLUME_MISSING) reasons.unshift(binding);
      else reasons.push(binding);
    }
    return typeof binding === "string" || reasons.length > 0 ? reasons : binding;
  }

  #delayedOn(node: string): NodeBinding | string {
    const provisions: ClaimRecord[] = [];
    for (const claim of this.#fixed) {
      if (claim.selectedNode !== node) return BIND_CONFLICT;
      provisions.push(claim);
    }
    const matches: VolumeMatch[] = [];
    const taken = new Set<string>();
    for (const { claim, candidates } of this.#searching) {
      const volume = candidates.on(node, taken);
      if (volume === undefined) {
        provisions.push(claim);
        continue;
      }
      taken.add(volume.name);
      matches.push({ claim, volume });
    }
    for (const claim of provisions) {
      const answer = this.#provisioning.get(claim)?.on(node);
      if (answer === "impossible") return BIND_CONFLICT;
      if (answer === "full") return NOT_ENOUGH_SPACE;
    }
    return { matches, provisions };
  }
}
