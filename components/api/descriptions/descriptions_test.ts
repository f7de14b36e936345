import assert from "node:assert/strict";
import { isJsonObject, type JsonObject } from "../../base/mod.ts";
import { BUILTIN_KINDS } from "../kinds.ts";
import { definitionName, openApiV2Document, openApiV3Document } from "../openapi/mod.ts";
import { structNameOf } from "../schema/mod.ts";
import { structNames } from "../schema/table.ts";
import { Descriptions, loadDescriptions } from "./mod.ts";

const texts = await loadDescriptions();
const all = BUILTIN_KINDS.map((definition) => ({ definition }));
const schemas = openApiV2Document(all, texts)["definitions"] as Record<string, JsonObject>;
/** A sentence or two: more than this is a page. */
const LENGTH_MAXIMUM = 300;

function missing(name: string): string[] {
  const schema = schemas[name];
  if (schema === undefined) return [`${name}: no schema`];
  const { properties = {}, description } = schema;
  assert.ok(isJsonObject(properties));
  const found = Object.entries(properties).flatMap(([field, property]) =>
    isJsonObject(property) && typeof property["description"] === "string"
      ? []
      : [`${name}.${field}`]
  );
  return typeof description === "string" ? found : [name, ...found];
}

Deno.test("each served kind and its fields say what they are", () => {
  const wrong = BUILTIN_KINDS.flatMap(({ group, version, kind }) =>
    missing(definitionName(structNameOf(group, version, kind)))
  );
  assert.deepEqual(wrong, []);
});

Deno.test("so does everything that they are made of", () => {
  assert.deepEqual(Object.keys(schemas).flatMap(missing), []);
});

Deno.test("a kind's spec is told by what it holds, its metadata by what all kinds share", () => {
  const pod = openApiV3Document(all.filter(({ definition }) => definition.kind === "Pod"), texts);
  const found = ((pod["components"] as JsonObject)["schemas"] as Record<string, JsonObject>)[
    "io.k8s.api.core.v1.Pod"
  ]?.["properties"] as Record<string, JsonObject>;
  assert.equal(found["spec"]?.["description"], texts.struct("core.v1.PodSpec"));
  assert.equal(found["metadata"]?.["description"], texts.ofKinds("metadata"));
  assert.deepEqual(found["spec"]?.["allOf"], [
    { $ref: "#/components/schemas/io.k8s.api.core.v1.PodSpec" },
  ]);
});

Deno.test("texts are sentences", async () => {
  const groups = new Set(structNames().map((name) => name.slice(0, name.indexOf("."))));
  for (const group of groups) {
    const url = new URL(`./${group}.json`, import.meta.url);
    const file: Record<string, Record<string, string>> = JSON.parse(await Deno.readTextFile(url));
    for (const [struct, fields] of Object.entries(file)) {
      for (const [field, text] of Object.entries(fields)) {
        const where = `${group} ${struct} ${field}: ${text}`;
        if (field === "=") {
          assert.ok(texts.struct(`${group}.${text}`) !== undefined, where);
          continue;
        }
        assert.ok(text.endsWith(".") && text.length <= LENGTH_MAXIMUM, where);
        assert.ok(!/ {2}|\s$|^\s/.test(text), where);
      }
    }
  }
});

Deno.test("Descriptions: a struct may be like another, and like none for ever", () => {
  const few = new Descriptions({
    core: {
      A: { "": "A.", "=": "B", x: "A's x." },
      B: { "": "B.", "=": "A", y: "B's y." },
    },
    meta: { Kind: { kind: "The kind." }, B: { z: "not this" } },
  });
  const cases: [string, string, string | undefined][] = [
    ["core.v1.A", "x", "A's x."],
    ["core.v1.A", "y", "B's y."],
    ["core.v1.A", "z", undefined],
    ["core.v1.A", "constructor", undefined],
    ["core.v1.toString", "x", undefined],
    ["none.v1.C", "x", undefined],
    ["none.v1.B", "z", "not this"],
  ];
  for (const [struct, field, text] of cases) {
    assert.equal(few.field(struct, field), text, `${struct} ${field}`);
  }
  assert.equal(few.ofKinds("kind"), "The kind.");
  assert.notEqual(few.hash, new Descriptions({}).hash);
});
