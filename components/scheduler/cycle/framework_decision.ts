import { type Random, randomInteger } from "../../base/mod.ts";
import type { EncodedPod, ExtraConstraint, PodExtras, SchedulerCore } from "../core_contract.ts";
import type { Extender } from "../extenders/extender.ts";
import { isRejected, type SchedulerPlugin, type Verdict } from "../framework/mod.ts";
import { ask, checkedVerdict, PluginFailure } from "./asking.ts";
import type { Attempt, Outcome } from "./attempt.ts";
import { fitErrorOfNodes, fitErrorOfPlugin, noNodes } from "./fit_error.ts";

export const SCORE_MAXIMUM = 100;
/** The name that pods refused by an extender rest under. */
export const EXTENDERS = "Extender";

/** A decision with what led to it. */
export interface Decided {
  readonly outcome: Outcome;
  /** The pod with every rule that was found for it. */
  readonly encoded: EncodedPod;
  readonly extras: PodExtras;
  /** Points that plugins in TypeScript and extenders gave, times weight, by plugin and node. */
  readonly scores: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface FrameworkDecisionOptions {
  readonly core: SchedulerCore;
  readonly extenders: readonly Extender[];
  readonly random: Random;
  /** The core's number of a pod. */
  readonly handleOf: (uid: string) => number | undefined;
}

/** What a decision needs to know of an attempt. */
export type Asked = Pick<Attempt, "tracked" | "pod" | "profile" | "concerned" | "cycle">;

/** What was found of one pod so far. */
interface Search {
  readonly attempt: Asked;
  readonly extenders: readonly Extender[];
  readonly constraints: ExtraConstraint[];
  readonly skipped: Set<SchedulerPlugin>;
  readonly pendingOn: Set<string>;
  readonly scores: Map<string, ReadonlyMap<string, number>>;
  extras: PodExtras;
  encoded: EncodedPod;
}

type Refused = Map<string, { readonly plugin: string; readonly verdict: Verdict }>;

/**
 * The decision where plugins in TypeScript or extenders have a say: the core filters, they filter what is left, the
 * core and they score. Where they refuse all that the core let through, the core is asked for others.
 */
export class FrameworkDecision {
  readonly #options: FrameworkDecisionOptions;

  constructor(options: FrameworkDecisionOptions) {
    this.#options = options;
  }

  async decide(attempt: Asked, extras: PodExtras): Promise<Decided> {
    const { core, extenders } = this.#options;
    const search: Search = {
      attempt,
      extenders: extenders.filter((extender) => extender.concerns(attempt.pod)),
      constraints: [...extras.constraints ?? []],
      skipped: new Set(),
      pendingOn: new Set(),
      scores: new Map(),
      extras,
      encoded: core.encode(attempt.tracked.handle, attempt.pod, extras),
    };
    const outcome = core.nodes === 0
      ? { kind: "refused", error: noNodes() } as const
      : await this.#search(search);
    return { outcome, encoded: search.encoded, extras: search.extras, scores: search.scores };
  }

  async #search(search: Search): Promise<Outcome> {
    const refused = await this.#preFilter(search);
    if (refused !== undefined) return refused;
    const nominated = search.attempt.tracked.nominatedNode;
    if (nominated !== "") {
      const found = await this.#filter(search, [nominated]);
      if (Array.isArray(found) && found.length > 0) return { kind: "placed", node: nominated };
    }
    const feasible = await this.#filter(search);
    if (!Array.isArray(feasible)) return feasible as Outcome;
    if (feasible.length === 1) return { kind: "placed", node: feasible[0]! };
    return await this.#choose(search, feasible);
  }

  async #preFilter(search: Search): Promise<Outcome | undefined> {
    const { attempt, constraints, skipped } = search;
    const nodes = this.#options.core.nodes;
    for (const { plugin } of attempt.profile.at("preFilter")) {
      if (!attempt.concerned.has(plugin)) continue;
      const asked = ask(plugin.name, "PreFilter", () => plugin.preFilter!(attempt.cycle));
      const answer = asked instanceof Promise ? await asked : asked;
      if (answer instanceof PluginFailure) return { kind: "failed", message: answer.message };
      const verdict = checkedVerdict(plugin.name, "PreFilter", answer?.verdict);
      if (verdict.code === "Error") return failed(verdict);
      if (verdict.code === "Skip") skipped.add(plugin);
      if (isRejected(verdict)) {
        const error = fitErrorOfPlugin(nodes, plugin.name, verdict.reasons.join(", "), {
          pending: verdict.code === "Pending",
          resolvable: verdict.code === "Unschedulable",
        });
        return { kind: "refused", error };
      }
      for (const { holders = [], ...rule } of answer.constraints ?? []) {
        const handles = holders.flatMap((uid) => this.#options.handleOf(uid) ?? []);
        constraints.push({ plugin: plugin.name, ...rule, holders: handles });
      }
      const { deviceResources = [] } = answer;
      if (deviceResources.length > 0) search.extras = { ...search.extras, deviceResources };
      if (answer.nodes !== undefined) {
        constraints.push({
          plugin: plugin.name,
          reason: `node(s) didn't satisfy plugin(s) [${plugin.name}]`,
          unresolvable: true,
          names: [...answer.nodes],
        });
      }
    }
    return undefined;
  }

  /** The nodes that everybody lets through, at least one; else why there is none. */
  async #filter(search: Search, within?: readonly string[]): Promise<string[] | Outcome> {
    const { core } = this.#options;
    const { attempt } = search;
    const only: ExtraConstraint[] = within === undefined
      ? []
      : [{ plugin: "NodeName", reason: "", unresolvable: true, names: within }];
    for (;;) {
      search.extras = { ...search.extras, constraints: [...search.constraints, ...only] };
      search.encoded = core.encode(attempt.tracked.handle, attempt.pod, search.extras);
      const result = core.filter(search.encoded);
      if (result.preFilter !== undefined) {
        const error = fitErrorOfPlugin(core.nodes, "NodeAffinity", result.preFilter);
        return { kind: "refused", error };
      }
      const refused: Refused = new Map();
      const feasible = await this.#filterOutside(search, [...result.feasible], refused);
      if (!Array.isArray(feasible)) return feasible as Outcome;
      search.constraints.push(...constraintsOf(refused, this.#options.handleOf));
      if (feasible.length > 0) {
        search.extras = { ...search.extras, constraints: [...search.constraints] };
        // What was refused just now belongs to the decision that is remembered.
        search.encoded = core.encode(attempt.tracked.handle, attempt.pod, search.extras);
        return feasible;
      }
      if (refused.size === 0) {
        const error = fitErrorOfNodes(core.nodes, result.refused(), search.pendingOn);
        return { kind: "refused", error };
      }
    }
  }

  async #filterOutside(
    search: Search,
    nodes: string[],
    refused: Refused,
  ): Promise<string[] | Outcome> {
    const { attempt, extenders, pendingOn, skipped } = search;
    let feasible = nodes;
    for (const { plugin } of attempt.profile.at("filter")) {
      if (feasible.length === 0) return feasible;
      if (!attempt.concerned.has(plugin) || skipped.has(plugin)) continue;
      const asked = ask(plugin.name, "Filter", () => plugin.filter!(attempt.cycle, feasible));
      const answer = asked instanceof Promise ? await asked : asked;
      if (answer instanceof PluginFailure) return { kind: "failed", message: answer.message };
      if (!(answer instanceof Map)) return failed(checkedVerdict(plugin.name, "Filter", undefined));
      for (const [node, given] of answer) {
        const verdict = checkedVerdict(plugin.name, "Filter", given);
        if (verdict.code === "Error") return failed(verdict);
        if (!isRejected(verdict)) continue;
        if (verdict.code === "Pending") pendingOn.add(plugin.name);
        refused.set(node, { plugin: plugin.name, verdict });
      }
      feasible = feasible.filter((node) => !refused.has(node));
    }
    for (const extender of extenders) {
      if (!extender.filters || feasible.length === 0) continue;
      try {
        const answer = await extender.filter(attempt.pod, feasible);
        for (const [node, reason] of answer.failed) {
          refused.set(node, refusal("Unschedulable", reason));
        }
        for (const [node, reason] of answer.unresolvable) {
          refused.set(node, refusal("UnschedulableAndUnresolvable", reason));
        }
        const passed = new Set(answer.feasible);
        for (const node of feasible) {
          if (!passed.has(node) && !refused.has(node)) {
            refused.set(node, refusal("Unschedulable", ""));
          }
        }
        feasible = feasible.filter((node) => passed.has(node) && !refused.has(node));
      } catch (error) {
        if (!extender.isIgnorable) {
          return { kind: "failed", message: (error as Error).message };
        }
      }
    }
    return feasible;
  }

  async #choose(search: Search, nodes: readonly string[]): Promise<Outcome> {
    const { core, random } = this.#options;
    const { attempt, scores } = search;
    const result = core.score(search.encoded, nodes);
    const totals = new Map(result.names.map((name, i) => [name, result.totals[i] ?? 0]));
    const add = (plugin: string, points: ReadonlyMap<string, number>) => {
      scores.set(plugin, points);
      for (const [node, more] of points) totals.set(node, (totals.get(node) ?? 0) + more);
    };
    const wrong = await this.#scorePlugins(search, nodes, add);
    if (wrong !== undefined) return wrong;
    let isExtended = false;
    for (const extender of search.extenders) {
      if (!extender.prioritizes) continue;
      try {
        add(extender.name, await extender.prioritize(attempt.pod, nodes));
        isExtended = true;
      } catch {
        // A preference that cannot be had is no reason to fail, as upstream has it.
      }
    }
    let best: string[] = [];
    let most = -Infinity;
    for (const node of nodes) {
      const total = totals.get(node);
      if (total === undefined) continue;
      if (total > most) [best, most] = [[node], total];
      else if (total === most) best.push(node);
    }
    const node = best[isExtended ? randomInteger(random, best.length) : 0];
    if (node === undefined) return { kind: "failed", message: "the nodes were removed meanwhile" };
    return { kind: "placed", node };
  }

  async #scorePlugins(
    search: Search,
    nodes: readonly string[],
    add: (plugin: string, points: ReadonlyMap<string, number>) => void,
  ): Promise<Outcome | undefined> {
    const { attempt } = search;
    const skipped = new Set<SchedulerPlugin>();
    for (const { plugin } of attempt.profile.at("preScore")) {
      if (!attempt.concerned.has(plugin)) continue;
      const asked = ask(plugin.name, "PreScore", () => plugin.preScore!(attempt.cycle, nodes));
      const answer = asked instanceof Promise ? await asked : asked;
      const verdict = checkedVerdict(plugin.name, "PreScore", answer);
      if (verdict.code === "Skip") skipped.add(plugin);
      else if (verdict.code !== "Success") return failed(verdict);
    }
    for (const { plugin, weight } of attempt.profile.at("score")) {
      if (!attempt.concerned.has(plugin) || skipped.has(plugin)) continue;
      const asked = ask(plugin.name, "Score", () => plugin.score!(attempt.cycle, nodes));
      const answer = asked instanceof Promise ? await asked : asked;
      if (answer instanceof PluginFailure) return { kind: "failed", message: answer.message };
      const wrong = scoresProblem(plugin.name, answer, nodes.length);
      if (wrong !== undefined) return { kind: "failed", message: wrong };
      add(plugin.name, new Map(nodes.map((node, i) => [node, answer[i]! * weight])));
    }
    return undefined;
  }
}

function refusal(code: Verdict["code"], reason: string) {
  const reasons = [reason === "" ? "node(s) were filtered out by an extender" : reason];
  return { plugin: EXTENDERS, verdict: { code, reasons } };
}

function failed({ reasons }: Verdict): Outcome {
  return { kind: "failed", message: reasons.join(", ") };
}

function scoresProblem(plugin: string, scores: unknown, nodes: number): string | undefined {
  const quoted = JSON.stringify(plugin);
  if (!Array.isArray(scores) || scores.length !== nodes) {
    return `running Score plugin ${quoted}: ${nodes} scores were asked for`;
  }
  const wrong = scores.find((score) =>
    !Number.isInteger(score) || score < 0 || score > SCORE_MAXIMUM
  );
  if (wrong === undefined) return undefined;
  return `plugin ${quoted} returns an invalid score ${wrong}, it should in the range of [0, ` +
    `${SCORE_MAXIMUM}] after normalizing`;
}

/** What was refused, as rules that the core keeps to: one a reason, as reasons are counted one by one. Pure. */
export function constraintsOf(
  refused: Refused,
  handleOf: (uid: string) => number | undefined,
): ExtraConstraint[] {
  const rules = new Map<string, ExtraConstraint & { readonly except: string[] }>();
  for (const [node, { plugin, verdict }] of refused) {
    const unresolvable = verdict.code === "UnschedulableAndUnresolvable";
    const holders = (verdict.holders ?? []).flatMap((uid) => handleOf(uid) ?? []);
    for (const reason of verdict.reasons.length === 0 ? [""] : verdict.reasons) {
      const key = `${plugin}\n${reason}\n${unresolvable}\n${holders}`;
      const rule = rules.get(key);
      if (rule !== undefined) {
        rule.except.push(node);
        continue;
      }
      const held = holders.length === 0 ? {} : { holders };
      rules.set(key, { plugin, reason, unresolvable, except: [node], ...held });
    }
  }
  return [...rules.values()];
}
