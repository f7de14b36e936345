import { invariant } from "../../base/mod.ts";
import type { GroupVersionKind } from "../resource_definition.ts";
import type { Field, ListSchema, ScalarSchema, Schema, StructSchema } from "../schema.ts";
import { type FieldRow, structRow, type TypeRow } from "./table.ts";

const SCALARS: Readonly<Record<string, ScalarSchema>> = {
  s: { type: "string" },
  b: { type: "boolean" },
  i: { type: "int32" },
  l: { type: "int64" },
  d: { type: "double" },
  y: { type: "bytes" },
  t: { type: "time" },
  m: { type: "microTime" },
  u: { type: "duration" },
  q: { type: "quantity" },
  x: { type: "intOrString" },
  r: { type: "any" },
  f: { type: "any" },
  j: { type: "any" },
  A: { type: "any", object: () => schemaOf("apiextensions.v1.JSONSchemaProps") },
  B: { type: "any", object: () => schemaOf("apiextensions.v1.JSONSchemaProps") },
  S: { type: "any", object: () => schemaOf("apiextensions.v1.JSONSchemaProps") },
};
const STRING_LIST: ListSchema = {
  type: "list",
  items: { type: "string" },
  listType: "atomic",
};

/** Schemas already built; they live as long as the process, as their kinds do. */
const built = new Map<string, StructSchema>();

/** The schema of a struct of the API, `core.v1.PodSpec`; built at the first look-up, undefined for unknown names. */
export function findSchema(name: string): StructSchema | undefined {
  const known = built.get(name);
  if (known !== undefined) return known;
  const row = structRow(name);
  if (row === undefined) return undefined;
  const fields: Record<string, Field> = Object.create(null);
  for (const field of row.fields) fields[field.name] = fieldOf(field);
  const schema: StructSchema = {
    type: "struct",
    name,
    fields,
    ...(row.atomic ? { atomic: true } : {}),
  };
  built.set(name, schema);
  return schema;
}

/** The schema of a struct that must exist. */
export function schemaOf(name: string): StructSchema {
  const schema = findSchema(name);
  invariant(schema !== undefined, `no struct ${name}`);
  return schema;
}

/** The schema of a built-in kind, undefined for kinds that the tables do not know. */
export function schemaOfKind({ group, version, kind }: GroupVersionKind): StructSchema | undefined {
  return findSchema(structNameOf(group, version, kind));
}

/** `rbac.authorization.k8s.io`, `v1`, `Role` to `rbac.v1.Role`. */
export function structNameOf(group: string, version: string, kind: string): string {
  const dot = group.indexOf(".");
  const pack = group === "" ? "core" : dot < 0 ? group : group.slice(0, dot);
  return `${pack}.${version}.${kind}`;
}

function fieldOf(row: FieldRow): Field {
  const { type } = row;
  return {
    // What leads to another struct is built when it is first asked for: types refer to themselves.
    schema: leadsToStruct(type) ? once(() => schemaOfType(type)) : schemaOfType(type),
    ...(row.required ? { required: true } : {}),
    ...(!row.zero && hasZero(type) ? { dropZero: true } : {}),
    ...(row.strategies.length === 0
      ? {}
      : { patchStrategy: row.strategies as NonNullable<Field["patchStrategy"]> }),
    ...(row.mergeKey === "" ? {} : { patchMergeKey: row.mergeKey }),
    ...(row.enum === undefined ? {} : { enum: row.enum }),
  };
}

/** Structs and free JSON have no zero that reading could tell from a value. */
function hasZero(type: TypeRow): boolean {
  return type.is === "list" || type.is === "map" ||
    (type.is === "scalar" && "sbildxye".includes(type.letter));
}

function once(make: () => Schema): () => Schema {
  let schema: Schema | undefined;
  return () => schema ??= make();
}

function leadsToStruct(type: TypeRow): boolean {
  if (type.is === "list") return leadsToStruct(type.items);
  if (type.is === "map") return leadsToStruct(type.values);
  return type.is === "struct";
}

function schemaOfType(type: TypeRow): Schema {
  switch (type.is) {
    case "struct":
      return schemaOf(type.name);
    case "map":
      return {
        type: "map",
        values: schemaOfType(type.values),
        ...(type.atomic ? { atomic: true } : {}),
      };
    case "list":
      return {
        type: "list",
        items: schemaOfType(type.items),
        listType: type.listType,
        ...(type.listType === "map" ? { keys: type.keys.map(keyOf) } : {}),
      };
    case "scalar": {
      if (type.letter === "e") return STRING_LIST;
      const scalar = SCALARS[type.letter];
      invariant(scalar !== undefined, `no scalar ${type.letter}`);
      return scalar;
    }
  }
}

/** `protocol=TCP` is a key with a value that stands for a missing one. */
function keyOf(text: string): { name: string; default?: string } {
  const equals = text.indexOf("=");
  return equals < 0
    ? { name: text }
    : { name: text.slice(0, equals), default: text.slice(equals + 1) };
}
