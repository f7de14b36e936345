import { isSchema, type JsonSchema } from "../node.ts";

/** What no schema of a custom resource may have, by the name that its text gives it. */
const UNSUPPORTED: readonly (readonly [member: keyof JsonSchema, name: string])[] = [
  ["id", "id"],
  ["$schema", "schema"],
  ["$ref", "$ref"],
  ["patternProperties", "patternProperties"],
  ["dependencies", "dependencies"],
  ["additionalItems", "additionalItems"],
  ["definitions", "definitions"],
];

/** Why a schema cannot be read as a structural one; undefined where it can. */
export function unsupportedText(schema: JsonSchema): string | undefined {
  for (const [member, name] of UNSUPPORTED) {
    const value: unknown = schema[member];
    const empty = value === undefined || value === "" ||
      typeof value === "object" && value !== null && Object.keys(value).length === 0 &&
        member !== "additionalItems";
    if (!empty) return `OpenAPIV3Schema '${name}' is not supported`;
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  for (const each of childrenOf(schema)) {
    const text = unsupportedText(each);
    if (text !== undefined) return text;
  }
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  }
  return undefined;
}

/** The schemas that stand directly within a schema, whatever they say of it. */
export function childrenOf(schema: JsonSchema): JsonSchema[] {
  const { not, items, additionalProperties: additional, additionalItems } = schema;
  return [
    not,
    ...schema.allOf ?? [],
    ...schema.anyOf ?? [],
    ...schema.oneOf ?? [],
    ...Array.isArray(items) ? items : [items],
    ...Object.values(schema.properties ?? {}),
    additional,
    additionalItems,
    ...Object.values(schema.patternProperties ?? {}),
    ...Object.values(schema.definitions ?? {}),
    ...Object.values(schema.dependencies ?? {}),
  ].filter(isSchema);
}

/** True where a schema, or one within it, is as asked for. */
export function hasSchema(schema: JsonSchema, is: (each: JsonSchema) => boolean): boolean {
  return is(schema) || childrenOf(schema).some((child) => hasSchema(child, is));
}
