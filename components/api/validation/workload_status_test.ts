import assert from "node:assert/strict";
import { created, type Json, pod, statusUpdated } from "./validation_suite.ts";

const template = { metadata: { labels: { a: "b" } }, ...pod() };
const workload: Json = { spec: { selector: { matchLabels: { a: "b" } }, template } };
const job: Json = {
  spec: { template: { spec: { ...pod()["spec"] as Json, restartPolicy: "Never" } } },
};
const service = (spec: Json): Json => ({ spec: { ports: [{ port: 80 }], ...spec } });
const balanced = service({ type: "LoadBalancer" });
const ingress = (...list: Json[]): Json => ({ loadBalancer: { ingress: list } });
const complete = { type: "Complete", status: "True" };
const failed = { type: "Failed", status: "True" };
const NOW = "2026-01-01T00:00:00Z";
const MORE = "cannot be greater than";

const CASES: readonly (readonly [string, Json, Json, Json, readonly string[]])[] = [
  ["apps/v1 Deployment", workload, {}, { replicas: 2, readyReplicas: 2, availableReplicas: 1 }, []],
  ["apps/v1 Deployment", workload, {}, { replicas: 1, updatedReplicas: 2, readyReplicas: -1 }, [
    "status.readyReplicas: Invalid value: -1: must be greater than or equal to 0",
    `status.updatedReplicas: Invalid value: 2: ${MORE} status.replicas`,
    `status.availableReplicas: Invalid value: 0: ${MORE} readyReplicas`,
  ]],
  ["apps/v1 Deployment", workload, { collisionCount: 2 }, { collisionCount: 1 }, [
    "status.collisionCount: Invalid value: 1: cannot be decremented",
  ]],
  ["apps/v1 ReplicaSet", workload, {}, { replicas: 1, fullyLabeledReplicas: 2 }, [
    `status.fullyLabeledReplicas: Invalid value: 2: ${MORE} status.replicas`,
  ]],
  ["apps/v1 ReplicaSet", workload, {}, { replicas: 3, readyReplicas: 1, availableReplicas: 2 }, [
    `status.availableReplicas: Invalid value: 2: ${MORE} readyReplicas`,
  ]],
  ["v1 ReplicationController", { spec: { template } }, {}, { replicas: -1 }, [
    "status.replicas: Invalid value: -1: must be greater than or equal to 0",
    `status.fullyLabeledReplicas: Invalid value: 0: ${MORE} status.replicas`,
    `status.readyReplicas: Invalid value: 0: ${MORE} status.replicas`,
    `status.availableReplicas: Invalid value: 0: ${MORE} status.replicas`,
  ]],
  ["apps/v1 StatefulSet", workload, {}, { replicas: 1, currentReplicas: 2 }, [
    `status.currentReplicas: Invalid value: 2: ${MORE} status.replicas`,
  ]],
  ["apps/v1 DaemonSet", workload, {}, { numberReady: -1 }, [
    "status.numberReady: Invalid value: -1: must be greater than or equal to 0",
  ]],
  ["batch/v1 Job", job, {}, { conditions: [complete], completionTime: NOW, succeeded: 1 }, []],
  ["batch/v1 Job", job, {}, { conditions: [complete] }, [
    "status.completionTime: Required value: completionTime is required for Complete jobs",
  ]],
  ["batch/v1 Job", job, {}, { completionTime: NOW }, [
    `status.completionTime: Invalid value: "${NOW}": cannot set completionTime when there is no Complete=True condition`,
  ]],
  ["batch/v1 Job", job, {}, { conditions: [complete, failed], completionTime: NOW }, [
    `status.conditions: Invalid value: ${
      JSON.stringify([complete, failed])
    }: cannot set Complete=True and Failed=True ` +
    "conditions",
  ]],
  ["batch/v1 Job", job, { conditions: [failed] }, { active: 1, ready: 2 }, [
    `status.ready: Invalid value: 2: ${MORE} active`,
    "status.conditions: Invalid value: []: cannot disable the terminal Failed=True condition",
  ]],
  ["v1 Node", {}, {}, {
    addresses: [{ type: "InternalIP", address: "a" }, { type: "InternalIP", address: "a" }],
    capacity: { cpu: "1", pods: "-1" },
  }, [
    'status.addresses[1]: Duplicate value: {"type":"InternalIP","address":"a"}',
    'status.capacity[pods]: Invalid value: "-1": must be greater than or equal to 0',
  ]],
  ["v1 ResourceQuota", { spec: {} }, {}, { hard: { pods: "1" }, used: { bananas: "1" } }, [
    'status.used[bananas]: Invalid value: "bananas": must be a standard resource type or fully qualified',
    'status.used[bananas]: Invalid value: "bananas": must be a standard resource for quotas',
  ]],
  ["v1 PersistentVolumeClaim", { spec: {} }, {}, {
    capacity: { storage: "-1" },
    allocatedResourceStatuses: { storage: "Odd" },
  }, [
    'status.capacity[storage]: Invalid value: "-1": must be greater than or equal to 0',
    'status.allocatedResourceStatuses[storage]: Unsupported value: "Odd": supported values: ' +
    '"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", ' +
    '"NodeResizePending"',
  ]],
  ["v1 Service", balanced, {}, ingress({ ip: "10.0.0.1", ipMode: "VIP" }, { hostname: "a.b" }), []],
  ["v1 Service", service({}), {}, ingress({ ip: "10.0.0.1" }), [
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is LoadBalancer",
  ]],
  [
    "v1 Service",
    balanced,
    {},
    ingress({ ip: "ten", ipMode: "Odd" }, { ipMode: "VIP" }, { hostname: "10.0.0.1" }),
    [
      'status.loadBalancer.ingress[0].ip: Invalid value: "ten": must be a valid IP address, (e.g. 10.9.8.7 or ' +
      "2001:db8::ffff)",
      'status.loadBalancer.ingress[0].ipMode: Unsupported value: "Odd": supported values: "Proxy", "VIP"',
      "status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set",
      'status.loadBalancer.ingress[2].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ],
  ],
];
for (const [kind, object, before, after, problems] of CASES) {
  Deno.test(`status of ${kind}: ${problems[0] ?? "good"} ${JSON.stringify(after)}`, () => {
    const found = statusUpdated(kind, object, (next) => next["status"] = after, before);
    assert.deepEqual(found, problems);
  });
}

const SERVICES: readonly (readonly [Json, readonly string[]])[] = [
  [{ clusterIPs: ["10.0.0.1", "10.0.0.2"] }, [
    'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
  ]],
  [{ allocateLoadBalancerNodePorts: true }, [
    "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
  ]],
  [{ type: "ExternalName", externalName: "a.b", ipFamilyPolicy: "SingleStack" }, [
    "spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services",
  ]],
  [{ ports: [{ port: 80, appProtocol: "kubernetes.io/h2c" }] }, []],
  [{ ports: [{ port: 80, appProtocol: "/x" }] }, [
    'spec.ports[0].appProtocol: Invalid value: "/x": prefix part must be non-empty',
  ]],
  [{ type: "LoadBalancer", loadBalancerClass: "/x" }, [
    'spec.loadBalancerClass: Invalid value: "/x": prefix part must be non-empty',
  ]],
  [{ type: "LoadBalancer", loadBalancerSourceRanges: [" 10.0.0.1/24 "] }, [
    'spec.loadBalancerSourceRanges[0]: Invalid value: " 10.0.0.1/24 ": must not have bits set beyond the prefix length',
  ]],
];
for (const [spec, problems] of SERVICES) {
  Deno.test(`new Service: ${problems[0] ?? "good"}`, () => {
    assert.deepEqual(created("v1 Service", service(spec)), problems);
  });
}

Deno.test("a revision holds something", () => {
  assert.deepEqual(created("apps/v1 ControllerRevision", { revision: -1 }), [
    "data: Required value: data is mandatory",
    "revision: Invalid value: -1: must be greater than or equal to 0",
  ]);
  assert.deepEqual(created("apps/v1 ControllerRevision", { data: {}, revision: 1 }), []);
});
