/** status, scale, binding, eviction, ephemeralcontainers, resize, finalize, approval, token, reviews. */
import { createSigningRequest, generateKeyPair } from "../../../components/pki/mod.ts";
import { type Cases, testCases } from "./parity_case.ts";

const REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const REQUEST = btoa(
  await createSigningRequest({ commonName: "jane" }, [], await generateKeyPair()),
);

const DEPLOYMENTS = "/apis/apps/v1/namespaces/$ns/deployments";
const POD = {
  send: "POST pods",
  body: {
    metadata: { name: "p" },
    spec: {
      containers: [{
        name: "c",
        image: "nginx",
        resources: { requests: { cpu: "1", memory: "1Gi" } },
      }],
    },
  },
  code: 201,
};
const DEPLOYMENT = {
  send: `POST ${DEPLOYMENTS}`,
  body: {
    metadata: { name: "d" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: { containers: [{ name: "c", image: "nginx" }] },
      },
    },
  },
  code: 201,
  keep: { rv: "metadata.resourceVersion" },
};
const scale = (replicas: number, resourceVersion?: string) => ({
  metadata: {
    name: "d",
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  },
  spec: { replicas },
});

const SUBRESOURCES: Cases = {
  "status changes only the status": [DEPLOYMENT, {
    send: `PATCH ${DEPLOYMENTS}/d/status?fieldManager=controller`,
    type: "merge",
    body: { spec: { replicas: 9 }, status: { replicas: 2 } },
    code: 200,
    has: { metadata: { generation: 1 }, spec: { replicas: 2 }, status: { replicas: 2 } },
  }, {
    send: `GET ${DEPLOYMENTS}/d/status`,
    code: 200,
    has: {
      kind: "Deployment",
      metadata: {
        managedFields: [
          {
            manager: "controller",
            subresource: "status",
            fieldsV1: { "f:status": { "f:replicas": {} } },
          },
          { manager: "parity" },
        ],
      },
    },
    lacks: ["metadata.managedFields.0.fieldsV1.f:spec"],
  }],
  "scale is read": [DEPLOYMENT, {
    send: `GET ${DEPLOYMENTS}/d/scale`,
    code: 200,
    has: {
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      metadata: { name: "d", namespace: "$ns", resourceVersion: "$rv" },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: "a=b" },
    },
  }],
  "scale as a table": [DEPLOYMENT, {
    send: `GET ${DEPLOYMENTS}/d/scale`,
    accept: "application/json;as=Table;g=meta.k8s.io;v=v1",
    code: 200,
    has: {
      kind: "Table",
      columnDefinitions: [
        { name: "Name" },
        { name: "Desired" },
        { name: "Available" },
        { name: "Age" },
      ],
      rows: [{ cells: ["d", 2, 0, "0s"], object: { kind: "PartialObjectMetadata" } }],
    },
  }],
  "scale is written": [
    DEPLOYMENT,
    {
      send: `PUT ${DEPLOYMENTS}/d/scale`,
      body: scale(4, "$rv"),
      code: 200,
      has: { spec: { replicas: 4 } },
    },
    {
      send: `GET ${DEPLOYMENTS}/d`,
      code: 200,
      has: { metadata: { generation: 2 }, spec: { replicas: 4 } },
    },
    { send: `PUT ${DEPLOYMENTS}/d/scale`, body: scale(5, "$rv"), code: 409, reason: "Conflict" },
  ],
  "scale below nothing": [DEPLOYMENT, {
    send: `PUT ${DEPLOYMENTS}/d/scale`,
    body: scale(-1),
    code: 422,
    message:
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  }],
  "scale of what is not there": [{
    send: `GET ${DEPLOYMENTS}/d/scale`,
    code: 404,
    message: 'deployments.apps "d" not found',
  }],
  "binding gives a pod its node, once": [
    POD,
    {
      send: "POST pods/p/binding",
      body: { metadata: { name: "p" }, target: { kind: "Node", name: "n" } },
      code: 201,
    },
    {
      send: "GET pods/p",
      code: 200,
      has: {
        metadata: { generation: 1, managedFields: [{ manager: "parity" }] },
        spec: { nodeName: "n" },
        status: { conditions: [{ type: "PodScheduled", status: "True" }] },
      },
    },
    {
      send: "POST pods/p/binding",
      body: { metadata: { name: "p" }, target: { kind: "Node", name: "m" } },
      code: 409,
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"',
    },
  ],
  "binding by the older path": [
    POD,
    {
      send: "POST bindings",
      body: { metadata: { name: "none" }, target: { kind: "Node", name: "n" } },
      code: 404,
      message: 'pods "none" not found',
    },
    {
      send: "POST bindings",
      body: { metadata: { name: "p" }, target: { kind: "Pod", name: "n" } },
      code: 400,
      message: 'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    },
    {
      send: "POST bindings",
      body: { metadata: { name: "p" }, target: { name: "n" } },
      code: 201,
      has: { kind: "Status", status: "Success" },
    },
    { send: "GET pods/p", code: 200, has: { spec: { nodeName: "n" } } },
    { send: "GET bindings", code: 405 },
  ],
  "eviction deletes": [POD, {
    send: "POST pods/p/eviction",
    body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } },
    code: 201,
    has: { kind: "Status", status: "Success" },
  }, { send: "GET pods/p", code: 404 }],
  "eviction that a budget forbids": [
    {
      ...POD,
      body: { ...POD.body, metadata: { name: "p", labels: { a: "b" } } },
    },
    {
      send: "PATCH pods/p/status",
      type: "merge",
      body: { status: { phase: "Running" } },
      code: 200,
    },
    {
      send: "POST /apis/policy/v1/namespaces/$ns/poddisruptionbudgets",
      body: {
        metadata: { name: "b" },
        spec: { minAvailable: 1, selector: { matchLabels: { a: "b" } } },
      },
      code: 201,
    },
    {
      send: "PATCH /apis/policy/v1/namespaces/$ns/poddisruptionbudgets/b/status",
      type: "merge",
      body: { status: { observedGeneration: 1, desiredHealthy: 1 } },
      code: 200,
    },
    {
      send: "POST pods/p/eviction",
      body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } },
      code: 429,
      reason: "TooManyRequests",
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      has: { details: { causes: [{ reason: "DisruptionBudget" }] } },
    },
  ],
  "ephemeral containers come and stay": [
    POD,
    {
      send: "PATCH pods/p/ephemeralcontainers",
      type: "strategic",
      body: { spec: { ephemeralContainers: [{ name: "debug", image: "busybox" }] } },
      code: 200,
      has: { metadata: { generation: 2 }, spec: { ephemeralContainers: [{ name: "debug" }] } },
    },
    {
      send: "PATCH pods/p/ephemeralcontainers",
      type: "merge",
      body: { spec: { ephemeralContainers: null } },
      code: 422,
      reason: "Invalid",
    },
    {
      send: "PATCH pods/p",
      type: "strategic",
      body: { spec: { ephemeralContainers: [{ name: "more", image: "busybox" }] } },
      code: 422,
      reason: "Invalid",
    },
  ],
  "resize changes resources": [POD, {
    send: "PATCH pods/p/resize",
    type: "strategic",
    body: {
      spec: { containers: [{ name: "c", image: "other", resources: { requests: { cpu: "2" } } }] },
    },
    code: 200,
    has: {
      metadata: { generation: 2 },
      spec: {
        containers: [{ image: "nginx", resources: { requests: { cpu: "2", memory: "1Gi" } } }],
      },
    },
  }],
  "approval decides, and stays": [
    {
      send: `POST ${REQUESTS}`,
      body: {
        metadata: { name: "csr" },
        spec: {
          request: REQUEST,
          signerName: "kubernetes.io/kube-apiserver-client",
          usages: ["client auth"],
        },
      },
      code: 201,
      has: { spec: { username: "admin" }, status: {} },
    },
    {
      send: `PATCH ${REQUESTS}/csr/approval`,
      type: "merge",
      body: {
        spec: { username: "other" },
        status: { conditions: [{ type: "Approved", status: "True", reason: "Fine" }] },
      },
      code: 200,
      has: {
        spec: { username: "admin" },
        status: {
          conditions: [{
            type: "Approved",
            status: "True",
            reason: "Fine",
            lastUpdateTime: "2026-01-01T00:00:00Z",
            lastTransitionTime: "2026-01-01T00:00:00Z",
          }],
        },
      },
    },
    {
      send: `PATCH ${REQUESTS}/csr/approval`,
      type: "merge",
      body: { status: { conditions: [{ type: "Denied", status: "True", reason: "No" }] } },
      code: 422,
      reason: "Invalid",
    },
    {
      send: `PATCH ${REQUESTS}/csr`,
      type: "merge",
      body: { status: { conditions: [] } },
      code: 200,
      has: { status: { conditions: [{ type: "Approved" }] } },
    },
  ],
  "finalize changes a namespace's finalizers": [{
    send: "PUT /api/v1/namespaces/$ns/finalize",
    body: { metadata: { name: "$ns" }, spec: { finalizers: ["kubernetes", "example.com/f"] } },
    code: 200,
    has: {
      spec: { finalizers: ["kubernetes", "example.com/f"] },
      status: { phase: "Active" },
    },
  }, {
    send: "PATCH /api/v1/namespaces/$ns",
    type: "merge",
    body: { spec: { finalizers: [] } },
    code: 200,
    has: { spec: { finalizers: ["kubernetes", "example.com/f"] } },
  }],
  "may I": [
    {
      send: "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: { spec: { resourceAttributes: { verb: "get", resource: "pods" } } },
      code: 201,
      has: { kind: "SelfSubjectAccessReview", status: { allowed: true } },
    },
  ],
  "a token": [{
    send: "POST serviceaccounts/default/token",
    body: { spec: { expirationSeconds: 600 } },
    code: 201,
    has: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1" },
    keep: { token: "status.token" },
  }],
  "a token that lasts too little": [{
    send: "POST serviceaccounts/default/token",
    body: { spec: { expirationSeconds: 60 } },
    code: 422,
    message:
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a ' +
      "duration less than 10 minutes",
  }],
  "who am I": [{
    send: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: {},
    code: 201,
    has: { status: { userInfo: { username: "admin" } } },
  }],
};

testCases("subresources", SUBRESOURCES);
