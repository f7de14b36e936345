/** Whole clusters in this process: what several components do together. */
import assert from "node:assert/strict";
import {
  CONFIG_MAPS,
  type ConfigMap,
  type Deployment,
  DEPLOYMENTS,
  type KubeObject,
  NAMESPACES,
  NODES,
  type Pod,
  PODS,
  REPLICA_SETS,
  SECRETS,
  SERVICE_ACCOUNTS,
  VALIDATING_ADMISSION_POLICIES,
} from "../../components/api/mod.ts";
import { hasReason } from "../../components/base/mod.ts";
import { Cluster } from "../../components/cluster/mod.ts";
import { until } from "./until.ts";

function deployment(name: string, replicas: number, image = "web:1"): Deployment {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "web", image }] },
      },
    },
  };
}

const available = (replicas: number) => (objects: Deployment[]) =>
  objects.some(({ status }) =>
    status?.availableReplicas === replicas && status.updatedReplicas === replicas &&
    status.replicas === replicas
  );

const isReadyPod = ({ status }: Pod) =>
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

Deno.test("Cluster starts with its nodes, namespaces and default service account", async () => {
  await using cluster = await Cluster.start({ nodes: 3 });
  const { client } = cluster;
  const nodes = await client.list(NODES);
  assert.deepEqual(nodes.items.map(({ metadata }) => metadata?.name), [
    "node-1",
    "node-2",
    "node-3",
  ]);
  const namespaces = await client.list(NAMESPACES);
  assert.deepEqual(namespaces.items.map(({ metadata }) => metadata?.name), [
    "default",
    "kube-node-lease",
    "kube-public",
    "kube-system",
  ]);
  await client.get(SERVICE_ACCOUNTS, "default", "default");
  const healthy = await cluster.fetch(new Request("http://any/readyz?verbose"));
  assert.equal(healthy.status, 200, await healthy.text());
});

Deno.test("Cluster runs a Deployment on its nodes, follows it, and takes it away", async () => {
  await using cluster = await Cluster.start({ nodes: 3 });
  const { client } = cluster;
  await client.create(DEPLOYMENTS, deployment("web", 3));
  await until(client, DEPLOYMENTS, "default", "three replicas available", available(3));
  const pods = await client.list(PODS, { namespace: "default" });
  assert.equal(pods.items.filter(isReadyPod).length, 3);
  assert.deepEqual(
    new Set(pods.items.map(({ spec }) => spec?.nodeName)),
    new Set(["node-1", "node-2", "node-3"]),
  );
  const addresses = pods.items.map(({ status }) => status?.podIP);
  assert.equal(new Set(addresses).size, 3, `${addresses}`);

  const image = [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "web:2" }];
  await client.patch(DEPLOYMENTS, "web", image, { type: "json", namespace: "default" });
  await until(client, PODS, "default", "all pods are new", (all) =>
    all.length === 3 &&
    all.every((pod) => isReadyPod(pod) && pod.spec?.containers?.[0]?.image === "web:2"));
  const sets = await client.list(REPLICA_SETS, { namespace: "default" });
  assert.deepEqual(sets.items.map(({ spec }) => spec?.replicas).sort(), [0, 3]);

  await client.delete(DEPLOYMENTS, "web", { namespace: "default" });
  await until(client, REPLICA_SETS, "default", "no replica sets", (all) => all.length === 0);
  await until(client, PODS, "default", "no pods", (all) => all.length === 0);
});

Deno.test("Cluster collects what a deleted owner has left, and orphans where it is asked", async () => {
  await using cluster = await Cluster.start();
  const { client } = cluster;
  const owner = await client.create<KubeObject>(CONFIG_MAPS, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "owner", namespace: "default" },
  });
  const ownerReferences = [{
    apiVersion: "v1",
    kind: "ConfigMap",
    name: "owner",
    uid: owner.metadata?.uid ?? "",
  }];
  await client.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "owned", namespace: "default", ownerReferences },
  });
  await client.delete(CONFIG_MAPS, "owner", { namespace: "default" });
  await until(client, SECRETS, "default", "the secret is collected", (all) => all.length === 0);

  await client.create(DEPLOYMENTS, deployment("kept", 1));
  await until(client, DEPLOYMENTS, "default", "one replica available", available(1));
  await client.delete(DEPLOYMENTS, "kept", {
    namespace: "default",
    propagationPolicy: "Orphan",
  });
  await until(client, DEPLOYMENTS, "default", "no deployments", (all) => all.length === 0);
  const [set] = await until(
    client,
    REPLICA_SETS,
    "default",
    "an orphaned replica set",
    (all) => all.length === 1 && (all[0]?.metadata?.ownerReferences ?? []).length === 0,
  );
  assert.equal(set?.spec?.replicas, 1);
});

Deno.test("Cluster empties a namespace that is deleted", async () => {
  await using cluster = await Cluster.start();
  const { client } = cluster;
  await client.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop" },
  });
  await until(client, SERVICE_ACCOUNTS, "shop", "a service account", (all) => all.length === 1);
  const web = deployment("web", 2);
  await client.create(DEPLOYMENTS, { ...web, metadata: { name: "web", namespace: "shop" } });
  await until(client, DEPLOYMENTS, "shop", "two replicas available", available(2));
  await client.delete(NAMESPACES, "shop");
  await until(
    client,
    NAMESPACES,
    undefined,
    "the namespace is gone",
    (all) => all.every(({ metadata }) => metadata?.name !== "shop"),
  );
  const pods = await client.list(PODS);
  assert.equal(pods.items.filter(({ metadata }) => metadata?.namespace === "shop").length, 0);
});

Deno.test("Cluster says why a pod is pending", async () => {
  await using cluster = await Cluster.start({ nodes: 2 });
  const { client } = cluster;
  await client.create(PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "nowhere", namespace: "default" },
    spec: { nodeSelector: { disk: "ssd" }, containers: [{ name: "c", image: "c" }] },
  });
  const [pod] = await until(
    client,
    PODS,
    "default",
    "an unschedulable pod",
    (all) => all[0]?.status?.conditions?.some(({ reason }) => reason === "Unschedulable") === true,
  );
  const condition = pod?.status?.conditions?.find(({ type }) => type === "PodScheduled");
  assert.match(condition?.message ?? "", /^0\/2 nodes are available: 2 node\(s\) didn't match/);
  const node = { metadata: { labels: { disk: "ssd" } } };
  await client.patch(NODES, "node-2", node, { type: "merge" });
  const [placed] = await until(
    client,
    PODS,
    "default",
    "a ready pod",
    (all) => all.every(isReadyPod),
  );
  assert.equal(placed?.spec?.nodeName, "node-2");
});

Deno.test("Cluster on a disk goes on with its objects and revisions", async () => {
  const store = await Deno.makeTempDir();
  try {
    let before: string | undefined;
    let podUids: (string | undefined)[];
    {
      await using cluster = await Cluster.start({ store });
      await cluster.client.create(DEPLOYMENTS, deployment("web", 2));
      await until(cluster.client, DEPLOYMENTS, "default", "two replicas", available(2));
      const made = await cluster.client.create<ConfigMap>(CONFIG_MAPS, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "kept", namespace: "default" },
        data: { a: "b" },
      });
      before = made.metadata?.resourceVersion;
      podUids = (await cluster.client.list(PODS)).items.map(({ metadata }) => metadata?.uid);
    }
    await using cluster = await Cluster.start({ store });
    const kept = await cluster.client.get(CONFIG_MAPS, "kept", "default");
    assert.equal(kept.metadata?.resourceVersion, before);
    assert.deepEqual(kept.data, { a: "b" });
    const pods = await until(
      cluster.client,
      PODS,
      "default",
      "ready pods",
      (all) => all.length === 2 && all.every(isReadyPod),
    );
    assert.deepEqual(pods.map(({ metadata }) => metadata?.uid).sort(), podUids.sort());
    const next = await cluster.client.patch(CONFIG_MAPS, "kept", { data: { a: "c" } }, {
      type: "merge",
      namespace: "default",
    });
    assert.ok(Number(next.metadata?.resourceVersion) > Number(before));
  } finally {
    await Deno.remove(store, { recursive: true });
  }
});

Deno.test("Cluster answers wrong input as Kubernetes does", async () => {
  await using cluster = await Cluster.start({ nodes: 1 });
  const { client } = cluster;
  await assert.rejects(
    client.get(PODS, "none", "default"),
    (error) => hasReason(error, "NotFound"),
  );
  const bad = { ...deployment("Bad_Name", 1) };
  await assert.rejects(client.create(DEPLOYMENTS, bad), (error) => hasReason(error, "Invalid"));
  const config: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "default" },
  };
  await client.create(CONFIG_MAPS, config);
  await assert.rejects(
    client.create(CONFIG_MAPS, config),
    (error) => hasReason(error, "AlreadyExists"),
  );
  const stale = { ...config, metadata: { ...config.metadata, resourceVersion: "1" } };
  await assert.rejects(client.update(CONFIG_MAPS, stale), (error) => hasReason(error, "Conflict"));
  const garbage = await cluster.fetch(
    new Request("http://any/api/v1/namespaces/default/configmaps", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    }),
  );
  assert.equal(garbage.status, 400);
  assert.equal((await garbage.json()).kind, "Status");
});

Deno.test("Cluster tells which expressions of a policy do not fit what it is for", async () => {
  await using cluster = await Cluster.start();
  const { client } = cluster;
  await client.create(VALIDATING_ADMISSION_POLICIES, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "p" },
    spec: {
      matchConstraints: {
        resourceRules: [{
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          resources: ["deployments"],
          operations: ["CREATE"],
        }],
      },
      validations: [{ expression: "object.spec.replicas > '1'" }],
    },
  });
  const [policy] = await until(
    client,
    VALIDATING_ADMISSION_POLICIES,
    undefined,
    "the status of the policy",
    ([policy]) => policy?.status?.observedGeneration === 1,
  );
  const [warning] = policy?.status?.typeChecking?.expressionWarnings ?? [];
  assert.equal(warning?.fieldRef, "spec.validations[0].expression");
  assert.match(warning?.warning ?? "", /^apps\/v1, Kind=Deployment: ERROR: /);
});

Deno.test("Cluster gives a kubeconfig whose server takes its certificate, and no stranger", async () => {
  await using cluster = await Cluster.start({ nodes: 1 });
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, await cluster.kubeconfig());
    const { connect, readKubeconfig } = await import("../../components/cluster/mod.ts");
    const access = await readKubeconfig(path);
    const admin = connect(access, "test");
    assert.equal((await admin.client.list(NODES)).items.length, 1);
    admin.close();
    const { certificate: _certificate, key: _key, ...nobody } = access;
    const stranger = connect(nobody, "test");
    await assert.rejects(
      stranger.client.list(NODES),
      (error) => hasReason(error, "Forbidden") && error.message.includes("system:anonymous"),
    );
    stranger.close();
    const forger = connect({ ...nobody, token: "forged" }, "test");
    await assert.rejects(forger.client.list(NODES), (error) => hasReason(error, "Unauthorized"));
    forger.close();
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("Cluster starts with few controllers, or none, and waits for nobody's work but theirs", async () => {
  for (const controllers of [["serviceaccount-controller"], []]) {
    await using cluster = await Cluster.start({ controllers });
    const [node] = await cluster.client.list(NODES).then(({ items }) => items);
    assert.ok(node?.spec?.taints?.some(({ key }) => key === "node.kubernetes.io/not-ready"));
  }
});
