import assert from "node:assert/strict";
import {
  CLUSTER_ROLES,
  type ClusterRole,
  type KubeObject,
  LEASES,
  type Namespace,
  NAMESPACES,
  type Node,
  NODES,
  type Pod,
  PODS,
  type Taint,
  type Toleration,
} from "../api/mod.ts";
import { microTimestamp, timestamp } from "../base/mod.ts";
import { chooseControllers } from "./manager.ts";
import { CidrPool } from "./node_ipam/cidr_pool.ts";
import { plannedTaints } from "./node_lifecycle/node_taints.ts";
import { judgeZones } from "./node_lifecycle/zones.ts";
import { planPodGc } from "./pod_gc/plan.ts";
import { Simulation } from "./simulation.ts";
import { ttlSeconds, ttlStep } from "./node_ttl.ts";
import { planEviction } from "./taint_eviction/plan.ts";

Deno.test("chooseControllers() reads lists as --controllers does", () => {
  const names = (wanted?: string[]) => chooseControllers(wanted).map(({ name }) => name);
  assert.deepEqual(names(["job", "deployment-controller"]), [
    "deployment-controller",
    "job-controller",
  ]);
  assert.ok(!names(["*", "-job"]).includes("job-controller"));
  assert.ok(names().includes("job-controller"));
  assert.throws(() => names(["jobs"]), /"jobs" is not in the list of known controllers/);
});

Deno.test("a namespace gets its account and root certificate, and takes everything along when it goes", async () => {
  const simulation = new Simulation(["serviceaccount", "root-ca-cert-publisher", "namespace"], {
    rootCa: "PEM",
  });
  const { client, api } = simulation;
  const namespace = (name: string): Namespace => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  });
  await client.create(NAMESPACES, namespace("a"));
  await simulation.pass(100);
  assert.deepEqual(api.list("serviceaccounts", "a").map((one) => one.metadata?.name), ["default"]);
  const [map] = api.list<KubeObject & { data?: Record<string, string> }>("configmaps", "a");
  assert.deepEqual(map?.data, { "ca.crt": "PEM" });
  api.change<KubeObject & { data?: Record<string, string> }>(
    "configmaps",
    "kube-root-ca.crt",
    (map) => {
      map.data = { "ca.crt": "other" };
    },
  );
  await simulation.pass(100);
  assert.deepEqual(api.list<typeof map & KubeObject>("configmaps", "a")[0]?.data, {
    "ca.crt": "PEM",
  });

  simulation.kubelet = false;
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "a" } };
  await client.create(PODS, { ...pod, spec: { nodeName: "n1", containers: [{ name: "c" }] } });
  await client.delete(NAMESPACES, "a");
  await simulation.pass(1000);
  const [going] = api.list<Namespace>("namespaces");
  const remaining = going?.status?.conditions?.find(({ type }) =>
    type === "NamespaceContentRemaining"
  );
  assert.deepEqual([remaining?.status, remaining?.reason], ["True", "SomeResourcesRemain"]);
  assert.equal(remaining?.message, "Some resources are remaining: pods. has 1 resource instances");
  assert.equal(api.list("configmaps", "a").length, 1, "pods go first");
  api.endPod("p");
  await simulation.pass(1000);
  assert.deepEqual(api.list("namespaces"), []);
  assert.deepEqual([api.list("configmaps", "a"), api.list("serviceaccounts", "a")], [[], []]);
  await simulation.end();
});

Deno.test("CidrPool hands out parts of a range, each once", () => {
  const pool = new CidrPool("10.244.0.0/22", ["10.244.1.0/24"]);
  pool.occupy("10.244.0.0/24");
  assert.deepEqual([1, 2, 3].map(() => pool.allocate()), [
    "10.244.2.0/24",
    "10.244.3.0/24",
    undefined,
  ]);
  pool.release("10.244.0.0/24");
  assert.equal(pool.allocate(), "10.244.0.0/24");
  assert.equal(new CidrPool("fd00:10::/56").allocate(), "fd00:10::/64");
});

Deno.test("planEviction() takes the shortest of the tolerations in use", () => {
  const taint = (key: string, effect = "NoExecute"): Taint => ({ key, effect, value: "" });
  const tolerate = (key: string, tolerationSeconds?: number): Toleration => ({
    key,
    operator: "Exists",
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });
  const cases: [Taint[], Toleration[], number | undefined][] = [
    [[], [], undefined],
    [[taint("a", "NoSchedule")], [], undefined],
    [[taint("a")], [], 0],
    [[taint("a")], [tolerate("a")], undefined],
    [[taint("a")], [tolerate("a", 300)], 300_000],
    [[taint("a"), taint("b")], [tolerate("a", 300), tolerate("b", 60)], 60_000],
    [[taint("a"), taint("b")], [tolerate("a", 300)], 0],
    [[taint("a")], [tolerate("a", -5)], 0],
    [[taint("a")], [{ operator: "Exists" }], undefined],
    [[taint("a")], [{ key: "a", operator: "Equal", value: "x" }], 0],
  ];
  for (const [taints, tolerations, expected] of cases) {
    const plan = planEviction({ spec: { tolerations } }, taints);
    assert.equal(plan.kind === "go" ? plan.afterMilliseconds : undefined, expected);
  }
});

const nodeWith = (ready: string, more: Partial<Node["spec"]> = {}): Node => ({
  metadata: { name: "n" },
  spec: more,
  status: { conditions: [{ type: "Ready", status: ready }] },
});

Deno.test("plannedTaints() follows the node's conditions and lets other taints be", () => {
  const keys = (node: Node, eviction: "start" | "keep" | "stop") =>
    plannedTaints(node, 0, eviction)?.map(({ key, effect }) => `${key}:${effect}`);
  const unreachable = "node.kubernetes.io/unreachable";
  const notReady = "node.kubernetes.io/not-ready";
  const mine = { key: "mine", effect: "NoSchedule" };
  const cases: [Node, "start" | "keep" | "stop", string[] | undefined][] = [
    [nodeWith("True"), "stop", undefined],
    [nodeWith("Unknown"), "keep", [`${unreachable}:NoSchedule`]],
    [nodeWith("Unknown"), "start", [`${unreachable}:NoSchedule`, `${unreachable}:NoExecute`]],
    [nodeWith("True", { unschedulable: true, taints: [mine] }), "stop", [
      "mine:NoSchedule",
      "node.kubernetes.io/unschedulable:NoSchedule",
    ]],
    [nodeWith("True", { taints: [mine, { key: notReady, effect: "NoExecute" }] }), "stop", [
      "mine:NoSchedule",
    ]],
    [
      nodeWith("Unknown", {
        taints: [{ key: notReady, effect: "NoExecute" }, { key: notReady, effect: "NoSchedule" }],
      }),
      "keep",
      [`${unreachable}:NoSchedule`, `${unreachable}:NoExecute`],
    ],
  ];
  for (const [node, eviction, expected] of cases) assert.deepEqual(keys(node, eviction), expected);
});

Deno.test("judgeZones() slows down where many nodes are lost", () => {
  const many = (ready: number, unready: number) => [
    ...Array.from({ length: ready }, () => nodeWith("True")),
    ...Array.from({ length: unready }, () => nodeWith("Unknown")),
  ];
  const cases: [number, number, string, number][] = [
    [3, 1, "normal", 10_000],
    [1, 2, "normal", 10_000],
    [2, 3, "partial", Infinity],
    [20, 40, "partial", 100_000],
    [0, 1, "full", 10_000],
  ];
  for (const [ready, unready, state, interval] of cases) {
    const zone = judgeZones(many(ready, unready)).get("/");
    assert.deepEqual([zone?.state, zone?.evictionInterval], [state, interval]);
  }
});

Deno.test("ttlStep() grows and shrinks with some slack", () => {
  const cases: [number, number, number][] = [
    [100, 0, 0],
    [101, 0, 15],
    [95, 1, 15],
    [89, 1, 0],
    [5000, 0, 300],
    [1850, 4, 300],
    [10, 4, 0],
  ];
  for (const [nodes, step, seconds] of cases) {
    assert.equal(ttlSeconds(ttlStep(nodes, step)), seconds, `${nodes} from ${step}`);
  }
});

Deno.test("planPodGc() clears finished, lost and never scheduled pods", () => {
  const pod = (
    name: string,
    spec: Pod["spec"],
    phase: string,
    more: KubeObject["metadata"] = {},
  ): Pod => ({
    metadata: { name, ...more },
    spec: spec!,
    status: { phase },
  });
  const at = (second: number) => timestamp(second * 1000);
  const pods = [
    pod("old", { nodeName: "n" }, "Succeeded", { creationTimestamp: at(1) }),
    pod("new", { nodeName: "n" }, "Failed", { creationTimestamp: at(2) }),
    pod("runs", { nodeName: "n" }, "Running"),
    pod("lost", { nodeName: "gone" }, "Running"),
    pod("nowhere", {}, "Pending", { deletionTimestamp: at(3) }),
  ];
  const input = { pods, nodes: new Map([["n", nodeWith("True")]]), threshold: 1 };
  const first = planPodGc({ ...input, missingSince: new Map(), now: 0 });
  assert.deepEqual(first.deletions.map(({ pod }) => pod.metadata?.name), ["nowhere", "old"]);
  const later = planPodGc({ ...input, missingSince: first.missingSince, now: 40_000 });
  assert.deepEqual(
    later.deletions.map(({ pod, disruption }) => [
      pod.metadata?.name,
      disruption?.reason,
    ]),
    [["lost", "DeletionByPodGC"], ["nowhere", undefined], ["old", undefined]],
  );
});

Deno.test("a silent node is told, tainted, and its pods are evicted; a node that is back is cleared", async () => {
  const simulation = new Simulation(["nodelifecycle", "taint-eviction-controller", "nodeipam"], {
    clusterCidrs: ["10.244.0.0/16"],
  });
  const { api, client, clock } = simulation;
  const renew = async (...names: string[]) => {
    for (const name of names) {
      const spec = { holderIdentity: name, renewTime: microTimestamp(clock.now()) };
      const known = await client.find(LEASES, name, "kube-node-lease");
      if (known !== undefined) await client.update(LEASES, { ...known, spec });
      else {
        await client.create(LEASES, {
          apiVersion: "coordination.k8s.io/v1",
          kind: "Lease",
          metadata: { name, namespace: "kube-node-lease" },
          spec,
        });
      }
    }
  };
  for (const name of ["n1", "n2"]) {
    await client.create(NODES, simulation.node(name));
    api.change<Node>(
      "nodes",
      name,
      (node) => Object.assign(node, { status: simulation.node(name).status }),
    );
  }
  await renew("n1", "n2");
  await client.create(PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "d" },
    spec: {
      nodeName: "n1",
      containers: [{ name: "c", image: "a" }],
      tolerations: [{
        key: "node.kubernetes.io/unreachable",
        operator: "Exists",
        tolerationSeconds: 30,
      }],
    },
  });
  const node = (name: string) =>
    api.list<Node>("nodes").find((one) => one.metadata?.name === name)!;
  const ready = (name: string) =>
    node(name).status?.conditions?.find(({ type }) => type === "Ready");
  const pass = async (seconds: number, ...alive: string[]) => {
    for (let i = 0; i < seconds; i += 5) {
      await renew(...alive);
      await simulation.pass(5000, 2500);
    }
  };
  await pass(60, "n1", "n2");
  assert.deepEqual(api.list<Node>("nodes").map((one) => one.spec?.podCIDR).sort(), [
    "10.244.0.0/24",
    "10.244.1.0/24",
  ]);
  assert.equal(ready("n1")?.status, "True");
  assert.deepEqual(node("n1").spec?.taints ?? [], []);
  await pass(60, "n2");
  assert.deepEqual([ready("n1")?.status, ready("n1")?.reason], ["Unknown", "NodeStatusUnknown"]);
  assert.equal(ready("n2")?.status, "True");
  assert.deepEqual(node("n1").spec?.taints?.map(({ key, effect }) => `${key}:${effect}`), [
    "node.kubernetes.io/unreachable:NoSchedule",
    "node.kubernetes.io/unreachable:NoExecute",
  ]);
  const pod = () => api.list<Pod>("pods")[0];
  assert.equal(pod()?.status?.conditions?.find(({ type }) => type === "Ready")?.status, "False");
  simulation.kubelet = false;
  await pass(35, "n2");
  assert.ok(pod()?.metadata?.deletionTimestamp !== undefined, "evicted after its thirty seconds");
  assert.equal(
    pod()?.status?.conditions?.find(({ type }) => type === "DisruptionTarget")?.reason,
    "DeletionByTaintManager",
  );
  api.change<Node>(
    "nodes",
    "n1",
    (node) => Object.assign(node, { status: simulation.node("n1").status }),
  );
  await pass(5, "n1", "n2");
  assert.deepEqual(node("n1").spec?.taints ?? [], []);
  await simulation.end();
});

Deno.test("an aggregated role has the rules of those it collects", async () => {
  const simulation = new Simulation(["clusterrole-aggregation"]);
  const role = (name: string, more: Partial<ClusterRole>): ClusterRole => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    ...more,
    metadata: { name, ...more.metadata },
  });
  const rule = (resource: string) => ({ apiGroups: [""], resources: [resource], verbs: ["get"] });
  const labels = { part: "view" };
  await simulation.client.create(
    CLUSTER_ROLES,
    role("b", { metadata: { labels }, rules: [rule("pods")] }),
  );
  await simulation.client.create(
    CLUSTER_ROLES,
    role("a", { metadata: { labels }, rules: [rule("nodes")] }),
  );
  await simulation.client.create(
    CLUSTER_ROLES,
    role("view", { aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] } }),
  );
  await simulation.pass(100);
  const view = simulation.api.list<ClusterRole>("clusterroles").find((one) =>
    one.metadata?.name === "view"
  );
  assert.deepEqual(view?.rules?.map(({ resources }) => resources?.[0]), ["nodes", "pods"]);
  await simulation.end();
});
