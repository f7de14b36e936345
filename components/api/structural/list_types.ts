import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import type { SchemaNode } from "./node.ts";
import { goJson } from "./go_text.ts";
import { ValueErrors } from "./value_errors.ts";

/** What lists break that may hold an item, or a key, only once. */
export function checkListTypes(
  object: JsonObject,
  node: SchemaNode,
  errors: ValueErrors,
): void {
  if (node.below.uniqueLists) checkMembers(object, node, "", errors);
}

function checkMembers(
  object: JsonObject,
  node: SchemaNode,
  path: string,
  errors: ValueErrors,
): void {
  const additional = node.additional?.node;
  if (additional?.below.uniqueLists === true) {
    for (const name in object) check(object[name], additional, `${path}[${name}]`, errors);
  }
  for (const [name, child] of node.properties) {
    if (!child.below.uniqueLists || !Object.hasOwn(object, name)) continue;
    check(object[name], child, path === "" ? name : `${path}.${name}`, errors);
  }
}

function check(
  value: JsonValue | undefined,
  node: SchemaNode,
  path: string,
  errors: ValueErrors,
): void {
  if (Array.isArray(value)) checkItems(value, node, path, errors);
  else if (isJsonObject(value)) checkMembers(value, node, path, errors);
}

function checkItems(
  items: readonly JsonValue[],
  node: SchemaNode,
  path: string,
  errors: ValueErrors,
): void {
  if (node.listType === "set") {
    for (const i of repeated(items.map(identity))) errors.duplicate(`${path}[${i}]`, items[i]);
  } else if (node.listType === "map") checkKeys(items, node.listKeys, path, errors);
  const { items: below } = node;
  if (below?.below.uniqueLists !== true) return;
  for (const [i, item] of items.entries()) check(item, below, `${path}[${i}]`, errors);
}

function checkKeys(
  items: readonly JsonValue[],
  keys: readonly string[],
  path: string,
  errors: ValueErrors,
): void {
  for (const [i, item] of items.entries()) {
    if (item === null || isJsonObject(item)) continue;
    errors.invalid(`${path}[${i}]`, item, "must be an object for an array of list-type map");
    return;
  }
  if (items.length < 2) return;
  const found = items.map((item) => keysOf(item as JsonObject | null, keys));
  for (const i of repeated(found.map(goJson))) errors.duplicate(`${path}[${i}]`, found[i]);
}

/** The members of an item that tell it from others. */
export function keysOf(item: JsonObject | null, keys: readonly string[]): JsonObject {
  const found: JsonObject = {};
  for (const key of keys) {
    const value = item !== null && Object.hasOwn(item, key) ? item[key] : undefined;
    if (value !== undefined) found[key] = value;
  }
  return found;
}

/** One text a value: the same for the same value, another for another. */
const identity = (value: JsonValue): string => goJson(value);

/** Where each value that comes again does so for the first time. */
function repeated(values: readonly string[]): number[] {
  if (values.length < 2) return [];
  const times = new Map<string, number>();
  const found: number[] = [];
  for (const [i, value] of values.entries()) {
    const before = times.get(value) ?? 0;
    times.set(value, before + 1);
    if (before === 1) found.push(i);
  }
  return found;
}
