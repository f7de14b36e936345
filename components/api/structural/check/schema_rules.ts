import { isSchema, type JsonSchema } from "../node.ts";
import type { ValueErrors } from "../value_errors.ts";
import { checkListType, checkMapType } from "./list_rules.ts";
import { checkRuleTexts } from "./rule_texts.ts";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
const META_MEMBERS = new Set(["metadata", "kind", "apiVersion"]);

/** What the old definition broke already is not asked of the new one. */
export interface SchemaRuleOptions {
  readonly requireValidType: boolean;
  readonly requireAtomicSet: boolean;
  readonly requireKeyed: boolean;
}

/** What holds at one place of a schema, from what stands around it. */
interface Place {
  readonly options: SchemaRuleOptions;
  readonly root: boolean;
  /** Why there may be no default here; undefined where there may. */
  readonly noDefaults: string | undefined;
  /** Within the type or metadata of an object. */
  readonly insideMeta: boolean;
}

/** Checks the schema of a version, and all within it. */
export function checkSchema(
  schema: JsonSchema,
  path: string,
  options: SchemaRuleOptions,
  errors: ValueErrors,
): void {
  check(schema, path, { options, root: true, noDefaults: undefined, insideMeta: false }, errors);
}

function check(schema: JsonSchema, path: string, place: Place, errors: ValueErrors): void {
  checkMembers(schema, path, place, errors);
  if (schema.uniqueItems === true) {
    errors.forbidden(
      `${path}.uniqueItems`,
      "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    );
  }
  const below = { ...place, root: false };
  checkAdditional(schema, path, below, errors);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!isSchema(property)) continue;
    const meta = (place.root || schema["x-kubernetes-embedded-resource"] === true) &&
      META_MEMBERS.has(name);
    check(property, `${path}.properties[${name}]`, {
      ...below,
      insideMeta: below.insideMeta || meta,
      noDefaults: meta && place.root ? `in top-level ${name}` : below.noDefaults,
    }, errors);
  }
  if (isSchema(schema.not)) check(schema.not, `${path}.not`, below, errors);
  for (const member of ["allOf", "oneOf", "anyOf"] as const) {
    for (const [i, each] of (schema[member] ?? []).entries()) {
      if (isSchema(each)) check(each, `${path}.${member}[${i}]`, below, errors);
    }
  }
  for (const [name, each] of Object.entries(schema.definitions ?? {})) {
    if (isSchema(each)) check(each, `${path}.definitions[${name}]`, below, errors);
  }
  const { items } = schema;
  if (isSchema(items)) check(items, `${path}.items`, below, errors);
  else if (Array.isArray(items)) {
    for (const [i, each] of (items as JsonSchema[]).entries()) {
      check(each, `${path}.items[${i}]`, below, errors);
    }
  }
  for (const [name, each] of Object.entries(schema.dependencies ?? {})) {
    if (isSchema(each)) check(each, `${path}.dependencies[${name}]`, below, errors);
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    const at = `${path}.x-kubernetes-preserve-unknown-fields`;
    errors.invalid(at, false, "must be true or undefined");
  }
  checkMapType(schema, path, errors);
  checkListType(schema, path, place.options, errors);
  checkRuleTexts(schema, path, errors);
}

function checkAdditional(
  schema: JsonSchema,
  path: string,
  place: Place,
  errors: ValueErrors,
): void {
  const { additionalProperties: additional, properties = {} } = schema;
  if (additional === undefined) return;
  const at = `${path}.additionalProperties`;
  if (Object.keys(properties).length > 0 && additional !== true) {
    errors.forbidden(at, "additionalProperties and properties are mutual exclusive");
  }
  if (!isSchema(additional)) return;
  check(additional, at, {
    ...place,
    noDefaults: place.insideMeta
      ? "inside additionalProperties applying to object metadata"
      : place.noDefaults,
  }, errors);
}

function checkMembers(schema: JsonSchema, path: string, place: Place, errors: ValueErrors): void {
  const { type = "", items } = schema;
  if (place.options.requireValidType && type !== "" && !TYPES.includes(type)) {
    errors.notSupported(`${path}.type`, type, TYPES);
  }
  if (schema.default !== undefined && schema.default !== null && place.noDefaults !== undefined) {
    errors.forbidden(`${path}.default`, `must not be set ${place.noDefaults}`);
  }
  if ((schema.id ?? "") !== "") errors.forbidden(`${path}.id`, "id is not supported");
  for (
    const member of ["additionalItems", "patternProperties", "definitions", "dependencies"] as const
  ) {
    const value = schema[member];
    const counts = member === "additionalItems" || member === "dependencies";
    if (value === undefined || !counts && Object.keys(value).length === 0) continue;
    errors.forbidden(`${path}.${member}`, `${member} is not supported`);
  }
  if (schema.$ref !== undefined) errors.forbidden(`${path}.$ref`, "$ref is not supported");
  if (type === "null") {
    errors.forbidden(
      `${path}.type`,
      "type cannot be set to null, use nullable as an alternative",
    );
  }
  if (Array.isArray(items) && items.length > 0) {
    errors.forbidden(`${path}.items`, "items must be a schema object and not an array");
  }
  if (place.insideMeta && schema["x-kubernetes-embedded-resource"] === true) {
    const at = `${path}.x-kubernetes-embedded-resource`;
    errors.forbidden(at, "must not be used inside of resource meta");
  }
}
