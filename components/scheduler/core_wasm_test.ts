import assert from "node:assert/strict";
import type { Node, Pod } from "../api/mod.ts";
import { Core } from "./core_wasm.ts";
import { nodeVerdicts } from "./explanation/explanation.ts";
import { preemptionMessage, refusalMessage } from "./message.ts";

interface NodeSpec {
  name: string;
  cpu?: string;
  memory?: string;
  pods?: string;
  labels?: Record<string, string>;
  taints?: { key: string; value?: string; effect: string }[];
  unschedulable?: boolean;
  images?: [string, number][];
}

const node = (spec: NodeSpec): Node => ({
  metadata: { name: spec.name, ...(spec.labels === undefined ? {} : { labels: spec.labels }) },
  spec: {
    ...(spec.taints === undefined ? {} : { taints: spec.taints }),
    ...(spec.unschedulable === undefined ? {} : { unschedulable: spec.unschedulable }),
  },
  status: {
    allocatable: { cpu: spec.cpu ?? "4", memory: spec.memory ?? "8Gi", pods: spec.pods ?? "110" },
    images: (spec.images ?? []).map(([name, sizeBytes]) => ({ names: [name], sizeBytes })),
  },
});

const pod = (spec: Pod["spec"], requests: Record<string, string> = {}): Pod => ({
  metadata: { name: "p", namespace: "d", uid: "u" },
  spec: { containers: [{ name: "c", image: "web:1", resources: { requests } }], ...spec },
});

function cluster(nodes: NodeSpec[], placed: [string, Pod][] = []) {
  const core = new Core();
  for (const spec of nodes) core.putNode(node(spec));
  placed.forEach(([name, item], i) => core.putPod(i + 1, name, item));
  return core;
}

function place(nodes: NodeSpec[], item: Pod, placed: [string, Pod][] = []) {
  const core = cluster(nodes, placed);
  const decision = core.schedule(core.encode(99, item));
  const message = decision.node ?? refusalMessage(core.nodes, decision.refusals);
  return { message, resolvable: decision.resolvable };
}

const two: NodeSpec[] = [{ name: "a", labels: { disk: "ssd", size: "5" } }, { name: "b" }];
const affinity = (operator: string, values?: string[], key = "size"): Pod["spec"] => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{
          matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }],
        }],
      },
    },
  },
  containers: [{ name: "c", image: "web:1" }],
});

const decisions: {
  name: string;
  nodes: NodeSpec[];
  pod: Pod;
  placed?: [string, Pod][];
  expected: string;
}[] = [
  { name: "no nodes", nodes: [], pod: pod({}), expected: "no nodes available to schedule pods" },
  { name: "nodeSelector", nodes: two, pod: pod({ nodeSelector: { disk: "ssd" } }), expected: "a" },
  {
    name: "nodeSelector that none has",
    nodes: two,
    pod: pod({ nodeSelector: { disk: "tape" } }),
    expected: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  },
  { name: "affinity In", nodes: two, pod: pod(affinity("In", ["5", "6"])), expected: "a" },
  { name: "affinity NotIn", nodes: two, pod: pod(affinity("NotIn", ["5"])), expected: "b" },
  { name: "affinity Exists", nodes: two, pod: pod(affinity("Exists")), expected: "a" },
  { name: "affinity DoesNotExist", nodes: two, pod: pod(affinity("DoesNotExist")), expected: "b" },
  { name: "affinity Gt", nodes: two, pod: pod(affinity("Gt", ["4"])), expected: "a" },
  {
    name: "affinity Lt",
    nodes: two,
    pod: pod(affinity("Lt", ["5"])),
    expected: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  },
  {
    name: "a cordoned node and a tainted one",
    nodes: [
      { name: "a", unschedulable: true },
      { name: "b", taints: [{ key: "x", effect: "NoExecute" }] },
    ],
    pod: pod({}),
    expected:
      "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.",
  },
  {
    name: "a toleration without a key tolerates everything",
    nodes: [{ name: "b", taints: [{ key: "x", value: "y", effect: "NoSchedule" }] }],
    pod: pod({ tolerations: [{ operator: "Exists" }] }),
    expected: "b",
  },
  {
    name: "a toleration of another value does not",
    nodes: [{ name: "b", taints: [{ key: "x", value: "y", effect: "NoSchedule" }] }],
    pod: pod({ tolerations: [{ key: "x", operator: "Equal", value: "z" }] }),
    expected: "0/1 nodes are available: 1 node(s) had untolerated taint(s).",
  },
  {
    name: "PreferNoSchedule is avoided",
    nodes: [{ name: "a", taints: [{ key: "x", effect: "PreferNoSchedule" }] }, { name: "b" }],
    pod: pod({}),
    expected: "b",
  },
  {
    name: "both CPU and memory are missing",
    nodes: [{ name: "a", cpu: "1", memory: "1Gi" }],
    pod: pod({}, { cpu: "2", memory: "2Gi" }),
    expected: "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.",
  },
  {
    name: "an extended resource that no node has",
    nodes: [{ name: "a" }],
    pod: pod({}, { "example.com/gpu": "1" }),
    expected: "0/1 nodes are available: 1 Insufficient example.com/gpu.",
  },
  {
    name: "the pods' number is full",
    nodes: [{ name: "a", pods: "1" }],
    pod: pod({}),
    placed: [["a", pod({})]],
    expected: "0/1 nodes are available: 1 Too many pods.",
  },
  {
    name: "the node with more left is chosen",
    nodes: [{ name: "a" }, { name: "b" }],
    pod: pod({}, { cpu: "1" }),
    placed: [["a", pod({}, { cpu: "2" })]],
    expected: "b",
  },
  {
    name: "a node that has the large image is preferred",
    nodes: [{ name: "a" }, { name: "b", images: [["web:1", 900 << 20]] }],
    pod: pod({}),
    expected: "b",
  },
  {
    name: "spec.nodeName of the request",
    nodes: two,
    pod: pod({ nodeName: "b" }),
    expected: "b",
  },
];

for (const { name, nodes, pod, placed, expected } of decisions) {
  Deno.test(`Core decides: ${name}`, () => {
    assert.equal(place(nodes, pod, placed).message, expected);
  });
}

const ports = (hostIP: string | undefined, protocol = "TCP"): Pod =>
  pod({
    containers: [{
      name: "c",
      image: "web:1",
      ports: [{
        containerPort: 80,
        hostPort: 80,
        protocol,
        ...(hostIP === undefined ? {} : { hostIP }),
      }],
    }],
  });

const clashes: [string, Pod, Pod, boolean][] = [
  ["the same port", ports(undefined), ports(undefined), true],
  ["every address and one address", ports("0.0.0.0"), ports("10.0.0.1"), true],
  ["two addresses", ports("10.0.0.2"), ports("10.0.0.1"), false],
  ["two protocols", ports(undefined, "UDP"), ports(undefined), false],
];
for (const [name, first, second, clash] of clashes) {
  Deno.test(`Core: host ports: ${name} ${clash ? "clash" : "do not clash"}`, () => {
    const { message, resolvable } = place([{ name: "a" }], second, [["a", first]]);
    assert.equal(
      message,
      clash
        ? "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."
        : "a",
    );
    assert.equal(resolvable, clash ? 1 : 0);
  });
}

Deno.test("Core gives back what a removed pod took, also when its node left and came back", () => {
  const core = cluster([{ name: "a", cpu: "1" }], [["a", pod({}, { cpu: "1" })]]);
  const item = pod({}, { cpu: "1" });
  const fits = () => core.schedule(core.encode(99, item)).node !== undefined;
  assert.equal(fits(), false);
  core.removeNode("a");
  core.putNode(node({ name: "a", cpu: "1" }));
  assert.equal(fits(), false);
  core.removePod(1);
  assert.equal(fits(), true);
  core.removePod(1);
  assert.equal(fits(), true);
});

Deno.test("Core refuses a message that does not follow the layout", () => {
  const core = cluster([]);
  for (const message of [[99], [1, 5], [1, 1, 0, 1, 1, 1, 1, 1e9], [0.5]]) {
    assert.throws(() => core.apply(message), /scheduler core/);
  }
});

Deno.test("nodeVerdicts gives each node's scores or what refused it", () => {
  const core = cluster([
    { name: "a" },
    { name: "b", taints: [{ key: "x", effect: "NoSchedule" }] },
  ]);
  const encoded = core.encode(99, pod({}, { cpu: "2", memory: "4Gi" }));
  const explanation = { nodes: nodeVerdicts(core.explain(encoded)) };
  assert.deepEqual(explanation.nodes["b"], {
    rejectedBy: "TaintToleration",
    reason: "node(s) had untolerated taint(s)",
  });
  // Half of both is left, and they stay balanced; nothing is tainted, so that plugin gives its best.
  assert.deepEqual(explanation.nodes["a"], {
    scores: {
      TaintToleration: 300,
      NodeResourcesFit: 50,
      NodeResourcesBalancedAllocation: 75,
      ImageLocality: 0,
    },
    total: 425,
  });
});

Deno.test("preemptionMessage counts where it could help and where not", () => {
  assert.equal(
    preemptionMessage(3, 1),
    "preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
  );
});

Deno.test("Core looks at nodes zone by zone in turn, and goes on where the last search ended", () => {
  const core = new Core();
  const zones = ["1", "1", "2", "2", "3"];
  zones.forEach((zone, i) =>
    core.putNode(node({ name: "abcde"[i]!, labels: { "topology.kubernetes.io/zone": zone } }))
  );
  assert.deepEqual(core.filter(core.encode(1, pod({}))).feasible, ["a", "c", "e", "b", "d"]);
  core.removeNode("c");
  assert.deepEqual(core.filter(core.encode(1, pod({}))).feasible.toSorted(), ["a", "b", "d", "e"]);
  core.end();

  const many = new Core();
  many.configure([{ name: "default-scheduler", percentageOfNodesToScore: 10 }]);
  for (let i = 0; i < 150; i++) many.putNode(node({ name: `n${i}` }));
  const looked = () => many.filter(many.encode(1, pod({}))).feasible;
  const names = Array.from({ length: 150 }, (_, i) => `n${i}`);
  assert.deepEqual(looked(), names.slice(0, 100));
  assert.deepEqual(looked(), [...names.slice(100), ...names.slice(0, 50)]);
  assert.deepEqual(looked(), names.slice(50));
  many.configure([{ name: "default-scheduler", percentageOfNodesToScore: 100 }]);
  assert.equal(looked().length, 150);
  many.end();
});

Deno.test("Core: score takes the names that it is given, and matching those that terms match", () => {
  const core = cluster([{ name: "a", labels: { disk: "ssd" } }, { name: "b" }]);
  const item = core.encode(99, pod({}, { cpu: "1", memory: "2Gi" }));
  const { names, scores, totals } = core.score(item, ["b", "gone", "a"]);
  assert.deepEqual(names, ["b", "a"]);
  assert.deepEqual([...scores.NodeResourcesFit!], [75, 75]);
  assert.equal(scores.NodeAffinity, undefined);
  assert.deepEqual([...totals], [450, 450]);
  const terms = [{ matchExpressions: [{ key: "disk", operator: "Exists" }] }];
  assert.deepEqual(core.matching(terms), ["a"]);
  assert.deepEqual(core.matching([]), []);
  core.end();
});
