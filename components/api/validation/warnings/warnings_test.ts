import assert from "node:assert/strict";
import { type Json, pod, warned } from "../validation_suite.ts";

const OLD_OS = 'deprecated since v1.14; use "kubernetes.io/os" instead';
const OLD_ZONE = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead';
const OS = "beta.kubernetes.io/os";
const ZONE = "failure-domain.beta.kubernetes.io/zone";
const template = (spec: Json = {}, container: Json = {}): Json => ({
  metadata: { labels: { a: "b" } },
  ...pod({ restartPolicy: "Always", ...spec }, container),
});
const workload = (spec: Json = {}, more: Json = {}): Json => ({
  spec: { selector: { matchLabels: { a: "b" } }, template: template(spec), ...more },
});
const volume = (source: Json): Json => pod({ volumes: [{ name: "v", ...source }] });
const persistent = (spec: Json, annotations?: Json): Json => ({
  ...(annotations && { metadata: { annotations } }),
  spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, ...spec },
});
const ports = (...list: Json[]): Json => pod({}, { ports: list });
const C = "spec.containers[0]";
const DOTS =
  "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is " +
  "recommended: [must not contain dots]";
const HOST =
  "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is " +
  "recommended: [must not contain dots]";

/** Objects that are good enough, and all that is said of them. */
const CASES: readonly (readonly [string, Json, readonly string[]])[] = [
  // Pods.
  ["v1 Pod", pod(), []],
  ["v1 Pod", { ...pod(), metadata: { name: "a.b" } }, [HOST]],
  ["v1 Pod", pod({ nodeSelector: { [OS]: "linux" } }), [`spec.nodeSelector[${OS}]: ${OLD_OS}`]],
  [
    "v1 Pod",
    pod({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: "DoNotSchedule" },
      ],
    }),
    [
      `spec.topologySpreadConstraints[0].topologyKey: ${ZONE} is ${OLD_ZONE}`,
      "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
    ],
  ],
  ...Object.entries({
    photonPersistentDisk: [
      { pdID: "p" },
      "photonPersistentDisk",
      "deprecated in v1.11, non-functional in v1.16+",
    ],
    gitRepo: [
      { repository: "r" },
      "gitRepo",
      "deprecated in v1.11, and disabled by default in v1.33+",
    ],
    scaleIO: [
      { gateway: "g", system: "s", volumeName: "v", secretRef: { name: "s" } },
      "scaleIO",
      "deprecated in v1.16, non-functional in v1.22+",
    ],
    flocker: [{ datasetName: "d" }, "flocker", "deprecated in v1.22, non-functional in v1.25+"],
    storageos: [{ volumeName: "v" }, "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
    quobyte: [
      { registry: "r:1", volume: "v" },
      "quobyte",
      "deprecated in v1.22, non-functional in v1.25+",
    ],
    glusterfs: [
      { endpoints: "e", path: "p" },
      "glusterfs",
      "deprecated in v1.25, non-functional in v1.26+",
    ],
    cephfs: [{ monitors: ["m"] }, "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
    rbd: [
      { monitors: ["m"], image: "i" },
      "rbd",
      "deprecated in v1.28, non-functional in v1.31+",
    ],
  }).map(([member, [source, name, text]]) =>
    [
      "v1 Pod",
      volume({ [member]: source }),
      [`spec.volumes[0].${name}: ${text}`],
    ] as const
  ),
  [
    "v1 Pod",
    volume({
      ephemeral: {
        volumeClaimTemplate: {
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1500m" } } },
        },
      },
    }),
    [
      "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value " +
      '"1500m" is invalid, must be an integer',
    ],
  ],
  [
    "v1 Pod",
    volume({
      projected: {
        sources: [
          { serviceAccountToken: { path: "token" } },
          { secret: { name: "s", items: [{ key: "k", path: "token" }] } },
        ],
      },
    }),
    [
      'spec.volumes[0].projected.sources.secrets[0]: has duplicated path with ServiceAccountToken "token"',
    ],
  ],
  [
    "v1 Pod",
    pod({
      hostAliases: [
        { ip: "10.0.0.1", hostnames: ["a"] },
        { ip: "10.0.0.1", hostnames: ["b"] },
        { ip: "FD00::1", hostnames: ["c"] },
      ],
      imagePullSecrets: [{ name: "s" }, { name: "s" }],
    }),
    [
      'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"',
      'spec.hostAliases[2].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
      'spec.imagePullSecrets[1].name: duplicate name "s"',
    ],
  ],
  ["v1 Pod", pod({ terminationGracePeriodSeconds: -1 }), [
    "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
  ]],
  ["v1 Pod", ports({ containerPort: 80 }, { containerPort: 80, name: "b" }), [
    `${C}.ports[1]: duplicate port definition with ${C}.ports[0]`,
  ]],
  ["v1 Pod", ports({ containerPort: 80, hostPort: 8080 }, { containerPort: 80 }), [
    `${C}.ports[1]: overlapping port definition with ${C}.ports[0]`,
  ]],
  [
    "v1 Pod",
    ports({ containerPort: 80, hostPort: 80 }, {
      containerPort: 80,
      hostPort: 80,
      hostIP: "10.0.0.1",
    }),
    [`${C}.ports[1]: dangerously ambiguous port definition with ${C}.ports[0]`],
  ],
  ["v1 Pod", ports({ containerPort: 80, hostIP: "10.0.0.1" }), [
    `${C}.ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}`,
  ]],
  ["v1 Pod", pod({}, { env: [{ name: "A", value: "1" }, { name: "A", value: "$(A):2" }] }), []],
  ["v1 Pod", pod({}, { env: [{ name: "A", value: "1" }, { name: "A", value: "$(A)" }] }), [
    `${C}.env[1]: hides previous definition of "A", which may be dropped when using apply`,
  ]],
  ["v1 Pod", {
    metadata: {
      annotations: {
        "scheduler.alpha.kubernetes.io/critical-pod": "",
        "security.alpha.kubernetes.io/sysctls": "a=b",
        "seccomp.security.alpha.kubernetes.io/pod": "runtime/default",
        "container.apparmor.security.beta.kubernetes.io/c": "runtime/default",
      },
    },
    ...pod(),
  }, [
    "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the " +
    '"priorityClassName" field instead',
    'metadata.annotations[security.alpha.kubernetes.io/sysctls]: non-functional in v1.11+; use the "sysctls" field ' +
    "instead",
    "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the " +
    '"seccompProfile" field instead',
    "metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the " +
    '"appArmorProfile" field instead',
  ]],
  // Those who make pods.
  ["apps/v1 Deployment", {
    ...workload({ nodeSelector: { [OS]: "x" } }),
    metadata: { name: "a.b" },
  }, [
    DOTS,
    `spec.template.spec.nodeSelector[${OS}]: ${OLD_OS}`,
  ]],
  ["apps/v1 ReplicaSet", { ...workload(), metadata: { name: "a.b" } }, [DOTS]],
  ["apps/v1 DaemonSet", { ...workload(), metadata: { name: "a.b" } }, []],
  ["v1 PodTemplate", { template: template({ nodeSelector: { [OS]: "x" } }) }, [
    `template.spec.nodeSelector[${OS}]: ${OLD_OS}`,
  ]],
  [
    "apps/v1 StatefulSet",
    workload({}, {
      serviceName: "s",
      revisionHistoryLimit: -1,
      volumeClaimTemplates: [{
        metadata: { name: "d" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1500m" } } },
      }],
    }),
    [
      'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "1500m" is invalid, must be an ' +
      "integer",
      "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
    ],
  ],
  ["batch/v1 CronJob", {
    metadata: { name: "a.b" },
    spec: {
      schedule: "CRON_TZ=UTC 0 * * * *",
      jobTemplate: { spec: { template: template({ restartPolicy: "Never" }) } },
    },
  }, [
    DOTS,
    "CRON_TZ or TZ used in spec.schedule is not officially supported, see " +
    "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
  ]],
  // The rest.
  ["v1 Service", {
    metadata: { annotations: { "service.kubernetes.io/topology-aware-hints": "auto" } },
    spec: {
      clusterIP: "None",
      loadBalancerIP: "10.0.0.1",
      externalIPs: ["FD00::1"],
      sessionAffinity: "ClientIP",
      externalName: "a.b",
      ports: [{ port: 80 }],
    },
  }, [
    "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use " +
    "service.kubernetes.io/topology-mode instead",
    "spec.loadBalancerIP is ignored for headless services",
    "spec.externalIPs is ignored for headless services",
    "spec.SessionAffinity is ignored for headless services",
    'spec.externalIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]],
  [
    "v1 Service",
    { spec: { type: "ExternalName", externalName: "a.b", externalIPs: ["10.0.0.1"] } },
    [
      'spec.externalIPs is ignored when spec.type is "ExternalName"',
    ],
  ],
  ["v1 Node", { spec: { configSource: {}, externalID: "x" } }, [
    "spec.configSource: the feature is no longer supported",
    "spec.externalID: this field is deprecated, and is unused by Kubernetes",
  ]],
  [
    "v1 PersistentVolume",
    persistent({
      cephfs: { monitors: ["m"] },
      persistentVolumeReclaimPolicy: "Recycle",
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: OS, operator: "Exists" }] }],
        },
      },
    }, {
      "volume.beta.kubernetes.io/storage-class": "a",
      "volume.beta.kubernetes.io/mount-options": "ro",
    }),
    [
      `spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: ${OS} is ${OLD_OS}`,
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" ' +
      "attribute instead",
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" ' +
      "attribute instead",
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended " +
      "approach is to use dynamic provisioning.",
      "spec.cephfs: deprecated in v1.28, non-functional in v1.31+",
    ],
  ],
  ["v1 PersistentVolumeClaim", {
    metadata: { annotations: { "volume.beta.kubernetes.io/storage-class": "a" } },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1500m" } } },
  }, [
    'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" ' +
    "attribute instead",
    'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
  ]],
  ["storage.k8s.io/v1 StorageClass", {
    provisioner: "p",
    allowedTopologies: [{ matchLabelExpressions: [{ key: ZONE, values: ["a"] }] }],
  }, [`allowedTopologies[0].matchLabelExpressions[0]: ${OLD_ZONE}`]],
  ["storage.k8s.io/v1 CSIStorageCapacity", {
    storageClassName: "s",
    nodeTopology: {
      matchLabels: { [ZONE]: "a" },
      matchExpressions: [{ key: OS, operator: "Exists" }],
    },
  }, [
    `nodeTopology.matchExpressions[0]: ${OS} is ${OLD_OS}`,
    `nodeTopology.matchLabels.${ZONE}: ${OLD_ZONE}`,
  ]],
  ["node.k8s.io/v1 RuntimeClass", { handler: "h", scheduling: { nodeSelector: { [OS]: "x" } } }, [
    `scheduling.nodeSelector[${OS}]: ${OLD_OS}`,
  ]],
  ["v1 ServiceAccount", {
    metadata: { annotations: { "kubernetes.io/enforce-mountable-secrets": "true" } },
  }, [
    "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces " +
    "to isolate access to mounted secrets",
  ]],
  ["networking.k8s.io/v1 Ingress", {
    metadata: { annotations: { "kubernetes.io/ingress.class": "a" } },
    spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } } },
  }, [
    "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead",
  ]],
  ["networking.k8s.io/v1 NetworkPolicy", {
    spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "FD00::/8" } }] }] },
  }, [
    'spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ' +
    '("fd00::/8")',
  ]],
];
for (const [kind, object, warnings] of CASES) {
  Deno.test(`a client is warned of ${kind}: ${warnings[0] ?? "nothing"}`, () => {
    assert.deepEqual(warned(kind, object), warnings);
  });
}
