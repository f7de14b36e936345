import { equalJson } from "../../../base/mod.ts";
import type { FieldError } from "../../resource_definition.ts";
import { compilePattern } from "../../regex/mod.ts";
import { isSchema, type JsonSchema } from "../node.ts";
import { ValueErrors } from "../value_errors.ts";
import { checkCompleteness } from "./completeness.ts";

type Level = "root" | "item" | "field";

const INT_OR_STRING = [{ type: "integer" }, { type: "string" }];
/** What a schema within allOf, anyOf, oneOf or not may not say, with the texts for it. */
const NESTED: readonly (readonly [member: keyof JsonSchema, text: string])[] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

/** What keeps a schema from being structural, in the order of the texts. `path` is that of the schema. */
export function structuralProblems(path: string, schema: JsonSchema): FieldError[] {
  const errors = new ValueErrors();
  checkInvariants(schema, "root", path, errors);
  checkCompleteness(schema, path, errors);
  const text = ({ field, message }: FieldError) => `${field}: ${message}`;
  return errors.list.sort((a, b) => text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);
}

function checkInvariants(
  schema: JsonSchema,
  level: Level,
  path: string,
  errors: ValueErrors,
): void {
  const type = schema.type ?? "";
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const keeps = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const { items, additionalProperties: additional } = schema;
  const properties = Object.entries(schema.properties ?? {}).filter(([, each]) => isSchema(each));
  if (type === "array" && !isSchema(items)) errors.required(`${path}.items`, "must be specified");
  if (isSchema(items)) checkInvariants(items, "item", `${path}.items`, errors);
  for (const [name, property] of properties) {
    checkInvariants(property, "field", `${path}.properties[${name}]`, errors);
  }
  if (additional !== undefined) {
    if (level === "root") {
      errors.forbidden(`${path}.additionalProperties`, "must not be used at the root");
    }
    if (isSchema(additional)) {
      checkInvariants(additional, "field", `${path}.additionalProperties`, errors);
    }
  }
  checkExtensions(schema, path, errors);
  checkValues(schema, isIntOrString(schema), firstIsIntOrString(schema), path, errors);
  checkType(schema, level, path, errors);
  if (embedded && additional !== undefined) {
    const text = "must not be used if x-kubernetes-embedded-resource is set";
    errors.forbidden(`${path}.additionalProperties`, text);
  }
  if (level === "root" && type !== "" && type !== "object") {
    errors.invalid(`${path}.type`, type, "must be object at the root");
  }
  checkMetaMembers(schema, level, embedded, path, errors);
  if (embedded && !keeps && properties.length === 0) {
    errors.required(
      `${path}.properties`,
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
    );
  }
}

function checkType(schema: JsonSchema, level: Level, path: string, errors: ValueErrors): void {
  const type = schema.type ?? "";
  const at = `${path}.type`;
  if (schema["x-kubernetes-embedded-resource"] === true && type !== "object") {
    const text = "must be object if x-kubernetes-embedded-resource is true";
    if (type === "") errors.required(at, text);
    else errors.invalid(at, type, text);
    return;
  }
  const open = schema["x-kubernetes-int-or-string"] === true ||
    schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (type !== "" || open) return;
  const where = {
    root: "at the root",
    item: "for specified array items",
    field: "for specified object fields",
  };
  errors.required(at, `must not be empty ${where[level]}`);
}

function checkExtensions(schema: JsonSchema, path: string, errors: ValueErrors): void {
  if (schema["x-kubernetes-int-or-string"] !== true) return;
  const text = "must be false if x-kubernetes-int-or-string is true";
  for (
    const name of [
      "x-kubernetes-preserve-unknown-fields",
      "x-kubernetes-embedded-resource",
    ] as const
  ) {
    if (schema[name] === true) errors.invalid(`${path}.${name}`, true, text);
  }
}

/** An object's type is a string; its metadata may be narrowed by name only. */
function checkMetaMembers(
  schema: JsonSchema,
  level: Level,
  embedded: boolean,
  path: string,
  errors: ValueErrors,
): void {
  const { properties = {} } = schema;
  const checked = level === "root" || embedded;
  for (const name of ["kind", "apiVersion"]) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined || !checked || property.type === "string") continue;
    errors.invalid(`${path}.properties[${name}].type`, property.type ?? "", "must be string");
  }
  const metadata = Object.hasOwn(properties, "metadata") ? properties["metadata"] : undefined;
  if (metadata === undefined) return;
  const at = `${path}.properties[metadata]`;
  if (checked && metadata.type !== "object") {
    errors.invalid(`${at}.type`, metadata.type ?? "", "must be object");
  }
  if (level !== "root") return;
  const { type: _type, default: _default, properties: named = {}, ...rest } = metadata;
  const others = Object.keys(named).some((name) => name !== "name" && name !== "generateName");
  const more = Object.values(rest).some(isSaid);
  if (!others && !more) return;
  const text =
    "must not specify anything other than name and generateName, but metadata is implicitly specified";
  errors.forbidden(at, text);
}

/** True for a member that says something: not empty, not zero. */
function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== "" && value !== false;
}

const isIntOrString = ({ anyOf }: JsonSchema): boolean => equalJson(anyOf, INT_OR_STRING);

const firstIsIntOrString = ({ allOf }: JsonSchema): boolean =>
  allOf?.[0] !== undefined && isIntOrString(allOf[0]);

/** The parts of a schema that say which values it takes. */
function checkValues(
  schema: JsonSchema,
  skipsAny: boolean,
  skipsFirst: boolean,
  path: string,
  errors: ValueErrors,
): void {
  if (!skipsAny) {
    for (const [i, each] of (schema.anyOf ?? []).entries()) {
      checkNested(each, false, `${path}.anyOf[${i}]`, errors);
    }
  }
  for (const [i, each] of (schema.allOf ?? []).entries()) {
    checkNested(each, skipsFirst && i === 0, `${path}.allOf[${i}]`, errors);
  }
  for (const [i, each] of (schema.oneOf ?? []).entries()) {
    checkNested(each, false, `${path}.oneOf[${i}]`, errors);
  }
  if (isSchema(schema.not)) checkNested(schema.not, false, `${path}.not`, errors);
  const { pattern } = schema;
  if (pattern === undefined || pattern === "") return;
  const compiled = compilePattern(pattern);
  if (!("error" in compiled)) return;
  errors.invalid(
    `${path}.pattern`,
    pattern,
    `must be a valid regular expression, but isn't: ${compiled.error}`,
  );
}

function checkNested(
  schema: JsonSchema,
  skipsAny: boolean,
  path: string,
  errors: ValueErrors,
): void {
  checkValues(schema, skipsAny, false, path, errors);
  if (isSchema(schema.items)) checkNested(schema.items, false, `${path}.items`, errors);
  const { properties = {} } = schema;
  for (const [name, property] of Object.entries(properties)) {
    checkNested(property, false, `${path}.properties[${name}]`, errors);
  }
  for (const [member, text] of NESTED) {
    if (isForbidden(schema, member)) errors.forbidden(`${path}.${member}`, text);
  }
  if (Object.hasOwn(properties, "metadata")) {
    errors.forbidden(
      `${path}.properties[metadata]`,
      "must not be specified in a nested context",
    );
  }
}

function isForbidden(schema: JsonSchema, member: keyof JsonSchema): boolean {
  const value: unknown = schema[member];
  if (member === "additionalProperties") return value === true || isSchema(value);
  if (member === "x-kubernetes-list-type" || member === "x-kubernetes-map-type") {
    return value !== undefined;
  }
  return member === "default" ? value !== undefined && value !== null : isSaid(value);
}
