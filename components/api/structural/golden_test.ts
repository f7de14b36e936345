/** What kube-apiserver 1.36 says of schemas, of the objects that follow them, and of definitions. */
import assert from "node:assert/strict";
import { equalJson, type JsonObject } from "../../base/mod.ts";
import { fitObject } from "../decode/mod.ts";
import { defaulterOf } from "../defaults/mod.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import type { FieldError } from "../resource_definition.ts";
import { schemaOf } from "../schema/mod.ts";
import { strategyFor } from "../strategy/mod.ts";
import { CustomSchema } from "./custom_schema.ts";
import type { JsonSchema } from "./node.ts";
import { ruleCheck } from "./rules/mod.ts";

/** One object and what becomes of it. A schema that is missing is that of the line before. */
interface ValueCase {
  readonly name: string;
  readonly schema?: JsonSchema;
  readonly value: JsonObject;
  readonly old?: JsonObject;
  readonly becomes?: JsonObject;
  readonly unknown?: readonly string[];
  readonly errors: readonly string[];
}

interface DefinitionCase {
  readonly name: string;
  readonly definition: JsonObject;
  readonly old?: JsonObject;
  readonly errors: readonly string[];
}

async function cases<T>(file: string): Promise<T[]> {
  const text = await Deno.readTextFile(new URL(`golden/${file}.jsonl`, import.meta.url));
  return text.trim().split("\n").map((line) => JSON.parse(line) as T);
}

const texts = (errors: readonly FieldError[]): string[] =>
  errors.map(({ field, reason, message }) => `${field} | ${reason} | ${message}`).sort();

const whole = (value: JsonObject): JsonObject => ({
  apiVersion: "a.b/v1",
  kind: "K",
  metadata: { name: "n" },
  ...structuredClone(value),
});

for (const file of ["values", "rules"]) {
  Deno.test(`objects are read and checked as upstream does: ${file}`, async () => {
    let schema: JsonSchema = {};
    let made: CustomSchema | undefined;
    for (const [i, one] of (await cases<ValueCase>(file)).entries()) {
      if (one.schema !== undefined || made === undefined) {
        schema = one.schema ?? schema;
        made = new CustomSchema(schema, { rules: ruleCheck });
      }
      const where = `${file}, line ${i + 1}: ${one.name}`;
      const object = whole(one.value);
      const unknown: string[] = [];
      made.coerce(object, unknown);
      made.applyDefaults(object);
      const old = one.old === undefined ? undefined : whole(one.old);
      assert.deepEqual(texts(made.validate(object, old)), one.errors, where);
      assert.ok(equalJson(object, whole(one.becomes ?? one.value)), where);
      assert.deepEqual(unknown, one.unknown ?? [], where);
    }
  });
}

const KIND = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
};

function readDefinition(body: JsonObject): CustomResourceDefinition {
  const target = { ...KIND, schema: schemaOf("apiextensions.v1.CustomResourceDefinition") };
  const object = { kind: KIND.kind, apiVersion: `${KIND.group}/${KIND.version}`, ...body };
  const { object: definition } = fitObject(object, target, { fieldValidation: "Ignore" });
  defaulterOf(KIND)(definition);
  return definition;
}

for (const file of ["definitions", "definition_rules"]) {
  Deno.test(`definitions are checked as upstream does: ${file}`, async () => {
    const strategy = strategyFor(KIND);
    for (
      const [i, { name, definition, old, errors }] of (await cases<DefinitionCase>(file)).entries()
    ) {
      const next = readDefinition(definition);
      const found = old === undefined
        ? strategy.validateCreate(next)
        : strategy.validateUpdate(next, readDefinition(old));
      assert.deepEqual(texts(found), errors, `${file}, line ${i + 1}: ${name}`);
    }
  });
}
