import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { type ListSchema, type Schema, type StructSchema } from "../schema.ts";
import { elementText, itemElement } from "./path_element.ts";
import { fieldOf, memberSchema, type Shape, shapeOf } from "./typed.ts";

/**
 * Lays an applied configuration over the live object: members merge by name, items of keyed lists by key, all else is
 * replaced. Shares what stays the same and changes neither. `problems` collects what does not fit the schema, as
 * `.spec.x: field not declared in schema`.
 */
export function mergeApplied(
  live: JsonObject,
  applied: JsonObject,
  schema: StructSchema,
  problems: string[],
): JsonObject {
  const merged = mergeValue(live, applied, schema, "", problems);
  return isJsonObject(merged) ? keepServerMembers(merged, live) : live;
}

/** What only the server sets: configurations often carry `creationTimestamp: null`. */
const SERVER_MEMBERS = [
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "managedFields",
  "selfLink",
];

function keepServerMembers(merged: JsonObject, live: JsonObject): JsonObject {
  const [now, before] = [merged["metadata"], live["metadata"]];
  if (now === before || !isJsonObject(now)) return merged;
  const old = isJsonObject(before) ? before : {};
  const changed = SERVER_MEMBERS.filter((name) => now[name] !== old[name]);
  if (changed.length === 0) return merged;
  const metadata = { ...now };
  for (const name of changed) {
    const value = old[name];
    if (value === undefined) delete metadata[name];
    else metadata[name] = value;
  }
  return { ...merged, metadata };
}

function mergeValue(
  live: JsonValue | undefined,
  applied: JsonValue,
  schema: Schema,
  path: string,
  problems: string[],
): JsonValue | undefined {
  const shape = shapeOf(schema, applied);
  if (shape.is === "leaf") return applied === null ? undefined : applied;
  // Nothing is said about what a null would hold.
  if (applied === null) return live;
  if (shape.is === "items") {
    if (!Array.isArray(applied)) {
      problems.push(`${path}: expected list, got ${goKind(applied)}`);
      return live;
    }
    return mergeItems(Array.isArray(live) ? live : [], applied, shape.list, path, problems);
  }
  if (!isJsonObject(applied)) {
    problems.push(`${path}: expected map, got ${goKind(applied)}`);
    return live;
  }
  return mergeMembers(isJsonObject(live) ? live : undefined, applied, shape, path, problems);
}

function goKind(value: JsonValue): string {
  if (Array.isArray(value)) return "&{list}";
  if (isJsonObject(value)) return "&{map}";
  return `&{${String(value)}}`;
}

function mergeMembers(
  live: JsonObject | undefined,
  applied: JsonObject,
  shape: Shape & { is: "members" },
  path: string,
  problems: string[],
): JsonObject {
  let result: JsonObject | undefined = live === undefined ? {} : undefined;
  for (const name of Object.keys(applied)) {
    const change = applied[name];
    if (change === undefined || name === "__proto__") continue;
    const field = fieldOf(shape, name);
    const at = `${path}.${name}`;
    if (field === undefined && shape.struct !== undefined && !shape.struct.preserveUnknown) {
      problems.push(`${at}: field not declared in schema`);
      continue;
    }
    const current = live !== undefined && Object.hasOwn(live, name) ? live[name] : undefined;
    const merged = mergeValue(current, change, memberSchema(shape, field), at, problems);
    if (merged === current) continue;
    result ??= { ...live };
    if (merged === undefined) delete result[name];
    else result[name] = merged;
  }
  return result ?? live ?? {};
}

function itemsByElement(
  items: readonly JsonValue[],
  list: ListSchema,
  onProblem: (text: string) => void,
): Map<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  for (const [i, item] of items.entries()) {
    const element = itemElement(list, item);
    if (element === undefined) {
      const missing = list.keys?.find(({ name, default: standIn }) =>
        standIn === undefined && (!isJsonObject(item) || item[name] === undefined)
      );
      onProblem(
        `[${i}]: associative list with keys has an element that omits key field ` +
          `${JSON.stringify(missing?.name ?? "")} (and doesn't have default value)`,
      );
    } else if (found.has(element)) {
      onProblem(`: duplicate entries for key ${elementText(element)}`);
    }
    found.set(element ?? `i:${i}`, item);
  }
  return found;
}

/** Applied items stand in their own order; items that only the live list has keep their place before what followed them. */
function mergeItems(
  live: readonly JsonValue[],
  applied: readonly JsonValue[],
  list: ListSchema,
  path: string,
  problems: string[],
): JsonValue[] {
  const changes = itemsByElement(applied, list, (text) => problems.push(path + text));
  const current = itemsByElement(live, list, () => {});
  const liveOrder = [...current.keys()];
  const appliedOrder = [...changes.keys()];
  const shared = appliedOrder.filter((element) => current.has(element));
  const result: JsonValue[] = [];
  let same = true;
  const take = (element: string) => {
    const [before, change] = [current.get(element), changes.get(element)];
    const at = path + elementText(element);
    const merged = change === undefined
      ? before
      : mergeValue(before, change, list.items, at, problems);
    if (merged !== live[result.length]) same = false;
    result.push(merged ?? null);
  };
  let [l, r, s] = [0, 0, 0];
  while (l < liveOrder.length || r < appliedOrder.length) {
    const [left, right] = [liveOrder[l], appliedOrder[r]];
    if (left !== undefined && left === right) {
      take(left);
      l++;
      r++;
      if (shared[s] === left) s++;
    } else if (
      left !== undefined && right !== undefined && changes.has(left) && shared[s] !== left
    ) {
      // Shared, but its turn in the applied order is another.
      l++;
    } else if (left !== undefined && !changes.has(left)) {
      take(left);
      l++;
    } else if (right !== undefined) {
      take(right);
      r++;
      if (shared[s] === right) s++;
    } else l++;
  }
  return same && result.length === live.length ? live as JsonValue[] : result;
}
