/** Definitions and objects that somebody wrote to keep the server busy: answered in moments. */
import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { defaulterOf } from "../defaults/mod.ts";
import { fitObject } from "../decode/mod.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import { schemaOf } from "../schema/mod.ts";
import { strategyFor } from "../strategy/mod.ts";
import { customDefinitions } from "./mod.ts";

/** What takes this long, on a machine that does other things as well, grows faster than its input. */
const MOMENTS_MILLISECONDS = 4000;
const KIND = { group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition" };

type Schema = JsonObject;

interface Hostile {
  readonly spec: Schema;
  /** Values of `spec`, with how many errors each has. */
  readonly values?: readonly (readonly [value: JsonValue, errors: number])[];
  /** What the first error of the definition says, where it has any. */
  readonly refused?: string;
}

const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const properties = (count: number, make: (i: number) => Schema): Schema => ({
  type: "object",
  properties: Object.fromEntries(many(count, (i) => [`p${i}`, make(i)])),
});

/** `leaf` under `count` layers. */
function nested(count: number, leaf: Schema, layer: (inner: Schema) => Schema): Schema {
  let schema = leaf;
  for (let i = 0; i < count; i++) schema = layer(schema);
  return schema;
}

const field = (inner: Schema): Schema => ({ type: "object", properties: { a: inner } });
const deep = (count: number): JsonValue => nested(count, { a: 1 }, (a) => ({ a }));
const text = (schema: Schema): Schema => properties(1, () => ({ type: "string", ...schema }));

const HOSTILE: Readonly<Record<string, Hostile>> = {
  "deep properties": {
    spec: nested(400, { type: "object" }, field),
    values: [[deep(400), 0]],
  },
  "deep items": {
    spec: properties(
      1,
      () => nested(450, { type: "integer" }, (items) => ({ type: "array", items })),
    ),
    values: [[{ p0: [[["x"]]] }, 1]],
  },
  "deep alternatives": {
    spec: nested(300, { type: "object" }, (inner) => ({
      ...field(inner),
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
    })),
    values: [[deep(300), 0], [{ a: { c: 1 } }, 1]],
  },
  "deep rules": {
    spec: nested(300, { type: "object" }, (inner) => ({
      ...field(inner),
      "x-kubernetes-validations": [{ rule: "has(self.a)" }],
    })),
    values: [[deep(300), 0]],
  },
  "deep defaults": {
    spec: nested(300, { type: "object", default: {} }, (inner) => ({
      ...field(inner),
      default: {},
    })),
    values: [[{}, 0]],
  },
  "a hundred thousand choices": {
    spec: text({ enum: many(100_000, (i) => `v${i}`) }),
    values: [[{ p0: "v99999" }, 0], [{ p0: "no" }, 1]],
  },
  "wide": {
    spec: properties(30_000, () => ({ type: "string" })),
    values: [[Object.fromEntries(many(20_000, (i) => [`p${i}`, "x"])), 0]],
  },
  "wide with defaults": {
    spec: properties(20_000, () => ({ type: "string", default: "x" })),
    values: [[{}, 0]],
  },
  "patterns that others go back over": {
    spec: text({ pattern: "^(a+)+$" }),
    values: [[{ p0: `${"a".repeat(100_000)}b` }, 1]],
  },
  "a pattern of a million states": {
    spec: text({ pattern: "(a|b|c){0,500}".repeat(60) }),
    refused: "error parsing regexp: expression too large",
  },
  "twenty thousand patterns": {
    spec: text({ anyOf: many(20_000, (i) => ({ pattern: `^x${i}$` })) }),
    refused: "must not have more than 4000 patterns",
  },
  "twenty thousand rules": {
    spec: {
      ...properties(1, () => ({ type: "integer" })),
      "x-kubernetes-validations": many(20_000, (i) => ({
        rule: `self.p0 > ${i}`,
        message: "m",
      })),
    },
    values: [[{ p0: 1 }, 1]],
  },
  "rules that see wide objects": {
    spec: {
      ...properties(300, () => ({
        ...properties(60, () => ({ type: "string", maxLength: 5 })),
        "x-kubernetes-validations": [{ rule: "self.p0 != 'x'" }],
      })),
      "x-kubernetes-validations": [{ rule: "has(self.p0)" }],
    },
    values: [[{ p1: {} }, 1]],
  },
  "a list of errors": {
    spec: properties(1, () => ({
      type: "array",
      items: properties(1, () => ({ type: "integer", maximum: 5 })),
    })),
    values: [[{ p0: many(60_000, () => ({ p0: 9 })) }, 1]],
  },
  "a set with duplicates": {
    spec: properties(1, () => ({
      type: "array",
      "x-kubernetes-list-type": "set",
      items: { type: "string" },
    })),
    values: [[{ p0: many(100_000, (i) => `v${i % 50_000}`) }, 1]],
  },
};

function definitionOf(spec: Schema): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.a.test" },
    spec: {
      group: "a.test",
      scope: "Namespaced",
      names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
      }],
    },
    status: { acceptedNames: { plural: "things", kind: "Thing" }, storedVersions: ["v1"] },
  };
}

Deno.test("hostile definitions and objects are answered in moments", async (test) => {
  for (const [name, { spec, values = [], refused }] of Object.entries(HOSTILE)) {
    await test.step(name, () => {
      const definition = inMoments(() => {
        const schema = schemaOf("apiextensions.v1.CustomResourceDefinition");
        const { object } = fitObject(definitionOf(spec), { ...KIND, schema }, {
          fieldValidation: "Strict",
        });
        defaulterOf(KIND)(object);
        const [first] = strategyFor(KIND).validateCreate(object);
        if (refused === undefined) assert.equal(first, undefined, first?.message ?? "");
        else assert.ok(first?.message.includes(refused), first?.message ?? "");
        return object as CustomResourceDefinition;
      });
      if (refused !== undefined) return;
      const { stored } = customDefinitions(definition)!;
      for (const [value, expected] of values) {
        const errors = inMoments(() => {
          const object: JsonObject = {
            apiVersion: "a.test/v1",
            kind: "Thing",
            metadata: { name: "a", namespace: "b" },
            spec: structuredClone(value),
          };
          stored.custom!.coerce(object);
          stored.applyDefaults(object);
          return stored.strategy.validateCreate(object);
        });
        assert.equal(errors.length > 0 ? 1 : 0, expected, errors[0]?.message ?? "");
      }
    });
  }
});

function inMoments<T>(run: () => T): T {
  const start = performance.now();
  const result = run();
  const took = performance.now() - start;
  assert.ok(took < MOMENTS_MILLISECONDS, `took ${Math.round(took)} ms`);
  return result;
}
