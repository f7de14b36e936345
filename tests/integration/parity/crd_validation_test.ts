/** Objects against their schema: what is dropped, filled in, refused, and let pass as it was. */
import type { JsonObject, JsonValue } from "../../../components/base/mod.ts";
import { created, object, thing, things } from "./crd_definitions.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";

const invalid = (group: string, text: string) => `Thing.${group} "a" is invalid: ${text}`;

const RULED: JsonObject = {
  replicas: {
    type: "integer",
    minimum: 1,
    "x-kubernetes-validations": [{ rule: "self <= 5", message: "at most five" }],
  },
  kind: {
    type: "string",
    "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "kind is immutable" }],
  },
};

const RATCHETED: JsonObject = {
  a: { type: "string", maxLength: 20 },
  b: { type: "string" },
  keyed: {
    type: "array",
    maxItems: 10,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
    items: {
      type: "object",
      required: ["k"],
      properties: { k: { type: "string", maxLength: 20 }, v: { type: "string", maxLength: 20 } },
    },
  },
  plain: { type: "array", maxItems: 10, items: { type: "string", maxLength: 20 } },
};
const ratchet = (spec: JsonObject, code: number, text = ""): Step => ({
  send: `PATCH ${things("cel-ratchet.test")}/a`,
  type: "merge",
  body: { spec },
  code,
  ...(text === "" ? {} : { message: invalid("cel-ratchet.test", text) }),
});

const VALIDATION: Cases = {
  "what the schema does not name is dropped, and told of as asked": [
    ...created(thing("strict.test", {
      a: { type: "string" },
      list: { type: "array", items: { type: "object", properties: { x: { type: "integer" } } } },
    })),
    {
      send: `POST ${things("strict.test")}?fieldValidation=Strict`,
      body: object("strict.test", { b: 1, list: [{ x: 1 }, { y: 2 }] }, { other: 1 }),
      code: 400,
      reason: "BadRequest",
      message:
        'Thing in version "v1" cannot be handled as a Thing: strict decoding error: unknown field "other", unknown field "spec.b", unknown field "spec.list[1].y"',
    },
    {
      send: `POST ${things("strict.test")}?fieldValidation=Strict`,
      body:
        '{"apiVersion":"strict.test/v1","kind":"Thing","metadata":{"name":"a","what":1},"spec":{"a":"x","a":"y"}}',
      type: "application/json",
      code: 400,
      message:
        'Thing in version "v1" cannot be handled as a Thing: strict decoding error: duplicate field "spec.a", unknown field "metadata.what"',
    },
    {
      send: `POST ${things("strict.test")}`,
      body: object("strict.test", { b: 1, list: [{ x: 1, y: 2 }] }),
      code: 201,
      warns: ['unknown field "spec.b"', 'unknown field "spec.list[0].y"'],
      lacks: ["spec.b", "spec.list.0.y"],
    },
    {
      send: `PATCH ${things("strict.test")}/a?fieldManager=m`,
      type: "apply",
      body: object("strict.test", { c: 1 }),
      code: 500,
      message:
        "failed to create typed patch object ($ns/a; strict.test/v1, Kind=Thing): .spec.c: field not declared in schema",
    },
  ],
  "metadata is as typed as any": [
    ...created(thing("meta.test", {})),
    {
      send: `POST ${things("meta.test")}`,
      body: object("meta.test", {}, { metadata: { name: "a", labels: { a: 1 } } }),
      code: 400,
    },
    {
      send: `POST ${things("meta.test")}`,
      body: object("meta.test", {}, { metadata: { name: "A_b" } }),
      code: 422,
      reason: "Invalid",
    },
    {
      send: `POST ${things("meta.test")}`,
      body: { apiVersion: "meta.test/v1", metadata: { name: "a" } },
      code: 400,
    },
    {
      send: `POST ${things("meta.test")}`,
      body: object("meta.test", {}, { kind: "Other" }),
      code: 400,
    },
    {
      send: `POST ${things("meta.test")}`,
      body: object("meta.test", {}, { metadata: { name: "a", finalizers: ["mine"] } }),
      code: 201,
      warns: [
        'metadata.finalizers: "mine": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
      ],
    },
  ],
  "values that the schema does not take": [
    ...created(thing("values.test", {
      n: { type: "integer", minimum: 1, maximum: 3 },
      s: { type: "string", enum: ["a", "b"] },
      l: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    })),
    {
      send: `POST ${things("values.test")}`,
      body: object("values.test", { n: 5, s: "c", l: ["x", "x"] }),
      code: 422,
      reason: "Invalid",
      message: invalid(
        "values.test",
        '[spec.n: Invalid value: 5: spec.n in body should be less than or equal to 3, spec.s: Unsupported value: "c": supported values: "a", "b", spec.l[1]: Duplicate value: "x"]',
      ),
      has: {
        details: {
          name: "a",
          group: "values.test",
          kind: "Thing",
          causes: [
            { reason: "FieldValueInvalid", field: "spec.n" },
            { reason: "FieldValueNotSupported", field: "spec.s" },
            { reason: "FieldValueDuplicate", field: "spec.l[1]" },
          ],
        },
      },
    },
    {
      send: `POST ${things("values.test")}`,
      body: object("values.test", { n: "1" }),
      code: 422,
      message: invalid(
        "values.test",
        'spec.n: Invalid value: "string": spec.n in body must be of type integer: "string"',
      ),
      has: { details: { causes: [{ reason: "FieldValueTypeInvalid" }] } },
    },
  ],
  "rules": [
    ...created(thing("rules.test", RULED)),
    {
      send: `POST ${things("rules.test")}`,
      body: object("rules.test", { replicas: 6 }),
      code: 422,
      message: invalid("rules.test", "spec.replicas: Invalid value: 6: at most five"),
    },
    {
      send: `POST ${things("rules.test")}`,
      body: object("rules.test", { replicas: "x" }),
      code: 422,
      message: invalid(
        "rules.test",
        '[spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
      ),
    },
    {
      send: `POST ${things("rules.test")}`,
      body: object("rules.test", { replicas: 2, kind: "x" }),
      code: 201,
    },
    {
      send: `PATCH ${things("rules.test")}/a`,
      type: "merge",
      body: { spec: { kind: "y" } },
      code: 422,
      message: invalid("rules.test", 'spec.kind: Invalid value: "y": kind is immutable'),
    },
  ],
  "rules that were broken before are asked again only of what changes": [
    ...created(thing("cel-ratchet.test", RATCHETED)),
    {
      send: `POST ${things("cel-ratchet.test")}`,
      body: object("cel-ratchet.test", {
        a: "long",
        b: "x",
        keyed: [{ k: "one", v: "bad" }, { k: "two", v: "good" }],
        plain: ["bad"],
      }),
      code: 201,
    },
    {
      send: `PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.cel-ratchet.test`,
      type: "json",
      body: [
        ["a", [{ rule: "self.size() < 3", message: "a is short" }]],
        ["keyed/items/properties/v", [{ rule: "self != 'bad'", message: "v is not bad" }]],
        ["plain/items", [{ rule: "self != 'bad'", message: "plain is not bad" }]],
      ].map(([at, rules]) => ({
        op: "add",
        path: `/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/${at}/` +
          "x-kubernetes-validations",
        value: rules as JsonValue,
      })),
      code: 200,
    },
    {
      send: `POST ${things("cel-ratchet.test")}`,
      body: object("cel-ratchet.test", { a: "long" }, { metadata: { name: "other" } }),
      code: 422,
      eventually: true,
    },
    ratchet({ b: "y" }, 200),
    ratchet({ a: "longer" }, 422, 'spec.a: Invalid value: "longer": a is short'),
    // Items with keys are known again wherever they stand, and others are not.
    ratchet({ keyed: [{ k: "two", v: "good" }, { k: "one", v: "bad" }] }, 200),
    ratchet(
      { keyed: [{ k: "three", v: "bad" }] },
      422,
      'spec.keyed[0].v: Invalid value: "bad": v is not bad',
    ),
    ratchet({ plain: ["bad"] }, 200),
    ratchet(
      { plain: ["good", "bad"] },
      422,
      'spec.plain[1]: Invalid value: "bad": plain is not bad',
    ),
    ratchet({ a: "ok" }, 200),
    ratchet({ a: "long" }, 422, 'spec.a: Invalid value: "long": a is short'),
  ],
  "what was wrong before and stays as it is, is let pass": [
    ...created(thing("ratchet.test", { n: { type: "integer" }, m: { type: "string" } })),
    {
      send: `POST ${things("ratchet.test")}`,
      body: object("ratchet.test", { n: 50, m: "x" }),
      code: 201,
    },
    {
      send: "PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.ratchet.test",
      type: "json",
      body: [{
        op: "add",
        path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/n/maximum",
        value: 10,
      }],
      code: 200,
    },
    {
      send: `POST ${things("ratchet.test")}`,
      body: object("ratchet.test", { n: 50 }, { metadata: { name: "other" } }),
      eventually: true,
      code: 422,
    },
    {
      send: `PATCH ${things("ratchet.test")}/a`,
      type: "merge",
      body: { spec: { m: "y" } },
      code: 200,
    },
    {
      send: `PATCH ${things("ratchet.test")}/a`,
      type: "merge",
      body: { spec: { n: 51 } },
      code: 422,
      message: invalid(
        "ratchet.test",
        "spec.n: Invalid value: 51: spec.n in body should be less than or equal to 10",
      ),
    },
  ],
};

testCases("custom resources are checked", VALIDATION);
