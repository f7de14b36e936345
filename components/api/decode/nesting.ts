import type { JsonValue } from "../../base/mod.ts";
import { MAX_NESTING } from "./json_scan.ts";

/**
 * True for a value that is nested beyond any object, and beyond the stack of what walks objects. `JSON.parse` takes
 * any depth: what is patched or applied is asked this first. A decoded object was refused already.
 */
export function nestsTooDeep(value: JsonValue): boolean {
  let level: JsonValue[] = [value];
  for (let depth = 0; depth <= MAX_NESTING; depth++) {
    const below: JsonValue[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const child of Array.isArray(item) ? item : Object.values(item)) {
        if (typeof child === "object" && child !== null) below.push(child);
      }
    }
    if (below.length === 0) return false;
    level = below;
  }
  return true;
}

/** How many members a value has, at all depths; undefined where it is nested beyond any object. */
export function membersOf(value: JsonValue | undefined, depth = 0): number | undefined {
  if (typeof value !== "object" || value === null) return 0;
  if (depth > MAX_NESTING) return undefined;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      const below = membersOf(item, depth + 1);
      if (below === undefined) return undefined;
      count += below;
    }
    return count;
  }
  for (const name in value) {
    const below = membersOf(value[name], depth + 1);
    if (below === undefined) return undefined;
    count += below + 1;
  }
  return count;
}
