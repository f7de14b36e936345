/** Server-side apply: creation, conflicts, force, removal, ownership. */
import type { JsonObject } from "../../../components/base/mod.ts";
import { type Cases, testCases } from "./parity_case.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/$ns/deployments";
const config = (data: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  data,
});
const apply = (manager: string, body: JsonObject, code = 200, force = false) => ({
  send: `PATCH configmaps/a?fieldManager=${manager}${force ? "&force=true" : ""}`,
  type: "apply",
  body,
  code,
});
const deployment = (spec: JsonObject): JsonObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: {
      metadata: { labels: { a: "b" } },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    },
    ...spec,
  },
});

const APPLY: Cases = {
  "creates": [{
    ...apply("one", config({ k: "v" }), 201),
    has: {
      data: { k: "v" },
      metadata: {
        managedFields: [{
          manager: "one",
          operation: "Apply",
          apiVersion: "v1",
          fieldsV1: { "f:data": { "f:k": {} } },
        }],
      },
    },
  }],
  "again changes nothing": [
    { ...apply("one", config({ k: "v" }), 201), keep: { rv: "metadata.resourceVersion" } },
    { ...apply("one", config({ k: "v" })), has: { metadata: { resourceVersion: "$rv" } } },
  ],
  "of YAML": [{
    send: "PATCH configmaps/a?fieldManager=one",
    type: "apply",
    body: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n",
    code: 201,
    has: { data: { k: "v" } },
  }],
  "without a manager": [{
    send: "PATCH configmaps/a",
    type: "apply",
    body: config({ k: "v" }),
    code: 422,
    message:
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  }],
  "of another's field is a conflict": [apply("one", config({ k: "v" }), 201), {
    ...apply("two", config({ k: "w" }), 409),
    reason: "Conflict",
    message: 'Apply failed with 1 conflict: conflict with "one": .data.k',
    has: {
      details: {
        causes: [{
          reason: "FieldManagerConflict",
          message: 'conflict with "one"',
          field: ".data.k",
        }],
      },
    },
  }],
  "of two fields of another's": [apply("one", config({ k: "v", l: "v" }), 201), {
    ...apply("two", config({ k: "w", l: "w" }), 409),
    message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.k\n- .data.l',
  }],
  "of the same value is shared": [apply("one", config({ k: "v" }), 201), {
    ...apply("two", config({ k: "v" })),
    has: {
      metadata: {
        managedFields: [
          { manager: "one", fieldsV1: { "f:data": { "f:k": {} } } },
          { manager: "two", fieldsV1: { "f:data": { "f:k": {} } } },
        ],
      },
    },
  }],
  "with force takes over": [apply("one", config({ k: "v", l: "v" }), 201), {
    ...apply("two", config({ k: "w" }), 200, true),
    has: {
      data: { k: "w", l: "v" },
      metadata: {
        managedFields: [
          { manager: "one", fieldsV1: { "f:data": { "f:l": {} } } },
          { manager: "two", fieldsV1: { "f:data": { "f:k": {} } } },
        ],
      },
    },
    lacks: ["metadata.managedFields.0.fieldsV1.f:data.f:k"],
  }],
  "that leaves out its own field removes it": [
    apply("one", config({ k: "v", l: "v" }), 201),
    { ...apply("one", config({ k: "v" })), has: { data: { k: "v" } }, lacks: ["data.l"] },
  ],
  "that leaves out a shared field only gives it up": [
    apply("one", config({ k: "v", l: "v" }), 201),
    apply("two", config({ l: "v" })),
    {
      ...apply("one", config({ k: "v" })),
      has: {
        data: { k: "v", l: "v" },
        metadata: {
          managedFields: [
            { manager: "one", fieldsV1: { "f:data": { "f:k": {} } } },
            { manager: "two", fieldsV1: { "f:data": { "f:l": {} } } },
          ],
        },
      },
    },
  ],
  "conflicts with an update": [{
    send: "POST configmaps?fieldManager=kubectl-create",
    body: config({ k: "v" }),
    code: 201,
  }, {
    ...apply("one", config({ k: "w" }), 409),
    message: 'Apply failed with 1 conflict: conflict with "kubectl-create" using v1: .data.k',
  }],
  "an update takes what it changes": [apply("one", config({ k: "v", l: "v" }), 201), {
    send: "PATCH configmaps/a?fieldManager=two",
    type: "merge",
    body: { data: { k: "w" } },
    code: 200,
    has: {
      metadata: {
        managedFields: [
          { manager: "one", operation: "Apply", fieldsV1: { "f:data": { "f:l": {} } } },
          { manager: "two", operation: "Update", fieldsV1: { "f:data": { "f:k": {} } } },
        ],
      },
    },
  }],
  "with managedFields": [{
    ...apply("one", config({ k: "v" }, { managedFields: [{ manager: "x" }] }), 400),
    reason: "BadRequest",
    message: "metadata.managedFields must be nil",
  }],
  "with the revision as it is": [
    { ...apply("one", config({ k: "v" }), 201), keep: { rv: "metadata.resourceVersion" } },
    apply("one", config({ k: "w" }, { resourceVersion: "$rv" })),
  ],
  "with an old revision": [
    { ...apply("one", config({ k: "v" }), 201), keep: { rv: "metadata.resourceVersion" } },
    apply("one", config({ k: "w" })),
    {
      ...apply("one", config({ k: "w" }, { resourceVersion: "$rv" }), 409),
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your ' +
        "changes to the latest version and try again",
    },
  ],
  "with a uid creates nothing": [
    {
      ...apply("one", config({ k: "v" }, { uid: "some" }), 409),
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid some, and no ' +
        "existing object was found",
    },
    { send: "GET configmaps/a", code: 404 },
  ],
  "of a null": [apply("one", config({ k: "v" }), 201), {
    send: "PATCH configmaps/a?fieldManager=one",
    type: "apply",
    body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: null },
    code: 200,
    lacks: ["data.k"],
  }],
  "owns no defaults": [{
    send: `PATCH ${DEPLOYMENTS}/d?fieldManager=one`,
    type: "apply",
    body: deployment({}),
    code: 201,
    has: { spec: { replicas: 1 }, metadata: { managedFields: [{ manager: "one" }] } },
    lacks: ["metadata.managedFields.0.fieldsV1.f:spec.f:replicas"],
  }],
  "conflicts with a scale": [{
    send: `PATCH ${DEPLOYMENTS}/d?fieldManager=one`,
    type: "apply",
    body: deployment({ replicas: 2 }),
    code: 201,
  }, {
    send: `PATCH ${DEPLOYMENTS}/d/scale?fieldManager=scaler`,
    type: "merge",
    body: { spec: { replicas: 5 } },
    code: 200,
    has: { kind: "Scale", apiVersion: "autoscaling/v1", spec: { replicas: 5 } },
  }, {
    send: `GET ${DEPLOYMENTS}/d`,
    code: 200,
    has: {
      metadata: {
        generation: 2,
        managedFields: [
          { manager: "one", operation: "Apply" },
          {
            manager: "scaler",
            operation: "Update",
            apiVersion: "apps/v1",
            subresource: "scale",
            fieldsV1: { "f:spec": { "f:replicas": {} } },
          },
        ],
      },
    },
  }, {
    send: `PATCH ${DEPLOYMENTS}/d?fieldManager=one`,
    type: "apply",
    body: deployment({ replicas: 2 }),
    code: 409,
    message:
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
  }],
  "of a scale": [{
    send: `POST ${DEPLOYMENTS}`,
    body: deployment({ replicas: 2 }),
    agent: "creator/1",
    code: 201,
  }, {
    send: `PATCH ${DEPLOYMENTS}/d/scale?fieldManager=scaler`,
    type: "apply",
    body: {
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: "d" },
      spec: { replicas: 3 },
    },
    code: 409,
    message: 'Apply failed with 1 conflict: conflict with "creator" using apps/v1: .spec.replicas',
  }, {
    send: `PATCH ${DEPLOYMENTS}/d/scale?fieldManager=scaler&force=true`,
    type: "apply",
    body: {
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: "d" },
      spec: { replicas: 3 },
    },
    code: 200,
    has: { spec: { replicas: 3 } },
  }],
  "of an unknown field": [{
    ...apply("one", { ...config({ k: "v" }), other: 1 }, 500),
    message:
      "failed to create typed patch object ($ns/a; /v1, Kind=ConfigMap): .other: field not declared in schema",
  }, { send: "GET configmaps/a", code: 404 }],
  "of a member given twice": [{
    send: "PATCH configmaps/a?fieldManager=one",
    type: "apply",
    body: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n  k: w\n",
    code: 201,
    warns: [
      'error converting YAML to JSON: yaml: unmarshal errors:   line 7: key "k" already set in map',
    ],
    has: { data: { k: "w" } },
  }],
  "of a status makes no object": [{
    send: `PATCH ${DEPLOYMENTS}/d/status?fieldManager=one`,
    type: "apply",
    body: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      status: { replicas: 1 },
    },
    code: 404,
    message: 'deployments.apps "d" not found',
  }],
  "of another name": [{
    ...apply("one", { ...config({}), metadata: { name: "b" } }, 400),
    message: "the name of the object (b) does not match the name on the URL (a)",
  }],
  "an empty list of managers drops the tracking": [apply("one", config({ k: "v" }), 201), {
    send: "PATCH configmaps/a?fieldManager=two",
    type: "merge",
    body: { metadata: { managedFields: [{}] } },
    code: 200,
    lacks: ["metadata.managedFields"],
  }],
};

testCases("apply", APPLY);
