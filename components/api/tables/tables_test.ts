import assert from "node:assert/strict";
import { BUILTIN_KINDS } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import type { TableCell } from "../resource_definition.ts";
import { cellsFor, rowConditionsFor } from "./mod.ts";

const NOW = Date.parse("2024-01-01T01:00:00Z");
const metadata = { name: "n", namespace: "ns", creationTimestamp: "2024-01-01T00:00:00Z" };

function row(kind: string, object: Record<string, unknown>): TableCell[] {
  const [version = "", name = ""] = kind.split(" ");
  const slash = version.indexOf("/");
  const gvk = slash < 0
    ? { group: "", version, kind: name }
    : { group: version.slice(0, slash), version: version.slice(slash + 1), kind: name };
  const meta = { ...metadata, ...(object["metadata"] as object | undefined) };
  return cellsFor(gvk)({ ...object, metadata: meta } as KubeObject, NOW);
}

Deno.test("cellsFor() fills every column of every kind", () => {
  for (const definition of BUILTIN_KINDS) {
    if (definition.storage === undefined) continue;
    const made = cellsFor(definition)({ metadata }, NOW);
    // IPAddress has a cell more than columns, as upstream.
    const extra = definition.kind === "IPAddress" ? 1 : 0;
    assert.equal(made.length, definition.columns.length + extra, definition.kind);
    for (const cell of made) assert.notEqual(cell, undefined, definition.kind);
  }
});

const running = { running: { startedAt: "2024-01-01T00:00:00Z" } };
const containers = [{ name: "a", image: "x" }, { name: "b", image: "y" }];
const pods: [string, Record<string, unknown>, string[]][] = [
  ["pending", { spec: { containers }, status: { phase: "Pending" } }, ["0/2", "Pending", "0"]],
  ["running", {
    spec: { containers },
    status: {
      phase: "Running",
      containerStatuses: [
        { name: "a", ready: true, restartCount: 0, state: running },
        {
          name: "b",
          ready: true,
          restartCount: 2,
          state: running,
          lastState: { terminated: { exitCode: 1, finishedAt: "2024-01-01T00:30:00Z" } },
        },
      ],
    },
  }, ["2/2", "Running", "2 (30m ago)"]],
  ["image missing", {
    spec: { containers },
    status: {
      phase: "Pending",
      containerStatuses: [
        { name: "a", state: { waiting: { reason: "ImagePullBackOff" } } },
        { name: "b", state: { waiting: { reason: "ContainerCreating" } } },
      ],
    },
  }, ["0/2", "ImagePullBackOff", "0"]],
  ["one ended", {
    spec: { containers },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "False" }],
      containerStatuses: [
        { name: "a", state: { terminated: { exitCode: 0, reason: "Completed" } } },
        { name: "b", ready: true, state: running },
      ],
    },
  }, ["1/2", "NotReady", "0"]],
  ["killed", {
    spec: { containers },
    status: {
      phase: "Failed",
      containerStatuses: [{ name: "a", state: { terminated: { exitCode: 137, signal: 9 } } }],
    },
  }, ["0/2", "Signal:9", "0"]],
  ["evicted", { spec: { containers }, status: { phase: "Failed", reason: "Evicted" } }, [
    "0/2",
    "Evicted",
    "0",
  ]],
  ["gated", {
    spec: { containers },
    status: {
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }],
    },
  }, ["0/2", "SchedulingGated", "0"]],
  ["initializing", {
    spec: { containers, initContainers: [{ name: "i" }, { name: "j" }] },
    status: {
      phase: "Pending",
      initContainerStatuses: [
        { name: "i", restartCount: 1, state: { terminated: { exitCode: 0 } } },
        { name: "j", restartCount: 2, state: running },
      ],
    },
  }, ["0/2", "Init:1/2", "3"]],
  ["init failed", {
    spec: { containers, initContainers: [{ name: "i" }] },
    status: {
      phase: "Pending",
      initContainerStatuses: [{ name: "i", state: { waiting: { reason: "CrashLoopBackOff" } } }],
    },
  }, ["0/2", "Init:CrashLoopBackOff", "0"]],
  ["sidecar", {
    spec: { containers, initContainers: [{ name: "s", restartPolicy: "Always" }] },
    status: {
      phase: "Running",
      initContainerStatuses: [
        { name: "s", started: true, ready: true, restartCount: 1, state: running },
      ],
      containerStatuses: [{ name: "a", ready: true, state: running }],
    },
  }, ["2/3", "Running", "1"]],
  ["terminating", {
    metadata: { deletionTimestamp: "2024-01-01T00:59:00Z" },
    spec: { containers },
    status: { phase: "Running" },
  }, ["0/2", "Terminating", "0"]],
];

Deno.test("a pod's row tells its state", () => {
  for (const [name, pod, [ready, status, restarts]] of pods) {
    assert.deepEqual(row("v1 Pod", pod).slice(0, 5), ["n", ready, status, restarts, "60m"], name);
  }
  assert.deepEqual(
    row("v1 Pod", {
      spec: { nodeName: "node", readinessGates: [{ conditionType: "x" }] },
      status: { podIP: "10.0.0.1" },
    }).slice(5),
    ["10.0.0.1", "node", "<none>", "0/1"],
  );
});

const template = { spec: { containers } };
const rows: [string, Record<string, unknown>, TableCell[]][] = [
  ["v1 ConfigMap", { data: { a: "1" }, binaryData: { b: "" } }, ["n", 2, "60m"]],
  ["v1 Secret", { type: "Opaque", data: { a: "" } }, ["n", "Opaque", 1, "60m"]],
  ["v1 LimitRange", {}, ["n", "2024-01-01T00:00:00Z"]],
  ["v1 Endpoints", {
    subsets: [{
      addresses: [{ ip: "1.1.1.1" }, { ip: "1.1.1.2" }],
      ports: [{ port: 80 }, { port: 81 }],
    }],
  }, ["n", "1.1.1.1:80,1.1.1.1:81,1.1.1.2:80 + 1 more...", "60m"]],
  ["v1 Node", {
    metadata: {
      labels: { "node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "a" },
    },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
      nodeInfo: { kubeletVersion: "v1.36.2", kernelVersion: "6.1", architecture: "amd64" },
    },
  }, [
    "n",
    "Ready,SchedulingDisabled",
    "a,control-plane",
    "60m",
    "v1.36.2",
    "10.0.0.1",
    "<none>",
    "<unknown>",
    "6.1 (amd64)",
    "<unknown>",
  ]],
  ["v1 Event", {
    involvedObject: { kind: "Pod", name: "p", fieldPath: "spec.x" },
    type: "Normal",
    reason: "Pulled",
    message: " done\n",
    source: { component: "kubelet", host: "node" },
    firstTimestamp: "2024-01-01T00:00:00Z",
    lastTimestamp: "2024-01-01T00:59:00Z",
    count: 3,
  }, [
    "60s",
    "Normal",
    "Pulled",
    "pod/p",
    "spec.x",
    "kubelet, node",
    "done",
    "60m",
    3,
    "n",
  ]],
  ["events.k8s.io/v1 Event", {
    regarding: { kind: "Pod", name: "p" },
    reportingController: "c",
    note: "x",
    eventTime: "2024-01-01T00:59:30.000000Z",
  }, ["30s", "", "", "pod/p", "", "c", "x", "30s", 1, "n"]],
  ["v1 ResourceQuota", {
    status: { hard: { pods: "4", cpu: "2", "limits.cpu": "3" }, used: { pods: "1", cpu: "0" } },
  }, ["n", "cpu: 0/2, pods: 1/4", "limits.cpu: 0/3", "60m"]],
  ["v1 Service", {
    spec: {
      type: "NodePort",
      clusterIPs: ["10.0.0.1"],
      ports: [{ port: 80, protocol: "TCP", nodePort: 30000 }, { port: 53, protocol: "UDP" }],
      selector: { b: "2", a: "1" },
    },
  }, ["n", "NodePort", "10.0.0.1", "<none>", "80:30000/TCP,53/UDP", "60m", "a=1,b=2"]],
  ["v1 Service", { spec: { type: "LoadBalancer" } }, [
    "n",
    "LoadBalancer",
    "<none>",
    "<pending>",
    "<none>",
    "60m",
    "<none>",
  ]],
  ["v1 PersistentVolumeClaim", {
    spec: { volumeName: "v", storageClassName: "s", volumeMode: "Filesystem" },
    status: {
      phase: "Bound",
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteMany", "ReadWriteOnce"],
    },
  }, ["n", "Bound", "v", "1Gi", "RWO,RWX", "s", "<unset>", "60m", "Filesystem"]],
  ["apps/v1 Deployment", {
    spec: { replicas: 3, selector: { matchLabels: { a: "b" } }, template },
    status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
  }, ["n", "1/3", 2, 1, "60m", "a,b", "x,y", "a=b"]],
  ["apps/v1 ReplicaSet", { spec: { replicas: 3, template }, status: { replicas: 2 } }, [
    "n",
    3,
    2,
    0,
    "60m",
    "a,b",
    "x,y",
    "<none>",
  ]],
  ["apps/v1 ControllerRevision", {
    metadata: {
      ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "d", controller: true }],
    },
    revision: 2,
  }, ["n", "daemonset.apps/d", 2, "60m"]],
  ["batch/v1 Job", {
    spec: { parallelism: 2, template },
    status: {
      succeeded: 1,
      startTime: "2024-01-01T00:10:00Z",
      completionTime: "2024-01-01T00:10:30Z",
      conditions: [{ type: "Complete", status: "True" }],
    },
  }, ["n", "Complete", "1/1 of 2", "30s", "60m", "a,b", "x,y", "<none>"]],
  ["batch/v1 CronJob", {
    spec: { schedule: "* * * * *", suspend: false, jobTemplate: { spec: { template } } },
    status: { lastScheduleTime: "2024-01-01T00:59:00Z", active: [{}] },
  }, ["n", "* * * * *", "<none>", "False", 1, "60s", "60m", "a,b", "x,y", "<none>"]],
  ["networking.k8s.io/v1 Ingress", {
    spec: { rules: [{ host: "a" }, {}, { host: "c" }, { host: "d" }], tls: [{}] },
    status: { loadBalancer: { ingress: [{ ip: "2.2.2.2" }, { hostname: "h" }] } },
  }, ["n", "<none>", "a,*,c + 1 more...", "2.2.2.2,h", "80, 443", "60m"]],
  ["discovery.k8s.io/v1 EndpointSlice", {
    addressType: "IPv4",
    ports: [{ port: 80 }, { name: "x" }],
    endpoints: [{ addresses: ["1.1.1.1"] }],
  }, ["n", "IPv4", "80,x", "1.1.1.1", "60m"]],
  ["storage.k8s.io/v1 StorageClass", {
    metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "p",
  }, ["n (default)", "p", "Delete", "Immediate", false, "60m"]],
  ["rbac.authorization.k8s.io/v1 RoleBinding", {
    roleRef: { kind: "Role", name: "r" },
    subjects: [
      { kind: "User", name: "u" },
      { kind: "User", name: "v" },
      { kind: "ServiceAccount", namespace: "ns", name: "s" },
    ],
  }, ["n", "Role/r", "60m", "u, v", "", "ns/s"]],
  ["autoscaling/v2 HorizontalPodAutoscaler", {
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "d" },
      maxReplicas: 5,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { averageUtilization: 80 } } },
        { type: "External", external: { target: { averageValue: "3" } } },
        { type: "Pods", pods: { target: { averageValue: "1" } } },
      ],
    },
    status: {
      currentReplicas: 2,
      currentMetrics: [{ type: "Resource", resource: { current: { averageUtilization: 40 } } }],
    },
  }, [
    "n",
    "Deployment/d",
    "cpu: 40%/80%, <unknown>/3 (avg) + 1 more...",
    "<unset>",
    5,
    2,
    "60m",
  ]],
  ["certificates.k8s.io/v1 CertificateSigningRequest", {
    spec: { signerName: "s", username: "u", expirationSeconds: 3600 },
    status: { conditions: [{ type: "Approved" }], certificate: "x" },
  }, ["n", "60m", "s", "u", "60m", "Approved,Issued"]],
  ["policy/v1 PodDisruptionBudget", { spec: { minAvailable: "50%" } }, [
    "n",
    "50%",
    "N/A",
    0,
    "60m",
  ]],
];

Deno.test("rows of other kinds", () => {
  for (const [kind, object, expected] of rows) assert.deepEqual(row(kind, object), expected, kind);
});

Deno.test("rowConditionsFor() marks ended pods", () => {
  const pod = { group: "", version: "v1", kind: "Pod" };
  const ended = { metadata, status: { phase: "Failed" } } as KubeObject;
  assert.equal(rowConditionsFor(pod, ended)[0]?.reason, "Failed");
  assert.deepEqual(rowConditionsFor(pod, { metadata }), []);
});
