import assert from "node:assert/strict";
import type { Pod, ResourceQuota } from "../generated/types.ts";
import type { KubeObject } from "../object.ts";
import { quotaUsage } from "./quota_usage.ts";

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
  const objects: Record<string, object[]> = {
    pods: [
      pod("500m"),
      pod("1", { initContainers: [{ resources: { requests: { cpu: "2" } } }] }),
      pod(undefined, {
        activeDeadlineSeconds: 5,
        priorityClassName: "high",
        containers: [{
          resources: { requests: { "example.com/gpu": "3", "hugepages-2Mi": "4Mi" } },
        }],
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{
              topologyKey: "t",
              namespaces: ["x"],
            }],
          },
        },
      }),
      pod("4", {}, "Succeeded"),
    ],
    services: [
      { spec: { type: "NodePort", ports: [{}, {}] } },
      { spec: { type: "LoadBalancer", ports: [{}], allocateLoadBalancerNodePorts: false } },
    ],
    persistentvolumeclaims: [
      { spec: { storageClassName: "fast", resources: { requests: { storage: "1Gi" } } } },
      {
        spec: {
          resources: { requests: { storage: "2Gi" } },
        },
        status: { currentVolumeAttributesClassName: "v" },
      },
    ],
    "resourceclaims.resource.k8s.io": [{
      spec: {
        devices: {
          requests: [
            { exactly: { deviceClassName: "gold", allocationMode: "ExactCount", count: 5 } },
            {
              firstAvailable: [
                { deviceClassName: "gold", allocationMode: "All" },
                { deviceClassName: "silver", count: 2 },
                { deviceClassName: "silver" },
              ],
            },
          ],
        },
      },
    }],
  };
  const contents = {
    objects: (resource: string): KubeObject[] => objects[resource] ?? [],
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
    ["count/pods", {}, "4"],
    ["count/services", { scopes: ["BestEffort"] }, "0"],
    ["configmaps", { scopes: ["BestEffort"] }, "0"],
    ["gold.deviceclass.resource.k8s.io/devices", {}, "37"],
    ["silver.deviceclass.resource.k8s.io/devices", {}, "2"],
    ["count/resourceclaims.resource.k8s.io", {}, "1"],
    ["requests.example.com/gpu", {}, "3"],
    ["requests.hugepages-2Mi", {}, "4Mi"],
    ["pods", { scopes: ["CrossNamespacePodAffinity"] }, "1"],
    ["persistentvolumeclaims", {
      scopeSelector: {
        matchExpressions: [{ scopeName: "VolumeAttributesClass", operator: "In", values: ["v"] }],
      },
    }, "1"],
  ];
  for (const [name, spec, expected] of cases) {
    const used = quotaUsage({ spec: { ...spec, hard: { [name]: "99" } } }, contents, 0);
    assert.deepEqual(used, { [name]: expected }, `${name} ${JSON.stringify(spec)}`);
  }
});
