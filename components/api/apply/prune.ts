import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import type { ListSchema, Schema, StructSchema } from "../schema.ts";
import { type FieldSet, isEmptySet, isMember } from "./field_set.ts";
import { itemElement } from "./path_element.ts";
import { fieldOf, memberSchema, type Shape, shapeOf } from "./typed.ts";

/**
 * Removes what a manager applied before and applies no more, as far as nobody else owns it. `last` is what it owned,
 * `owned` what all own now, itself included. Answers the object itself where nothing goes.
 */
export function pruneApplied(
  object: JsonObject,
  schema: StructSchema,
  last: FieldSet,
  owned: FieldSet,
): JsonObject {
  const pruned = pruneValue(object, schema, last, owned);
  return isJsonObject(pruned) ? pruned : object;
}

function pruneValue(
  value: JsonValue,
  schema: Schema,
  last: FieldSet,
  owned: FieldSet | undefined,
): JsonValue {
  if (isEmptySet(last)) return value;
  const shape = shapeOf(schema, value);
  if (shape.is === "members" && isJsonObject(value)) {
    return pruneMembers(value, shape, last, owned);
  }
  if (shape.is === "items" && Array.isArray(value)) {
    return pruneItems(value, shape.list, last, owned);
  }
  return value;
}

/** What becomes of the value at an element: undefined when it goes. */
function pruneElement(
  value: JsonValue,
  schema: Schema,
  last: FieldSet,
  owned: FieldSet | undefined,
  declared: boolean,
): JsonValue | undefined {
  // A declared struct counts as owned by who owns something in it; entries of maps and lists must be owned themselves.
  const wasOwned = declared || isMember(last);
  const isOwned = owned !== undefined && (declared || isMember(owned));
  if (wasOwned && !isOwned) return undefined;
  const pruned = pruneValue(value, schema, last, owned);
  if (pruned === value) return value;
  // What lost its last member goes with it.
  const empty = Array.isArray(pruned)
    ? pruned.length === 0
    : isJsonObject(pruned) && Object.keys(pruned).length === 0;
  return empty ? undefined : pruned;
}

function pruneMembers(
  value: JsonObject,
  shape: Shape & { is: "members" },
  last: FieldSet,
  owned: FieldSet | undefined,
): JsonObject {
  let result: JsonObject | undefined;
  for (const element in last) {
    if (!element.startsWith("f:")) continue;
    const name = element.slice(2);
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    if (member === undefined) continue;
    const field = fieldOf(shape, name);
    const pruned = pruneElement(
      member,
      memberSchema(shape, field),
      last[element] as FieldSet,
      owned?.[element],
      field !== undefined,
    );
    if (pruned === member) continue;
    result ??= { ...value };
    if (pruned === undefined) delete result[name];
    else result[name] = pruned;
  }
  return result ?? value;
}

function pruneItems(
  value: readonly JsonValue[],
  list: ListSchema,
  last: FieldSet,
  owned: FieldSet | undefined,
): JsonValue[] {
  let changed = false;
  const result: JsonValue[] = [];
  for (const [i, item] of value.entries()) {
    const element = itemElement(list, item) ?? `i:${i}`;
    const node = last[element];
    const pruned = node === undefined
      ? item
      : pruneElement(item, list.items, node, owned?.[element], false);
    if (pruned !== item) changed = true;
    if (pruned !== undefined) result.push(pruned);
  }
  return changed ? result : value as JsonValue[];
}
