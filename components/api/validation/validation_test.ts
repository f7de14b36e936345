import assert from "node:assert/strict";
import { created, type Json, pod, updated } from "./validation_suite.ts";

const labels = { app: "x" };
const template = (spec: Json = {}): Json => ({ metadata: { labels }, ...pod(spec) });
const deployment = (spec: Json = {}): Json => ({
  spec: { selector: { matchLabels: labels }, template: template(), ...spec },
});
const job = (spec: Json = {}): Json => ({
  spec: { template: template({ restartPolicy: "Never" }), ...spec },
});
const service = (spec: Json = {}): Json => ({ spec: { ports: [{ port: 80 }], ...spec } });
const claim = (spec: Json = {}): Json => ({
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
    ...spec,
  },
});

Deno.test("good objects of every important kind pass", () => {
  const good: [string, Json][] = [
    [
      "v1 Pod",
      pod({
        volumes: [{ name: "v", emptyDir: {} }],
        tolerations: [{ key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 3 }],
      }, {
        ports: [{ containerPort: 80, name: "http" }],
        env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } }],
        volumeMounts: [{ name: "v", mountPath: "/v" }],
        livenessProbe: { httpGet: { port: "http" } },
        resources: { requests: { cpu: "100m" }, limits: { cpu: "1", memory: "1Gi" } },
      }),
    ],
    ["apps/v1 Deployment", deployment()],
    ["apps/v1 ReplicaSet", deployment()],
    ["apps/v1 DaemonSet", deployment()],
    ["apps/v1 StatefulSet", deployment({ serviceName: "s" })],
    ["batch/v1 Job", job()],
    ["batch/v1 CronJob", { spec: { schedule: "*/5 0-6,8 * jan mon", jobTemplate: job() } }],
    ["v1 Service", service()],
    ["v1 Service", { spec: { type: "ExternalName", externalName: "a.b." } }],
    ["v1 Service", { spec: { clusterIP: "None", selector: labels } }],
    ["v1 ConfigMap", { data: { "a.b": "1" } }],
    ["v1 Secret", { data: { a: "eA==" } }],
    ["v1 Namespace", {}],
    ["v1 Node", { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } }],
    ["v1 PersistentVolumeClaim", claim()],
    ["v1 PersistentVolume", {
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        hostPath: { path: "/x" },
      },
    }],
    ["rbac.authorization.k8s.io/v1 Role", {
      metadata: { name: "system:x" },
      rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }],
    }],
    ["rbac.authorization.k8s.io/v1 RoleBinding", {
      roleRef: { kind: "Role", name: "r" },
      subjects: [{ kind: "User", name: "u" }, { kind: "ServiceAccount", name: "s" }],
    }],
    ["networking.k8s.io/v1 Ingress", {
      spec: {
        rules: [{
          host: "*.a.b",
          http: {
            paths: [{
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: "s", port: { number: 80 } } },
            }],
          },
        }],
      },
    }],
    ["networking.k8s.io/v1 NetworkPolicy", {
      spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] },
    }],
    ["policy/v1 PodDisruptionBudget", { spec: { minAvailable: "50%", selector: {} } }],
    ["autoscaling/v2 HorizontalPodAutoscaler", {
      spec: { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "d" } },
    }],
    ["coordination.k8s.io/v1 Lease", { spec: { leaseDurationSeconds: 15 } }],
    ["scheduling.k8s.io/v1 PriorityClass", { value: 5 }],
    ["storage.k8s.io/v1 StorageClass", { provisioner: "a/b" }],
    ["discovery.k8s.io/v1 EndpointSlice", {
      addressType: "IPv6",
      endpoints: [{ addresses: ["2001:db8::1"] }],
      ports: [{ port: 80 }],
    }],
    ["v1 Event", { involvedObject: { namespace: "default" } }],
  ];
  for (const [kind, object] of good) assert.deepEqual(created(kind, object), [], kind);
});

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const bad: [string, Json, (string | RegExp)[]][] = [
  ["v1 ConfigMap", { metadata: { name: "" } }, [
    "metadata.name: Required value: name or generateName is required",
  ]],
  ["v1 ConfigMap", { metadata: { name: "A" } }, [
    /^metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain must/,
  ]],
  ["v1 ConfigMap", { metadata: { labels: { "a b": "c", d: "-" } } }, [
    /^metadata\.labels: Invalid value: "a b": name part must consist/,
    /^metadata\.labels: Invalid value: "-": a valid label must be an empty string/,
  ]],
  ["v1 ConfigMap", { metadata: { finalizers: ["x"] } }, [
    'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
  ]],
  ["v1 ConfigMap", { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "", name: "a" }] } }, [
    'metadata.ownerReferences[0].kind: Invalid value: "": must not be empty',
    'metadata.ownerReferences[0].uid: Invalid value: "": must not be empty',
  ]],
  ["v1 Namespace", { metadata: { namespace: "a" } }, [
    "metadata.namespace: Forbidden: not allowed on this type",
  ]],
  ["v1 ConfigMap", { data: { "a/b": "" } }, [
    /^data\[a\/b\]: Invalid value: "a\/b": a valid config/,
  ]],
  ["v1 ConfigMap", { data: { a: "x".repeat(1024 * 1024 + 1) } }, [
    "[]: Too long: may not be more than 1048576 bytes",
  ]],
  ["v1 Secret", { type: "kubernetes.io/tls" }, [
    "data[tls.crt]: Required value",
    "data[tls.key]: Required value",
  ]],
  ["v1 Secret", { type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": "eA==" } }, [
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid JSON',
  ]],
  ["v1 Pod", { spec: {} }, ["spec.containers: Required value"]],
  ["v1 Pod", pod({}, { name: "", image: "" }), [
    "spec.containers[0].name: Required value",
    "spec.containers[0].image: Required value",
  ]],
  ["v1 Pod", pod({}, { name: "A" }), [
    `spec.containers[0].name: Invalid value: "A": ${LABEL}`,
  ]],
  ["v1 Pod", pod({ initContainers: [{ name: "c", image: "i" }] }), [
    'spec.initContainers[0].name: Duplicate value: "c"',
  ]],
  ["v1 Pod", pod({ restartPolicy: "x" }), [
    'spec.restartPolicy: Unsupported value: "x": supported values: "Always", "OnFailure", "Never"',
  ]],
  ["v1 Pod", pod({}, { imagePullPolicy: "x" }), [
    'spec.containers[0].imagePullPolicy: Unsupported value: "x": supported values: "Always", "IfNotPresent", "Never"',
  ]],
  ["v1 Pod", pod({}, { resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }), [
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ]],
  ["v1 Pod", pod({}, { resources: { limits: { foo: "1" } } }), [
    'spec.containers[0].resources.limits: Invalid value: "foo": must be a standard resource type or fully qualified',
    'spec.containers[0].resources.limits: Invalid value: "foo": must be a standard resource for containers',
    /requests: Invalid value: "foo": must be a standard resource type/,
    /requests: Invalid value: "foo": must be a standard resource for/,
  ]],
  ["v1 Pod", pod({}, { volumeMounts: [{ name: "v", mountPath: "" }] }), [
    'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    "spec.containers[0].volumeMounts[0].mountPath: Required value",
  ]],
  ["v1 Pod", pod({ volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/" } }] }), [
    "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
  ]],
  ["v1 Pod", pod({}, { ports: [{ containerPort: 70000 }, { name: "A", containerPort: 1 }] }), [
    "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    /ports\[1\]\.name: Invalid value: "A": must contain only alpha-numeric/,
    /ports\[1\]\.name: Invalid value: "A": must contain at least one letter/,
  ]],
  ["v1 Pod", pod({}, { livenessProbe: { periodSeconds: 1 } }), [
    "spec.containers[0].livenessProbe: Required value: must specify a handler type",
  ]],
  [
    "v1 Pod",
    pod({}, {
      env: [{ name: "A", value: "1", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
    }),
    [
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
  ],
  ["v1 Pod", pod({ nodeName: "n", schedulingGates: [{ name: "g" }] }), [
    "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared",
  ]],
  ["v1 Pod", pod({ dnsPolicy: "None" }), [
    "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
  ]],
  ["v1 Pod", pod({ preemptionPolicy: "x" }), [
    'spec.preemptionPolicy: Unsupported value: "x": supported values: "Never", "PreemptLowerPriority"',
  ]],
  ["apps/v1 Deployment", deployment({ selector: { matchLabels: { app: "y" } } }), [
    'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
  ]],
  ["apps/v1 Deployment", { spec: { template: template() } }, ["spec.selector: Required value"]],
  [
    "apps/v1 Deployment",
    deployment({ replicas: -1, template: template({ restartPolicy: "Never" }) }),
    [
      "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  ],
  [
    "apps/v1 Deployment",
    deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } }),
    [
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ],
  ],
  ["apps/v1 Deployment", deployment({ strategy: { type: "x" } }), [
    'spec.strategy.type: Unsupported value: "x": supported values: "Recreate", "RollingUpdate"',
  ]],
  ["batch/v1 Job", { spec: { template: template() } }, [
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ]],
  ["batch/v1 CronJob", { spec: { schedule: "60 * * * *", jobTemplate: job() } }, [
    /^spec\.schedule: Invalid value: "60 \* \* \* \*"/,
  ]],
  ["v1 Service", { metadata: { name: "a.b" }, spec: { ports: [{ port: 0 }, { port: 1 }] } }, [
    'metadata.name: Invalid value: "a.b": must not contain dots',
    "spec.ports[0].name: Required value",
    "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    "spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive",
    "spec.ports[1].name: Required value",
  ]],
  ["v1 Service", { spec: {} }, ["spec.ports: Required value"]],
  ["v1 PersistentVolumeClaim", claim({ accessModes: ["x"] }), [
    'spec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
  ]],
  ["rbac.authorization.k8s.io/v1 Role", { rules: [{ verbs: [] }] }, [
    "rules[0].verbs: Required value: verbs must contain at least one value",
    "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
    "rules[0].resources: Required value: resource rules must supply at least one resource",
  ]],
  ["networking.k8s.io/v1 Ingress", { spec: {} }, [
    "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified",
  ]],
  ["policy/v1 PodDisruptionBudget", { spec: { minAvailable: "x" } }, [
    /^spec\.minAvailable: Invalid value: "x": a valid percent string/,
  ]],
  ["scheduling.k8s.io/v1 PriorityClass", { metadata: { name: "system-x" }, value: 1 }, [
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only",
  ]],
  ["v1 Node", { spec: { taints: [{ key: "a", effect: "x" }] } }, [
    'spec.taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ]],
  ["admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", {
    webhooks: [{
      name: "a.b",
      clientConfig: {},
      sideEffects: "Some",
      admissionReviewVersions: ["v1"],
    }],
  }, [
    /should be a domain with at least three segments/,
    'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
  ]],
];

Deno.test("bad objects are refused in upstream's words and order", () => {
  for (const [kind, object, expected] of bad) {
    const found = created(kind, object);
    assert.equal(found.length, expected.length, `${kind}: ${found.join("\n")}`);
    for (const [i, text] of expected.entries()) {
      if (typeof text === "string") assert.equal(found[i], text);
      else assert.match(found[i] ?? "", text);
    }
  }
});

type Spec = Record<string, never> & {
  containers: Json[];
  template: { spec: { containers: Json[] } };
};
const specOf = (object: Json): Spec => object["spec"] as Spec;

Deno.test("changes that are not allowed are refused", () => {
  const cases: [string, Json, (object: Json) => void, (string | RegExp)[]][] = [
    [
      "v1 Pod",
      pod(),
      (next) => Object.assign(specOf(next).containers[0] ?? {}, { image: "j" }),
      [],
    ],
    ["v1 Pod", pod(), (next) => Object.assign(specOf(next).containers[0] ?? {}, { args: ["x"] }), [
      /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/,
    ]],
    ["v1 Pod", pod(), (next) => Object.assign(specOf(next), { activeDeadlineSeconds: 5 }), []],
    ["v1 Pod", pod(), (next) => specOf(next).containers.push({ name: "d", image: "i" }), [
      "spec.containers: Forbidden: pod updates may not add or remove containers",
    ]],
    [
      "v1 Pod",
      pod({ tolerations: [{ key: "a", operator: "Exists" }] }),
      (next) => Object.assign(specOf(next), { tolerations: [] }),
      [
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
      ],
    ],
    ["apps/v1 Deployment", deployment(), (next) => {
      Object.assign(specOf(next), { selector: { matchLabels: { app: "x", b: "y" } } });
      Object.assign(specOf(next).template, { metadata: { labels: { app: "x", b: "y" } } });
    }, [
      'spec.selector: Invalid value: {"matchLabels":{"app":"x","b":"y"}}: field is immutable',
    ]],
    [
      "apps/v1 StatefulSet",
      deployment(),
      (next) => Object.assign(specOf(next), { serviceName: "z" }),
      [
        /^spec: Forbidden: updates to statefulset spec for fields other than 'replicas'/,
      ],
    ],
    ["batch/v1 Job", job(), (next) => Object.assign(specOf(next), { parallelism: 4 }), []],
    [
      "batch/v1 Job",
      job(),
      (next) => Object.assign(specOf(next).template.spec.containers[0] ?? {}, { image: "z" }),
      [/^spec\.template: Invalid value: .*: field is immutable$/],
    ],
    ["v1 Secret", { type: "a" }, (next) => Object.assign(next, { type: "b" }), [
      'type: Invalid value: "b": field is immutable',
    ]],
    ["v1 ConfigMap", { data: { a: "1" }, immutable: true }, (next) => {
      Object.assign(next, { data: { a: "2" } });
    }, ["data: Forbidden: field is immutable when `immutable` is set"]],
    [
      "v1 Service",
      service({ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"] }),
      (next) => Object.assign(specOf(next), { clusterIP: "10.0.0.2", clusterIPs: ["10.0.0.2"] }),
      ['spec.clusterIPs[0]: Invalid value: "10.0.0.2": field is immutable'],
    ],
    [
      "v1 PersistentVolumeClaim",
      claim(),
      (next) => Object.assign(specOf(next), { volumeName: "v" }),
      [],
    ],
    [
      "v1 PersistentVolumeClaim",
      claim(),
      (next) => Object.assign(specOf(next), { volumeMode: "Block" }),
      [
        /^spec: Forbidden: spec is immutable after creation except resources\.requests/,
      ],
    ],
    [
      "rbac.authorization.k8s.io/v1 RoleBinding",
      { roleRef: { kind: "Role", name: "r" } },
      (next) => Object.assign(next["roleRef"] as Json, { name: "s" }),
      [/^roleRef: Invalid value: .*: cannot change roleRef$/],
    ],
    ["v1 ConfigMap", {}, (next) => Object.assign(next["metadata"] as Json, { uid: "z" }), [
      'metadata.uid: Invalid value: "z": field is immutable',
    ]],
    [
      "v1 ConfigMap",
      { metadata: { deletionTimestamp: "2024-01-01T00:00:00Z" } },
      (next) => Object.assign(next["metadata"] as Json, { finalizers: ["a/b"] }),
      [
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b"}',
      ],
    ],
  ];
  for (const [kind, before, change, expected] of cases) {
    const found = updated(kind, before, change);
    assert.equal(found.length, expected.length, `${kind}: ${found.join("\n")}`);
    for (const [i, text] of expected.entries()) {
      if (typeof text === "string") assert.equal(found[i], text);
      else assert.match(found[i] ?? "", text);
    }
  }
});
