import assert from "node:assert/strict";
import {
  CONFIG_MAPS,
  type KubeObject,
  RESOURCE_QUOTAS,
  type ResourceQuota,
} from "../../api/mod.ts";
import { Simulation } from "../simulation.ts";

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
