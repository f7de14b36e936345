import { DEDUCED } from "../apply/typed.ts";
import type { Field, ListSchema, Schema, StructSchema } from "../schema.ts";
import { schemaOf } from "../schema/mod.ts";
import { isSchema, type JsonSchema } from "./node.ts";

/**
 * The shape of a custom kind as server-side apply reads it: what is owned by name, by key or as one value. `name` is
 * that of the kind's schema.
 */
export function fieldSchemaOf(schema: JsonSchema | undefined, name: string): StructSchema {
  const own = schema === undefined ? undefined : shapeOf(schema);
  const fields: Record<string, Field> = Object.create(null);
  if (own?.type === "struct") Object.assign(fields, own.fields);
  fields["apiVersion"] = STRING;
  fields["kind"] = STRING;
  fields["metadata"] = METADATA;
  return {
    type: "struct",
    name,
    fields,
    custom: true,
    ...(own === undefined || own.type !== "struct" || own.preserveUnknown === true
      ? { preserveUnknown: true }
      : {}),
  };
}

const STRING: Field = { schema: { type: "string" } };
const METADATA: Field = { schema: () => schemaOf("meta.v1.ObjectMeta") };
const SCALARS: Readonly<Record<string, Schema>> = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  integer: { type: "int64" },
  number: { type: "double" },
};

function shapeOf(schema: JsonSchema): Schema {
  const keeps = schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema["x-kubernetes-int-or-string"] === true) return { type: "intOrString" };
  switch (schema.type ?? "") {
    case "object":
      return objectShape(schema, keeps);
    case "array":
      return listShape(schema);
    case "":
      return DEDUCED;
    default:
      return SCALARS[schema.type ?? ""] ?? DEDUCED;
  }
}

function objectShape(schema: JsonSchema, keeps: boolean): Schema {
  const atomic = schema["x-kubernetes-map-type"] === "atomic";
  const { additionalProperties: additional } = schema;
  const names = Object.keys(schema.properties ?? {});
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  if (names.length === 0 && !embedded) {
    if (isSchema(additional)) {
      return { type: "map", values: shapeOf(additional), ...(atomic ? { atomic } : {}) };
    }
    return atomic ? { type: "any" } : { type: "map", values: DEDUCED };
  }
  const fields: Record<string, Field> = Object.create(null);
  for (const name of names) {
    const member = schema.properties?.[name];
    // Read when it is first asked for: most of a large schema never is.
    if (isSchema(member)) fields[name] = { schema: once(() => shapeOf(member)) };
  }
  if (embedded) Object.assign(fields, { apiVersion: STRING, kind: STRING, metadata: METADATA });
  return {
    type: "struct",
    name: "",
    fields,
    custom: true,
    ...(atomic ? { atomic } : {}),
    ...(keeps ? { preserveUnknown: true } : {}),
  };
}

function listShape(schema: JsonSchema): ListSchema {
  const items = isSchema(schema.items) ? shapeOf(schema.items) : DEDUCED;
  const listType = schema["x-kubernetes-list-type"];
  if (listType === "set") return { type: "list", items, listType };
  if (listType !== "map") return { type: "list", items, listType: "atomic" };
  const properties = isSchema(schema.items) ? schema.items.properties ?? {} : {};
  return {
    type: "list",
    items,
    listType,
    keys: (schema["x-kubernetes-list-map-keys"] ?? []).map((name) => {
      const standard = Object.hasOwn(properties, name) ? properties[name]?.default : undefined;
      const known = typeof standard === "string" || typeof standard === "number" ||
        typeof standard === "boolean";
      return known ? { name, default: standard } : { name };
    }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
