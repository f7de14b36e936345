import assert from "node:assert/strict";
import {
  CONFIG_MAPS,
  type KubeObject,
  type Pod,
  RESOURCE_QUOTAS,
  type ResourceQuota,
} from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";
import { quotaUsage } from "./usage.ts";

const pod = (cpu: string | undefined, more: Pod["spec"] = {}, phase = "Running"): Pod => ({
  spec: {
    containers: [
      cpu === undefined ? {} : { resources: { requests: { cpu }, limits: { cpu } } },
      { resources: {} },
    ],
    ...more,
  },
  status: { phase },
});

Deno.test("quotaUsage() counts what a quota names", () => {
  const contents = {
    pods: [
      pod("500m"),
      pod("1", { initContainers: [{ resources: { requests: { cpu: "2" } } }] }),
      pod(undefined, { activeDeadlineSeconds: 5, priorityClassName: "high" }),
      pod("4", {}, "Succeeded"),
    ],
    services: [
      { spec: { type: "NodePort", ports: [{}, {}] } },
      { spec: { type: "LoadBalancer", ports: [{}], allocateLoadBalancerNodePorts: false } },
    ],
    claims: [
      { spec: { storageClassName: "fast", resources: { requests: { storage: "1Gi" } } } },
      { spec: { resources: { requests: { storage: "2Gi" } } } },
    ],
    count: (resource: string) => resource.length,
  };
  const cases: [string, ResourceQuota["spec"], string][] = [
    ["pods", {}, "3"],
    ["requests.cpu", {}, "2500m"],
    ["cpu", {}, "2500m"],
    ["limits.cpu", {}, "1500m"],
    ["memory", {}, "0"],
    ["pods", { scopes: ["BestEffort"] }, "1"],
    ["pods", { scopes: ["NotTerminating"] }, "2"],
    ["pods", {
      scopeSelector: {
        matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }],
      },
    }, "1"],
    ["services", {}, "2"],
    ["services.nodeports", {}, "2"],
    ["services.loadbalancers", {}, "1"],
    ["persistentvolumeclaims", {}, "2"],
    ["requests.storage", {}, "3Gi"],
    ["fast.storageclass.storage.k8s.io/requests.storage", {}, "1Gi"],
    ["configmaps", {}, "10"],
    ["count/jobs.batch", {}, "10"],
  ];
  for (const [name, spec, expected] of cases) {
    const used = quotaUsage({ spec: { ...spec, hard: { [name]: "99" } } }, contents, 0);
    assert.deepEqual(used, { [name]: expected }, `${name} ${JSON.stringify(spec)}`);
  }
});

Deno.test("a quota's status follows what comes and goes", async () => {
  const simulation = new Simulation(["resourcequota"]);
  const { api, client } = simulation;
  await client.create(RESOURCE_QUOTAS, {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "q", namespace: "d" },
    spec: { hard: { "configmaps": "5", "pods": "1k" } },
  });
  const map = (name: string): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "d" },
  });
  const used = () => api.list<ResourceQuota>("resourcequotas")[0]?.status?.used;
  await simulation.pass(1000);
  assert.deepEqual(used(), { configmaps: "0", pods: "0" });
  await client.create(CONFIG_MAPS, map("a"));
  await client.create(CONFIG_MAPS, map("b"));
  await simulation.pass(1000);
  assert.deepEqual(used(), { configmaps: "2", pods: "0" });
  await client.delete(CONFIG_MAPS, "a", { namespace: "d" });
  await simulation.pass(1000);
  assert.deepEqual(used(), { configmaps: "1", pods: "0" });
  await simulation.end();
});
