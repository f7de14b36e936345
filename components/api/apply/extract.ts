import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import type { ListSchema, Schema, StructSchema } from "../schema.ts";
import { EMPTY_SET, type FieldSet, isEmptySet, LEAF, withSelf } from "./field_set.ts";
import { fieldElement, itemElement } from "./path_element.ts";
import { fieldOf, memberSchema, type Shape, shapeOf } from "./typed.ts";

/** Members that nobody owns: what an object is, and what only the server sets. */
const UNOWNED_METADATA = new Set([
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
]);

export function isUnowned(member: string): boolean {
  return member === "apiVersion" || member === "kind";
}

export function isUnownedMetadata(member: string): boolean {
  return UNOWNED_METADATA.has(member);
}

/** How members that structs declare are marked: as paths of the set where they hold members, or not. */
type Marking = "granular" | "added";

/** The fields that an applied configuration states: what its manager comes to own. */
export function appliedFields(object: JsonObject, schema: StructSchema): FieldSet {
  return rootFields(object, schema, (value, field) => fieldsOf(value, field, "granular"));
}

/** The fields of an object that did not exist, as a create owns them. */
export function createdFields(object: JsonObject, schema: StructSchema): FieldSet {
  if (schema.custom !== true) return rootFields(object, schema, createdNode);
  return rootFields(
    object,
    schema,
    (value, field, name) =>
      isAlwaysThere(schema, name) ? createdNode(value, field) : addedFields(value, field),
  );
}

type Node = (value: JsonValue, schema: Schema, name: string) => FieldSet | undefined;

function rootFields(object: JsonObject, schema: StructSchema, node: Node): FieldSet {
  const shape = shapeOf(schema, object);
  if (shape.is !== "members") return EMPTY_SET;
  return members(object, shape, node, isUnowned);
}

/** The node of each member that has one, as one set. */
function members(
  object: JsonObject,
  shape: Shape & { is: "members" },
  node: Node,
  skips: (name: string) => boolean,
): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const name in object) {
    const value = object[name];
    if (value === undefined || skips(name)) continue;
    const field = fieldOf(shape, name);
    const below = node(value, memberSchema(shape, field), name);
    if (below === undefined) continue;
    result[fieldElement(name)] = field === undefined ? withSelf(below) : below;
  }
  return result;
}

const never = (): boolean => false;
const skipsOf = (schema: Schema) =>
  schema.type === "struct" && schema.name === "meta.v1.ObjectMeta" ? isUnownedMetadata : never;

/** The node of a value; undefined where it holds nothing to own. */
function fieldsOf(value: JsonValue, schema: Schema, marking: Marking): FieldSet | undefined {
  const shape = shapeOf(schema, value);
  if (shape.is === "leaf" || value === null) return LEAF;
  if (shape.is === "items") {
    if (!Array.isArray(value)) return LEAF;
    if (value.length === 0) return marking === "added" ? LEAF : undefined;
    const items = itemFields(value, shape.list, marking);
    return marking === "added" ? withSelf(items) : items;
  }
  if (!isJsonObject(value)) return LEAF;
  const below = members(
    value,
    shape,
    marking === "added" ? addedFields : grantedFields,
    skipsOf(schema),
  );
  if (isEmptySet(below)) return hasMembers(value) && skipsOf(schema) !== never ? undefined : LEAF;
  return marking === "added" ? withSelf(below) : below;
}

const hasMembers = (value: JsonObject): boolean => {
  for (const _ in value) return true;
  return false;
};

const grantedFields: Node = (value, schema) => fieldsOf(value, schema, "granular");

/** The node of a value that was not there before: each level of it is a path of the set. */
export const addedFields = (value: JsonValue, schema: Schema): FieldSet =>
  fieldsOf(value, schema, "added") ?? LEAF;

function itemFields(
  items: readonly JsonValue[],
  list: ListSchema,
  marking: Marking,
): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const [i, item] of items.entries()) {
    const element = itemElement(list, item) ?? `i:${i}`;
    const below = fieldsOf(item, list.items, marking) ?? LEAF;
    result[element] = withSelf(below);
  }
  return result;
}

/**
 * Members that upstream's objects have before anything is set, being plain structs there: a create does not add them.
 * Beside these it has every required struct and list.
 */
const ALWAYS_THERE = new Set([
  "metadata",
  "spec",
  "status",
  "template",
  "jobTemplate",
  "strategy",
  "updateStrategy",
  "loadBalancer",
  "daemonEndpoints",
  "kubeletEndpoint",
  "nodeInfo",
]);

/** True for a member that upstream's objects have whether it is set or not. */
export function isAlwaysThere(struct: StructSchema | undefined, name: string): boolean {
  if (struct === undefined) return false;
  if (struct.custom === true) return name === "metadata";
  return ALWAYS_THERE.has(name) || struct.fields[name]?.required === true;
}

/** The node of such a member where it was not set before: its own path is not new. */
export function createdNode(value: JsonValue, schema: Schema): FieldSet | undefined {
  const shape = shapeOf(schema, value);
  if (shape.is === "items" && Array.isArray(value)) {
    return value.length === 0 ? undefined : itemFields(value, shape.list, "added");
  }
  if (shape.is !== "members" || shape.struct === undefined || !isJsonObject(value)) {
    return addedFields(value, schema);
  }
  const { struct } = shape;
  const below = members(value, shape, (member, memberOf, name) => {
    return isAlwaysThere(struct, name)
      ? createdNode(member, memberOf)
      : addedFields(member, memberOf);
  }, skipsOf(schema));
  return isEmptySet(below) ? undefined : below;
}
