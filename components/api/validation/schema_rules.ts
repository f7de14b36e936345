import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { fieldSchema, type Schema, type StructSchema } from "../schema.ts";
import { Errors } from "./errors.ts";
import { Path } from "./path.ts";

/** The members of a struct that a walk over enums and required strings looks at. */
interface Watched {
  readonly enums: readonly (readonly [name: string, values: readonly string[]])[];
  readonly required: readonly string[];
  readonly below: readonly (readonly [name: string, schema: Schema])[];
}

const watched = new WeakMap<StructSchema, Watched>();

/**
 * What the schema itself forbids: values outside closed enums, and, where `required` says so, strings that must not be
 * empty. Metadata and status are not looked at. It knows no kind: rules of kinds come on top.
 */
export function validateBySchema(
  object: JsonObject,
  schema: StructSchema,
  required: boolean,
): Errors {
  const errors = new Errors();
  const { enums, below, required: strings } = watchedOf(schema);
  checkMembers(object, enums, required ? strings : [], undefined, errors);
  for (const [name, member] of below) {
    if (name === "metadata" || name === "status") continue;
    walk(object[name], member, Path.of(name), required, errors);
  }
  return errors;
}

function walk(
  value: JsonValue | undefined,
  schema: Schema,
  path: Path,
  required: boolean,
  errors: Errors,
): void {
  if (value === undefined || value === null) return;
  switch (schema.type) {
    case "struct": {
      if (!isJsonObject(value)) return;
      const { enums, below, required: strings } = watchedOf(schema);
      checkMembers(value, enums, required ? strings : [], path, errors);
      for (const [name, member] of below) {
        const child = value[name];
        if (child !== undefined) walk(child, member, path.child(name), required, errors);
      }
      return;
    }
    case "list":
      if (!Array.isArray(value)) return;
      for (const [i, item] of value.entries()) {
        walk(item, schema.items, path.at(i), required, errors);
      }
      return;
    case "map":
      if (!isJsonObject(value)) return;
      for (const key in value) walk(value[key], schema.values, path.key(key), required, errors);
  }
}

function checkMembers(
  object: JsonObject,
  enums: Watched["enums"],
  required: readonly string[],
  path: Path | undefined,
  errors: Errors,
): void {
  const at = (name: string) => path === undefined ? Path.of(name) : path.child(name);
  for (const name of required) {
    const value = object[name];
    if (value === undefined || value === null || value === "") errors.required(at(name));
  }
  for (const [name, values] of enums) {
    const value = object[name];
    if (value === undefined || value === null || value === "") continue;
    const items = Array.isArray(value) ? value : [value];
    for (const [i, item] of items.entries()) {
      if (values.includes(String(item))) continue;
      errors.notSupported(Array.isArray(value) ? at(name).at(i) : at(name), item, values);
    }
  }
}

function watchedOf(schema: StructSchema): Watched {
  let found = watched.get(schema);
  if (found === undefined) {
    found = readStruct(schema);
    watched.set(schema, found);
  }
  return found;
}

function readStruct(schema: StructSchema): Watched {
  const enums: [string, readonly string[]][] = [];
  const required: string[] = [];
  const below: [string, Schema][] = [];
  for (const [name, field] of Object.entries(schema.fields)) {
    const member = fieldSchema(field);
    if (field.enum !== undefined) enums.push([name, [...field.enum].sort()]);
    if (field.required === true && member.type === "string") required.push(name);
    if (leadsToStruct(member)) below.push([name, member]);
  }
  return { enums, required, below };
}

function leadsToStruct(schema: Schema): boolean {
  if (schema.type === "list") return leadsToStruct(schema.items);
  if (schema.type === "map") return leadsToStruct(schema.values);
  return schema.type === "struct";
}
