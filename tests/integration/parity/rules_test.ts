/** Rules of kinds as a client meets them: codes, causes, messages, and what is warned of. */
import type { JsonObject, JsonValue } from "../../../components/base/mod.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";

const DEVICES = "/apis/resource.k8s.io/v1";
const CLAIMS = `${DEVICES}/namespaces/$ns/resourceclaims`;
const STORAGE = "/apis/storage.k8s.io/v1";
const SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices";
const RANGES = "/apis/networking.k8s.io/v1/servicecidrs";
const EVENTS = "/apis/events.k8s.io/v1/namespaces/$ns/events";
const CLAIM: JsonObject = {
  metadata: { name: "c" },
  spec: {
    devices: { requests: [{ name: "gpu", exactly: { deviceClassName: "gpu.example.com" } }] },
  },
};
const ADMIN_CLAIM: JsonObject = {
  metadata: { name: "a" },
  spec: {
    devices: { requests: [{ name: "gpu", exactly: { deviceClassName: "c", adminAccess: true } }] },
  },
};
const ADMIN_ONLY =
  "Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing " +
  "namespace";
const SIZE = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "1Gi" } };
const POD: Step = {
  send: "POST pods",
  body: {
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "i", resources: SIZE }] },
  },
  code: 201,
};

/** A refusal, with all that a client is told. */
const refused = (
  send: string,
  body: JsonValue,
  kind: string,
  name: string,
  causes: readonly (readonly [field: string, reason: string, message: string])[],
  more: Partial<Step> = {},
): Step => {
  const told = causes.map(([field, , message]) => `${field}: ${message}`);
  return {
    send,
    body,
    code: 422,
    reason: "Invalid",
    message: `${kind} "${name}" is invalid: ${
      told.length === 1 ? told[0] : `[${told.join(", ")}]`
    }`,
    has: {
      details: {
        name,
        causes: causes.map(([field, reason, message]) => ({ field, reason, message })),
      },
    },
    ...more,
  };
};

const RULES: Cases = {
  "a claim of devices is whole": [
    refused(
      `POST ${CLAIMS}`,
      { metadata: { name: "c" }, spec: { devices: { requests: [{ name: "gpu" }] } } },
      "ResourceClaim.resource.k8s.io",
      "c",
      [[
        "spec.devices.requests[0]",
        "FieldValueRequired",
        "Required value: exactly one of `exactly` or `firstAvailable` is required",
      ]],
    ),
    {
      send: `POST ${CLAIMS}`,
      body: CLAIM,
      code: 201,
      has: {
        spec: { devices: { requests: [{ exactly: { allocationMode: "ExactCount", count: 1 } }] } },
      },
    },
    {
      send: `PATCH ${CLAIMS}/c`,
      type: "merge",
      body: { spec: { devices: { requests: null } } },
      code: 422,
      has: { details: { causes: [{ field: "spec", reason: "FieldValueInvalid" }] } },
    },
  ],
  "a claim is reserved for pods when it is allocated": [
    { send: `POST ${CLAIMS}`, body: CLAIM, code: 201 },
    refused(
      `PATCH ${CLAIMS}/c/status`,
      { status: { reservedFor: [{ resource: "pods", name: "p", uid: "1" }] } },
      "ResourceClaim.resource.k8s.io",
      "c",
      [[
        "status.reservedFor",
        "FieldValueForbidden",
        "Forbidden: may not be specified when `allocated` is not set",
      ]],
      { type: "merge" },
    ),
  ],
  "administrators have devices where the namespace says so": [
    refused(
      `POST ${CLAIMS}`,
      ADMIN_CLAIM,
      "ResourceClaim.resource.k8s.io",
      "a",
      [["spec.devices.requests[0].adminAccess", "FieldValueForbidden", ADMIN_ONLY]],
    ),
    refused(
      `POST ${DEVICES}/namespaces/$ns/resourceclaimtemplates`,
      { metadata: { name: "t" }, spec: { spec: ADMIN_CLAIM["spec"] as JsonObject } },
      "ResourceClaimTemplate.resource.k8s.io",
      "t",
      [["spec.devices.requests[0].adminAccess", "FieldValueForbidden", ADMIN_ONLY]],
    ),
    {
      send: "PATCH /api/v1/namespaces/$ns",
      type: "merge",
      body: { metadata: { labels: { "resource.kubernetes.io/admin-access": "true" } } },
      code: 200,
    },
    { send: `POST ${CLAIMS}`, body: ADMIN_CLAIM, code: 201 },
  ],
  "selectors of devices are compiled": [
    {
      send: `POST ${DEVICES}/deviceclasses`,
      body: {
        metadata: { name: "a" },
        spec: { selectors: [{ cel: { expression: 'device.driver == "a" && device.nothing' } }] },
      },
      code: 422,
      has: {
        details: {
          causes: [{ field: "spec.selectors[0].cel.expression", reason: "FieldValueInvalid" }],
        },
      },
    },
    {
      send: `POST ${DEVICES}/deviceclasses`,
      body: {
        metadata: { name: "a" },
        spec: { selectors: [{ cel: { expression: 'device.attributes["a.b"].model == "x"' } }] },
      },
      code: 201,
    },
  ],
  "a slice stands in one place": [
    refused(
      `POST ${DEVICES}/resourceslices`,
      {
        metadata: { name: "s" },
        spec: { driver: "a.b", pool: { name: "p", resourceSliceCount: 1, generation: 0 } },
      },
      "ResourceSlice.resource.k8s.io",
      "s",
      [[
        "spec",
        "FieldValueRequired",
        "Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required",
      ]],
    ),
  ],
  "resize keeps what is there": [
    POD,
    refused(
      "PATCH pods/p/resize",
      { spec: { containers: [{ name: "c", resources: { limits: { cpu: null } } }] } },
      "Pod",
      "p",
      [[
        "spec.containers[0].resources.limits",
        "FieldValueForbidden",
        "Forbidden: resource limits cannot be removed",
      ]],
      { type: "strategic" },
    ),
    refused(
      "PATCH pods/p/resize",
      {
        spec: {
          containers: [{ name: "c", resources: { limits: { "ephemeral-storage": "1Gi" } } }],
        },
      },
      "Pod",
      "p",
      [["spec", "FieldValueForbidden", "Forbidden: only cpu and memory resources are mutable"]],
      { type: "strategic" },
    ),
    {
      send: "PATCH pods/p/resize",
      type: "strategic",
      body: { spec: { containers: [{ name: "c", resources: { limits: { cpu: "3" } } }] } },
      code: 200,
      has: {
        metadata: { generation: 2 },
        spec: { containers: [{ resources: { limits: { cpu: "3" } } }] },
      },
    },
  ],
  "a class of storage stays what it is": [
    {
      send: `POST ${STORAGE}/storageclasses`,
      body: { metadata: { name: "fast" }, provisioner: "a.b/c" },
      code: 201,
      has: { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" },
    },
    refused(
      `PATCH ${STORAGE}/storageclasses/fast`,
      { parameters: { a: "b" } },
      "StorageClass.storage.k8s.io",
      "fast",
      [["parameters", "FieldValueForbidden", "Forbidden: updates to parameters are forbidden."]],
      { type: "merge" },
    ),
    {
      send: `POST ${STORAGE}/storageclasses`,
      body: {
        metadata: { name: "old" },
        provisioner: "a.b/c",
        allowedTopologies: [{
          matchLabelExpressions: [{
            key: "failure-domain.beta.kubernetes.io/zone",
            values: ["a"],
          }],
        }],
      },
      code: 201,
      warns: [
        'allowedTopologies[0].matchLabelExpressions[0]: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      ],
    },
  ],
  "an API service has its priorities": [
    refused(
      `POST ${SERVICES}`,
      {
        metadata: { name: "v1.a.example" },
        spec: { group: "a.example", version: "v1", groupPriorityMinimum: 0, versionPriority: 15 },
      },
      "APIService.apiregistration.k8s.io",
      "v1.a.example",
      [[
        "spec.groupPriorityMinimum",
        "FieldValueInvalid",
        "Invalid value: 0: must be positive and less than 20000",
      ]],
    ),
  ],
  "a range of services is one of each family": [
    refused(
      `POST ${RANGES}`,
      { metadata: { name: "r" }, spec: { cidrs: ["10.0.0.1/24"] } },
      "ServiceCIDR.networking.k8s.io",
      "r",
      [[
        "spec.cidrs[0]",
        "FieldValueInvalid",
        'Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
      ]],
    ),
  ],
  "an event of the newer group says all of it": [
    {
      send: `POST ${EVENTS}`,
      body: {
        metadata: { name: "e" },
        eventTime: "2026-01-01T00:00:00.000000Z",
        regarding: { kind: "Pod", name: "p", namespace: "$ns" },
        reportingController: "example.com/c",
        reportingInstance: "c-1",
        action: "Doing",
        reason: "Because",
        note: "told",
        type: "Normal",
      },
      code: 201,
      keep: { rv: "metadata.resourceVersion" },
    },
    refused(
      `PATCH ${EVENTS}/e`,
      { note: "else" },
      "Event.events.k8s.io",
      "e",
      [["message", "FieldValueInvalid", 'Invalid value: "else": field is immutable']],
      { type: "merge" },
    ),
    refused(
      `POST ${EVENTS}`,
      { metadata: { name: "f" }, regarding: { namespace: "$ns" }, type: "Normal" },
      "Event.events.k8s.io",
      "f",
      [["eventTime", "FieldValueRequired", "Required value"]],
    ),
    {
      send: "GET events/e",
      code: 200,
      has: { message: "told", reportingComponent: "example.com/c" },
    },
  ],
  "both sources of a claim say the same": [{
    send: "POST persistentvolumeclaims",
    body: {
      metadata: { name: "c" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        dataSource: { kind: "PersistentVolumeClaim", name: "other" },
      },
    },
    code: 201,
    has: { spec: { dataSourceRef: { kind: "PersistentVolumeClaim", name: "other" } } },
  }],
  "a deployment's counts fit each other": [
    {
      send: "POST /apis/apps/v1/namespaces/$ns/deployments",
      body: {
        metadata: { name: "d" },
        spec: {
          selector: { matchLabels: { a: "b" } },
          template: {
            metadata: { labels: { a: "b" } },
            spec: { containers: [{ name: "c", image: "i" }] },
          },
        },
      },
      code: 201,
    },
    refused(
      "PATCH /apis/apps/v1/namespaces/$ns/deployments/d/status",
      { status: { replicas: 1, readyReplicas: 2 } },
      "Deployment.apps",
      "d",
      [[
        "status.readyReplicas",
        "FieldValueInvalid",
        "Invalid value: 2: cannot be greater than status.replicas",
      ]],
      { type: "merge" },
    ),
  ],
  "readers of a deprecated kind are warned too": [
    {
      send: "GET endpoints",
      code: 200,
      warns: ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"],
    },
    { send: "GET services", code: 200, warns: [] },
  ],
  "a headless service is told what does nothing": [{
    send: "POST services",
    body: {
      metadata: { name: "s" },
      spec: { clusterIP: "None", externalIPs: ["10.0.0.1"], ports: [{ port: 80 }] },
    },
    code: 201,
    warns: ["spec.externalIPs is ignored for headless services"],
  }],
};

testCases("rules of kinds", RULES);
