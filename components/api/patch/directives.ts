import { badRequest, isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";

/** The words of a strategic merge patch that are no members of the object. */
export const PATCH = "$patch";
export const RETAIN_KEYS = "$retainKeys";
export const DELETE_FROM = "$deleteFromPrimitiveList/";
export const SET_ORDER = "$setElementOrder/";

export const BAD_ORDER = "invalid patch format of setElementOrder list";
export const BAD_RETAIN_KEYS = "invalid patch format of retainKeys";
export const BAD_PRIMITIVE_LIST = "invalid patch format of primitive list";

/** Removes members that the patch does not name in `$retainKeys`; answers the patch without the word. */
export function takeRetainKeys(document: JsonObject, patch: JsonObject): JsonObject {
  const kept = patch[RETAIN_KEYS];
  if (kept === undefined) return patch;
  const { [RETAIN_KEYS]: _, ...rest } = patch;
  if (!Array.isArray(kept)) throw badRequest(BAD_RETAIN_KEYS);
  const names = new Set<JsonValue>(kept);
  for (const name in rest) {
    if (!name.startsWith("$") && !names.has(name)) throw badRequest(BAD_RETAIN_KEYS);
  }
  for (const name in document) if (!names.has(name)) delete document[name];
  return rest;
}

/** A value that the patch adds: without nulls, directives and list items that only delete. */
export function withoutDirectives(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value
      .filter((item) => !isJsonObject(item) || item[PATCH] === undefined || item[PATCH] === "merge")
      .map(withoutDirectives);
  }
  if (!isJsonObject(value)) return value;
  if (value[PATCH] === "delete") return {};
  const plain: JsonObject = {};
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (member === null || member === undefined || isDirective(name)) continue;
    plain[name] = withoutDirectives(member);
  }
  return plain;
}

export function isDirective(name: string): boolean {
  return name === PATCH || name === RETAIN_KEYS || name.startsWith(DELETE_FROM) ||
    name.startsWith(SET_ORDER) || name === "__proto__";
}
