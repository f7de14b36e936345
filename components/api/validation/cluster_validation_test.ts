import assert from "node:assert/strict";
import { created, type Json, statusUpdated, updated } from "./validation_suite.ts";

const API = "apiregistration.k8s.io/v1 APIService";
const REQUEST = "certificates.k8s.io/v1 CertificateSigningRequest";
const LEASE = "coordination.k8s.io/v1 Lease";
const EVENT = "v1 Event";
const TIMED = "events.k8s.io/v1 Event";
const SCALER = "autoscaling/v2 HorizontalPodAutoscaler";
const BUDGET = "policy/v1 PodDisruptionBudget";
const NODE = "v1 Node";

const api = (spec: Json, name = "v1.a.example"): Json => ({
  metadata: { name },
  spec: {
    group: "a.example",
    version: "v1",
    groupPriorityMinimum: 10,
    versionPriority: 10,
    ...spec,
  },
});
const pem = (type: string, body = btoa("\x30\x03\x02\x01\x01"), head = ""): string =>
  btoa(`-----BEGIN ${type}-----\n${head}${body}\n-----END ${type}-----\n`);
const request = (spec: Json): Json => ({
  spec: {
    request: pem("CERTIFICATE REQUEST"),
    usages: ["client auth"],
    signerName: "example.com/signer",
    ...spec,
  },
});
const timed = (more: Json): Json => ({
  eventTime: "2026-01-01T00:00:00.000000Z",
  regarding: { kind: "Pod", name: "p", namespace: "default" },
  reportingController: "example.com/c",
  reportingInstance: "c-1",
  action: "Doing",
  reason: "Because",
  type: "Normal",
  ...more,
});
const scaler = (more: Json): Json => ({
  spec: { maxReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "d" }, ...more },
});
const metric = (metric: Json): Json => scaler({ metrics: [metric] });
const behavior = (scaleUp: Json): Json => scaler({ behavior: { scaleUp } });
const M = "spec.metrics[0]";
const UP = "spec.behavior.scaleUp";
const VALUE = { type: "Value", value: "1" };
const SIGNER = "spec.signerName: Invalid value";
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
  "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const NOT_PEM = "PEM block type must be CERTIFICATE REQUEST";

const CASES: readonly (readonly [string, Json, readonly string[]])[] = [
  [API, api({}), []],
  [API, api({ service: { name: "s", namespace: "n" }, caBundle: btoa("x") }), []],
  [API, api({}, "v2.a.example"), [
    'metadata.name: Invalid value: "v2.a.example": must be `spec.version+"."+spec.group`: "v1.a.example"',
  ]],
  [API, api({ group: "", version: "v2" }, "v2."), [
    "spec.group: Required value: only v1 may have an empty group and it better be legacy kube",
  ]],
  [API, api({ groupPriorityMinimum: 20001, versionPriority: 0 }), [
    "spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000",
    "spec.versionPriority: Invalid value: 0: must be positive and less than 1000",
  ]],
  [API, api({ caBundle: btoa("abc"), insecureSkipTLSVerify: true }), [
    'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
    "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
  ]],
  [API, api({ service: { port: 0 }, caBundle: btoa("abc"), insecureSkipTLSVerify: true }), [
    "spec.service.namespace: Required value",
    "spec.service.name: Required value",
    "spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
    "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
  ]],
  [REQUEST, request({}), []],
  [REQUEST, request({ request: btoa("hello") }), [
    `spec.request: Invalid value: "${btoa("hello")}": ${NOT_PEM}`,
  ]],
  [REQUEST, request({ request: pem("CERTIFICATE") }), [
    `spec.request: Invalid value: "${pem("CERTIFICATE")}": ${NOT_PEM}`,
  ]],
  [REQUEST, request({ request: pem("CERTIFICATE REQUEST", "MAMC", "A: b\n\n") }), [
    `spec.request: Invalid value: "${
      pem("CERTIFICATE REQUEST", "MAMC", "A: b\n\n")
    }": no PEM block headers are ` +
    "permitted",
  ]],
  [REQUEST, request({ request: pem("CERTIFICATE REQUEST", "AAAA") }), [
    `spec.request: Invalid value: "${
      pem("CERTIFICATE REQUEST", "AAAA")
    }": asn1: syntax error: invalid DER`,
  ]],
  [REQUEST, request({ usages: [] }), ["spec.usages: Required value"]],
  [REQUEST, request({ usages: ["any", "any", "fly"] }), [
    'spec.usages[1]: Duplicate value: "any"',
    'spec.usages[2]: Unsupported value: "fly": supported values: "any", "cert sign", "client auth", "code signing", ' +
    '"content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", ' +
    '"encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", ' +
    '"microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"',
  ]],
  [REQUEST, request({ signerName: "" }), ["spec.signerName: Required value"]],
  [REQUEST, request({ signerName: "kubernetes.io/legacy-unknown" }), [
    `${SIGNER}: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version`,
  ]],
  [REQUEST, request({ signerName: "a/b/c" }), [
    `${SIGNER}: "a/b/c": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
  ]],
  [REQUEST, request({ signerName: "Com/a" }), [
    `${SIGNER}: "Com": validating label "Com": ${LABEL}`,
    `${SIGNER}: "Com": should be a domain with at least two segments separated by dots`,
  ]],
  [REQUEST, request({ expirationSeconds: 599 }), [
    "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)",
  ]],
  [LEASE, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1, preferredHolder: "a" } }, [
    "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
    "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined",
  ]],
  [LEASE, { spec: { preferredHolder: "a", strategy: "OldestEmulationVersion" } }, []],
  [EVENT, { involvedObject: { namespace: "other" } }, [
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ]],
  [EVENT, { metadata: { namespace: "a" }, involvedObject: {} }, [
    'involvedObject.namespace: Invalid value: "": does not match event.namespace',
  ]],
  [EVENT, { involvedObject: {}, reason: "x".repeat(200) }, []],
  [EVENT, { involvedObject: {}, eventTime: "2026-01-01T00:00:00.000000Z" }, [
    "reportingController: Required value",
    'reportingController: Invalid value: "": name part must be non-empty',
    "reportingController: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and " +
    "must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " +
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    "reportingInstance: Required value",
    "action: Required value",
    "reason: Required value",
  ]],
  [TIMED, timed({}), []],
  [TIMED, timed({ series: { count: 1 }, type: "Odd", deprecatedCount: 2 }), [
    'series.count: Invalid value: "": should be at least 2',
    "series.lastObservedTime: Required value",
    'type: Invalid value: "": has invalid value: Odd',
    'count: Invalid value: "": needs to be unset',
  ]],
  [TIMED, timed({ note: "x".repeat(1025), action: "x".repeat(129) }), [
    'action: Invalid value: "": can have at most 128 characters',
    'message: Invalid value: "": can have at most 1024 characters',
  ]],
  [SCALER, metric({ type: "Odd" }), [
    `${M}.type: Unsupported value: "Odd": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"`,
  ]],
  [SCALER, metric({ type: "Resource" }), [
    `${M}.resource: Required value: must populate information for the given metric source`,
  ]],
  [
    SCALER,
    metric({
      type: "External",
      external: { metric: { name: "m" }, target: VALUE },
      pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "1" } },
    }),
    [`${M}.pods: Forbidden: must populate the given metric source only`],
  ],
  [SCALER, metric({ type: "External", external: { metric: {}, target: VALUE } }), [
    `${M}.external.metric.name: Required value: must specify a metric name`,
  ]],
  [
    SCALER,
    metric({
      type: "Object",
      object: { describedObject: { kind: "S", name: "a/b" }, metric: { name: "m" }, target: VALUE },
    }),
    [`${M}.object.describedObject.name: Invalid value: "a/b": may not contain '/'`],
  ],
  [
    SCALER,
    metric({
      type: "ContainerResource",
      containerResource: { name: "cpu", target: { type: "Utilization", averageUtilization: 0 } },
    }),
    [
      `${M}.containerResource.container: Required value: must specify a container`,
      `${M}.containerResource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
    ],
  ],
  [SCALER, scaler({ scaleTargetRef: { apiVersion: "a/b/c", kind: "K", name: "n" } }), [
    'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ]],
  [
    SCALER,
    behavior({
      stabilizationWindowSeconds: 3601,
      policies: [{ type: "Pods", value: 1, periodSeconds: 1801 }],
    }),
    [
      `${UP}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600`,
      `${UP}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800`,
    ],
  ],
  [
    SCALER,
    behavior({ policies: [{ type: "Odd", value: 0, periodSeconds: 0 }], selectPolicy: "Any" }),
    [
      `${UP}.selectPolicy: Unsupported value: "Any": supported values: "Disabled", "Max", "Min"`,
      `${UP}.policies[0].type: Unsupported value: "Odd": supported values: "Percent", "Pods"`,
      `${UP}.policies[0].value: Invalid value: 0: must be greater than zero`,
      `${UP}.policies[0].periodSeconds: Invalid value: 0: must be greater than zero`,
    ],
  ],
  [
    SCALER,
    behavior({ tolerance: "-1", policies: [{ type: "Pods", value: 1, periodSeconds: 1 }] }),
    [
      `${UP}.tolerance: Invalid value: "-1": must be greater than or equal to 0`,
    ],
  ],
  [BUDGET, { spec: { minAvailable: 1, maxUnavailable: 1 } }, [
    'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
  ]],
  [NODE, { spec: { podCIDRs: ["10.0.0.0/24", "10.0.1.0/24"] } }, [
    'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
  ]],
  [NODE, {
    status: {
      addresses: [{ type: "InternalIP", address: "a" }, { type: "InternalIP", address: "a" }],
      capacity: { cpu: "-1" },
    },
  }, [
    'status.addresses[1]: Duplicate value: {"type":"InternalIP","address":"a"}',
    'status.capacity[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    'status.allocatable[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ]],
];
for (const [kind, object, problems] of CASES) {
  Deno.test(`new ${kind}: ${problems[0] ?? "good"} ${JSON.stringify(object).slice(0, 60)}`, () => {
    assert.deepEqual(created(kind, object), problems);
  });
}

Deno.test("what an event told stays, and what it is told of again is said", () => {
  assert.deepEqual(updated(TIMED, timed({}), (next) => next["note"] = "other"), [
    'message: Invalid value: "other": field is immutable',
  ]);
  const again = { count: 2, lastObservedTime: "2026-01-01T00:00:00.000000Z" };
  assert.deepEqual(updated(TIMED, timed({}), (next) => next["series"] = again), []);
});

const approved = { type: "Approved", status: "True" };
const STATUSES: readonly (readonly [string, Json | undefined, Json, readonly string[]])[] = [
  ["a decision at the wrong door", undefined, { conditions: [approved] }, [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]],
  ["a decision that goes", { conditions: [approved] }, {}, [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]],
  ["a failure that is none", { conditions: [approved] }, {
    conditions: [approved, { type: "Failed", status: "False" }],
  }, ['status.conditions[1].status: Unsupported value: "False": supported values: "True"']],
  ["a certificate", { conditions: [approved] }, {
    conditions: [approved],
    certificate: pem("CERTIFICATE"),
  }, []],
  ["another certificate", { certificate: pem("CERTIFICATE") }, {
    certificate: pem("CERTIFICATE", "MAMCAQI="),
  }, ["status.certificate: Forbidden: updates may not modify existing certificate content"]],
  ["no certificate", undefined, { certificate: pem("CERTIFICATE REQUEST") }, [
    'status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found ' +
    '"CERTIFICATE REQUEST"',
  ]],
];
for (const [name, before, after, problems] of STATUSES) {
  Deno.test(`the status of a signing request: ${name}`, () => {
    const found = statusUpdated(
      REQUEST,
      request({}),
      (next) => next["status"] = after,
      before ?? {},
    );
    assert.deepEqual(found, problems);
  });
}

Deno.test("counts are not negative", () => {
  assert.deepEqual(
    statusUpdated(SCALER, scaler({}), (next) => next["status"] = { desiredReplicas: -1 }),
    ["status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0"],
  );
  assert.deepEqual(
    statusUpdated(BUDGET, { spec: {} }, (next) => next["status"] = { expectedPods: -1 }),
    ["status.expectedPods: Invalid value: -1: must be greater than or equal to 0"],
  );
  assert.deepEqual(
    statusUpdated(API, api({}), (next) => {
      next["status"] = { conditions: [{ type: "Available", status: "Perhaps" }] };
    }),
    [
      'status.conditions[0].status: Unsupported value: "Perhaps": supported values: "False", "True", "Unknown"',
    ],
  );
});
