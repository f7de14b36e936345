import type { EncodedPod, SchedulerCore } from "../core_contract.ts";
import { type Explanation, nodeVerdicts } from "./explanation.ts";

/** Pods whose latest decision is remembered; the oldest are forgotten. */
const DECISIONS_MAXIMUM = 2_000;
/** Verdicts of nodes that are remembered in all; those of the oldest decisions are forgotten first. */
const VERDICTS_MAXIMUM = 50_000;
/** In a cluster of so many nodes every one is looked at, and its verdict kept; in larger ones they are found when asked. */
const KEPT_NODES_MAXIMUM = 100;

export interface LoggedDecision {
  readonly key: string;
  readonly uid: string;
  readonly handle: number;
  readonly node: string | undefined;
  readonly message?: string;
  readonly encoded?: EncodedPod;
  readonly scores?: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

interface Entry {
  readonly decision: LoggedDecision;
  readonly nodes?: Explanation["nodes"];
  readonly size: number;
}

/** The latest decision on each pod. */
export class DecisionLog {
  readonly #core: SchedulerCore;
  readonly #entries = new Map<string, Entry>();
  #verdicts = 0;

  constructor(core: SchedulerCore) {
    this.#core = core;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** To be called before the decision changes the snapshot. */
  record(decision: LoggedDecision): void {
    const { encoded, key, scores } = decision;
    this.forget(key);
    const keeps = encoded !== undefined && this.#core.nodes <= KEPT_NODES_MAXIMUM;
    const nodes = keeps ? nodeVerdicts(this.#core.explain(encoded), scores) : undefined;
    const size = nodes === undefined ? 0 : this.#core.nodes;
    const { encoded: _, scores: __, ...light } = decision;
    this.#entries.set(
      key,
      nodes === undefined ? { decision, size } : { decision: light, nodes, size },
    );
    this.#verdicts += size;
    while (this.#entries.size > DECISIONS_MAXIMUM || this.#verdicts > VERDICTS_MAXIMUM) {
      const [oldest] = this.#entries.keys();
      if (oldest === undefined) break;
      this.forget(oldest);
    }
  }

  forget(key: string, uid?: string): void {
    const known = this.#entries.get(key);
    if (known === undefined || (uid !== undefined && known.decision.uid !== uid)) return;
    this.#entries.delete(key);
    this.#verdicts -= known.size;
  }

  /**
   * The latest decision on a pod, or undefined where none is remembered. Of a large cluster nodes are judged as they
   * are now, without the pod itself.
   */
  explain(key: string): Explanation | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { encoded, handle, message, node, scores } = entry.decision;
    let nodes = entry.nodes ?? {};
    if (entry.nodes === undefined && encoded !== undefined) {
      if (node !== undefined) this.#core.removePod(handle);
      nodes = nodeVerdicts(this.#core.explain(encoded), scores);
      if (node !== undefined) this.#core.assume(encoded, node);
    }
    return {
      pod: key,
      node: node ?? null,
      ...(message === undefined ? {} : { message }),
      nodes,
    };
  }
}
