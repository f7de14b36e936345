/** What is done about fields that are unknown, given twice, or of the wrong type. */
import { type Cases, testCases } from "./parity_case.ts";

const UNKNOWN = { metadata: { name: "a" }, data: { k: "v" }, other: 1 };
const TWICE = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","name":"a"}}';
const POD = {
  metadata: { name: "p" },
  spec: { containers: [{ name: "c", image: "nginx", colour: "red" }] },
};

const VALIDATION: Cases = {
  "an unknown field is a warning": [{
    send: "POST configmaps",
    body: UNKNOWN,
    code: 201,
    warns: ['unknown field "other"'],
    lacks: ["other"],
  }],
  "Ignore says nothing": [{
    send: "POST configmaps?fieldValidation=Ignore",
    body: UNKNOWN,
    code: 201,
    warns: [],
    lacks: ["other"],
  }],
  "Strict refuses": [{
    send: "POST configmaps?fieldValidation=Strict",
    body: UNKNOWN,
    code: 400,
    reason: "BadRequest",
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "other"',
  }, { send: "GET configmaps/a", code: 404 }],
  "Strict says where": [{
    send: "POST pods?fieldValidation=Strict",
    body: POD,
    code: 400,
    message:
      'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].colour"',
  }],
  "a field given twice is a warning": [{
    send: "POST configmaps",
    body: TWICE,
    code: 201,
    warns: ['duplicate field "metadata.name"'],
  }],
  "Strict refuses a field given twice": [{
    send: "POST configmaps?fieldValidation=Strict",
    body: TWICE,
    code: 400,
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "metadata.name"',
  }],
  "patches are validated too": [
    { send: "POST configmaps", body: { metadata: { name: "a" } }, code: 201 },
    {
      send: "PATCH configmaps/a",
      type: "merge",
      body: { other: 1 },
      code: 200,
      warns: ['unknown field "other"'],
    },
    {
      send: "PATCH configmaps/a?fieldValidation=Strict",
      type: "strategic",
      body: { other: 1 },
      code: 422,
      reason: "Invalid",
      message:
        ' "" is invalid: patch: Invalid value: "map[other:1]": strict decoding error: unknown field "other"',
      has: { details: { causes: [{ reason: "FieldValueInvalid", field: "patch" }] } },
    },
    {
      send: "PATCH configmaps/a",
      type: "strategic",
      body: { data: { k: 1 } },
      code: 422,
      reason: "Invalid",
      message:
        ' "" is invalid: patch: Invalid value: "map[data:map[k:1]]": json: cannot unmarshal number into Go struct field ' +
        "ConfigMap.data of type string",
    },
  ],
  "a word that is none of them": [{
    send: "POST configmaps?fieldValidation=Maybe",
    body: UNKNOWN,
    code: 422,
    message:
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Maybe": supported values: "Ignore", ' +
      '"Strict", "Warn"',
  }],
  "a value of the wrong type": [{
    send: "POST configmaps",
    body: { metadata: { name: "a" }, data: { k: 1 } },
    code: 400,
    reason: "BadRequest",
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ' +
      "ConfigMap.data of type string",
  }],
  "a body that is no JSON": [{
    send: "POST configmaps",
    body: "{",
    code: 400,
    reason: "BadRequest",
  }],
  "a body of another kind": [{
    send: "POST configmaps",
    body: { kind: "Secret", apiVersion: "v1", metadata: { name: "a" } },
    code: 400,
    reason: "BadRequest",
    message:
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (v1.ConfigMap): unknown conversion',
  }],
  "YAML": [{
    send: "POST configmaps",
    type: "application/yaml",
    body: "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: a\ndata:\n  k: v\n",
    code: 201,
    has: { data: { k: "v" } },
  }],
  "a deprecated kind is a warning": [{
    send: "POST endpoints",
    body: { metadata: { name: "e" } },
    code: 201,
    warns: ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"],
  }],
};

testCases("field validation", VALIDATION);
