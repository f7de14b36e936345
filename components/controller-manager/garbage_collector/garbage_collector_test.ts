import assert from "node:assert/strict";
import {
  CONFIG_MAPS,
  type Deployment,
  DEPLOYMENTS,
  type KubeObject,
  type OwnerReference,
  type Pod,
  type ReplicaSet,
} from "../../api/mod.ts";
import type { ServedResource } from "../discovery.ts";
import { Simulation } from "../simulation.ts";
import { graphNode, OwnerGraph } from "./graph.ts";
import { blockingDependents, type OwnerState, planCollection } from "./plan.ts";

const resource: ServedResource = {
  group: "",
  version: "v1",
  resource: "pods",
  kind: "Pod",
  namespaced: true,
  verbs: [],
};

const owner = (uid: string, blockOwnerDeletion = false): OwnerReference => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name: uid,
  uid,
  blockOwnerDeletion,
});

const node = (uid: string, owners: OwnerReference[], metadata: KubeObject["metadata"] = {}) =>
  graphNode(
    { metadata: { uid, name: uid, namespace: "d", ownerReferences: owners, ...metadata } },
    resource,
  );

Deno.test("planCollection() decides by the states of the owners", () => {
  const foreground = node("x", [owner("me", true)], {
    deletionTimestamp: "2026-01-01T00:00:00Z",
    finalizers: ["foregroundDeletion"],
  });
  const plain = node("x", [owner("me")]);
  const cases: [string, OwnerState[], ReturnType<typeof node>[], string][] = [
    ["no owner", [], [], "keep"],
    ["an owner that is there", ["solid"], [], "keep"],
    ["one of two gone", ["solid", "absent"], [], "disown"],
    ["one of two waits", ["waiting", "solid"], [], "disown"],
    ["all gone", ["absent", "absent"], [plain], "delete Background 0"],
    ["waiting, without dependents", ["waiting"], [], "delete Background 0"],
    ["waiting, with dependents", ["waiting"], [plain], "delete Foreground 0"],
    ["waiting in a circle", ["waiting"], [foreground], "delete Foreground 1"],
  ];
  for (const [name, states, dependents, expected] of cases) {
    const me = node("me", states.map((_, i) => owner(`o${i}`)));
    const plan = planCollection(me, states, dependents);
    const text = plan.kind === "delete"
      ? `delete ${plan.propagationPolicy} ${plan.unblock.length}`
      : plan.kind;
    assert.equal(text, expected, name);
    if (plan.kind === "disown") {
      assert.deepEqual(plan.keep.map(({ uid }) => uid), [`o${states.indexOf("solid")}`], name);
    }
  }
});

Deno.test("OwnerGraph finds dependents of owners it has and has not seen", () => {
  const graph = new OwnerGraph();
  graph.put(node("a", [owner("o"), owner("p")]));
  graph.put(node("b", [owner("o", true)]));
  assert.deepEqual(graph.dependents("o").map(({ uid }) => uid), ["a", "b"]);
  graph.put(node("a", [owner("p")]));
  assert.deepEqual(graph.dependents("o").map(({ uid }) => uid), ["b"]);
  assert.deepEqual(graph.dependents("p").map(({ uid }) => uid), ["a"]);
  const o = node("o", []);
  assert.deepEqual(blockingDependents(o, graph.dependents("o")).map(({ uid }) => uid), ["b"]);
  graph.remove("b");
  graph.remove("a");
  assert.deepEqual([graph.dependents("o"), graph.dependents("p"), graph.size], [[], [], 0]);
});

const deployment: Deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "a" }] },
    },
  },
};

const left = (simulation: Simulation) =>
  ["deployments", "replicasets", "pods"].map((plural) => simulation.api.list(plural).length);

async function running(): Promise<Simulation> {
  const simulation = new Simulation(["deployment", "replicaset", "garbagecollector"]);
  await simulation.client.create(DEPLOYMENTS, deployment);
  await simulation.pass(1000);
  assert.deepEqual(left(simulation), [1, 1, 2]);
  return simulation;
}

Deno.test("deleting a Deployment in the background takes its sets and pods along", async () => {
  const simulation = await running();
  await simulation.client.delete(DEPLOYMENTS, "web", {
    namespace: "default",
    propagationPolicy: "Background",
  });
  await simulation.pass(1000);
  assert.deepEqual(left(simulation), [0, 0, 0]);
  await simulation.end();
});

Deno.test("deleting in the foreground lets the owner go last", async () => {
  const simulation = await running();
  simulation.kubelet = false;
  await simulation.client.delete(DEPLOYMENTS, "web", {
    namespace: "default",
    propagationPolicy: "Foreground",
  });
  await simulation.pass(1000);
  assert.deepEqual(left(simulation), [1, 1, 2], "pods still end");
  assert.ok(simulation.api.list<Pod>("pods").every((pod) => pod.metadata?.deletionTimestamp));
  simulation.kubelet = true;
  await simulation.pass(1000);
  assert.deepEqual(left(simulation), [0, 0, 0]);
  await simulation.end();
});

Deno.test("deleting with orphans leaves them, free of their owner", async () => {
  const simulation = await running();
  await simulation.client.delete(DEPLOYMENTS, "web", {
    namespace: "default",
    propagationPolicy: "Orphan",
  });
  await simulation.pass(1000);
  assert.deepEqual(left(simulation), [0, 1, 2]);
  const [set] = simulation.api.list<ReplicaSet>("replicasets");
  assert.deepEqual(set?.metadata?.ownerReferences ?? [], []);
  await simulation.end();
});

Deno.test("an object whose owner never was goes; one with another owner only forgets it", async () => {
  const simulation = new Simulation(["garbagecollector"]);
  const map = (name: string, ownerReferences: OwnerReference[]) =>
    simulation.client.create<KubeObject>(CONFIG_MAPS, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "default", ownerReferences },
    });
  const real = await map("real", []);
  const good = { ...owner(real.metadata!.uid!), name: "real" };
  await map("lost", [owner("never")]);
  await map("held", [owner("never"), good]);
  await simulation.pass(1000);
  const maps = simulation.api.list("configmaps");
  assert.deepEqual(maps.map(({ metadata }) => metadata?.name).sort(), ["held", "real"]);
  const held = maps.find(({ metadata }) => metadata?.name === "held");
  assert.deepEqual(held?.metadata?.ownerReferences?.map(({ uid }) => uid), [real.metadata?.uid]);
  await simulation.end();
});
