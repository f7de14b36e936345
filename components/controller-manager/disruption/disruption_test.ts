import assert from "node:assert/strict";
import {
  DEPLOYMENTS,
  type Pod,
  POD_DISRUPTION_BUDGETS,
  type PodDisruptionBudget,
} from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { planBudget } from "./plan.ts";

const pods = (ready: number, unready = 0): Pod[] =>
  Array.from({ length: ready + unready }, (_, i) => ({
    metadata: { name: `p${i}` },
    status: { conditions: [{ type: "Ready", status: i < ready ? "True" : "False" }] },
  }));

Deno.test("planBudget() allows what stays above the wanted number", () => {
  const cases: [PodDisruptionBudget["spec"], Pod[], number | undefined, unknown[]][] = [
    [{ minAvailable: 2 }, pods(3), 3, [1, 2, 3, "SufficientPods"]],
    [{ minAvailable: 2 }, pods(2), 3, [0, 2, 2, "InsufficientPods"]],
    [{ minAvailable: "50%" }, pods(5), 5, [2, 3, 5, "SufficientPods"]],
    [{ maxUnavailable: 1 }, pods(3), 3, [1, 2, 3, "SufficientPods"]],
    [{ maxUnavailable: 1 }, pods(2, 1), 3, [0, 2, 3, "InsufficientPods"]],
    [{ maxUnavailable: "34%" }, pods(3), 3, [2, 1, 3, "SufficientPods"]],
    [{ maxUnavailable: 1 }, [], 0, [0, 0, 0, "InsufficientPods"]],
    [{ maxUnavailable: 1 }, pods(1), undefined, [0, 0, 0, "SyncFailed"]],
  ];
  for (const [spec, mine, scale, expected] of cases) {
    const { status } = planBudget({ spec: spec! }, mine, scale, 0);
    const { disruptionsAllowed, desiredHealthy, expectedPods, conditions } = status;
    assert.deepEqual(
      [disruptionsAllowed, desiredHealthy, expectedPods, conditions?.[0]?.reason],
      expected,
      JSON.stringify(spec),
    );
  }
});

Deno.test("planBudget() does not count a pod whose eviction was granted, for two minutes", () => {
  const budget: PodDisruptionBudget = {
    spec: { minAvailable: 1 },
    status: { disruptedPods: { p0: "1970-01-01T00:00:00Z", gone: "1970-01-01T00:00:00Z" } },
  };
  const early = planBudget(budget, pods(2), 2, 60_000);
  assert.deepEqual([early.status.currentHealthy, early.again], [1, 60_000]);
  assert.deepEqual(Object.keys(early.status.disruptedPods ?? {}), ["p0"]);
  assert.equal(planBudget(budget, pods(2), 2, 121_000).status.currentHealthy, 2);
});

Deno.test("a budget follows the pods and the size of a Deployment", async () => {
  const simulation = new Simulation(["disruption", "deployment", "replicaset"]);
  const { api, client } = simulation;
  await client.create(DEPLOYMENTS, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "d" },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "c", image: "a" }] },
      },
    },
  });
  await client.create(POD_DISRUPTION_BUDGETS, {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web", namespace: "d" },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } },
  });
  await simulation.pass(1000);
  const status = () => api.list<PodDisruptionBudget>("poddisruptionbudgets")[0]?.status;
  assert.deepEqual([status()?.expectedPods, status()?.disruptionsAllowed], [3, 1]);
  const [pod] = api.list<Pod>("pods");
  api.change<Pod>("pods", pod!.metadata!.name!, (pod) => {
    pod.status!.conditions = [{ type: "Ready", status: "False" }];
  });
  await simulation.pass(1000);
  assert.equal(status()?.disruptionsAllowed, 0);
  await simulation.end();
});
