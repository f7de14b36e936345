import type { JsonObject, JsonValue } from "../../base/mod.ts";
import type { Descriptions } from "../descriptions/mod.ts";
import type { OpenApiVersion } from "./schemas.ts";

const INT_OR_STRING: JsonValue[] = [{ type: "integer" }, { type: "string" }];
const KEEPS = "x-kubernetes-preserve-unknown-fields";
const EMBEDDED = "x-kubernetes-embedded-resource";
/** What OpenAPI 2 cannot say. */
const COMBINED = ["allOf", "anyOf", "oneOf", "not"];

/** How a document refers to the metadata of objects. */
export interface PublishOptions {
  readonly version: OpenApiVersion;
  readonly metadata: JsonObject;
  readonly descriptions: Descriptions;
}

/** A custom kind's schema as documents show it. */
export function publishedSchema(schema: JsonObject, options: PublishOptions): JsonObject {
  // kubectl's reader of OpenAPI 2 would refuse the members that such a schema does not name.
  if (options.version === 2 && schema[KEEPS] === true) return { type: "object" };
  const shown = publish(schema, options);
  return { ...shown, properties: { ...properties(shown), ...objectMembers(options) } };
}

/** What every object has, with what is said of it where it stands within another. */
function objectMembers({ version, metadata, descriptions }: PublishOptions): JsonObject {
  const described = (member: string): JsonObject => {
    const description = descriptions.ofKinds(member);
    return description === undefined ? {} : { description };
  };
  return {
    apiVersion: { type: "string", ...described("apiVersion") },
    kind: { type: "string", ...described("kind") },
    // In OpenAPI 3 nothing may stand beside a reference.
    metadata: version === 2
      ? { ...metadata, ...described("metadata") }
      : { allOf: [metadata], ...described("metadata") },
  };
}

function publish(schema: JsonObject, options: PublishOptions): JsonObject {
  const shown: JsonObject = { ...schema };
  const named = Object.entries(properties(schema));
  if (named.length > 0) {
    shown["properties"] = Object.fromEntries(
      named.map(([name, each]) => [name, isSchema(each) ? publish(each, options) : each]),
    );
  }
  for (const member of ["items", "additionalProperties"]) {
    const value = shown[member];
    if (isSchema(value)) shown[member] = publish(value, options);
  }
  if (options.version === 2) forVersion2(shown, schema);
  else if (schema["x-kubernetes-int-or-string"] === true) spellIntOrString(shown);
  if (schema[EMBEDDED] === true && !(options.version === 2 && schema[KEEPS] === true)) {
    shown["properties"] = { ...properties(shown), ...objectMembers(options) };
    const required = Array.isArray(shown["required"]) ? shown["required"] : [];
    shown["required"] = [...new Set([...required, "kind", "apiVersion"])];
  }
  return shown;
}

function spellIntOrString(shown: JsonObject): void {
  const { anyOf, allOf } = shown;
  const is = (value: unknown) => JSON.stringify(value) === JSON.stringify(INT_OR_STRING);
  const first = Array.isArray(allOf) ? allOf[0] : undefined;
  if (is(anyOf) || isSchema(first) && is(first["anyOf"])) return;
  if (anyOf === undefined) shown["anyOf"] = INT_OR_STRING;
  else shown["allOf"] = [{ anyOf: INT_OR_STRING }, ...Array.isArray(allOf) ? allOf : []];
}

/** Takes away, in place, what OpenAPI 2 does not know, and what kubectl's reader of it trips over. */
function forVersion2(shown: JsonObject, schema: JsonObject): void {
  for (const member of COMBINED) delete shown[member];
  const nullable = schema["nullable"] === true;
  delete shown["nullable"];
  if (nullable) delete shown["type"];
  if (nullable || schema[KEEPS] === true) {
    delete shown["items"];
    delete shown["properties"];
  }
  if (shown["items"] === undefined && shown["type"] === "array") delete shown["type"];
  if (schema[KEEPS] === true && shown["type"] === "object") delete shown["type"];
  const { required } = shown;
  if (!Array.isArray(required)) return;
  const own = properties(schema);
  const left = required.filter((name) => {
    const property = typeof name === "string" ? own[name] : undefined;
    return !(isSchema(property) && property["nullable"] === true);
  });
  if (left.length === 0) delete shown["required"];
  else shown["required"] = left;
}

const properties = (schema: JsonObject): JsonObject => {
  const { properties } = schema;
  return isSchema(properties) ? properties : {};
};

function isSchema(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
