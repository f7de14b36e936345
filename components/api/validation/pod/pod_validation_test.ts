import assert from "node:assert/strict";
import { created, type Json, pod, updated, warned } from "../validation_suite.ts";

const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
  "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used " +
  "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const annotated = (annotations: Json): Json => ({ metadata: { annotations }, ...pod() });
const volume = (source: Json): Json => pod({ volumes: [{ name: "v", ...source }] });
const context = (securityContext: Json): Json => pod({}, { securityContext });
const limits = (values: Json): Json => pod({}, { resources: { limits: values } });
const affinity = (podAffinity: Json): Json =>
  pod({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [podAffinity] } },
  });
const spread = (constraint: Json): Json =>
  pod({
    topologySpreadConstraints: [{
      maxSkew: 1,
      topologyKey: "zone",
      whenUnsatisfiable: "DoNotSchedule",
      ...constraint,
    }],
  });
const C = "spec.containers[0]";
const TERM = "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]";

/** What is asked for, and what is wrong with it. */
const BAD: readonly (readonly [string, Json, readonly string[]])[] = [
  [
    "a deletion cost that is no number",
    annotated({ "controller.kubernetes.io/pod-deletion-cost": "+1" }),
    [
      'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
    ],
  ],
  [
    "AppArmor of a container that is not there",
    annotated({
      "container.apparmor.security.beta.kubernetes.io/x": "bad",
    }),
    [
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "bad": invalid AppArmor ' +
      'profile name: "bad"',
    ],
  ],
  [
    "the host's namespaces without its users",
    pod({ hostUsers: false, hostPID: true, hostNetwork: true }),
    [
      "spec.hostNetwork: Forbidden: when `hostUsers` is false",
      "spec.hostPID: Forbidden: when `hostUsers` is false",
    ],
  ],
  ["an operating system that is none", pod({ os: { name: "plan9" } }), [
    'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
  ]],
  ["an operating system without a name", pod({ os: {} }), [
    "spec.os.name: Required value: cannot be empty",
  ]],
  ["Linux with options of Windows", {
    ...pod({ os: { name: "linux" }, securityContext: { windowsOptions: {} } }),
  }, [
    "spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
  ]],
  [
    "Windows with options of Linux",
    pod({ os: { name: "windows" }, securityContext: { fsGroup: 1 }, hostPID: true }, {
      securityContext: { privileged: true },
    }),
    [
      "spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod",
      "spec.hostPID: Forbidden: cannot be set for a windows pod",
      `${C}.securityContext.privileged: Forbidden: cannot be set for a windows pod`,
    ],
  ],
  ["an unmasked /proc of the host's users", context({ procMount: "Unmasked" }), [
    `${C}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
  ]],
  ["AppArmor without a type", context({ appArmorProfile: {} }), [
    `${C}.securityContext.appArmorProfile.type: Required value: type is required when appArmorProfile is set`,
  ]],
  ["AppArmor of the node without a profile", context({ appArmorProfile: { type: "Localhost" } }), [
    `${C}.securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost`,
  ]],
  [
    "AppArmor with a profile too many",
    context({
      appArmorProfile: { type: "Unconfined", localhostProfile: "x" },
    }),
    [
      `${C}.securityContext.appArmorProfile.localhostProfile: Invalid value: "x": can only be set when AppArmor type is ` +
      "Localhost",
    ],
  ],
  [
    "a seccomp profile elsewhere",
    context({
      seccompProfile: { type: "Localhost", localhostProfile: "../x" },
    }),
    [`${C}.securityContext.seccompProfile.localhostProfile: Invalid value: "../x": must not contain '..'`],
  ],
  ["huge pages alone", limits({ "hugepages-2Mi": "2Mi" }), [
    `${C}.resources: Forbidden: HugePages require cpu or memory`,
  ]],
  ["a claim that the pod has not", pod({}, { resources: { claims: [{ name: "gpu" }] } }), [
    `${C}.resources.claims[0]: Not found: "gpu"`,
  ]],
  [
    "a claim twice",
    pod({ resourceClaims: [{ name: "a", resourceClaimName: "x" }] }, {
      resources: { claims: [{ name: "a" }, { name: "a" }] },
    }),
    [`${C}.resources.claims[1]: Duplicate value: "a"`],
  ],
  [
    "claims of both kinds and of none",
    pod({
      resourceClaims: [
        { name: "a", resourceClaimName: "x", resourceClaimTemplateName: "y" },
        { name: "b" },
      ],
    }),
    [
      'spec.resourceClaims[0]: Invalid value: {"name":"a","resourceClaimName":"x","resourceClaimTemplateName":"y"}: ' +
      "at most one of `resourceClaimName`, `resourceClaimTemplateName` may be specified",
      'spec.resourceClaims[1]: Invalid value: {"name":"b"}: must specify one of: `resourceClaimName`, ' +
      "`resourceClaimTemplateName`",
    ],
  ],
  ["a pod that asks for less than its containers", {
    spec: {
      resources: { requests: { cpu: "1" }, limits: { cpu: "1" } },
      containers: [
        { name: "a", image: "i", resources: { requests: { cpu: "600m" } } },
        { name: "b", image: "i", resources: { requests: { cpu: "600m" }, limits: { cpu: "2" } } },
      ],
    },
  }, [
    'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests ' +
    "of 1200m",
    'spec.containers[1].resources.limits[cpu]: Invalid value: "2": must be less than or equal to pod limits of 1',
  ]],
  [
    "a resource that pods do not have",
    pod({ resources: { limits: { "ephemeral-storage": "1" } } }),
    [
      'spec.resources.limits: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
    ],
  ],
  [
    "restart rules without a policy",
    pod({}, {
      restartPolicyRules: [{ action: "Stop", exitCodes: { operator: "In", values: [1] } }],
    }),
    [
      `${C}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
      `${C}.restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"`,
    ],
  ],
  ["search paths that are none", pod({ dnsConfig: { searches: ["a..b"] } }), [
    'spec.dnsConfig.searches[0]: Invalid value: "a..b": a lowercase RFC 1123 subdomain must consist of lower case ' +
    "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', " +
    "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]],
  ["volumes that name nothing", volume({ gcePersistentDisk: {} }), [
    "spec.volumes[0].gcePersistentDisk.pdName: Required value",
  ]],
  ["an iSCSI name that is none", volume({ iscsi: { targetPortal: "a", iqn: "x", lun: 300 } }), [
    'spec.volumes[0].iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
    "spec.volumes[0].iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive",
  ]],
  ["a fibre channel to nowhere", volume({ fc: {} }), [
    "spec.volumes[0].fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both",
  ]],
  ["an image volume without an image", volume({ image: {} }), [
    "spec.volumes[0].image.reference: Required value",
  ]],
  [
    "a mount and a device of one volume",
    pod({
      volumes: [{ name: "v", persistentVolumeClaim: { claimName: "x" } }],
    }, {
      volumeMounts: [{ name: "v", mountPath: "/v" }],
      volumeDevices: [{ name: "v", devicePath: "/v" }],
    }),
    [
      `${C}.volumeMounts[0].mountPath: Invalid value: "/v": must not already exist as a path in volumeDevices`,
      `${C}.volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices`,
      `${C}.volumeDevices[0].devicePath: Invalid value: "/v": must not already exist as a path in volumeMounts`,
      `${C}.volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts`,
    ],
  ],
  [
    "read-only to its depths, and not read-only",
    pod({ volumes: [{ name: "v", emptyDir: {} }] }, {
      volumeMounts: [{ name: "v", mountPath: "/v", recursiveReadOnly: "Enabled" }],
    }),
    [
      `${C}.volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
    ],
  ],
  [
    "a variable of a file without a place",
    pod({}, {
      env: [{ name: "A", valueFrom: { fileKeyRef: { key: "K", path: "/x", volumeName: "v" } } }],
    }),
    [`${C}.env[0].valueFrom.fileKeyRef.path: Invalid value: "/x": must be a relative path`],
  ],
  [
    "a node label's value that is none",
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{
              matchExpressions: [{ key: "a", operator: "In", values: ["b/c"] }],
            }],
          },
        },
      },
    }),
    [
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]." +
      `matchExpressions[0].values[0]: Invalid value: "b/c": ${LABEL_VALUE}`,
    ],
  ],
  ["label keys without a selector", affinity({ topologyKey: "zone", matchLabelKeys: ["a"] }), [
    `${TERM}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
  ]],
  [
    "label keys that match and do not",
    affinity({
      topologyKey: "zone",
      labelSelector: {},
      matchLabelKeys: ["a"],
      mismatchLabelKeys: ["a"],
    }),
    [
      `${TERM}.mismatchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys`,
    ],
  ],
  [
    "label keys that the selector names",
    spread({
      labelSelector: { matchLabels: { a: "b" } },
      matchLabelKeys: ["a"],
    }),
    [
      'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and ' +
      "labelSelector",
    ],
  ],
  ["a node policy that is none", spread({ labelSelector: {}, nodeTaintsPolicy: "Maybe" }), [
    'spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", ' +
    '"Ignore"',
  ]],
];
for (const [name, object, problems] of BAD) {
  Deno.test(`a pod is refused for ${name}`, () => {
    assert.deepEqual(created("v1 Pod", object), problems);
  });
}

Deno.test("pods that look odd are taken", () => {
  const good: Json[] = [
    pod({ terminationGracePeriodSeconds: -1 }),
    pod({ dnsConfig: { searches: [".", "a.b.", "_x._tcp.y"] } }),
    pod({ os: { name: "windows" }, securityContext: { windowsOptions: { hostProcess: true } } }),
    pod({ hostUsers: false }, { securityContext: { procMount: "Unmasked" } }),
    pod({}, { resources: { limits: { "hugepages-2Mi": "2Mi", memory: "1Gi" } } }),
    annotated({ "controller.kubernetes.io/pod-deletion-cost": "-10" }),
    volume({ image: { reference: "x" } }),
    spread({ labelSelector: {}, matchLabelKeys: ["a"] }),
    pod({ resources: { requests: { cpu: "2", memory: "1Gi" } } }, {
      resources: { requests: { cpu: "1" } },
    }),
    pod({ resourceClaims: [{ name: "a", resourceClaimName: "x" }] }, {
      resources: { claims: [{ name: "a", request: "r" }, { name: "a", request: "s" }] },
    }),
    pod({}, {
      restartPolicy: "Never",
      restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
    }),
  ];
  for (const object of good) {
    assert.deepEqual(created("v1 Pod", object), [], JSON.stringify(object));
  }
});

Deno.test("a pod's own labels stand in for its label keys, and stay so on an update", () => {
  const labelled = {
    metadata: { labels: { a: "1" } },
    ...spread({ labelSelector: {}, matchLabelKeys: ["a"] }),
  };
  const kept = updated("v1 Pod", labelled, (next) => {
    const { topologySpreadConstraints } = next["spec"] as Json;
    assert.deepEqual((topologySpreadConstraints as Json[])[0]?.["labelSelector"], {
      matchExpressions: [{ key: "a", operator: "In", values: ["1"] }],
    });
  });
  assert.deepEqual(kept, []);
});

const WARNED: readonly (readonly [Json, readonly string[]])[] = [
  [annotated({ "seccomp.security.alpha.kubernetes.io/pod": "x" }), [
    "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the " +
    '"seccompProfile" field instead',
  ]],
  [volume({ gitRepo: { repository: "x" } }), [
    "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
  ]],
  [limits({ memory: "100m" }), [
    `${C}.resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer`,
    `${C}.resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer`,
  ]],
  [affinity({ topologyKey: "zone" }), [
    `${TERM}.labelSelector: a null labelSelector results in matching no pod`,
  ]],
  [pod({ nodeSelector: { "beta.kubernetes.io/os": "linux" } }), [
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
  ]],
];
for (const [object, warnings] of WARNED) {
  Deno.test(`a pod is warned of ${warnings[0]}`, () => {
    assert.deepEqual(warned("v1 Pod", object), warnings);
  });
}
