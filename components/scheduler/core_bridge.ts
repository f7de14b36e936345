import { matchesNodeTerm, type Node, type NodeSelectorTerm, type Pod } from "../api/mod.ts";
import type {
  Decision,
  EncodedPod,
  ExtraConstraint,
  FilterResult,
  NodeRefusal,
  PodExtras,
  Preemption,
  SchedulerCore,
  ScoreResult,
  Verdict,
} from "./core_contract.ts";
import { placePod, putNode, putPod, removeNode, removePod } from "./core_message.ts";
import { Core } from "./core_wasm.ts";
import { Interner } from "./interner.ts";
import { reasonText } from "./message.ts";
import { unknownRule } from "./pod_constraints.ts";
import { type KnownNode, knownNode } from "./queue/mod.ts";

interface Encoded extends EncodedPod {
  readonly handle: number;
  readonly pod: Pod;
  readonly extras: PodExtras;
  readonly message: number[];
}

/** The module's first layout behind the contract: what it has no rules for is refused, never guessed. */
export class BridgedCore implements SchedulerCore {
  readonly #core = new Core();
  readonly #interner = new Interner();
  readonly #nodes = new Map<string, KnownNode>();
  readonly #scorers: readonly string[];

  constructor() {
    this.#scorers = SCORERS.filter((name) =>
      this.#core.plugins.some((plugin) => plugin.name === name)
    );
  }

  get nodes(): number {
    return this.#core.nodes;
  }

  configure(): void {}

  putNode(node: Node): void {
    this.#nodes.set(node.metadata?.name ?? "", knownNode(node));
    this.#core.apply(putNode(this.#interner, node));
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
    this.#core.apply(removeNode(this.#interner, name));
  }

  putPod(handle: number, node: string, pod: Pod): void {
    this.#core.apply(putPod(this.#interner, handle, node, pod));
  }

  assume(encoded: EncodedPod, node: string): void {
    const { handle, pod } = encoded as Encoded;
    this.putPod(handle, node, pod);
  }

  removePod(handle: number): void {
    this.#core.apply(removePod(handle));
  }

  putNamespace(): void {}
  removeNamespace(): void {}
  nominate(): void {}
  denominate(): void {}

  encode(handle: number, pod: Pod, extras: PodExtras = {}): EncodedPod {
    const message = placePod(this.#interner, pod, 0);
    const encoded: Encoded = { handle, pod, extras, message, numbers: new Float64Array(0) };
    return encoded;
  }

  schedule(encoded: EncodedPod): Decision {
    const { pod, message, extras } = encoded as Encoded;
    const unknown = unknownRule(pod);
    if (unknown === undefined && (extras.constraints ?? []).length === 0) {
      const decision = this.#core.schedule(message);
      return {
        node: decision.node === undefined ? undefined : this.#interner.text(decision.node),
        evaluated: decision.evaluated,
        feasible: decision.feasible,
        score: decision.score,
        preFilter: undefined,
        resolvable: decision.resolvable.length,
        refusals: decision.refusals.map(({ detail, nodes, reason, unresolvable }) => ({
          plugin: this.#pluginOf(reason),
          text: reasonText(reason, this.#interner.text(detail)),
          unresolvable,
          nodes,
        })),
      };
    }
    const found = this.filter(encoded);
    const refused = found.refused();
    const { names, totals } = this.score(encoded, found.feasible);
    const best = names.reduce((best, _, i) => totals[i]! > (totals[best] ?? -1) ? i : best, 0);
    return {
      node: names[best],
      evaluated: found.evaluated,
      feasible: found.feasible.length,
      score: totals[best] ?? 0,
      preFilter: found.preFilter,
      resolvable: refused.filter(({ unresolvable }) => !unresolvable).length,
      refusals: refused.flatMap(({ plugin, reasons, unresolvable }) =>
        reasons.map((text) => ({ plugin, text, unresolvable, nodes: 1 }))
      ),
    };
  }

  filter(encoded: EncodedPod): FilterResult {
    const verdicts = this.explain(encoded);
    return {
      feasible: verdicts.filter((verdict) => "scores" in verdict).map(({ node }) => node),
      evaluated: verdicts.length,
      preFilter: unknownRule((encoded as Encoded).pod),
      refused: () => verdicts.filter((verdict): verdict is NodeRefusal => !("scores" in verdict)),
    };
  }

  score(encoded: EncodedPod, names: readonly string[]): ScoreResult {
    const wanted = new Set(names);
    const scored = this.explain(encoded).flatMap((verdict) =>
      "scores" in verdict && wanted.has(verdict.node) ? [verdict] : []
    );
    const totals = new Map(scored.map(({ node, total }) => [node, total]));
    const known = names.filter((name) => totals.has(name));
    return {
      names: known,
      scores: {},
      totals: Float64Array.from(known, (name) => totals.get(name) ?? 0),
    };
  }

  explain(encoded: EncodedPod): Verdict[] {
    const { extras, message, pod } = encoded as Encoded;
    const unknown = unknownRule(pod);
    return this.#core.explain(message).map((verdict): Verdict => {
      const node = this.#interner.text(verdict.node);
      if (unknown !== undefined) {
        return { node, plugin: "InterPodAffinity", reasons: [unknown], unresolvable: true };
      }
      if (!("scores" in verdict)) {
        const reasons = verdict.reasons.map(({ detail, reason }) =>
          reasonText(reason, this.#interner.text(detail))
        );
        const plugin = this.#core.plugins[verdict.filter]?.name ?? "";
        const [{ reason } = { reason: 0 }] = verdict.reasons;
        return { node, plugin, reasons, unresolvable: reason < FIRST_RESOLVABLE_REASON };
      }
      for (const rule of extras.constraints ?? []) {
        if (this.#holds(rule, node)) continue;
        const { plugin, reason, unresolvable } = rule;
        return { node, plugin, reasons: [reason], unresolvable };
      }
      const scores: Record<string, number> = {};
      let total = 0;
      verdict.scores.forEach((score, i) => {
        if (score === undefined) return;
        scores[this.#scorers[i] ?? String(i)] = score;
        total += score;
      });
      return { node, scores, total };
    });
  }

  preempt(): Preemption {
    return { candidates: [], chosen: undefined, refusals: [] };
  }

  matching(terms: readonly NodeSelectorTerm[]): string[] {
    return [...this.#nodes.values()].filter((node) => matchesNodeTerms(terms, node))
      .map(({ name }) => name);
  }

  end(): void {
    this.#core.end();
  }

  #holds({ except, names, terms }: ExtraConstraint, node: string): boolean {
    const known = this.#nodes.get(node);
    return (names === undefined || names.includes(node)) &&
      (except === undefined || !except.includes(node)) &&
      (terms === undefined || (known !== undefined && matchesNodeTerms(terms, known)));
  }

  #pluginOf(reason: number): string {
    return REASON_PLUGINS[reason] ?? "NodeResourcesFit";
  }
}

/** The reasons before it are of rules that no removal of pods can change. */
const FIRST_RESOLVABLE_REASON = 4;
const REASON_PLUGINS = [
  "NodeUnschedulable",
  "NodeName",
  "TaintToleration",
  "NodeAffinity",
  "NodePorts",
];
const SCORERS = [
  "TaintToleration",
  "NodeAffinity",
  "NodeResourcesFit",
  "NodeResourcesBalancedAllocation",
  "ImageLocality",
];

function matchesNodeTerms(terms: readonly NodeSelectorTerm[], node: KnownNode): boolean {
  return terms.some((term) => matchesNodeTerm(term, node));
}
