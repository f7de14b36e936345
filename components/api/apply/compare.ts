import { equalJson, isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import type { ListSchema, Schema, StructSchema } from "../schema.ts";
import {
  addedFields,
  createdNode,
  isAlwaysThere,
  isUnowned,
  isUnownedMetadata,
} from "./extract.ts";
import { EMPTY_SET, type FieldSet, LEAF, withSelf } from "./field_set.ts";
import { fieldElement, itemElement, sameItem } from "./path_element.ts";
import { fieldOf, memberSchema, type Shape, shapeOf } from "./typed.ts";

/** What a write did to an object: the fields it set or changed, and those it removed. */
export interface Comparison {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** Node by node; undefined stands for no difference, so equal parts cost no allocation. */
interface Difference {
  changed?: FieldSet;
  removed?: FieldSet;
}

/** Compares two states of an object, or answers undefined where they own the same. */
export function compareObjects(
  previous: JsonObject,
  next: JsonObject,
  schema: StructSchema,
): Comparison | undefined {
  const shape = shapeOf(schema, next);
  if (shape.is !== "members") return undefined;
  const found = compareMembers(previous, next, shape, isUnowned);
  if (found === undefined) return undefined;
  return { changed: found.changed ?? EMPTY_SET, removed: found.removed ?? EMPTY_SET };
}

function compareValues(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  schema: Schema,
): Difference | undefined {
  if (before === after) return undefined;
  if (before === undefined || before === null) {
    return after === undefined || after === null
      ? undefined
      : { changed: addedFields(after, schema) };
  }
  if (after === undefined || after === null) return { removed: addedFields(before, schema) };
  const shape = shapeOf(schema, after);
  if (shape.is === "members" && isJsonObject(before) && isJsonObject(after)) {
    const unowned = schema.type === "struct" && schema.name === "meta.v1.ObjectMeta";
    return compareMembers(before, after, shape, unowned ? isUnownedMetadata : undefined);
  }
  if (shape.is === "items" && Array.isArray(before) && Array.isArray(after)) {
    return compareItems(before, after, shape.list);
  }
  return equalJson(before, after) ? undefined : { changed: LEAF };
}

function firstSet(value: JsonValue | undefined, schema: Schema): Difference | undefined {
  const changed = value === undefined || value === null ? undefined : createdNode(value, schema);
  return changed === undefined ? undefined : { changed };
}

function compareMembers(
  before: JsonObject,
  after: JsonObject,
  shape: Shape & { is: "members" },
  skips: ((name: string) => boolean) | undefined,
): Difference | undefined {
  let result: Difference | undefined;
  for (const name in after) {
    const [left, right] = [before[name], after[name]];
    if (left === right || (skips !== undefined && skips(name))) continue;
    const field = fieldOf(shape, name);
    const found = (left === undefined || left === null) && isAlwaysThere(shape.struct, name)
      ? firstSet(right, memberSchema(shape, field))
      : compareValues(left, right, memberSchema(shape, field));
    if (found !== undefined) result = place(result, fieldElement(name), found);
  }
  for (const name in before) {
    if (after[name] !== undefined || before[name] === undefined) continue;
    if (skips !== undefined && skips(name)) continue;
    const field = fieldOf(shape, name);
    const found = compareValues(before[name], undefined, memberSchema(shape, field));
    if (found !== undefined) result = place(result, fieldElement(name), found);
  }
  return result;
}

function compareItems(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  list: ListSchema,
): Difference | undefined {
  let result: Difference | undefined;
  // Most lists keep their order: as long as they do, items are compared in pairs.
  let same = 0;
  while (same < before.length && same < after.length) {
    const [left, right] = [before[same] as JsonValue, after[same] as JsonValue];
    if (!sameItem(list, left, right)) break;
    const found = compareValues(left, right, list.items);
    if (found !== undefined) result = place(result, elementAt(list, right, same), found);
    same++;
  }
  if (same === before.length && same === after.length) return result;
  const left = byElement(before, list, same);
  const right = byElement(after, list, same);
  for (const [element, item] of right) {
    const old = left.get(element);
    const found = old === undefined
      ? { changed: withSelf(addedFields(item, list.items)) }
      : compareValues(old, item, list.items);
    if (found !== undefined) result = place(result, element, found);
  }
  for (const [element, item] of left) {
    if (right.has(element)) continue;
    result = place(result, element, { removed: withSelf(addedFields(item, list.items)) });
  }
  return result;
}

function elementAt(list: ListSchema, item: JsonValue, index: number): string {
  return itemElement(list, item) ?? `i:${index}`;
}

function byElement(
  items: readonly JsonValue[],
  list: ListSchema,
  from: number,
): Map<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  for (let i = from; i < items.length; i++) {
    const item = items[i] as JsonValue;
    found.set(elementAt(list, item, i), item);
  }
  return found;
}

/** Puts what was found at an element into the result. */
function place(
  result: Difference | undefined,
  element: string,
  found: Difference,
): Difference {
  const into = result ?? {};
  if (found.changed !== undefined) {
    into.changed ??= {} as FieldSet;
    (into.changed as Record<string, FieldSet>)[element] = found.changed;
  }
  if (found.removed !== undefined) {
    into.removed ??= {} as FieldSet;
    (into.removed as Record<string, FieldSet>)[element] = found.removed;
  }
  return into;
}
