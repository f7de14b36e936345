import assert from "node:assert/strict";
import {
  DAEMON_SETS,
  type DaemonSet,
  type Node,
  NODES,
  type Pod,
  type Taint,
} from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { daemonFits, specForNode, targetNode } from "./node_fit.ts";
import { planDaemonSet } from "./plan.ts";

const node = (name: string, labels: Record<string, string> = {}, taints: Taint[] = []): Node => ({
  metadata: { name, labels },
  spec: { taints },
});

Deno.test("daemonFits() looks at selectors, affinity and taints", () => {
  const expression = (operator: string, ...values: string[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "disk", operator, values }] }],
        },
      },
    },
  });
  const taint = (key: string, effect: string) => ({ key, effect });
  const unschedulable = taint("node.kubernetes.io/unschedulable", "NoSchedule");
  const cases: [string, object, Node, boolean, boolean][] = [
    ["anywhere", {}, node("a"), true, true],
    ["selected", { nodeSelector: { disk: "ssd" } }, node("a", { disk: "ssd" }), true, true],
    ["not selected", { nodeSelector: { disk: "ssd" } }, node("a"), false, false],
    ["affinity", expression("In", "ssd"), node("a", { disk: "ssd" }), true, true],
    ["no affinity", expression("NotIn", "ssd"), node("a", { disk: "ssd" }), false, false],
    ["greater", expression("Gt", "3"), node("a", { disk: "5" }), true, true],
    ["cordoned", {}, node("a", {}, [unschedulable]), true, true],
    ["NoSchedule", {}, node("a", {}, [taint("x", "NoSchedule")]), false, true],
    ["NoExecute", {}, node("a", {}, [taint("x", "NoExecute")]), false, false],
  ];
  for (const [name, spec, where, runs, stays] of cases) {
    assert.deepEqual(daemonFits({ spec: { template: { spec } } }, where), { runs, stays }, name);
  }
  assert.equal(targetNode({ spec: specForNode(expression("In", "ssd"), "b") }), "b");
});

const pod = (name: string, on: string, hash: string, ready = true, phase = "Running"): Pod => ({
  metadata: { name, labels: { "controller-revision-hash": hash } },
  spec: { nodeName: on },
  status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

Deno.test("planDaemonSet() fills nodes, clears doubles, and updates within its budget", () => {
  const rolling = (maxUnavailable: number, maxSurge = 0): DaemonSet["spec"] => ({
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge } },
  });
  const cases: [string, DaemonSet["spec"], Pod[], string[], string[]][] = [
    ["empty", {}, [], ["a", "b", "c"], []],
    ["one missing", {}, [pod("1", "a", "new"), pod("2", "b", "new")], ["c"], []],
    ["double", {}, [pod("1", "a", "new"), pod("2", "a", "new")], ["b", "c"], ["2"]],
    ["failed", {}, [pod("1", "a", "new", false, "Failed")], ["b", "c"], ["1"]],
    ["one at a time", {}, ["a", "b", "c"].map((n) => pod(n, n, "old")), [], ["a"]],
    ["two at a time", rolling(2), ["a", "b", "c"].map((n) => pod(n, n, "old")), [], ["a", "b"]],
    [
      "waits",
      {},
      [pod("a", "a", "new", false), pod("b", "b", "old"), pod("c", "c", "old")],
      [],
      [],
    ],
    [
      "sick ones first",
      {},
      [pod("a", "a", "old"), pod("b", "b", "old", false), pod("c", "c", "new")],
      [],
      ["b"],
    ],
    ["beside", rolling(0, 1), ["a", "b", "c"].map((n) => pod(n, n, "old")), ["a"], []],
    [
      "then instead",
      rolling(0, 1),
      [
        pod("a", "a", "old"),
        pod("a2", "a", "new"),
        pod("b", "b", "new"),
        pod("c", "c", "new"),
      ],
      [],
      ["a"],
    ],
    [
      "by hand",
      { updateStrategy: { type: "OnDelete" } },
      ["a", "b", "c"].map((n) => pod(n, n, "old")),
      [],
      [],
    ],
  ];
  for (const [name, spec, pods, create, remove] of cases) {
    const plan = planDaemonSet({
      set: { metadata: { name: "s" }, spec: spec! },
      nodes: ["a", "b", "c"].map((name) => node(name)),
      pods,
      hash: "new",
      now: 0,
    });
    assert.deepEqual(plan.create, create, name);
    assert.deepEqual(plan.remove.map(({ pod }) => pod.metadata?.name), remove, name);
  }
});

Deno.test("a DaemonSet follows nodes as they come, and rolls out", async () => {
  const simulation = new Simulation(["daemonset"]);
  const { api, client } = simulation;
  await client.create(NODES, simulation.node("a"));
  await client.create(DAEMON_SETS, {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace: "d" },
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: {
        metadata: { labels: { app: "agent" } },
        spec: { containers: [{ name: "c", image: "a" }] },
      },
    },
  });
  await simulation.pass(1000);
  await client.create(NODES, simulation.node("b"));
  await simulation.pass(1000);
  const pods = () => api.list<Pod>("pods");
  assert.equal(pods().length, 2);
  const status = () => api.list<DaemonSet>("daemonsets")[0]?.status;
  assert.deepEqual([status()?.desiredNumberScheduled, status()?.currentNumberScheduled], [2, 2]);
  api.change<DaemonSet>("daemonsets", "agent", (set) => {
    set.spec!.template!.spec!.containers![0]!.image = "b";
    set.metadata!.generation = 2;
  });
  await simulation.pass(2000);
  assert.deepEqual(pods().map((pod) => pod.spec?.containers?.[0]?.image), ["b", "b"]);
  assert.deepEqual([status()?.updatedNumberScheduled, status()?.observedGeneration], [2, 2]);
  await simulation.end();
});
