import {
  ApiError,
  badRequest,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../base/mod.ts";
import { type Field, fieldSchema, type Schema, type StructSchema } from "../schema.ts";
import {
  BAD_ORDER,
  BAD_PRIMITIVE_LIST,
  DELETE_FROM,
  isDirective,
  PATCH,
  SET_ORDER,
  takeRetainKeys,
  withoutDirectives,
} from "./directives.ts";
import { identityOf, orderElements } from "./element_order.ts";

/** How one member is patched: its schema and the strategies of its field, where they are known. */
interface Member {
  readonly schema: Schema | undefined;
  readonly field: Field | undefined;
}

/**
 * Applies a strategic merge patch over the kind's schema. Lists with strategy `merge` merge by their merge key, all
 * else as in a merge patch. Shares unchanged parts with the document, which stays as it is.
 * Throws 400 for directives that are malformed, 422 or 500 for items that cannot be merged, as upstream.
 */
export function applyStrategicPatch(
  document: JsonObject,
  patch: JsonValue,
  schema: StructSchema,
): JsonObject {
  if (!isJsonObject(patch)) throw badRequest("invalid JSON document");
  return mergeObject(document, patch, schema);
}

function mergeObject(
  before: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
): JsonObject {
  const directive = patch[PATCH];
  if (directive === "replace") {
    const { [PATCH]: _, ...rest } = patch;
    return rest;
  }
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    throw failed(`unknown patch type: ${String(directive)} in map: ${goMap(patch)}`);
  }
  const result: JsonObject = { ...before };
  const changes = takeRetainKeys(result, patch);
  const ordered = applyOrders(result, changes, schema);
  for (const name of Object.keys(changes)) {
    if (name === PATCH || name === "__proto__" || name.startsWith(SET_ORDER)) continue;
    if (ordered.has(name)) continue;
    const change = changes[name] ?? null;
    if (name.startsWith(DELETE_FROM)) {
      deleteFromList(result, name.slice(DELETE_FROM.length), change);
      continue;
    }
    if (change === null) {
      delete result[name];
      continue;
    }
    const current = Object.hasOwn(result, name) ? result[name] : undefined;
    result[name] = mergeMember(current, change, memberOf(schema, name));
  }
  return result;
}

function mergeMember(
  current: JsonValue | undefined,
  change: JsonValue,
  member: Member,
): JsonValue {
  const strategies = member.field?.patchStrategy ?? [];
  if (isJsonObject(change) && isJsonObject(current) && !strategies.includes("replace")) {
    return mergeObject(current, change, member.schema);
  }
  if (Array.isArray(change) && Array.isArray(current) && strategies.includes("merge")) {
    return mergeList(current, change, member);
  }
  return withoutDirectives(change);
}

function memberOf(schema: Schema | undefined, name: string): Member {
  if (schema?.type === "map") return { schema: schema.values, field: undefined };
  const field = schema?.type === "struct" ? schema.fields[name] : undefined;
  return { schema: field === undefined ? undefined : fieldSchema(field), field };
}

function mergeList(
  before: readonly JsonValue[],
  patch: readonly JsonValue[],
  member: Member,
): JsonValue[] {
  if (before.length === 0 && patch.length === 0) return [];
  const sample = before[0] ?? patch[0];
  const items = member.schema?.type === "list" ? member.schema.items : undefined;
  if (!isJsonObject(sample)) {
    const merged = new Map(
      [...before, ...patch].map((item) => [identityOf(item, undefined), item]),
    );
    return orderElements([...merged.values()], patch, before, undefined);
  }
  const key = member.field?.patchMergeKey ?? "";
  if (key === "") throw failed("cannot merge lists without merge key for list");
  return mergeObjects(before, patch, key, items);
}

function mergeObjects(
  before: readonly JsonValue[],
  patch: readonly JsonValue[],
  key: string,
  items: Schema | undefined,
): JsonValue[] {
  const changes = patch.map((item) => objectItem(item));
  const replaces = changes.some((item) => item[PATCH] === "replace");
  const merged: (JsonObject | undefined)[] = replaces ? [] : before.map(objectItem);
  const places = new Map(
    merged.map((item, i) => [identityOf(item ?? null, key), i]).reverse() as [
      string,
      number,
    ][],
  );
  const named: JsonObject[] = [];
  for (const change of changes) {
    const directive = change[PATCH];
    if (directive === "replace" && change[key] === undefined) continue;
    const identity = mergeIdentity(change, key);
    if (directive === "delete") {
      const at = places.get(identity);
      if (at !== undefined) merged[at] = undefined;
      places.delete(identity);
      continue;
    }
    if (directive !== undefined && directive !== "replace" && directive !== "merge") {
      throw failed(`unknown patch type: ${String(directive)} in map: ${goMap(change)}`);
    }
    named.push(change);
    const { [PATCH]: _, ...plain } = change;
    const at = places.get(identity);
    const current = at === undefined ? undefined : merged[at];
    if (at === undefined || current === undefined) {
      places.set(identity, merged.length);
      merged.push(withoutDirectives(plain) as JsonObject);
    } else merged[at] = mergeObject(current, plain, items);
  }
  return orderElements(merged.filter((item) => item !== undefined), named, before, key);
}

function objectItem(item: JsonValue): JsonObject {
  if (isJsonObject(item)) return item;
  throw failed("list element types are not identical");
}

function mergeIdentity(item: JsonObject, key: string): string {
  if (item[key] === undefined) {
    throw failed(`map: ${goMap(item)} does not contain declared merge key: ${key}`);
  }
  return identityOf(item, key);
}

/** Handles each `$setElementOrder/x` with its list; answers the members that are done. */
function applyOrders(
  result: JsonObject,
  changes: JsonObject,
  schema: Schema | undefined,
): Set<string> {
  const done = new Set<string>();
  for (const word of Object.keys(changes)) {
    if (!word.startsWith(SET_ORDER)) continue;
    const name = word.slice(SET_ORDER.length);
    const order = changes[word];
    const member = memberOf(schema, name);
    if (!Array.isArray(order)) throw badRequest(BAD_ORDER);
    if (isDirective(name) || !(member.field?.patchStrategy ?? []).includes("merge")) continue;
    const patch = changes[name];
    if (patch === null) continue;
    const key = isJsonObject(order[0]) ? member.field?.patchMergeKey : undefined;
    const before = Array.isArray(result[name]) ? result[name] : [];
    if (Array.isArray(patch)) checkOrder(patch, order, key);
    const merged = Array.isArray(patch) ? mergeList(before, patch, member) : before;
    done.add(name);
    if (merged.length === 0 && result[name] === undefined && patch === undefined) continue;
    result[name] = orderElements(merged, order, before, key);
  }
  return done;
}

/** What the patch changes must stand in the order it sets, in that order, but for what it deletes. */
function checkOrder(
  patch: readonly JsonValue[],
  order: readonly JsonValue[],
  key: string | undefined,
): void {
  let at = 0;
  for (const item of patch) {
    if (isJsonObject(item) && (item[PATCH] === "delete" || item[PATCH] === "replace")) continue;
    const identity = identityOf(item, key);
    while (at < order.length && identityOf(order[at] ?? null, key) !== identity) at++;
    if (at++ === order.length) throw badRequest(BAD_ORDER);
  }
}

function deleteFromList(result: JsonObject, name: string, change: JsonValue): void {
  if (!Array.isArray(change)) throw badRequest(BAD_PRIMITIVE_LIST);
  const current = result[name];
  if (!Array.isArray(current)) return;
  const gone = new Set(change.map((item) => identityOf(item, undefined)));
  result[name] = current.filter((item) => !gone.has(identityOf(item, undefined)));
}

/** Upstream answers what it cannot merge with a bare error: 500 without a reason. */
function failed(text: string): ApiError {
  return new ApiError(500, "", text, {});
}

function goMap(value: JsonObject): string {
  const members = Object.keys(value).sort().map((name) => `${name}:${goText(value[name] ?? null)}`);
  return `map[${members.join(" ")}]`;
}

function goText(value: JsonValue): string {
  if (isJsonObject(value)) return goMap(value);
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  return value === null ? "<nil>" : String(value);
}
