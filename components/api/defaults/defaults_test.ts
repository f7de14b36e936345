import assert from "node:assert/strict";
import { cloneJson, type JsonObject } from "../../base/mod.ts";
import { defaulterOf } from "./mod.ts";
import { imagePullPolicy } from "./image.ts";

function applied(groupVersion: string, kind: string, object: JsonObject): JsonObject {
  const slash = groupVersion.lastIndexOf("/");
  const copy = cloneJson(object);
  defaulterOf({
    group: groupVersion.slice(0, Math.max(0, slash)),
    version: groupVersion.slice(slash + 1),
    kind,
  })(copy as never);
  return copy;
}

const CONTAINER_DEFAULTS = {
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  resources: {},
};
const POD_DEFAULTS = {
  dnsPolicy: "ClusterFirst",
  restartPolicy: "Always",
  schedulerName: "default-scheduler",
  securityContext: {},
  terminationGracePeriodSeconds: 30,
};

Deno.test("a pod gets its defaults", () => {
  const pod = applied("v1", "Pod", {
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{
        name: "a",
        image: "nginx",
        ports: [{ containerPort: 80 }],
        readinessProbe: { httpGet: { port: 80 }, timeoutSeconds: 0, periodSeconds: 3 },
        env: [{ name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
        resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
      }],
      volumes: [
        { name: "empty" },
        { name: "config", configMap: { name: "c" } },
        { name: "host", hostPath: { path: "/x" } },
        {
          name: "all",
          projected: { sources: [{ serviceAccountToken: { path: "t" } }] },
        },
      ],
    },
  });
  assert.deepEqual(pod, {
    spec: {
      ...POD_DEFAULTS,
      terminationGracePeriodSeconds: 0,
      enableServiceLinks: true,
      containers: [{
        ...CONTAINER_DEFAULTS,
        name: "a",
        image: "nginx",
        imagePullPolicy: "Always",
        ports: [{ containerPort: 80, protocol: "TCP" }],
        readinessProbe: {
          httpGet: { port: 80, path: "/", scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 3,
          successThreshold: 1,
          failureThreshold: 3,
        },
        env: [{
          name: "N",
          valueFrom: { fieldRef: { fieldPath: "metadata.name", apiVersion: "v1" } },
        }],
        resources: {
          limits: { cpu: "1", memory: "1Gi" },
          requests: { cpu: "500m", memory: "1Gi" },
        },
      }],
      volumes: [
        { name: "empty", emptyDir: {} },
        { name: "config", configMap: { name: "c", defaultMode: 420 } },
        { name: "host", hostPath: { path: "/x", type: "" } },
        {
          name: "all",
          projected: {
            defaultMode: 420,
            sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }],
          },
        },
      ],
    },
  });
});

Deno.test("a pod's own resources follow from its containers'", () => {
  const container = (name: string, requests: JsonObject) => ({ name, resources: { requests } });
  const pod = applied("v1", "Pod", {
    spec: {
      resources: { limits: { cpu: "4", memory: "1Gi" } },
      containers: [container("a", { cpu: "500m" }), container("b", { cpu: "1" })],
      initContainers: [container("i", { cpu: "2" })],
    },
  });
  assert.deepEqual((pod["spec"] as JsonObject)["resources"], {
    limits: { cpu: "4", memory: "1Gi" },
    requests: { cpu: "2", memory: "1Gi" },
  });
});

Deno.test("a template gets a pod spec's defaults, but not a pod's", () => {
  const deployment = applied("apps/v1", "Deployment", {
    spec: {
      replicas: 0,
      template: {
        spec: {
          hostNetwork: true,
          containers: [{
            name: "a",
            image: "nginx:1.27",
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: "1" } },
          }],
        },
      },
    },
  });
  assert.deepEqual(deployment, {
    spec: {
      replicas: 0,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
      },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: {
        spec: {
          ...POD_DEFAULTS,
          hostNetwork: true,
          containers: [{
            ...CONTAINER_DEFAULTS,
            name: "a",
            image: "nginx:1.27",
            imagePullPolicy: "IfNotPresent",
            ports: [{ containerPort: 80, protocol: "TCP" }],
            resources: { limits: { cpu: "1" } },
          }],
        },
      },
    },
  });
});

Deno.test("defaults of other kinds", () => {
  const cases: [string, string, JsonObject, JsonObject][] = [
    ["v1", "Secret", {}, { type: "Opaque" }],
    ["v1", "Secret", { data: { a: "eA==", b: "eA==" }, stringData: { b: "ü", c: "" } }, {
      type: "Opaque",
      data: { a: "eA==", b: "w7w=", c: "" },
    }],
    ["v1", "Namespace", { metadata: { name: "a" } }, {
      metadata: { name: "a", labels: { "kubernetes.io/metadata.name": "a" } },
      status: { phase: "Active" },
    }],
    ["v1", "Service", { spec: { ports: [{ port: 80 }] } }, {
      spec: {
        ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
        sessionAffinity: "None",
        type: "ClusterIP",
        internalTrafficPolicy: "Cluster",
      },
      status: { loadBalancer: {} },
    }],
    ["v1", "Service", { spec: { type: "LoadBalancer", sessionAffinity: "ClientIP" } }, {
      spec: {
        type: "LoadBalancer",
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
        externalTrafficPolicy: "Cluster",
        internalTrafficPolicy: "Cluster",
        allocateLoadBalancerNodePorts: true,
      },
      status: { loadBalancer: {} },
    }],
    [
      "v1",
      "LimitRange",
      { spec: { limits: [{ type: "Container", max: { cpu: "2" }, min: { memory: "1Mi" } }] } },
      {
        spec: {
          limits: [{
            type: "Container",
            max: { cpu: "2" },
            min: { memory: "1Mi" },
            default: { cpu: "2" },
            defaultRequest: { cpu: "2", memory: "1Mi" },
          }],
        },
      },
    ],
    ["v1", "Node", { status: { capacity: { cpu: "1" } } }, {
      status: { capacity: { cpu: "1" }, allocatable: { cpu: "1" } },
    }],
    ["v1", "PersistentVolumeClaim", { spec: {} }, {
      spec: { volumeMode: "Filesystem" },
      status: { phase: "Pending" },
    }],
    [
      "batch/v1",
      "Job",
      { spec: { parallelism: 2, template: { metadata: { labels: { a: "b" } } } } },
      {
        metadata: { labels: { a: "b" } },
        spec: {
          parallelism: 2,
          backoffLimit: 6,
          completionMode: "NonIndexed",
          suspend: false,
          podReplacementPolicy: "TerminatingOrFailed",
          manualSelector: false,
          template: { metadata: { labels: { a: "b" } } },
        },
      },
    ],
    ["batch/v1", "CronJob", { spec: { schedule: "* * * * *" } }, {
      spec: {
        schedule: "* * * * *",
        concurrencyPolicy: "Allow",
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
    }],
    ["networking.k8s.io/v1", "NetworkPolicy", { spec: { egress: [{ ports: [{}] }] } }, {
      spec: { policyTypes: ["Ingress", "Egress"], egress: [{ ports: [{ protocol: "TCP" }] }] },
    }],
    ["rbac.authorization.k8s.io/v1", "RoleBinding", {
      roleRef: { kind: "Role", name: "r" },
      subjects: [{ kind: "User", name: "u" }, { kind: "ServiceAccount", name: "s" }],
    }, {
      roleRef: { kind: "Role", name: "r", apiGroup: "rbac.authorization.k8s.io" },
      subjects: [
        { kind: "User", name: "u", apiGroup: "rbac.authorization.k8s.io" },
        { kind: "ServiceAccount", name: "s" },
      ],
    }],
    ["apiextensions.k8s.io/v1", "CustomResourceDefinition", {
      spec: {
        names: { kind: "Foo", plural: "foos" },
        versions: [{ name: "v1", storage: true }, { name: "v2" }],
      },
    }, {
      spec: {
        names: { kind: "Foo", plural: "foos", singular: "foo", listKind: "FooList" },
        versions: [{ name: "v1", storage: true }, { name: "v2" }],
        conversion: { strategy: "None" },
      },
      status: { storedVersions: ["v1"] },
    }],
    ["v1", "ConfigMap", { data: {} }, { data: {} }],
    ["coordination.k8s.io/v1", "Lease", { spec: {} }, { spec: {} }],
    ["autoscaling/v2", "HorizontalPodAutoscaler", { spec: { behavior: { scaleDown: {} } } }, {
      spec: {
        minReplicas: 1,
        metrics: [{
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        }],
        behavior: {
          scaleUp: {
            selectPolicy: "Max",
            stabilizationWindowSeconds: 0,
            policies: [
              { type: "Pods", value: 4, periodSeconds: 15 },
              { type: "Percent", value: 100, periodSeconds: 15 },
            ],
          },
          scaleDown: {
            selectPolicy: "Max",
            policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
          },
        },
      },
    }],
  ];
  for (const [groupVersion, kind, given, expected] of cases) {
    assert.deepEqual(applied(groupVersion, kind, given), expected, kind);
    // What is filled in stays as it is when it is filled in again.
    assert.deepEqual(applied(groupVersion, kind, expected), expected, `${kind} twice`);
  }
});

Deno.test("imagePullPolicy() goes by the tag", () => {
  const cases: [string, string][] = [
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.27", "IfNotPresent"],
    ["registry:5000/nginx", "Always"],
    ["registry:5000/nginx:2", "IfNotPresent"],
    ["nginx@sha256:abc", "IfNotPresent"],
    ["nginx:latest@sha256:abc", "IfNotPresent"],
  ];
  for (const [image, policy] of cases) assert.equal(imagePullPolicy(image), policy, image);
});
