import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { memberNode, type SchemaNode } from "./node.ts";

/** Members that every object has, whether its schema names them or not. */
const META_MEMBERS = new Set(["apiVersion", "kind", "metadata"]);

/**
 * Drops, in place, what the schema does not name. `isObject` where the value is an object of the API, whose type and
 * metadata stay. `unknown` collects the paths of what goes; without it nothing is collected.
 */
export function prune(
  value: JsonValue,
  node: SchemaNode | undefined,
  isObject: boolean,
  unknown?: string[],
): void {
  pruneValue(value, node, isObject, "", unknown);
  unknown?.sort();
}

function pruneValue(
  value: JsonValue,
  node: SchemaNode | undefined,
  isObject: boolean,
  path: string,
  unknown: string[] | undefined,
): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const items = node?.items;
    if (node?.preservesUnknown === true) {
      // What is kept as it is may still hold what the schema does name.
      if (items !== undefined) keepItems(value, items, path, unknown);
      return;
    }
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (typeof item === "object" && item !== null) {
        pruneValue(item, items, items?.embedded === true, `${path}[${i}]`, unknown);
      }
    }
    return;
  }
  const keeps = node?.preservesUnknown === true;
  for (const name in value) {
    if (isObject && META_MEMBERS.has(name)) continue;
    const child = node?.properties.get(name);
    if (child !== undefined || node?.additional !== undefined) {
      const below = child ?? node?.additional?.node;
      const member = value[name];
      if (typeof member !== "object" || member === null) continue;
      pruneValue(member, below, below?.embedded === true, join(path, name), unknown);
    } else if (!keeps) {
      if (path !== "" || !META_MEMBERS.has(name)) unknown?.push(join(path, name));
      delete value[name];
    }
  }
}

function keepItems(
  items: JsonValue[],
  node: SchemaNode,
  path: string,
  unknown: string[] | undefined,
): void {
  for (const [i, item] of items.entries()) {
    if (Array.isArray(item)) {
      if (node.items !== undefined) keepItems(item, node.items, `${path}[${i}]`, unknown);
    } else if (isJsonObject(item)) {
      keepMembers(item, node, `${path}[${i}]`, unknown);
    }
  }
}

function keepMembers(
  value: JsonObject,
  node: SchemaNode,
  path: string,
  unknown: string[] | undefined,
): void {
  for (const name in value) {
    if (node.embedded && META_MEMBERS.has(name)) continue;
    const below = memberNode(node, name);
    const member = value[name];
    if ((below === undefined && node.additional === undefined) || member === undefined) continue;
    pruneValue(member, below, below?.embedded === true, join(path, name), unknown);
  }
}

const join = (path: string, name: string): string => path === "" ? name : `${path}.${name}`;

/** Drops, in place, nulls where the schema has neither `nullable` nor a default to put there. */
export function dropNulls(value: JsonValue, node: SchemaNode | undefined): void {
  if (typeof value !== "object" || value === null || node === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, node.items);
    return;
  }
  for (const name in value) {
    const member = value[name];
    if (member !== null && typeof member !== "object") continue;
    const below = memberNode(node, name);
    if (below === undefined) continue;
    if (member === null) {
      if (!below.nullable && below.default === undefined) delete value[name];
    } else if (member !== undefined) dropNulls(member, below);
  }
}
