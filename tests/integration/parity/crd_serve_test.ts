/** Custom resources from the definition to the object: served at once, in every form that built-in ones are. */
import {
  created,
  DEFINITIONS,
  established,
  object,
  thing,
  things,
  version,
} from "./crd_definitions.ts";
import { type Cases, testCases } from "./parity_case.ts";

const COLOR = { color: { type: "string" }, size: { type: "integer", default: 3 } };
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const SERVE: Cases = {
  "a definition gets its names and is established": [
    {
      send: `POST ${DEFINITIONS}`,
      body: thing("names.test", COLOR),
      code: 201,
      has: {
        metadata: { generation: 1 },
        spec: {
          names: { singular: "thing", listKind: "ThingList" },
          conversion: { strategy: "None" },
        },
        status: { storedVersions: ["v1"] },
      },
    },
    {
      ...established("things.names.test"),
      has: {
        status: {
          acceptedNames: {
            plural: "things",
            singular: "thing",
            kind: "Thing",
            listKind: "ThingList",
            shortNames: ["tg"],
            categories: ["all"],
          },
          conditions: [
            {
              type: "NamesAccepted",
              status: "True",
              reason: "NoConflicts",
              message: "no conflicts found",
            },
            {
              type: "Established",
              status: "True",
              reason: "InitialNamesAccepted",
              message: "the initial names have been accepted",
            },
          ],
        },
      },
    },
  ],
  "objects are created, read, changed and deleted": [
    ...created(thing("crud.test", COLOR)),
    {
      send: `POST ${things("crud.test")}`,
      body: object("crud.test", { color: "red" }),
      code: 201,
      has: {
        apiVersion: "crud.test/v1",
        kind: "Thing",
        metadata: { name: "a", namespace: "$ns", generation: 1 },
        spec: { color: "red", size: 3 },
      },
    },
    { send: `GET ${things("crud.test")}/a`, code: 200, has: { spec: { color: "red", size: 3 } } },
    {
      send: `GET ${things("crud.test")}`,
      code: 200,
      has: { kind: "ThingList", apiVersion: "crud.test/v1", items: [{ spec: { color: "red" } }] },
      keep: { rv: "metadata.resourceVersion" },
    },
    { send: "GET /apis/crud.test/v1/things", code: 200, has: { items: [{}] } },
    {
      send: `PATCH ${things("crud.test")}/a`,
      type: "merge",
      body: { spec: { color: "blue" } },
      code: 200,
      has: { metadata: { generation: 2 }, spec: { color: "blue", size: 3 } },
    },
    {
      send: `PATCH ${things("crud.test")}/a`,
      type: "json",
      body: [{ op: "replace", path: "/spec/size", value: 5 }],
      code: 200,
      has: { metadata: { generation: 3 }, spec: { size: 5 } },
    },
    {
      send: `PATCH ${things("crud.test")}/a`,
      type: "strategic",
      body: { spec: { size: 6 } },
      code: 415,
      reason: "UnsupportedMediaType",
      message:
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    },
    {
      send: `PUT ${things("crud.test")}/a`,
      body: object("crud.test", { color: "red" }),
      code: 422,
      message:
        'Thing.crud.test "a" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    },
    {
      send: `GET ${things("crud.test")}?watch=true&resourceVersion=$rv`,
      code: 200,
      lines: [
        { type: "MODIFIED", object: { kind: "Thing", spec: { color: "blue" } } },
        { type: "MODIFIED", object: { spec: { size: 5 } } },
      ],
    },
    {
      send: `DELETE ${things("crud.test")}/a`,
      code: 200,
      has: { kind: "Status", status: "Success", details: { group: "crud.test", kind: "things" } },
    },
    {
      send: `GET ${things("crud.test")}/a`,
      code: 404,
      message: 'things.crud.test "a" not found',
    },
  ],
  "status is written by itself": [
    ...created(thing("status.test", COLOR)),
    {
      send: `POST ${things("status.test")}`,
      body: object("status.test", {}, { status: { seen: 1 } }),
      code: 201,
      lacks: ["status"],
    },
    {
      send: `PATCH ${things("status.test")}/a/status`,
      type: "merge",
      body: { spec: { color: "no" }, status: { seen: 2 }, metadata: { labels: { a: "b" } } },
      code: 200,
      has: { metadata: { generation: 1 }, status: { seen: 2 } },
      lacks: ["spec.color", "metadata.labels"],
    },
    { send: `GET ${things("status.test")}/a/status`, code: 200, has: { status: { seen: 2 } } },
    { send: `GET ${things("status.test")}/a/other`, code: 404 },
  ],
  "scale follows the paths of the definition": [
    ...created(thing("scale.test", {}, {
      versions: [version("v1", {
        count: { type: "integer" },
      }, {
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.count",
            statusReplicasPath: ".status.count",
            labelSelectorPath: ".status.selector",
          },
        },
      })],
    })),
    {
      send: `POST ${things("scale.test")}`,
      body: object("scale.test", { count: 2 }),
      code: 201,
    },
    {
      send: `PATCH ${things("scale.test")}/a/status`,
      type: "merge",
      body: { status: { count: 1, selector: "a=b" } },
      code: 200,
    },
    {
      send: `GET ${things("scale.test")}/a/scale`,
      code: 200,
      has: {
        kind: "Scale",
        apiVersion: "autoscaling/v1",
        metadata: { name: "a" },
        spec: { replicas: 2 },
        status: { replicas: 1, selector: "a=b" },
      },
    },
    {
      send: `PATCH ${things("scale.test")}/a/scale`,
      type: "merge",
      body: { spec: { replicas: 5 } },
      code: 200,
      has: { spec: { replicas: 5 } },
    },
    { send: `GET ${things("scale.test")}/a`, code: 200, has: { spec: { count: 5 } } },
    {
      send: `PATCH ${things("scale.test")}/a`,
      type: "merge",
      body: { spec: { count: -1 } },
      code: 422,
      message:
        'Thing.scale.test "a" is invalid: .spec.count: Invalid value: -1: should be a non-negative integer',
    },
  ],
  "discovery knows them": [
    ...created(thing("discovery.test", COLOR)),
    {
      send: "GET /apis/discovery.test",
      code: 200,
      has: { kind: "APIGroup", versions: [{ version: "v1" }] },
    },
    {
      send: "GET /apis/discovery.test/v1",
      code: 200,
      has: {
        resources: [
          {
            name: "things",
            singularName: "thing",
            namespaced: true,
            kind: "Thing",
            shortNames: ["tg"],
            categories: ["all"],
          },
          { name: "things/status", kind: "Thing" },
        ],
      },
    },
    { send: "GET /apis/discovery.test/v2", code: 404 },
    { send: "GET /apis/discovery.test/v2/things", code: 404 },
    { send: "GET /apis/discovery.test/v1/others", code: 404, reason: "NotFound" },
    {
      send: "GET /openapi/v3/apis/discovery.test/v1",
      code: 200,
      has: {
        components: {
          schemas: {
            "test.discovery.v1.Thing": {
              "x-kubernetes-group-version-kind": [{
                group: "discovery.test",
                kind: "Thing",
                version: "v1",
              }],
              properties: { spec: { properties: { color: { type: "string" } } } },
            },
          },
        },
      },
    },
  ],
  "tables have the columns of the definition": [
    ...created(thing("table.test", {}, {
      versions: [version("v1", COLOR, {
        additionalPrinterColumns: [
          { name: "Color", type: "string", jsonPath: ".spec.color" },
          { name: "Size", type: "integer", jsonPath: ".spec.size", priority: 1 },
          {
            name: "Ready",
            type: "string",
            jsonPath: '.status.conditions[?(@.type=="Ready")].status',
            description: "Whether it is.",
          },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
      })],
    })),
    {
      send: `POST ${things("table.test")}`,
      body: object("table.test", { color: "red" }),
      code: 201,
    },
    {
      send: `PATCH ${things("table.test")}/a/status`,
      type: "merge",
      body: {
        status: {
          conditions: [{ type: "Other", status: "False" }, { type: "Ready", status: "True" }],
        },
      },
      code: 200,
    },
    {
      send: `GET ${things("table.test")}`,
      accept: TABLE,
      code: 200,
      has: {
        kind: "Table",
        columnDefinitions: [
          { name: "Name", type: "string", format: "name" },
          {
            name: "Color",
            type: "string",
            priority: 0,
            description: "Custom resource definition column (in JSONPath format): .spec.color",
          },
          { name: "Size", type: "integer", priority: 1 },
          { name: "Ready", description: "Whether it is." },
          { name: "Age", type: "date" },
        ],
        rows: [{ cells: ["a", "red", 3, "True", "0s"] }],
      },
    },
  ],
  "only their own forms are answered": [
    ...created(thing("forms.test", COLOR)),
    { send: `POST ${things("forms.test")}`, body: object("forms.test", {}), code: 201 },
    {
      send: `GET ${things("forms.test")}/a`,
      accept: "application/vnd.kubernetes.protobuf",
      code: 406,
    },
    {
      send: `GET ${things("forms.test")}/a`,
      accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
      code: 200,
      has: { kind: "PartialObjectMetadata", metadata: { name: "a" } },
      lacks: ["spec"],
    },
    {
      send: `POST ${things("forms.test")}`,
      type: "application/vnd.kubernetes.protobuf",
      body: "k8s\u0000",
      code: 415,
    },
  ],
  "server-side apply knows the lists of the schema": [
    ...created(thing("apply.test", {
      ports: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        items: {
          type: "object",
          required: ["name"],
          properties: { name: { type: "string" }, port: { type: "integer" } },
        },
      },
      names: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
      order: { type: "array", items: { type: "string" } },
    })),
    {
      send: `PATCH ${things("apply.test")}/a?fieldManager=one`,
      type: "apply",
      body: object("apply.test", { ports: [{ name: "a", port: 1 }], names: ["x"], order: ["1"] }),
      code: 201,
      has: {
        metadata: {
          managedFields: [{
            manager: "one",
            operation: "Apply",
            apiVersion: "apply.test/v1",
            fieldsV1: {
              "f:spec": {
                "f:names": { 'v:"x"': {} },
                "f:order": {},
                "f:ports": { 'k:{"name":"a"}': { ".": {}, "f:name": {}, "f:port": {} } },
              },
            },
          }],
        },
      },
    },
    {
      send: `PATCH ${things("apply.test")}/a?fieldManager=two`,
      type: "apply",
      body: object("apply.test", { ports: [{ name: "b", port: 2 }], names: ["y"] }),
      code: 200,
      has: {
        spec: {
          ports: [{ name: "a", port: 1 }, { name: "b", port: 2 }],
          names: ["x", "y"],
          order: ["1"],
        },
      },
    },
    {
      send: `PATCH ${things("apply.test")}/a?fieldManager=two`,
      type: "apply",
      body: object("apply.test", { order: ["2"] }),
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "one": .spec.order',
    },
  ],
  "what a create sets is its manager's": [
    ...created(thing("managed.test", COLOR)),
    {
      send: `POST ${things("managed.test")}?fieldManager=m`,
      body: object("managed.test", { color: "red" }),
      code: 201,
      has: {
        metadata: {
          managedFields: [{
            manager: "m",
            operation: "Update",
            fieldsV1: { "f:spec": { ".": {}, "f:color": {}, "f:size": {} } },
          }],
        },
      },
    },
  ],
  "old versions warn": [
    ...created(thing("old.test", {}, {
      versions: [
        version("v1", COLOR),
        version("v1beta1", {}, { storage: false, deprecated: true }),
        version("v1alpha1", {}, {
          storage: false,
          deprecated: true,
          deprecationWarning: "do not use it",
        }),
      ],
    })),
    {
      send: `GET ${things("old.test", "v1beta1")}`,
      code: 200,
      warns: ["old.test/v1beta1 Thing is deprecated"],
    },
    { send: `GET ${things("old.test", "v1alpha1")}`, code: 200, warns: ["do not use it"] },
    { send: `GET ${things("old.test")}`, code: 200, warns: [] },
  ],
};

testCases("custom resources are served", SERVE);
