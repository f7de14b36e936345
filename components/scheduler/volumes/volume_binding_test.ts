import assert from "node:assert/strict";
import type { Pod } from "../../api/mod.ts";
import type { PreFilterAnswer, SchedulerPlugin, Verdict } from "../framework/mod.ts";
import { BindingPlan, type NodeBinding } from "./binding_plan.ts";
import { FakeNodes } from "./fake_nodes.ts";
import {
  aClaim,
  aClass,
  aCycle,
  aPod,
  aVolume,
  cacheOf,
  podWith,
  type World,
} from "./fake_volumes.ts";
import { isVerdict, sortClaims } from "./pod_claims.ts";
import type { VolumeBinder } from "./volume_binder.ts";
import { VolumeBinding } from "./volume_binding.ts";
import { VolumeZone } from "./volume_zone.ts";

const NODES = new FakeNodes({
  n1: { host: "n1", zone: "a", "topology.kubernetes.io/zone": "a" },
  n2: { host: "n2", zone: "b", "failure-domain.beta.kubernetes.io/zone": "b" },
  n3: { host: "n3" },
});

const AFFINITY = "node(s) didn't match PersistentVolume's node affinity";
const NONE = "node(s) didn't find available persistent volumes to bind";
const FULL = "node(s) did not have enough free storage";
const GONE = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
const ZONE = "node(s) had no available volume zone";

/** Why the whole pod is refused, or why each node is, in the order of nodes; empty for a node that is let through. */
function verdict(plugin: SchedulerPlugin, pod: Pod): string | string[] {
  const cycle = aCycle(pod);
  const answer = plugin.preFilter?.(cycle) as PreFilterAnswer;
  if (answer.verdict.code === "Skip") return [];
  if (answer.verdict.code !== "Success") {
    assert.equal(answer.verdict.code, "UnschedulableAndUnresolvable");
    return answer.verdict.reasons.join(", ");
  }
  const refused = new Map<string, Verdict>();
  for (const { names, reason, terms, unresolvable } of answer.constraints ?? []) {
    assert.equal(unresolvable, true);
    const leaves = terms === undefined ? new Set(names) : NODES.matching(terms);
    for (const node of NODES.names) {
      if (leaves.has(node)) continue;
      refused.set(node, { code: "UnschedulableAndUnresolvable", reasons: [reason] });
    }
  }
  const left = NODES.names.filter((node) => !refused.has(node));
  const others = plugin.filter?.(cycle, left) as ReadonlyMap<string, Verdict> | undefined;
  for (const [node, verdict] of others ?? []) refused.set(node, verdict);
  return NODES.names.map((node) => {
    const found = refused.get(node);
    if (found !== undefined) assert.equal(found.code, "UnschedulableAndUnresolvable");
    return found?.reasons.join(", ") ?? "";
  });
}

function binding(world: World, pod: Pod): string | string[] {
  const plugin = new VolumeBinding({
    view: cacheOf(world),
    nodes: NODES,
    binder: undefined as unknown as VolumeBinder,
    signal: AbortSignal.abort(),
  });
  return verdict(plugin, pod);
}

const EPHEMERAL = aPod([{
  name: "scratch",
  ephemeral: { volumeClaimTemplate: { spec: {} } },
}]);

Deno.test("a pod is refused for what its claims are", () => {
  const immediate = aClass("now", { volumeBindingMode: "Immediate" });
  const cases: [string, World, Pod, string][] = [
    ["none", {}, podWith("a"), 'persistentvolumeclaim "a" not found'],
    [
      "ephemeral",
      {},
      EPHEMERAL,
      'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-scratch"',
    ],
    [
      "not the pod's",
      { claims: [aClaim("p-scratch")] },
      EPHEMERAL,
      'PVC "d/p-scratch" was not created for pod "d/p" (pod is not owner)',
    ],
    [
      "lost",
      { claims: [aClaim("a", { volume: "v", phase: "Lost" })] },
      podWith("a"),
      'persistentvolumeclaim "a" bound to non-existent persistentvolume "v"',
    ],
    [
      "going",
      {
        claims: [
          aClaim("a", {
            metadata: { name: "a", namespace: "d", deletionTimestamp: "2026-01-01T00:00:00Z" },
          }),
        ],
      },
      podWith("a"),
      'persistentvolumeclaim "a" is being deleted',
    ],
    [
      "immediate",
      { claims: [aClaim("a", { class: "now" })], classes: [immediate] },
      podWith("a"),
      "pod has unbound immediate PersistentVolumeClaims",
    ],
    [
      "no class of this name",
      { claims: [aClaim("a")] },
      podWith("a"),
      "pod has unbound immediate PersistentVolumeClaims",
    ],
    [
      "a volume named by hand and not bound yet",
      { claims: [aClaim("a", { spec: { volumeName: "v" } })], classes: [aClass("wait")] },
      podWith("a"),
      "pod has unbound immediate PersistentVolumeClaims",
    ],
  ];
  for (const [name, world, pod, expected] of cases) {
    assert.equal(binding(world, pod), expected, name);
  }
});

Deno.test("nodes are refused for what they reach, have and can get", () => {
  const wait = aClass("wait");
  const made = (options = {}) => aClass("wait", { provisioner: "csi.example.com", ...options });
  const counts = { metadata: { name: "csi.example.com" }, spec: { storageCapacity: true } };
  const room = (capacity: string, zone: string | undefined, maximumVolumeSize?: string) => ({
    metadata: { name: `c-${zone}`, namespace: "kube-system" },
    storageClassName: "wait",
    capacity,
    ...(maximumVolumeSize === undefined ? {} : { maximumVolumeSize }),
    ...(zone === undefined ? {} : { nodeTopology: zone === "" ? {} : { matchLabels: { zone } } }),
  });
  const one = [aClaim("a")];
  const cases: [string, World, string[], string[]][] = [
    [
      "bound to a local volume",
      { claims: [aClaim("a", { volume: "v" })], volumes: [aVolume("v", { on: ["n1"] })] },
      ["a"],
      ["", AFFINITY, AFFINITY],
    ],
    [
      "bound to a volume of everywhere",
      { claims: [aClaim("a", { volume: "v" })], volumes: [aVolume("v")] },
      ["a"],
      ["", "", ""],
    ],
    ["bound to nothing", { claims: [aClaim("a", { volume: "v" })] }, ["a"], [GONE, GONE, GONE]],
    [
      "two bound ones apart",
      {
        claims: [aClaim("a", { volume: "v" }), aClaim("b", { volume: "w" })],
        volumes: [aVolume("v", { on: ["n1"] }), aVolume("w", { on: ["n2"] })],
      },
      ["a", "b"],
      [AFFINITY, AFFINITY, AFFINITY],
    ],
    [
      "a free local volume",
      { claims: one, classes: [wait], volumes: [aVolume("v", { on: ["n2"] })] },
      ["a"],
      [NONE, "", NONE],
    ],
    [
      "too small, taken, of another class, going, of another mode",
      {
        claims: one,
        classes: [wait],
        volumes: [
          aVolume("small", { size: "1Mi" }),
          aVolume("taken", { spec: { claimRef: { name: "x", namespace: "d", uid: "x" } } }),
          aVolume("other", { class: "other" }),
          aVolume("released", { phase: "Released" }),
          aVolume("block", { spec: { volumeMode: "Block" } }),
          aVolume("shared", { spec: { accessModes: ["ReadOnlyMany"] } }),
          aVolume("fast", { spec: { volumeAttributesClassName: "fast" } }),
        ],
      },
      ["a"],
      [NONE, NONE, NONE],
    ],
    [
      "a selector",
      {
        claims: [aClaim("a", { spec: { selector: { matchLabels: { kind: "ssd" } } } })],
        classes: [wait],
        volumes: [
          aVolume("v", { on: ["n1"] }),
          aVolume("w", { on: ["n2"], labels: { kind: "ssd" } }),
        ],
      },
      ["a"],
      [NONE, "", NONE],
    ],
    [
      "kept for it by an administrator",
      {
        claims: one,
        classes: [wait],
        volumes: [
          aVolume("v", { on: ["n3"], spec: { claimRef: { name: "a", namespace: "d" } } }),
          aVolume("w"),
        ],
      },
      ["a"],
      [NONE, NONE, ""],
    ],
    [
      "two claims do not share one volume",
      {
        claims: [aClaim("a"), aClaim("b")],
        classes: [wait],
        volumes: [
          aVolume("v", { on: ["n1"] }),
          aVolume("w", { on: ["n2"] }),
          aVolume("x", { on: ["n2"] }),
        ],
      },
      ["a", "b"],
      [NONE, "", NONE],
    ],
    [
      "the smaller claim leaves the larger volume",
      {
        claims: [aClaim("a", { size: "5Gi" }), aClaim("b")],
        classes: [wait],
        volumes: [aVolume("v", { size: "5Gi", on: ["n1"] }), aVolume("w", { on: ["n1"] })],
      },
      ["a", "b"],
      ["", NONE, NONE],
    ],
    ["made anywhere", { claims: one, classes: [made()] }, ["a"], ["", "", ""]],
    [
      "made in one zone",
      {
        claims: one,
        classes: [
          made({
            allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["a"] }] }],
          }),
        ],
      },
      ["a"],
      ["", NONE, NONE],
    ],
    [
      "chosen before",
      { claims: [aClaim("a", { node: "n2" })], classes: [made()] },
      ["a"],
      [NONE, "", NONE],
    ],
    [
      "room in one zone",
      {
        claims: one,
        classes: [made()],
        drivers: [counts],
        capacities: [room("2Gi", "a"), room("1Mi", "b")],
      },
      ["a"],
      ["", FULL, FULL],
    ],
    [
      "room everywhere, but for smaller volumes",
      {
        claims: one,
        classes: [made()],
        drivers: [counts],
        capacities: [room("2Gi", "", "10Mi"), room("2Gi", undefined)],
      },
      ["a"],
      [FULL, FULL, FULL],
    ],
    [
      "room that nobody counts",
      {
        claims: one,
        classes: [made()],
        drivers: [{ metadata: { name: "csi.example.com" } }],
      },
      ["a"],
      ["", "", ""],
    ],
    [
      "a bound one elsewhere and nothing to find",
      {
        claims: [aClaim("a", { volume: "v" }), aClaim("b")],
        classes: [wait],
        volumes: [aVolume("v", { on: ["n1"], phase: "Bound" }), aVolume("w", { on: ["n3"] })],
      },
      ["a", "b"],
      [NONE, `${AFFINITY}, ${NONE}`, AFFINITY],
    ],
  ];
  for (const [name, world, claims, expected] of cases) {
    assert.deepEqual(binding(world, podWith(...claims)), expected, name);
  }
});

Deno.test("the plan of a node takes the smallest volume, by name where they are equal", () => {
  const world: World = {
    claims: [aClaim("a"), aClaim("b", { size: "2Gi" })],
    classes: [aClass("wait", { provisioner: "csi.example.com" })],
    volumes: [
      aVolume("large", { size: "9Gi" }),
      aVolume("v2", { size: "3Gi", on: ["n1"] }),
      aVolume("v1", { size: "3Gi", on: ["n1"] }),
    ],
  };
  const cache = cacheOf(world);
  const sorted = sortClaims(podWith("b", "a"), cache);
  assert(!isVerdict(sorted));
  const plan = new BindingPlan(sorted, cache, NODES);
  const on = (node: string) => {
    const answer = plan.on(node);
    assert("matches" in answer);
    return [
      ...answer.matches.map(({ claim, volume }) => `${claim.name}=${volume.name}`),
      ...answer.provisions.map(({ name }) => `${name}=new`),
    ];
  };
  assert.deepEqual(on("n1"), ["a=v1", "b=v2"]);
  assert.deepEqual(on("n2"), ["a=large", "b=new"]);
});

Deno.test("what is promised to one pod is nobody else's until it is taken back", () => {
  const cache = cacheOf({
    claims: [aClaim("a"), aClaim("b")],
    classes: [aClass("wait")],
    volumes: [aVolume("v")],
  });
  const fits = (claim: string) => {
    const sorted = sortClaims(podWith(claim), cache);
    assert(!isVerdict(sorted));
    return "matches" in new BindingPlan(sorted, cache, NODES).on("n1");
  };
  cache.promiseVolume("v", { namespace: "d", name: "a", uid: "uid-a" });
  assert.deepEqual([fits("a"), fits("b")], [true, false]);
  cache.withdrawVolume("v", "uid-b");
  assert.deepEqual([fits("a"), fits("b")], [true, false]);
  cache.withdrawVolume("v", "uid-a");
  assert.deepEqual([fits("a"), fits("b")], [true, true]);
});

Deno.test("two pods that are decided at once do not get one volume", () => {
  const cache = cacheOf({
    claims: [aClaim("a"), aClaim("b"), aClaim("c")],
    classes: [aClass("wait")],
    volumes: [aVolume("v"), aVolume("w")],
  });
  const promised: string[] = [];
  const binder = {
    assume: ({ matches }: NodeBinding) => {
      for (const { claim: { name, namespace, uid }, volume } of matches) {
        promised.push(`${name}=${volume.name}`);
        cache.promiseVolume(volume.name, { name, namespace, uid });
      }
    },
  } as unknown as VolumeBinder;
  const { signal } = new AbortController();
  const plugin = new VolumeBinding({ view: cache, nodes: NODES, binder, signal });
  const cycles = ["a", "b", "c"].map((name) => aCycle(podWith(name)));
  for (const cycle of cycles) {
    plugin.preFilter(cycle);
    assert.equal(plugin.filter(cycle, ["n1"]).size, 0);
  }
  assert.deepEqual(cycles.map((cycle) => plugin.reserve(cycle, "n1").reasons), [[], [], [NONE]]);
  assert.deepEqual(promised, ["a=v", "b=w"]);
});

Deno.test("zones of volumes refuse nodes that have a zone", () => {
  const ga = "topology.kubernetes.io/zone";
  const old = "failure-domain.beta.kubernetes.io/zone";
  const cases: [string, Record<string, string>, string[]][] = [
    ["no zone", { kind: "ssd" }, []],
    ["one zone", { [ga]: "a" }, ["", ZONE, ""]],
    ["the old name of a label", { [old]: "a" }, ["", ZONE, ""]],
    ["two zones", { [ga]: "a__b" }, ["", "", ""]],
    ["a zone of no node", { [ga]: "c" }, [ZONE, ZONE, ""]],
    ["a region that no node has", { [ga]: "a", "topology.kubernetes.io/region": "r" }, [
      ZONE,
      ZONE,
      "",
    ]],
  ];
  for (const [name, labels, expected] of cases) {
    const cache = cacheOf({
      claims: [aClaim("a", { volume: "v" })],
      volumes: [aVolume("v", { labels })],
    });
    assert.deepEqual(verdict(new VolumeZone(cache, NODES), podWith("a")), expected, name);
  }
  const missing = cacheOf({ claims: [aClaim("a", { volume: "v" })] });
  assert.equal(
    verdict(new VolumeZone(missing, NODES), podWith("a")),
    'persistentvolume "v" not found',
  );
});
