/**
 * Cases that were derived by hand from kube-scheduler's documented formulas, as data in `wasm/cases`, one folder a
 * plugin. They run here in WebAssembly; `wasm/tests/cases.rs` runs the same natively, from `wasm/cases/lines.txt`, which
 * `deno run -A components/scheduler/core_cases_test.ts` writes anew.
 */
import assert from "node:assert/strict";
import {
  caseLines,
  caseNode,
  casePod,
  caseProfile,
  type CaseVerdict,
  type CoreCase,
  PLACED,
} from "./core_case.ts";
import { FILTER_PLUGINS, SCORE_PLUGINS, type ScorePlugin, type Verdict } from "./core_contract.ts";
import { Core } from "./core_wasm.ts";
import { reasonNumber } from "./message.ts";

const root = new URL("../../wasm/cases/", import.meta.url);
const lines = new URL("lines.txt", root);

interface Titled {
  readonly plugin: string;
  readonly title: string;
  readonly item: CoreCase;
}

function readCases(): Titled[] {
  const folders = [...Deno.readDirSync(root)].filter((entry) => entry.isDirectory)
    .map((entry) => entry.name).sort();
  return folders.flatMap((plugin) => {
    const text = Deno.readTextFileSync(new URL(`${plugin}/cases.json`, root));
    return (JSON.parse(text) as CoreCase[]).map((item) => ({
      plugin,
      title: `${plugin}: ${item.name}`,
      item,
    }));
  });
}

function coreOf(item: CoreCase, profile = caseProfile(item)): Core {
  const core = new Core();
  core.configure([profile]);
  for (const [name, labels] of Object.entries(item.namespaces ?? {})) {
    core.putNamespace(name, labels);
  }
  for (const node of item.nodes) core.putNode(caseNode(node), node.attachLimits);
  item.pods?.forEach((pod, i) => {
    const tell = pod.nominated === true ? core.nominate.bind(core) : core.putPod.bind(core);
    tell(i + 1, pod.node ?? "", casePod(pod), pod.volumes);
  });
  return core;
}

/** The verdict in the case's words, with those scores alone that the case speaks of. */
function worded(verdict: Verdict, expected: CaseVerdict | undefined): CaseVerdict {
  if (!("scores" in verdict)) {
    return `${verdict.unresolvable ? "UR" : "U"}: ${verdict.reasons.join(", ")}`;
  }
  const asked = typeof expected === "object" ? Object.keys(expected) as ScorePlugin[] : [];
  return Object.fromEntries(asked.map((name) => [name, verdict.scores[name] ?? null]));
}

function outcome(item: CoreCase, core: Core) {
  const encoded = core.encode(PLACED, casePod(item.pod), item.extras);
  const verdicts = Object.fromEntries(
    core.explain(encoded).map((verdict) => [
      verdict.node,
      worded(verdict, item.expect[verdict.node]),
    ]),
  );
  const filtered = core.filter(encoded);
  const decision = core.schedule(encoded);
  const preemption = core.preempt(encoded, {
    disruptionBudgets: item.disruptionBudgets ?? [],
    budgets: (item.budgets ?? []).map(({ allowed }) => allowed),
    budgetsOf: new Map(
      (item.pods ?? []).map((_, i) => [
        i + 1,
        (item.budgets ?? []).flatMap(({ pods }, budget) => pods.includes(i + 1) ? [budget] : []),
      ]),
    ),
  });
  const of = <T>(pick: (candidate: typeof preemption.candidates[number]) => T) =>
    Object.fromEntries(preemption.candidates.map((candidate) => [candidate.node, pick(candidate)]));
  return {
    verdicts,
    feasible: [...filtered.feasible].sort(),
    ...(item.chosen === undefined ? {} : { chosen: decision.node }),
    ...(item.victims === undefined ? {} : { victims: of(({ victims }) => victims) }),
    ...(item.violations === undefined ? {} : { violations: of(({ violations }) => violations) }),
    ...(item.preempted === undefined ? {} : { preempted: preemption.chosen?.node }),
  };
}

function expected(item: CoreCase) {
  const { chosen, victims, violations, preempted } = item;
  return {
    verdicts: { ...item.expect },
    feasible: item.feasible ??
      Object.keys(item.expect).filter((name) => typeof item.expect[name] === "object").sort(),
    ...(chosen === undefined ? {} : { chosen }),
    ...(victims === undefined ? {} : { victims }),
    ...(violations === undefined ? {} : { violations }),
    ...(preempted === undefined ? {} : { preempted }),
  };
}

const cases = readCases();

function allLines(): string {
  const all = cases.flatMap(({ title, item }) =>
    caseLines(title, item, (text) => text.split(", ").map(reasonNumber))
  );
  return all.join("\n") + "\n";
}

if (import.meta.main) {
  await Deno.writeTextFile(lines, allLines());
} else {
  for (const { title, item } of cases) {
    Deno.test(`Core, ${title}`, () => {
      const core = coreOf(item);
      assert.deepEqual(outcome(item, core), expected(item));
      core.end();
    });
  }

  Deno.test("Core: no case holds without the plugin that it is about", () => {
    const idle = cases.filter(({ plugin, item }) => {
      const filter = FILTER_PLUGINS.find((name) => name === plugin);
      const scorer = SCORE_PLUGINS.find((name) => name === plugin);
      if (filter === undefined && scorer === undefined) return false;
      const profile = caseProfile(item);
      const core = coreOf(item, {
        ...profile,
        disabledFilters: filter === undefined ? [] : [filter],
        weights: { ...profile.weights, ...(scorer === undefined ? {} : { [scorer]: 0 }) },
      });
      const same = JSON.stringify(outcome(item, core)) === JSON.stringify(expected(item));
      core.end();
      return same;
    });
    assert.deepEqual(idle.map(({ title }) => title), []);
  });

  Deno.test("Core: the cases' lines, which run natively, are those of the cases", () => {
    assert.equal(Deno.readTextFileSync(lines), allLines());
  });
}
