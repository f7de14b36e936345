import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { BUILTIN_KINDS } from "../kinds.ts";
import { openApiV2Document } from "./mod.ts";

/** Upstream's document, where it lies beside this repository. */
const oracleFile = new URL("../../../../shared/oracle/swagger.json", import.meta.url);
const oracle = readOracle();
if (oracle === undefined) console.log("skipped: upstream's OpenAPI document is not here");

function readOracle(): JsonObject | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(oracleFile)) as JsonObject;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const ours = openApiV2Document(BUILTIN_KINDS.map((definition) => ({ definition })));

type Schemas = Record<string, JsonObject>;
const definitionsOf = (document: JsonObject | undefined) =>
  (document?.["definitions"] ?? {}) as Schemas;
const propertiesOf = (schema: JsonObject | undefined) => (schema?.["properties"] ?? {}) as Schemas;

/** One line a fact: what two documents must agree on. */
function facts(schema: JsonObject): string[] {
  const list = [`required ${[...(schema["required"] ?? []) as string[]].sort().join(",")}`];
  if (schema["x-kubernetes-map-type"] !== undefined) list.push("atomic");
  for (const [name, property] of Object.entries(propertiesOf(schema))) {
    list.push(`${name}: ${typeText(property)}`);
    const strategy = property["x-kubernetes-patch-strategy"];
    const key = property["x-kubernetes-patch-merge-key"];
    if (strategy !== undefined || key !== undefined) list.push(`${name} ~${strategy}@${key}`);
  }
  return list.sort();
}

function typeText(schema: JsonObject): string {
  const reference = schema["$ref"];
  if (typeof reference === "string") return reference.slice(reference.lastIndexOf("/") + 1);
  if (schema["type"] === "array") {
    const keys = (schema["x-kubernetes-list-map-keys"] ?? []) as string[];
    // No list type means atomic.
    const type = schema["x-kubernetes-list-type"] ?? "atomic";
    return `[${type} ${keys.join(",")}]${typeText(schema["items"] as JsonObject)}`;
  }
  const values = schema["additionalProperties"];
  if (values !== undefined) {
    const atomic = schema["x-kubernetes-map-type"] === "atomic" ? "!" : "";
    return `{${atomic}}${typeText(values as JsonObject)}`;
  }
  return `${schema["type"] ?? "any"} ${schema["format"] ?? ""}`;
}

Deno.test({
  name: "fields, required, types, list types and patch keys are upstream's",
  ignore: oracle === undefined,
  fn() {
    const theirs = definitionsOf(oracle);
    const wrong: string[] = [];
    for (const [name, schema] of Object.entries(definitionsOf(ours))) {
      const other = theirs[name];
      if (other === undefined) {
        wrong.push(`${name}: not upstream's`);
        continue;
      }
      const left = facts(schema);
      const right = facts(other);
      for (const fact of left) if (!right.includes(fact)) wrong.push(`${name} ours: ${fact}`);
      for (const fact of right) if (!left.includes(fact)) wrong.push(`${name} theirs: ${fact}`);
    }
    assert.deepEqual(wrong, []);
  },
});

Deno.test({
  name: "kinds stand beside their schemas",
  ignore: oracle === undefined,
  fn() {
    const theirs = definitionsOf(oracle);
    const wrong: string[] = [];
    for (const [name, schema] of Object.entries(definitionsOf(ours))) {
      const kinds = JSON.stringify(schema["x-kubernetes-group-version-kind"]);
      const other = JSON.stringify(theirs[name]?.["x-kubernetes-group-version-kind"]);
      if (/\.(DeleteOptions|WatchEvent)$/.test(name) || kinds === other) continue;
      wrong.push(`${name}: ${kinds} for ${other}`);
    }
    assert.deepEqual(wrong, []);
  },
});

Deno.test({
  name: "paths, operations and actions are upstream's",
  ignore: oracle === undefined,
  fn() {
    const paths = ours["paths"] as Schemas;
    const served = new Set(
      BUILTIN_KINDS.map(({ group, version }) =>
        group === "" ? `/api/${version}/` : `/apis/${group}/${version}/`
      ),
    );
    const wrong: string[] = [];
    const isServed = (path: string) =>
      path.split("/").length <= 3 || [...served].some((root) => path.startsWith(root));
    const theirs = (oracle?.["paths"] ?? {}) as Schemas;
    for (const [path, item] of Object.entries(theirs)) {
      if (!isServed(path)) continue;
      const left = operationTexts(paths[path]);
      for (const text of operationTexts(item)) {
        if (!left.includes(text)) wrong.push(`missing ${path} ${text}`);
      }
    }
    for (const [path, item] of Object.entries(paths)) {
      const right = operationTexts(theirs[path]);
      for (const text of operationTexts(item)) {
        if (!right.includes(text)) wrong.push(`too much ${path} ${text}`);
      }
    }
    assert.deepEqual(wrong, []);
  },
});

function operationTexts(item: JsonObject | undefined): string[] {
  return Object.entries(item ?? {}).flatMap(([method, value]) => {
    if (method === "parameters") return [];
    const operation = value as JsonObject;
    const kind = operation["x-kubernetes-group-version-kind"] as JsonObject | undefined;
    const answer: JsonValue | undefined =
      ((operation["responses"] as Schemas | undefined)?.["200"]?.["schema"] as
        | JsonObject
        | undefined)?.["$ref"];
    return [
      `${method} ${operation["operationId"]} ${operation["x-kubernetes-action"]} ` +
      `${kind?.["group"]}/${kind?.["version"]}/${kind?.["kind"]} ${answer}`,
    ];
  });
}
