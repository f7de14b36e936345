import assert from "node:assert/strict";
import { subresourceStrategyFor } from "../../strategy/mod.ts";
import type { KubeObject } from "../../object.ts";
import { created, type Json, pod, prepared, statusUpdated, updated } from "../validation_suite.ts";

const POD = "v1 Pod";
const RESIZE = subresourceStrategyFor({ group: "", version: "v1", kind: "Pod" }, "resize");
const SIZE = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "1Gi" } };
const sized = (container: Json = {}, spec: Json = {}): Json =>
  pod(spec, { resources: SIZE, ...container });
type Change = (spec: Json, containers: Json[]) => void;

function resized(before: Json, change: Change, status: Json = {}): string[] {
  const previous = prepared(POD, before);
  Object.assign((previous as unknown as Json)["status"] as Json, status);
  const next = structuredClone(previous);
  const spec = (next as unknown as Json)["spec"] as Json;
  change(spec, spec["containers"] as Json[]);
  assert.ok(RESIZE !== undefined);
  RESIZE.prepareForUpdate(next as KubeObject, previous);
  return RESIZE.validateUpdate(next, previous).map(({ field, message }) => `${field}: ${message}`);
}

const ONLY = "spec: Forbidden: only cpu and memory resources are mutable";
const running = (resources?: Json): Json => ({
  containerStatuses: [{ name: "c", state: { running: {} }, ...(resources && { resources }) }],
});
const init = (more: Json): Json => ({
  initContainers: [{ name: "i", image: "i", resources: { requests: { cpu: "1" } }, ...more }],
});
const initSize = (size: Json): Change => (spec) => {
  (spec["initContainers"] as Json[])[0]!["resources"] = size;
};

const RESIZES: readonly (readonly [string, Json, Change, Json, readonly string[]])[] = [
  [
    "more of both",
    sized(),
    (_, [c]) => {
      c!["resources"] = {
        requests: { cpu: "2", memory: "2Gi" },
        limits: { cpu: "3", memory: "2Gi" },
      };
    },
    running(SIZE),
    [],
  ],
  [
    "less memory",
    sized(),
    (_, [c]) => {
      c!["resources"] = {
        requests: { cpu: "1", memory: "1Mi" },
        limits: { cpu: "2", memory: "1Mi" },
      };
    },
    running(SIZE),
    [],
  ],
  [
    "what else was sent is passed over",
    sized(),
    (spec, [c]) => {
      c!["image"] = "other";
      spec["nodeName"] = "other";
    },
    {},
    [],
  ],
  [
    "a request goes",
    sized(),
    (_, [c]) => {
      c!["resources"] = { ...SIZE, requests: { cpu: "1" } };
    },
    {},
    ["spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"],
  ],
  [
    "a limit goes",
    sized(),
    (_, [c]) => {
      c!["resources"] = { ...SIZE, limits: { cpu: "2" } };
    },
    {},
    ["spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"],
  ],
  [
    "another resource",
    sized(),
    (_, [c]) => {
      c!["resources"] = { ...SIZE, limits: { ...SIZE.limits, "ephemeral-storage": "1Gi" } };
    },
    {},
    [ONLY],
  ],
  [
    "another policy",
    sized(),
    (_, [c]) => {
      c!["resizePolicy"] = [{ resourceName: "cpu", restartPolicy: "RestartContainer" }];
    },
    {},
    [ONLY],
  ],
  [
    "another quality of service",
    sized(),
    (_, [c]) => {
      c!["resources"] = {
        requests: { cpu: "2", memory: "1Gi" },
        limits: { cpu: "2", memory: "1Gi" },
      };
    },
    {},
    [
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
    ],
  ],
  [
    "more than the limit",
    sized(),
    (_, [c]) => {
      c!["resources"] = { ...SIZE, requests: { cpu: "3", memory: "1Gi" } };
    },
    {},
    [
      'spec.containers[0].resources.requests: Invalid value: "3": must be less than or equal to cpu limit of 2',
    ],
  ],
  [
    "another container",
    sized(),
    (_, [c]) => {
      c!["name"] = "d";
    },
    {},
    [
      "spec.containers: Forbidden: containers may not be renamed or reordered on resize",
    ],
  ],
  [
    "one more container",
    sized(),
    (_, containers) => {
      containers.push({ ...structuredClone(containers[0]), name: "d" });
    },
    {},
    ["spec.containers: Forbidden: pod updates may not add or remove containers"],
  ],
  [
    "a node that does not know how",
    sized(),
    (_, [c]) => {
      c!["resources"] = { ...SIZE, limits: { cpu: "3", memory: "1Gi" } };
    },
    running(),
    ["spec: Forbidden: Pod running on node without support for resize"],
  ],
  ["a pod of Windows", sized({}, { os: { name: "windows" } }), () => {}, {}, [
    ": Forbidden: windows pods cannot be resized",
  ]],
  [
    "a static pod",
    { ...sized(), metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } },
    () => {},
    {},
    [
      ": Forbidden: static pods cannot be resized",
    ],
  ],
  ["what has run", sized({}, init({})), initSize({ requests: { cpu: "2" } }), {}, [
    "spec.initContainers[0].resources: Forbidden: resources for non-sidecar init containers are immutable",
  ]],
  [
    "a sidecar",
    sized({}, init({ restartPolicy: "Always" })),
    initSize({ requests: { cpu: "2" } }),
    {},
    [],
  ],
  [
    "the pod as a whole",
    sized({}, { resources: SIZE }),
    (spec) => {
      spec["resources"] = { ...SIZE, limits: { cpu: "4", memory: "1Gi" } };
    },
    {},
    [],
  ],
];
for (const [name, before, change, status, problems] of RESIZES) {
  Deno.test(`resize of a pod: ${name}`, () => {
    assert.deepEqual(resized(before, change, status), problems);
  });
}

const gated = (spec: Json): Json => pod({ schedulingGates: [{ name: "a.b/c" }], ...spec });
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const zone = (...more: string[]): Json => ({
  nodeAffinity: {
    [REQUIRED]: {
      nodeSelectorTerms: [{
        matchExpressions: [
          { key: "zone", operator: "In", values: ["a"] },
          ...more.map((key) => ({ key, operator: "Exists" })),
        ],
      }],
    },
  },
});
const terms = (affinity: Json): Json[] =>
  ((affinity["nodeAffinity"] as Json)[REQUIRED] as Json)["nodeSelectorTerms"] as Json[];
const twice = zone();
terms(twice).push(...structuredClone(terms(twice)));
const NODE_TERMS = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;
const FIXED = /^spec: Forbidden: pod updates may not change fields other than /;

const UPDATES: readonly (readonly [string, Json, Change, readonly (string | RegExp)[]])[] = [
  ["an image", pod(), (_, [c]) => c!["image"] = "j", []],
  ["an image with a blank", pod(), (_, [c]) => c!["image"] = "j ", [
    'spec.containers[0].image: Invalid value: "j ": must not have leading or trailing whitespace',
    'spec.containers[0].image: Invalid value: "j ": must not have leading or trailing whitespace',
  ]],
  ["a bad toleration", pod(), (spec) => spec["tolerations"] = [{ key: "a", operator: "Is" }], [
    'spec.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists"',
  ]],
  ["resources", sized(), (_, [c]) => c!["resources"] = {}, [FIXED]],
  ["a selector without gates", pod(), (spec) => spec["nodeSelector"] = { a: "b" }, [FIXED]],
  ["a selector at the gates", gated({}), (spec) => spec["nodeSelector"] = { a: "b" }, []],
  [
    "another selector",
    gated({ nodeSelector: { a: "b" } }),
    (spec) => spec["nodeSelector"] = { a: "c" },
    [
      'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or ' +
      "deletions)",
    ],
  ],
  ["affinity at the gates", gated({}), (spec) => spec["affinity"] = zone(), []],
  ["narrower affinity", gated({ affinity: zone() }), (spec) => spec["affinity"] = zone("gpu"), []],
  ["wider affinity", gated({ affinity: zone("gpu") }), (spec) => spec["affinity"] = zone(), [
    `${NODE_TERMS}[0]: Invalid value: ${
      JSON.stringify(terms(zone())[0])
    }: only additions are allowed (no mutations or ` +
    "deletions)",
  ]],
  ["one more term", gated({ affinity: zone() }), (spec) => spec["affinity"] = twice, [
    `${NODE_TERMS}: Invalid value: ${
      JSON.stringify(terms(twice))
    }: no additions/deletions to non-empty ` +
    "NodeSelectorTerms list are allowed",
  ]],
  ["affinity to pods at the gates", gated({}), (spec) => {
    spec["affinity"] = { podAffinity: { [REQUIRED]: [{ topologyKey: "zone" }] } };
  }, [FIXED]],
];
for (const [name, before, change, problems] of UPDATES) {
  Deno.test(`update of a pod: ${name}`, () => {
    const found = updated(POD, before, (object) => {
      const spec = object["spec"] as Json;
      change(spec, spec["containers"] as Json[]);
    });
    assert.equal(found.length, problems.length, found.join("\n"));
    for (const [i, problem] of problems.entries()) {
      if (typeof problem === "string") assert.equal(found[i], problem);
      else assert.match(found[i] ?? "", problem);
    }
  });
}

const STATUSES: readonly (readonly [string, Json, readonly string[]])[] = [
  ["two addresses of one family", { podIPs: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }] }, [
    'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP ' +
    "family",
  ]],
  ["no address", { hostIPs: [{ ip: "ten" }] }, [
    'status.hostIPs[0]: Invalid value: "ten": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]],
  ["a condition of no name", { conditions: [{ type: "Ready" }, { type: "" }] }, [
    'metadata.conditions[1].Type: Invalid value: "": name part must be non-empty',
    'metadata.conditions[1].Type: Invalid value: "": name part must consist of alphanumeric characters, ' +
    "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or " +
    "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ]],
  ["both families", { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] }, []],
];
for (const [name, status, problems] of STATUSES) {
  Deno.test(`status of a pod: ${name}`, () => {
    const found = statusUpdated(POD, pod(), (next) => {
      next["status"] = { ...next["status"] as Json, ...status };
    });
    assert.deepEqual(found, problems);
  });
}

const NAMES: readonly (readonly [Json, readonly string[]])[] = [
  [{ hostnameOverride: "db.example.com" }, []],
  [{ hostnameOverride: `${"a".repeat(63)}.bc` }, [
    "spec.hostnameOverride: Too long: may not be more than 64 bytes",
  ]],
  [{ hostnameOverride: "db", setHostnameAsFQDN: true }, [
    "spec.hostnameOverride: Forbidden: may not be specified when `setHostnameAsFQDN` is true",
  ]],
  [{
    hostNetwork: true,
    securityContext: { sysctls: [{ name: "net/ipv4/ip_forward", value: "1" }] },
  }, [
    'spec.securityContext.sysctls[0].name: Invalid value: "net/ipv4/ip_forward": may not be specified when ' +
    "'hostNetwork' is true",
  ]],
  [{ hostIPC: true, securityContext: { sysctls: [{ name: "kernel.shmmax", value: "1" }] } }, [
    "spec.securityContext.sysctls[0].name: Invalid value: \"kernel.shmmax\": may not be specified when 'hostIPC' is true",
  ]],
  [{ securityContext: { sysctls: [{ name: "net.core.somaxconn", value: "1" }] } }, []],
  [{ hostnameOverride: "db", hostNetwork: true }, [
    "spec.hostnameOverride: Forbidden: may not be specified when `hostNetwork` is true",
  ]],
];
for (const [spec, problems] of NAMES) {
  Deno.test(`new pod: ${JSON.stringify(spec)}`, () => {
    assert.deepEqual(created(POD, pod(spec)), problems);
  });
}
