import assert from "node:assert/strict";
import { created, type Json, pod, updated } from "./validation_suite.ts";

const labels = { app: "x" };
const template = (spec: Json = {}): Json => ({ metadata: { labels }, ...pod(spec) });
const workload = (spec: Json = {}, podSpec: Json = {}): Json => ({
  spec: { selector: { matchLabels: labels }, template: template(podSpec), ...spec },
});
const job = (spec: Json = {}): Json => ({
  spec: { template: template({ restartPolicy: "Never" }), ...spec },
});
const failure = (...rules: Json[]): Json => job({ podFailurePolicy: { rules } });
const cron = (spec: Json): Json => ({
  spec: { schedule: "* * * * *", jobTemplate: job(), ...spec },
});
const metric = (type: string, source: Json): Json => ({
  spec: {
    maxReplicas: 2,
    scaleTargetRef: { kind: "Deployment", name: "d", apiVersion: "apps/v1" },
    metrics: [{ type, [type.charAt(0).toLowerCase() + type.slice(1)]: source }],
  },
});
const quota = (spec: Json): Json => ({ spec });
const limit = (item: Json): Json => ({ spec: { limits: [{ type: "Container", ...item }] } });
const block = (except: string[]): Json => ({
  spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/16", except } }] }] },
});
const slice = (...addresses: string[]): Json => ({
  addressType: "IPv4",
  endpoints: [{ addresses }],
  ports: [],
});
const RULE = "spec.podFailurePolicy.rules[0]";

Deno.test("the claims of a StatefulSet are volumes of its pods", () => {
  const mount = (name: string) => ({
    containers: [{ name: "c", image: "i", volumeMounts: [{ name, mountPath: "/d" }] }],
  });
  const claims = { serviceName: "s", volumeClaimTemplates: [{ metadata: { name: "data" } }] };
  const found = (name: string) =>
    created("apps/v1 StatefulSet", workload(claims, mount(name)))
      .filter((problem) => problem.includes("volumeMounts"));
  assert.deepEqual(found("data"), []);
  assert.deepEqual(found("other"), [
    'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "other"',
  ]);
});

const BAD: readonly (readonly [string, Json, readonly string[]])[] = [
  ["apps/v1 DaemonSet", workload({}, { activeDeadlineSeconds: 1 }), [
    "spec.template.spec.activeDeadlineSeconds: Invalid value: 1: must not be specified",
  ]],
  ["apps/v1 StatefulSet", workload({ serviceName: "s" }, { activeDeadlineSeconds: 1 }), [
    "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported",
  ]],
  [
    "apps/v1 StatefulSet",
    workload({
      serviceName: "s",
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Keep", whenScaled: "Retain" },
    }),
    [
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", ' +
      '"Delete"',
    ],
  ],
  [
    "batch/v1 Job",
    failure({ action: "FailIndex", onExitCodes: { operator: "In", values: [2, 0, 2] } }),
    [
      `${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
      `${RULE}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
      `${RULE}.onExitCodes.values[2]: Duplicate value: 2`,
      `${RULE}.onExitCodes.values: Invalid value: [2,0,2]: must be ordered`,
    ],
  ],
  ["batch/v1 Job", failure({ action: "Ignore" }), [
    `${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
  ]],
  [
    "batch/v1 Job",
    failure({
      action: "Count",
      onExitCodes: { operator: "In", values: [1], containerName: "z" },
      onPodConditions: [{ type: "Ready", status: "Maybe" }],
    }),
    [
      `${RULE}.onExitCodes.containerName: Invalid value: "z": must be one of the container or initContainer names in ` +
      "the pod template",
      `${RULE}.onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"`,
      `${RULE}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`,
    ],
  ],
  ["batch/v1 Job", job({ successPolicy: { rules: [{ succeededCount: 1 }] } }), [
    'spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode',
  ]],
  [
    "batch/v1 Job",
    job({
      completionMode: "Indexed",
      completions: 2,
      successPolicy: { rules: [{}, { succeededCount: 3 }] },
    }),
    [
      "spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified",
      "spec.successPolicy.rules[1].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of " +
      "specified completions)",
    ],
  ],
  ["batch/v1 Job", job({ managedBy: "me" }), [
    'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
  ]],
  ["batch/v1 CronJob", cron({ timeZone: "Mars/North" }), [
    'spec.timeZone: Invalid value: "Mars/North": unknown time zone Mars/North',
  ]],
  ["batch/v1 CronJob", cron({ timeZone: "Local" }), [
    'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in ' +
    "https://www.iana.org/time-zones",
  ]],
  ["networking.k8s.io/v1 NetworkPolicy", block(["10.0.1.0/24", "10.1.0.0/24", "10.0.0.0/16"]), [
    'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "10.1.0.0/24": must be a strict subset of `cidr`',
    'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "10.0.0.0/16": must be a strict subset of `cidr`',
  ]],
  ["discovery.k8s.io/v1 EndpointSlice", slice("127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.5"), [
    'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'endpoints[0].addresses[1]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, ' +
    "fe80::/10)",
    'endpoints[0].addresses[2]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
    'endpoints[0].addresses[3]: Invalid value: "224.0.0.5": may not be in the link-local multicast range ' +
    "(224.0.0.0/24, ff02::/10)",
  ]],
  ["v1 Service", { spec: { ports: [{ port: 80 }], externalIPs: ["127.0.0.1"] } }, [
    'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ]],
  ["v1 Service", {
    spec: {
      type: "LoadBalancer",
      ports: [{ port: 80 }],
      loadBalancerSourceRanges: ["10.0.0.0"],
    },
  }, [
    'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or ' +
    "2001:db8::/64)",
  ]],
  ["v1 PersistentVolume", {
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      nfs: { server: "s", path: "x" },
    },
  }, ['spec.nfs.path: Invalid value: "x": must be an absolute path']],
  ["v1 PersistentVolume", {
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      csi: { driver: "a.csi" },
    },
  }, ["spec.csi.volumeHandle: Required value"]],
  ["policy/v1 PodDisruptionBudget", { spec: { minAvailable: "150%" } }, [
    'spec.minAvailable: Invalid value: "150%": must not be greater than 100%',
  ]],
  [
    "autoscaling/v2 HorizontalPodAutoscaler",
    metric("Pods", { metric: { name: "m" }, target: { type: "Value", value: "0" } }),
    [
      'spec.metrics[0].pods.target.value: Invalid value: "0": must be positive',
      "spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue",
    ],
  ],
  [
    "autoscaling/v2 HorizontalPodAutoscaler",
    metric("Resource", {
      name: "cpu",
      target: { type: "Utilization", averageUtilization: 5, averageValue: "1" },
    }),
    [
      "spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target " +
      "utilization",
    ],
  ],
  ["v1 ResourceQuota", quota({ hard: { bananas: "1" } }), [
    'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource type or fully qualified',
    'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource for quotas',
  ]],
  ["v1 ResourceQuota", quota({ hard: { secrets: "1" }, scopes: ["BestEffort", "NotBestEffort"] }), [
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
  ]],
  [
    "v1 ResourceQuota",
    quota({
      hard: { pods: "1" },
      scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "In" }] },
    }),
    [
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' " +
      "or 'NotIn' for scope selector",
    ],
  ],
  ["v1 LimitRange", limit({ type: "Pod", min: { cpu: "2" }, max: { cpu: "1" } }), [
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
  ]],
  ["v1 LimitRange", limit({ default: { cpu: "1" }, defaultRequest: { cpu: "2" } }), [
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit ' +
    "value 1",
  ]],
  ["v1 LimitRange", limit({ maxLimitRequestRatio: { cpu: "500m" } }), [
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
  ]],
  ["v1 LimitRange", limit({ type: "PersistentVolumeClaim", min: { cpu: "1" } }), [
    "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was " +
    "provided",
  ]],
  ["storage.k8s.io/v1 CSIDriver", {
    metadata: { name: "a.csi" },
    spec: {
      fsGroupPolicy: "Some",
      tokenRequests: [{ audience: "a", expirationSeconds: 5 }, { audience: "a" }],
    },
  }, [
    'spec.fsGroupPolicy: Unsupported value: "Some": supported values: "File", "None", "ReadWriteOnceWithFSType"',
    "spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes",
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
  ]],
  ["storage.k8s.io/v1 CSINode", { spec: { drivers: [{ name: "a", topologyKeys: ["x", "x"] }] } }, [
    "spec.drivers[0].nodeID: Required value",
    'spec.drivers[0].topologyKeys: Duplicate value: "x"',
  ]],
  ["storage.k8s.io/v1 VolumeAttachment", { spec: { attacher: "a", nodeName: "n", source: {} } }, [
    "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
  ]],
  ["storage.k8s.io/v1 VolumeAttributesClass", { driverName: "a.csi" }, [
    "parameters: Required value: must contain at least one attribute/value pair",
  ]],
  ["node.k8s.io/v1 RuntimeClass", {
    handler: "h",
    scheduling: {
      tolerations: [{ key: "a", operator: "Exists" }, { key: "a", operator: "Exists" }],
    },
  }, ['scheduling.tolerations[1]: Duplicate value: {"key":"a","operator":"Exists"}']],
];
for (const [kind, object, problems] of BAD) {
  Deno.test(`a ${kind.split(" ")[1]} is refused: ${problems[0]}`, () => {
    assert.deepEqual(created(kind, object), problems);
  });
}

const GOOD: readonly (readonly [string, Json])[] = [
  [
    "batch/v1 Job",
    failure({ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }),
  ],
  ["batch/v1 Job", job({ managedBy: "acme.io/foo", podReplacementPolicy: "Failed" })],
  ["batch/v1 CronJob", cron({ timeZone: "Europe/Vienna" })],
  ["networking.k8s.io/v1 NetworkPolicy", block(["10.0.1.0/24"])],
  ["discovery.k8s.io/v1 EndpointSlice", slice("10.0.0.1")],
  [
    "v1 ResourceQuota",
    quota({ hard: { pods: "1", "requests.nvidia.com/gpu": "1", "count/jobs.batch": "2" } }),
  ],
  [
    "v1 LimitRange",
    limit({ max: { cpu: "2" }, default: { cpu: "2" }, defaultRequest: { cpu: "1" } }),
  ],
  ["storage.k8s.io/v1 CSIDriver", { metadata: { name: "a.csi" }, spec: {} }],
  ["storage.k8s.io/v1 VolumeAttachment", {
    spec: { attacher: "a", nodeName: "n", source: { persistentVolumeName: "pv" } },
  }],
  [
    "autoscaling/v2 HorizontalPodAutoscaler",
    metric("Object", {
      metric: { name: "m" },
      describedObject: { kind: "Service", name: "s", apiVersion: "v1" },
      target: { type: "Value", value: "5" },
    }),
  ],
];
for (const [kind, object] of GOOD) {
  Deno.test(`a good ${kind.split(" ")[1]} passes: ${JSON.stringify(object).slice(0, 60)}`, () => {
    assert.deepEqual(created(kind, object), []);
  });
}

Deno.test("a job that waits may be sent elsewhere, and no more", () => {
  const waiting = job({ suspend: true });
  const change = (edit: (spec: Json) => void) =>
    updated("batch/v1 Job", waiting, (next) => {
      edit(((next["spec"] as Json)["template"] as Json)["spec"] as Json);
    });
  assert.deepEqual(change((spec) => spec["nodeSelector"] = { a: "b" }), []);
  assert.deepEqual(change((spec) => spec["tolerations"] = [{ operator: "Exists" }]), []);
  assert.deepEqual(
    change((spec) => (spec["containers"] as Json[])[0]!["resources"] = { limits: { cpu: "1" } }),
    [],
  );
  const [problem = ""] = change((spec) => (spec["containers"] as Json[])[0]!["image"] = "j");
  assert.match(problem, /^spec\.template: Invalid value: .*: field is immutable$/);
});
