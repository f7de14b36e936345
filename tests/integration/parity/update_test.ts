/** What PUT changes, keeps and refuses. */
import { type Cases, testCases } from "./parity_case.ts";

const MADE = {
  send: "POST configmaps",
  body: { metadata: { name: "a" }, data: { k: "v" } },
  code: 201,
  keep: { rv: "metadata.resourceVersion", uid: "metadata.uid" },
};
const DEPLOYMENTS = "/apis/apps/v1/namespaces/$ns/deployments";
const SPEC = {
  selector: { matchLabels: { a: "b" } },
  template: {
    metadata: { labels: { a: "b" } },
    spec: { containers: [{ name: "c", image: "nginx" }] },
  },
};

const UPDATE: Cases = {
  "without a revision": [MADE, {
    send: "PUT configmaps/a",
    body: { metadata: { name: "a" }, data: { k: "w" } },
    code: 200,
    has: { data: { k: "w" }, metadata: { uid: "$uid" } },
  }],
  "with the current revision": [MADE, {
    send: "PUT configmaps/a",
    body: { metadata: { name: "a", resourceVersion: "$rv" }, data: { k: "w" } },
    code: 200,
  }],
  "with an old revision": [
    MADE,
    { send: "PUT configmaps/a", body: { metadata: { name: "a" }, data: { k: "w" } }, code: 200 },
    {
      send: "PUT configmaps/a",
      body: { metadata: { name: "a", resourceVersion: "$rv" }, data: { k: "x" } },
      code: 409,
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your ' +
        "changes to the latest version and try again",
      has: { details: { name: "a", kind: "configmaps" } },
    },
  ],
  "of another uid": [MADE, {
    send: "PUT configmaps/a",
    body: { metadata: { name: "a", uid: "other" } },
    code: 409,
    reason: "Conflict",
    message:
      'Operation cannot be fulfilled on configmaps "a": Precondition failed: UID in precondition: other, UID in ' +
      "object meta: $uid",
  }],
  "that changes nothing keeps the revision": [MADE, {
    send: "PUT configmaps/a",
    body: { metadata: { name: "a" }, data: { k: "v" } },
    code: 200,
    has: { metadata: { resourceVersion: "$rv" } },
  }],
  "of another name than the path's": [MADE, {
    send: "PUT configmaps/a",
    body: { metadata: { name: "b" } },
    code: 400,
    message: "the name of the object (b) does not match the name on the URL (a)",
  }],
  "without a name": [MADE, {
    send: "PUT configmaps/a",
    body: { data: {} },
    code: 400,
    message: "the name of the object (a based on URL) was undeterminable: name must be provided",
  }],
  "of another namespace than the path's": [MADE, {
    send: "PUT configmaps/a",
    body: { metadata: { name: "a", namespace: "other" } },
    code: 400,
    message:
      "the namespace of the object (other) does not match the namespace on the request ($ns)",
  }],
  "of what is not there": [{
    send: "PUT configmaps/a",
    body: { metadata: { name: "a" } },
    code: 404,
    reason: "NotFound",
    message: 'configmaps "a" not found',
  }],
  "creates a lease": [{
    send: "PUT /apis/coordination.k8s.io/v1/namespaces/$ns/leases/l",
    body: { metadata: { name: "l" }, spec: { holderIdentity: "x" } },
    code: 201,
  }],
  "of a lease must name a revision": [{
    send: "POST /apis/coordination.k8s.io/v1/namespaces/$ns/leases",
    body: { metadata: { name: "l" } },
    code: 201,
  }, {
    send: "PUT /apis/coordination.k8s.io/v1/namespaces/$ns/leases/l",
    body: { metadata: { name: "l" }, spec: { holderIdentity: "x" } },
    code: 422,
    message:
      'Lease.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for ' +
      "an update",
  }],
  "of a spec is a new generation, of labels none": [
    { send: `POST ${DEPLOYMENTS}`, body: { metadata: { name: "d" }, spec: SPEC }, code: 201 },
    {
      send: `PUT ${DEPLOYMENTS}/d`,
      body: { metadata: { name: "d" }, spec: { ...SPEC, replicas: 2 } },
      code: 200,
      has: { metadata: { generation: 2 } },
    },
    {
      send: `PUT ${DEPLOYMENTS}/d`,
      body: { metadata: { name: "d", labels: { x: "y" } }, spec: { ...SPEC, replicas: 2 } },
      code: 200,
      has: { metadata: { generation: 2, labels: { x: "y" } } },
    },
  ],
  "of a selector": [
    { send: `POST ${DEPLOYMENTS}`, body: { metadata: { name: "d" }, spec: SPEC }, code: 201 },
    {
      send: `PUT ${DEPLOYMENTS}/d`,
      body: {
        metadata: { name: "d" },
        spec: {
          selector: { matchLabels: { a: "c" } },
          template: { ...SPEC.template, metadata: { labels: { a: "c" } } },
        },
      },
      code: 422,
      message:
        'Deployment.apps "d" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
    },
  ],
  "of an immutable config map": [{
    send: "POST configmaps",
    body: { metadata: { name: "a" }, data: { k: "v" }, immutable: true },
    code: 201,
  }, {
    send: "PUT configmaps/a",
    body: { metadata: { name: "a" }, data: { k: "w" }, immutable: true },
    code: 422,
    message:
      'ConfigMap "a" is invalid: data: Forbidden: field is immutable when `immutable` is set',
  }],
  "of a service keeps its address": [{
    send: "POST services",
    body: { metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } },
    code: 201,
    keep: { ip: "spec.clusterIP" },
  }, {
    send: "PUT services/s",
    body: { metadata: { name: "s" }, spec: { ports: [{ port: 81 }] } },
    code: 200,
    has: { spec: { clusterIP: "$ip", clusterIPs: ["$ip"], ports: [{ port: 81 }] } },
  }],
  "does not reach the status": [
    { send: `POST ${DEPLOYMENTS}`, body: { metadata: { name: "d" }, spec: SPEC }, code: 201 },
    {
      send: `PUT ${DEPLOYMENTS}/d`,
      body: { metadata: { name: "d" }, spec: SPEC, status: { replicas: 4 } },
      code: 200,
      lacks: ["status.replicas"],
    },
  ],
  "moves the ownership of what it changes": [
    {
      ...MADE,
      send: "POST configmaps?fieldManager=one",
      body: { metadata: { name: "a" }, data: { k: "v", l: "v" } },
    },
    {
      send: "PUT configmaps/a?fieldManager=two",
      body: { metadata: { name: "a" }, data: { k: "w", l: "v" } },
      code: 200,
      has: {
        metadata: {
          managedFields: [
            { manager: "one", fieldsV1: { "f:data": { ".": {}, "f:l": {} } } },
            { manager: "two", fieldsV1: { "f:data": { "f:k": {} } } },
          ],
        },
      },
      lacks: ["metadata.managedFields.0.fieldsV1.f:data.f:k"],
    },
  ],
};

testCases("update", UPDATE);
