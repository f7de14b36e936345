import { isJsonObject, type JsonValue } from "../../base/mod.ts";
import {
  type Field,
  fieldSchema,
  type ListSchema,
  type Schema,
  type StructSchema,
} from "../schema.ts";

/** What ownership sees in a value: one leaf, members by name, or items by key. */
export type Shape =
  | { readonly is: "leaf" }
  | { readonly is: "members"; readonly struct: StructSchema | undefined; readonly values: Schema }
  | { readonly is: "items"; readonly list: ListSchema };

/** Stands for data without a schema: its objects are granular, its lists atomic. */
export const DEDUCED: Schema = { type: "any" };

const LEAF_SHAPE: Shape = { is: "leaf" };
const DEDUCED_SHAPE: Shape = { is: "members", struct: undefined, values: DEDUCED };
const shapes = new WeakMap<Schema, Shape>();

/** The shape of values of the schema; `value` decides where the schema says nothing. */
export function shapeOf(schema: Schema, value: JsonValue): Shape {
  if (schema === DEDUCED) return isJsonObject(value) ? DEDUCED_SHAPE : LEAF_SHAPE;
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = readShape(schema);
    shapes.set(schema, shape);
  }
  return shape;
}

function readShape(schema: Schema): Shape {
  switch (schema.type) {
    case "struct":
      return schema.atomic === true
        ? LEAF_SHAPE
        : { is: "members", struct: schema, values: DEDUCED };
    case "map":
      return schema.atomic === true
        ? LEAF_SHAPE
        : { is: "members", struct: undefined, values: schema.values };
    case "list":
      return schema.listType === "atomic" ? LEAF_SHAPE : { is: "items", list: schema };
    default:
      return LEAF_SHAPE;
  }
}

/** The declared field of a member; undefined for entries of maps and undeclared members. */
export function fieldOf(shape: Shape & { is: "members" }, name: string): Field | undefined {
  const fields = shape.struct?.fields;
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** The schema of a member, declared or not. */
export function memberSchema(
  shape: Shape & { is: "members" },
  field: Field | undefined,
): Schema {
  return field === undefined ? shape.values : fieldSchema(field);
}
