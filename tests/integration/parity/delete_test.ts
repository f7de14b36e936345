/** DELETE: what goes at once, what waits, and what is refused. */
import { type Cases, testCases } from "./parity_case.ts";

const CONFIG = {
  send: "POST configmaps",
  body: { metadata: { name: "a" } },
  code: 201,
  keep: { uid: "metadata.uid", rv: "metadata.resourceVersion" },
};
const HELD = {
  ...CONFIG,
  body: { metadata: { name: "a", finalizers: ["example.com/f"] } },
};
const POD = {
  send: "POST pods",
  body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "nginx" }] } },
  code: 201,
};
const BOUND = [POD, {
  send: "POST pods/p/binding",
  body: { metadata: { name: "p" }, target: { kind: "Node", name: "n" } },
  code: 201,
  has: { kind: "Status", status: "Success" },
}];
const JOBS = "/apis/batch/v1/namespaces/$ns/jobs";
const JOB = {
  send: `POST ${JOBS}`,
  body: {
    metadata: { name: "j" },
    spec: {
      template: {
        spec: { restartPolicy: "Never", containers: [{ name: "c", image: "nginx" }] },
      },
    },
  },
  code: 201,
};

const DELETE: Cases = {
  "answers a Status": [CONFIG, {
    send: "DELETE configmaps/a",
    code: 200,
    has: {
      kind: "Status",
      apiVersion: "v1",
      status: "Success",
      details: { name: "a", kind: "configmaps", uid: "$uid" },
    },
  }, { send: "GET configmaps/a", code: 404, message: 'configmaps "a" not found' }],
  "of what is not there": [{
    send: "DELETE configmaps/a",
    code: 404,
    reason: "NotFound",
    message: 'configmaps "a" not found',
    has: { details: { name: "a", kind: "configmaps" } },
  }],
  "answers the last service": [{
    send: "POST services",
    body: { metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } },
    code: 201,
    keep: { ip: "spec.clusterIP" },
  }, {
    send: "DELETE services/s",
    code: 200,
    has: { kind: "Service", metadata: { name: "s" } },
  }, { send: "GET /apis/networking.k8s.io/v1/ipaddresses/$ip", code: 404 }],
  "waits for finalizers": [HELD, {
    send: "DELETE configmaps/a",
    code: 200,
    has: {
      kind: "ConfigMap",
      metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 },
    },
  }, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: { metadata: { finalizers: ["example.com/f", "example.com/g"] } },
    code: 422,
    message:
      'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being ' +
      'deleted, found new finalizers []string{"example.com/g"}',
  }, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: { metadata: { finalizers: null } },
    code: 200,
  }, { send: "GET configmaps/a", code: 404 }],
  "of the wrong uid": [CONFIG, {
    send: "DELETE configmaps/a",
    body: { preconditions: { uid: "other" } },
    code: 409,
    reason: "Conflict",
    message:
      'Operation cannot be fulfilled on configmaps "a": Precondition failed: UID in precondition: other, UID in ' +
      "object meta: $uid",
  }],
  "of the wrong revision": [CONFIG, {
    send: "DELETE configmaps/a",
    body: { preconditions: { resourceVersion: "1" } },
    code: 409,
    message:
      'Operation cannot be fulfilled on configmaps "a": Precondition failed: ResourceVersion in precondition: 1, ' +
      "ResourceVersion in object meta: $rv",
  }],
  "of the right uid and revision": [CONFIG, {
    send: "DELETE configmaps/a",
    body: { preconditions: { uid: "$uid", resourceVersion: "$rv" } },
    code: 200,
  }],
  "in the foreground": [CONFIG, {
    send: "DELETE configmaps/a?propagationPolicy=Foreground",
    code: 200,
    has: { metadata: { finalizers: ["foregroundDeletion"] } },
  }],
  "that orphans": [CONFIG, {
    send: "DELETE configmaps/a",
    body: { propagationPolicy: "Orphan" },
    code: 200,
    has: { metadata: { finalizers: ["orphan"] } },
  }],
  "of a job orphans where nothing is said": [
    JOB,
    { send: `DELETE ${JOBS}/j`, code: 200, has: { metadata: { finalizers: ["orphan"] } } },
  ],
  "of a job in the background": [
    JOB,
    { send: `DELETE ${JOBS}/j?propagationPolicy=Background`, code: 200, has: { kind: "Status" } },
  ],
  "with an unknown policy": [CONFIG, {
    send: "DELETE configmaps/a?propagationPolicy=Sideways",
    code: 422,
    message:
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: ' +
      '"Foreground", "Background", "Orphan", "nil"',
  }],
  "with two policies": [CONFIG, {
    send: "DELETE configmaps/a",
    body: { propagationPolicy: "Orphan", orphanDependents: true },
    code: 422,
    message:
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and ' +
      "deletionPropagation cannot be both set",
  }],
  "of a pod without a node is at once, whatever the grace": [
    POD,
    {
      send: "DELETE pods/p",
      body: { gracePeriodSeconds: 60 },
      code: 200,
      has: { kind: "Pod", metadata: { name: "p" } },
    },
    { send: "GET pods/p", code: 404 },
  ],
  "of a bound pod gives it its grace": [
    ...BOUND,
    {
      send: "DELETE pods/p",
      code: 200,
      has: {
        metadata: {
          generation: 2,
          deletionGracePeriodSeconds: 30,
          deletionTimestamp: "2026-01-01T00:00:30Z",
        },
      },
      keep: { rv: "metadata.resourceVersion" },
    },
    {
      send: "DELETE pods/p",
      body: { gracePeriodSeconds: 60 },
      code: 200,
      has: { metadata: { resourceVersion: "$rv", deletionGracePeriodSeconds: 30 } },
    },
    {
      send: "DELETE pods/p",
      body: { gracePeriodSeconds: 5 },
      code: 200,
      has: {
        metadata: {
          generation: 2,
          deletionGracePeriodSeconds: 5,
          deletionTimestamp: "2026-01-01T00:00:05Z",
        },
      },
    },
    { send: "DELETE pods/p?gracePeriodSeconds=0", code: 200, has: { kind: "Pod" } },
    { send: "GET pods/p", code: 404 },
  ],
  "of a pod that has ended is at once": [
    ...BOUND,
    {
      send: "PATCH pods/p/status",
      type: "merge",
      body: { status: { phase: "Succeeded" } },
      code: 200,
    },
    { send: "DELETE pods/p", code: 200 },
    { send: "GET pods/p", code: 404 },
  ],
  "with less than no grace gives a second": [
    ...BOUND,
    {
      send: "DELETE pods/p",
      body: { gracePeriodSeconds: -7 },
      code: 200,
      has: { metadata: { deletionGracePeriodSeconds: 1 } },
    },
  ],
  "of a namespace": [{
    send: "POST /api/v1/namespaces",
    body: { metadata: { name: "going" } },
    code: 201,
  }, {
    send: "DELETE /api/v1/namespaces/going",
    code: 200,
    has: { kind: "Namespace", status: { phase: "Terminating" } },
  }, {
    send: "POST /api/v1/namespaces/going/configmaps",
    body: { metadata: { name: "late" } },
    code: 403,
    reason: "Forbidden",
    message:
      'configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated',
    has: { details: { causes: [{ reason: "NamespaceTerminating" }] } },
  }, {
    send: "PUT /api/v1/namespaces/going/finalize",
    body: { metadata: { name: "going" }, spec: { finalizers: [] } },
    code: 200,
  }, { send: "GET /api/v1/namespaces/going", code: 404 }],
  "of a namespace that must stay": [{
    send: "DELETE /api/v1/namespaces/kube-system",
    code: 403,
    reason: "Forbidden",
    message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
  }],
  "with the older word is accepted where the object stays": [HELD, {
    send: "DELETE configmaps/a?orphanDependents=false",
    code: 202,
    has: { kind: "ConfigMap" },
  }],
  "with options of the resource's own group": [JOB, {
    send: `DELETE ${JOBS}/j`,
    body: { kind: "DeleteOptions", apiVersion: "batch/v1", propagationPolicy: "Background" },
    code: 200,
  }],
  "with another kind of options": [CONFIG, {
    send: "DELETE configmaps/a",
    body: { kind: "Pod", apiVersion: "v1" },
    code: 400,
    reason: "BadRequest",
  }],
  "of a collection by label": [
    { ...CONFIG, body: { metadata: { name: "a", labels: { x: "y" } } } },
    { ...CONFIG, body: { metadata: { name: "b" } } },
    {
      send: "DELETE configmaps?labelSelector=x%3Dy",
      code: 200,
      has: { kind: "ConfigMapList", apiVersion: "v1", items: [{ metadata: { name: "a" } }] },
      lacks: ["items.0.kind"],
    },
    { send: "GET configmaps/a", code: 404 },
    { send: "GET configmaps/b", code: 200 },
  ],
  "of a collection by field": [CONFIG, { ...CONFIG, body: { metadata: { name: "b" } } }, {
    send: "DELETE configmaps?fieldSelector=metadata.name%3Db",
    code: 200,
    has: { items: [{ metadata: { name: "b" } }] },
  }, { send: "GET configmaps/a", code: 200 }],
};

testCases("delete", DELETE);
