/** The scheduler against the real API server: what a client sees of its decisions. */
import assert from "node:assert/strict";
import {
  type Event,
  EVENTS,
  NAMESPACES,
  NODES,
  type Pod,
  POD_DISRUPTION_BUDGETS,
  PODS,
  PRIORITY_CLASSES,
} from "../../components/api/mod.ts";
import { Cluster } from "../../components/cluster/mod.ts";
import { until } from "./until.ts";

const NAMESPACE = "place";

function pod(name: string, cpu: string, spec: Record<string, unknown> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE, labels: { app: name } },
    spec: {
      containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }],
      ...spec,
    },
  };
}

const scheduled = ({ status }: Pod) =>
  status?.conditions?.find(({ type }) => type === "PodScheduled");

async function withPlace(run: (cluster: Cluster, capacity: number) => Promise<void>) {
  await using cluster = await Cluster.start({ nodes: 1 });
  const { client } = cluster;
  await client.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: NAMESPACE },
  });
  const node = await client.get(NODES, "node-1");
  await run(cluster, Number(node.status?.allocatable?.["cpu"]));
}

Deno.test("a pod of higher priority takes the place of a lower one, whose budget is spared where it can be", async () => {
  await withPlace(async ({ client }, capacity) => {
    await client.create(PRIORITY_CLASSES, {
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name: "high" },
      value: 1000,
    });
    await client.create(POD_DISRUPTION_BUDGETS, {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "spared", namespace: NAMESPACE },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "spared" } } },
    });
    const half = String(Math.floor(capacity / 2) - 1);
    for (const name of ["spared", "other"]) {
      await client.create(PODS, pod(name, half, { terminationGracePeriodSeconds: 0 }));
    }
    const bound = (count: number) => (pods: Pod[]) =>
      pods.filter(({ spec }) => spec?.nodeName !== undefined).length === count;
    await until(client, PODS, NAMESPACE, "both have a node", bound(2));
    await client.create(PODS, pod("urgent", half, { priorityClassName: "high" }));
    const pods = await until(
      client,
      PODS,
      NAMESPACE,
      "what the scheduler does shows",
      (pods: Pod[]) =>
        pods.some(({ metadata, spec }) =>
          metadata?.name === "urgent" && spec?.nodeName !== undefined
        ),
    );
    assert.deepEqual(pods.map(({ metadata }) => metadata?.name).toSorted(), ["spared", "urgent"]);
    const { uid } = pods.find(({ metadata }) => metadata?.name === "urgent")!.metadata!;
    const events = await until(
      client,
      EVENTS,
      NAMESPACE,
      "what the scheduler does shows",
      (events: Event[]) => events.some(({ reason }) => reason === "Preempted"),
    );
    const told = events.find(({ reason }) => reason === "Preempted");
    assert.equal(told?.message, `Preempted by pod ${uid} on node node-1.`);
    assert.equal(told?.involvedObject?.name, "other");
    assert.equal(told?.reportingComponent, "default-scheduler");
  });
});

Deno.test("a pod that fits nowhere has condition and event, and is placed when it fits", async () => {
  await withPlace(async ({ client }, capacity) => {
    // New nodes are tainted until they are ready, and nobody reports for the one that comes.
    const tolerations = [{ operator: "Exists" }];
    await client.create(PODS, pod("large", String(capacity * 2), { tolerations }));
    const [large] = await until(
      client,
      PODS,
      NAMESPACE,
      "what the scheduler does shows",
      (pods: Pod[]) => pods.some((pod) => scheduled(pod)?.status === "False"),
    );
    const { message = "", observedGeneration, reason } = scheduled(large!)!;
    assert.equal(reason, "Unschedulable");
    assert.equal(observedGeneration, 1);
    assert.equal(
      message,
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: " +
        "1 Preemption is not helpful for scheduling.",
    );
    await client.create(NODES, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "giant" },
      status: {
        allocatable: { cpu: String(capacity * 4), memory: "8Gi", pods: "10" },
        capacity: { cpu: String(capacity * 4), memory: "8Gi", pods: "10" },
      },
    });
    await until(
      client,
      PODS,
      NAMESPACE,
      "what the scheduler does shows",
      (pods: Pod[]) => pods.some(({ spec }) => spec?.nodeName === "giant"),
    );
  });
});

Deno.test("gates hold a pod back until they are gone", async () => {
  await withPlace(async ({ client }) => {
    await client.create(PODS, pod("gated", "1", { schedulingGates: [{ name: "example.com/x" }] }));
    const [gated] = await until(
      client,
      PODS,
      NAMESPACE,
      "what the scheduler does shows",
      (pods: Pod[]) => pods.some((pod) => scheduled(pod) !== undefined),
    );
    assert.equal(scheduled(gated!)?.reason, "SchedulingGated");
    await client.patch(PODS, "gated", [{ op: "remove", path: "/spec/schedulingGates" }], {
      type: "json",
      namespace: NAMESPACE,
    });
    await until(
      client,
      PODS,
      NAMESPACE,
      "what the scheduler does shows",
      (pods: Pod[]) => pods.some(({ spec }) => spec?.nodeName === "node-1"),
    );
  });
});
