import { isSchema, type JsonSchema } from "../node.ts";
import { ValueErrors } from "../value_errors.ts";

interface ListRuleOptions {
  readonly requireAtomicSet: boolean;
  readonly requireKeyed: boolean;
}

export function checkMapType(schema: JsonSchema, path: string, errors: ValueErrors): void {
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType === undefined) return;
  const { type = "" } = schema;
  if (type !== "object") {
    const text = "must be object if x-kubernetes-map-type is specified";
    if (type === "") errors.required(`${path}.type`, text);
    else errors.invalid(`${path}.type`, type, text);
  }
  if (mapType !== "atomic" && mapType !== "granular") {
    errors.notSupported(`${path}.x-kubernetes-map-type`, mapType, ["atomic", "granular"]);
  }
}

export function checkListType(
  schema: JsonSchema,
  path: string,
  options: ListRuleOptions,
  errors: ValueErrors,
): void {
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const { type = "" } = schema;
  const at = `${path}.x-kubernetes-list-type`;
  if (listType !== undefined && type !== "array") {
    const text = "must be array if x-kubernetes-list-type is specified";
    if (type === "") errors.required(`${path}.type`, text);
    else errors.invalid(`${path}.type`, type, text);
  } else if (options.requireAtomicSet) checkSet(schema, path, errors);
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType)) {
    errors.notSupported(at, listType, ["atomic", "set", "map"]);
  }
  if (keys.length > 0) {
    const text = "must be map if x-kubernetes-list-map-keys is non-empty";
    if (listType === undefined) errors.required(at, text);
    else if (listType !== "map") errors.invalid(at, listType, text);
  }
  if (listType === "map") checkMap(schema, keys, path, errors);
  if (options.requireKeyed) checkKeyed(schema, path, errors);
}

/** Items of a set are compared as a whole. */
function checkSet(schema: JsonSchema, path: string, errors: ValueErrors): void {
  const { items } = schema;
  if (schema["x-kubernetes-list-type"] !== "set" || !isSchema(items)) return;
  const text = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items["x-kubernetes-list-type"];
  const mapType = items["x-kubernetes-map-type"];
  if (items.type === "array" && listType !== undefined && listType !== "atomic") {
    errors.invalid(`${path}.items.x-kubernetes-list-type`, listType, text);
  }
  if (items.type === "object" && mapType !== "atomic") {
    errors.invalid(`${path}.items.x-kubernetes-map-type`, listType ?? null, text);
  }
}

/** True where a set of the schema has items that are no single values. */
export function hasLooseSet(schema: JsonSchema): boolean {
  const errors = new ValueErrors();
  checkSet(schema, "", errors);
  return errors.list.length > 0;
}

function checkMap(
  schema: JsonSchema,
  keys: readonly string[],
  path: string,
  errors: ValueErrors,
): void {
  const at = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) {
    errors.required(at, "must not be empty if x-kubernetes-list-type is map");
  }
  const { items } = schema;
  if (items === undefined) {
    const text = "must have a schema if x-kubernetes-list-type is map";
    return errors.required(`${path}.items`, text);
  }
  if (!isSchema(items)) {
    const text = "must only have a single schema if x-kubernetes-list-type is map";
    return errors.invalid(`${path}.items`, items, text);
  }
  if (items.type !== "object") {
    const text = "must be object if parent array's x-kubernetes-list-type is map";
    return errors.invalid(`${path}.items.type`, items.type ?? "", text);
  }
  const { properties = {} } = items;
  const seen = new Set<string>();
  for (const key of keys) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined) {
      errors.invalid(at, keys, "entries must all be names of item properties");
    } else if (property.type === "array" || property.type === "object") {
      errors.invalid(
        `${path}.items.properties[${key}].type`,
        items.type,
        "must be a scalar type if parent array's x-kubernetes-list-type is map",
      );
    }
    if (seen.has(key)) errors.invalid(at, keys, "must not contain duplicate entries");
    seen.add(key);
  }
}

/** Items are never null, and keys never missing. */
export function checkKeyed(schema: JsonSchema, path: string, errors: ValueErrors): void {
  const { items } = schema;
  const listType = schema["x-kubernetes-list-type"];
  if (!isSchema(items) || listType !== "set" && listType !== "map") return;
  if (items.nullable === true) {
    const text = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    errors.forbidden(`${path}.items.nullable`, text);
  }
  if (listType === "set") return;
  const required = new Set(items.required);
  for (const key of schema["x-kubernetes-list-map-keys"] ?? []) {
    const property = items.properties !== undefined && Object.hasOwn(items.properties, key)
      ? items.properties[key]
      : undefined;
    if (property === undefined) continue;
    const at = `${path}.items.properties[${key}]`;
    if (!required.has(key) && (property.default === undefined || property.default === null)) {
      errors.required(
        `${at}.default`,
        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
      );
    }
    if (property.nullable === true) {
      errors.forbidden(
        `${at}.nullable`,
        "this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
      );
    }
  }
}
