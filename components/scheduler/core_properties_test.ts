/**
 * Random clusters under random changes: what must hold whatever happens. The rules are checked by walks over all pods,
 * which know nothing of the core's counts.
 */
import assert from "node:assert/strict";
import {
  type LabelSelector,
  labelSelectorMatcher,
  type Pod,
  type PodAffinityTerm,
  type TopologySpreadConstraint,
} from "../api/mod.ts";
import { type CaseNode, caseNode, type CasePod, casePod } from "./core_case.ts";
import type { Decision, Verdict } from "./core_contract.ts";
import { Core } from "./core_wasm.ts";

const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";

const matchers = new Map<LabelSelector, ReturnType<typeof labelSelectorMatcher>>();

function matchesSelector(selector: LabelSelector, labels: Readonly<Record<string, string>>) {
  const matcher = matchers.get(selector) ?? labelSelectorMatcher(selector);
  matchers.set(selector, matcher);
  return matcher.matches(labels);
}

/** Numbers that follow from the seed alone. */
class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1;
  }

  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

interface Placed {
  readonly pod: Pod;
  readonly node: string;
}

/** What the core is told, kept as objects. */
class Model {
  readonly core = new Core();
  readonly nodes = new Map<string, CaseNode>();
  readonly pods = new Map<number, Placed>();
  readonly namespaces = new Map<string, Record<string, string>>();

  /** A core that is told the same at once. */
  fresh(): Core {
    const core = new Core();
    for (const [name, labels] of this.namespaces) core.putNamespace(name, labels);
    for (const [handle, { pod, node }] of this.pods) core.putPod(handle, node, pod);
    for (const node of this.nodes.values()) core.putNode(caseNode(node));
    return core;
  }

  putNode(node: CaseNode): void {
    this.nodes.set(node.name, node);
    this.core.putNode(caseNode(node));
  }

  label(node: string, key: string): string | undefined {
    return this.nodes.get(node)?.labels?.[key];
  }

  means(term: PodAffinityTerm, owner: Pod, other: Pod): boolean {
    const namespace = other.metadata?.namespace ?? "";
    const own = term.namespaces === undefined && term.namespaceSelector === undefined;
    const here = own
      ? namespace === owner.metadata?.namespace
      : (term.namespaces ?? []).includes(namespace) ||
        (term.namespaceSelector !== undefined &&
          matchesSelector(term.namespaceSelector, this.namespaces.get(namespace) ?? {}));
    return here && term.labelSelector !== undefined &&
      matchesSelector(term.labelSelector, other.metadata?.labels ?? {});
  }

  /** Pods whose nodes share the node's value of the key. */
  neighbours(node: string, key: string): Pod[] {
    const value = this.label(node, key);
    return value === undefined ? [] : [...this.pods.values()]
      .filter((other) => this.label(other.node, key) === value)
      .map(({ pod }) => pod);
  }

  /** What is wrong with the pod on that node, where it is not yet. */
  broken(pod: Pod, node: string): string | undefined {
    const { requests } = pod.spec!.containers![0]!.resources!;
    const used = [...this.pods.values()].filter((other) => other.node === node)
      .map(({ pod }) => Number(pod.spec!.containers![0]!.resources!.requests!["cpu"]))
      .reduce((sum, cpu) => sum + cpu, Number(requests!["cpu"]));
    if (used > Number(this.nodes.get(node)!.allocatable?.["cpu"])) return "capacity";
    const affinity = pod.spec?.affinity;
    const required = affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const together = (other: Pod) => required.every((term) => this.means(term, pod, other));
    const near = (term: PodAffinityTerm) =>
      this.neighbours(node, term.topologyKey!).some((other) => together(other));
    const nowhere = ![...this.pods.values()].some((other) =>
      together(other.pod) &&
      required.some(({ topologyKey }) => this.label(other.node, topologyKey!) !== undefined)
    );
    if (!required.every((term) => this.label(node, term.topologyKey!) !== undefined)) {
      return "affinity's key";
    }
    if (!required.every(near) && !(nowhere && together(pod))) return "affinity";
    for (const term of antiTerms(pod)) {
      if (this.neighbours(node, term.topologyKey!).some((other) => this.means(term, pod, other))) {
        return "anti-affinity";
      }
    }
    for (const other of this.pods.values()) {
      for (const term of antiTerms(other.pod)) {
        const value = this.label(other.node, term.topologyKey!);
        const same = value !== undefined && value === this.label(node, term.topologyKey!);
        if (same && this.means(term, other.pod, pod)) return "another's anti-affinity";
      }
    }
    const constraints = (pod.spec?.topologySpreadConstraints ?? [])
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule");
    return constraints.every((constraint) => this.#spreads(pod, node, constraint, constraints))
      ? undefined
      : "spread";
  }

  #spreads(
    pod: Pod,
    node: string,
    constraint: TopologySpreadConstraint,
    all: readonly TopologySpreadConstraint[],
  ): boolean {
    const key = constraint.topologyKey!;
    const counts = new Map<string, number>();
    const matches = (other: Pod) =>
      other.metadata?.namespace === pod.metadata?.namespace &&
      matchesSelector(constraint.labelSelector!, other.metadata?.labels ?? {});
    for (const { name, labels = {} } of this.nodes.values()) {
      if (!all.every(({ topologyKey }) => labels[topologyKey!] !== undefined)) continue;
      const here = [...this.pods.values()].filter((other) =>
        other.node === name && other.pod.metadata?.deletionTimestamp === undefined &&
        matches(other.pod)
      );
      counts.set(labels[key]!, (counts.get(labels[key]!) ?? 0) + here.length);
    }
    const own = this.label(node, key);
    if (own === undefined) return false;
    const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
    return (counts.get(own) ?? 0) + (matches(pod) ? 1 : 0) - least <= constraint.maxSkew!;
  }
}

function antiTerms(pod: Pod): readonly PodAffinityTerm[] {
  return pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function randomNode(random: Seeded): CaseNode {
  const name = `n${random.below(14)}`;
  return {
    name,
    labels: {
      [HOST]: name,
      ...(random.chance(85) ? { [ZONE]: `z${random.below(3)}` } : {}),
      ...(random.chance(60) ? { rack: `r${random.below(4)}` } : {}),
    },
    allocatable: { cpu: String(4 + random.below(8)) },
    ...(random.chance(10)
      ? { taints: [{ key: "t", effect: random.of(["NoSchedule", "PreferNoSchedule"]) }] }
      : {}),
    ...(random.chance(10) ? { unschedulable: true } : {}),
  };
}

const APPS = ["a", "b", "c"];

function randomTerm(random: Seeded): PodAffinityTerm {
  return {
    topologyKey: random.of([HOST, ZONE, "rack"]),
    labelSelector: random.chance(70)
      ? { matchLabels: { app: random.of(APPS) } }
      : { matchExpressions: [{ key: "app", operator: "NotIn", values: [random.of(APPS)] }] },
    ...(random.chance(20) ? { namespaces: ["m"] } : {}),
    ...(random.chance(20) ? { namespaceSelector: { matchLabels: { team: "x" } } } : {}),
  };
}

function randomPod(random: Seeded): Pod {
  const required = (percent: number) => ({
    requiredDuringSchedulingIgnoredDuringExecution: random.chance(percent)
      ? [randomTerm(random)]
      : [],
    preferredDuringSchedulingIgnoredDuringExecution: random.chance(30)
      ? [{ weight: 1 + random.below(9), podAffinityTerm: randomTerm(random) }]
      : [],
  });
  const spec: CasePod = {
    namespace: random.of(["m", "n"]),
    labels: { app: random.of(APPS) },
    requests: { cpu: String(1 + random.below(2)) },
    terminating: random.chance(10),
    spec: {
      priority: random.below(3),
      affinity: { podAffinity: required(15), podAntiAffinity: required(25) },
      topologySpreadConstraints: [30, 10].filter((percent) => random.chance(percent)).map(() => ({
        maxSkew: 1 + random.below(2),
        topologyKey: random.of([HOST, ZONE, "rack"]),
        whenUnsatisfiable: random.of(["DoNotSchedule", "ScheduleAnyway"]),
        labelSelector: { matchLabels: { app: random.of(APPS) } },
        ...(random.chance(20) ? { minDomains: 1 + random.below(4) } : {}),
      })),
    },
  };
  return casePod(spec);
}

function byNode(core: Core, handle: number, pod: Pod) {
  return Object.fromEntries(
    core.explain(core.encode(handle, pod)).map((verdict) => [verdict.node, verdict]),
  );
}

/** A decision without a node must count what every node says. */
function assertAccounts(decision: Decision, verdicts: readonly Verdict[]): void {
  if (decision.node !== undefined) return;
  const counts: Record<string, number> = {};
  let resolvable = 0;
  for (const verdict of verdicts) {
    if ("scores" in verdict) continue;
    for (const text of verdict.reasons) counts[text] = (counts[text] ?? 0) + 1;
    if (!verdict.unresolvable) resolvable++;
  }
  const given: Record<string, number> = {};
  for (const { nodes, text } of decision.refusals) given[text] = (given[text] ?? 0) + nodes;
  assert.deepEqual(given, counts);
  assert.equal(decision.resolvable, resolvable);
}

for (let seed = 1; seed <= 12; seed++) {
  Deno.test(`Core over random changes, seed ${seed}: rules hold, and counts are those of a fresh core`, () => {
    const random = new Seeded(seed);
    const model = new Model();
    for (let i = 0; i < 8; i++) model.putNode(randomNode(random));
    let handle = 0;
    let placed = 0;
    for (let step = 0; step < 220; step++) {
      const what = random.below(100);
      if (what < 6) {
        model.putNode(randomNode(random));
      } else if (what < 9 && model.nodes.size > 0) {
        const name = random.of([...model.nodes.keys()]);
        model.nodes.delete(name);
        model.core.removeNode(name);
      } else if (what < 25 && model.pods.size > 0) {
        const gone = random.of([...model.pods.keys()]);
        model.pods.delete(gone);
        model.core.removePod(gone);
      } else if (what < 30) {
        const labels = { team: random.of(["x", "y"]) };
        const name = random.of(["m", "n"]);
        model.namespaces.set(name, labels);
        model.core.putNamespace(name, labels);
      } else {
        const pod = randomPod(random);
        const encoded = model.core.encode(++handle, pod);
        const verdicts = byNode(model.core, handle, pod);
        const decision = model.core.schedule(encoded);
        assertAccounts(decision, Object.values(verdicts));
        for (const [name, verdict] of Object.entries(verdicts)) {
          const wrong = model.broken(pod, name);
          if ("scores" in verdict) assert.equal(wrong, undefined, `${name} is feasible`);
          else if (wrong === undefined) {
            // Only what the walks do not look at may refuse.
            assert.match(verdict.plugin, /^(NodeUnschedulable|TaintToleration)$/);
          }
        }
        if (step % 7 === 0) {
          const fresh = model.fresh();
          assert.deepEqual(verdicts, byNode(fresh, handle, pod));
          fresh.end();
          assert.deepEqual(byNode(model.core, handle, pod), verdicts);
        }
        if (decision.node === undefined) continue;
        const chosen = verdicts[decision.node]!;
        assert.ok("scores" in chosen);
        const totals = Object.values(verdicts).map((verdict) =>
          "scores" in verdict ? verdict.total : -1
        );
        if (decision.feasible > 1) {
          assert.equal(decision.score, Math.max(...totals));
          assert.equal(chosen.total, decision.score);
        }
        model.core.assume(encoded, decision.node);
        model.pods.set(handle, { pod, node: decision.node });
        placed++;
      }
    }
    assert.ok(placed > 40, `${placed} pods found a place`);
    model.core.end();
  });
}

Deno.test("Core: a dry run of preemption leaves everything as it was, and its victims make room", () => {
  const random = new Seeded(99);
  const model = new Model();
  for (let i = 0; i < 8; i++) model.putNode(randomNode(random));
  let helped = 0;
  for (let handle = 1; handle <= 160; handle++) {
    const pod = randomPod(random);
    const encoded = model.core.encode(handle, pod);
    const before = byNode(model.core, handle, pod);
    const { candidates } = model.core.preempt(encoded);
    assert.deepEqual(byNode(model.core, handle, pod), before);
    for (const { node, victims } of candidates) {
      const gone = victims.map((victim) => [victim, model.pods.get(victim)!] as const);
      for (const [victim, { pod: other }] of gone) {
        assert.ok((other.spec?.priority ?? 0) < (pod.spec?.priority ?? 0));
        model.pods.delete(victim);
      }
      assert.equal(model.broken(pod, node), undefined);
      for (const [victim, was] of gone) model.pods.set(victim, was);
      helped++;
    }
    const decision = model.core.schedule(encoded);
    if (decision.node === undefined) continue;
    model.core.assume(encoded, decision.node);
    model.pods.set(handle, { pod, node: decision.node });
  }
  assert.ok(helped > 5, `${helped} candidates`);
  model.core.end();
});

Deno.test("Core: a dry run by sums finds what one by filters finds", () => {
  const random = new Seeded(7);
  const core = new Core();
  for (let i = 0; i < 30; i++) {
    core.putNode(caseNode({ name: `n${i}`, allocatable: { cpu: String(4 + random.below(8)) } }));
  }
  for (let handle = 1; handle <= 150; handle++) {
    const status = { startTime: `2026-01-01T00:00:${10 + random.below(40)}Z` };
    const requests = { cpu: String(1 + random.below(3)), memory: `${random.below(4)}Gi` };
    core.putPod(
      handle,
      `n${random.below(30)}`,
      casePod({ requests, status, spec: { priority: random.below(6) } }),
    );
  }
  const budgetsOf = new Map(Array.from({ length: 60 }, (_, i) => [i + 1, [i % 3]] as const));
  let candidates = 0;
  for (let priority = 1; priority <= 6; priority++) {
    for (const cpu of ["2", "4", "6", "9"]) {
      const container = { name: "c", image: "w", resources: { requests: { cpu } } };
      const bare = { priority, containers: [container] };
      const ports = [{ containerPort: 80, hostPort: 80 }];
      for (const options of [{}, { budgets: [0, 1, 5], budgetsOf }]) {
        const [bySums, byFilters] = [bare, { priority, containers: [{ ...container, ports }] }]
          .map((spec) => core.preempt(core.encode(1000, casePod({ spec })), options));
        assert.deepEqual(bySums, byFilters);
        candidates += bySums!.candidates.length;
      }
    }
  }
  assert.ok(candidates > 100, `${candidates} candidates`);
  core.end();
});

const shares: [{ percentage: number; minimum: number }, number][] = [
  [{ percentage: 0, minimum: 3 }, 3],
  [{ percentage: 50, minimum: 1 }, 5],
  [{ percentage: 50, minimum: 8 }, 8],
  [{ percentage: 100, minimum: 100 }, 10],
];
for (const [candidates, expected] of shares) {
  Deno.test(`Core: of ten nodes ${candidates.percentage} %, at least ${candidates.minimum}, are enough`, () => {
    const core = new Core();
    for (let i = 0; i < 10; i++) {
      core.putNode(caseNode({ name: `n${i}` }));
      core.putPod(i + 1, `n${i}`, casePod({ requests: { cpu: "4" } }));
    }
    core.putNode(caseNode({ name: "small", allocatable: { cpu: "1" } }));
    const pod = core.encode(100, casePod({ requests: { cpu: "2" }, spec: { priority: 1 } }));
    const found = core.preempt(pod, { candidates, offset: 4 });
    assert.equal(found.candidates.length, expected);
    assert.equal(found.candidates[0]?.node, "n4");
    core.end();
  });
}

Deno.test("Core: nominations follow their nodes and pods, as a fresh core has them", () => {
  const random = new Seeded(5);
  const model = new Model();
  const nominated = new Map<number, Placed>();
  for (let i = 0; i < 8; i++) model.putNode(randomNode(random));
  let differences = 0;
  for (let step = 1; step <= 300; step++) {
    const what = random.below(100);
    const names = [...model.nodes.keys()];
    if (what < 15) model.putNode(randomNode(random));
    else if (what < 25 && names.length > 3) {
      const name = random.of(names);
      model.nodes.delete(name);
      model.core.removeNode(name);
    } else if (what < 60) {
      const placed = { pod: randomPod(random), node: `n${random.below(14)}` };
      nominated.set(step, placed);
      model.core.nominate(step, placed.node, placed.pod);
    } else if (what < 75 && nominated.size > 0) {
      const handle = random.of([...nominated.keys()]);
      const { node, pod } = nominated.get(handle)!;
      nominated.delete(handle);
      if (random.chance(50)) model.core.denominate(handle);
      else {
        // Bound: it takes its room, and is not expected any more.
        model.core.putPod(handle, node, pod);
        model.pods.set(handle, { node, pod });
      }
    }
    const pod = randomPod(random);
    const without = model.fresh();
    const fresh = model.fresh();
    for (const [handle, { node, pod }] of nominated) fresh.nominate(handle, node, pod);
    const verdicts = byNode(model.core, 1000, pod);
    assert.deepEqual(verdicts, byNode(fresh, 1000, pod));
    const decision = model.core.schedule(model.core.encode(1000, pod));
    const feasible = Object.values(verdicts).filter((verdict) => "scores" in verdict);
    assert.equal(decision.feasible, feasible.length);
    assertAccounts(decision, Object.values(verdicts));
    const bare = Object.values(byNode(without, 1000, pod)).filter((verdict) => "scores" in verdict);
    if (bare.length !== feasible.length) differences++;
    fresh.end();
    without.end();
  }
  assert.ok(differences > 5, `${differences} decisions depended on nominations`);
  model.core.end();
});
