import { equalJson, isJsonObject, type JsonValue } from "../../../base/mod.ts";
import { goJson } from "../go_text.ts";
import { keysOf } from "../list_types.ts";
import { memberNode, type SchemaNode } from "../node.ts";

/** What stood before where a value stands now. */
export interface Correlation {
  readonly old: JsonValue;
  readonly node: SchemaNode;
  /** Items of the old list by their keys; made when first asked for. */
  byKeys?: ReadonlyMap<string, JsonValue>;
}

/** What was a member before; undefined where nothing was. */
export function keyOf(before: Correlation, name: string): Correlation | undefined {
  const { old, node } = before;
  if (!isJsonObject(old) || !Object.hasOwn(old, name)) return undefined;
  const below = memberNode(node, name);
  const value = old[name];
  return below === undefined || value === undefined ? undefined : { old: value, node: below };
}

/** What was an item before: found by its keys, in lists that have them. */
export function indexOf(before: Correlation, item: JsonValue): Correlation | undefined {
  const { old, node } = before;
  if (node.listType !== "map" || node.items === undefined || !Array.isArray(old)) return undefined;
  if (!isJsonObject(item)) return undefined;
  before.byKeys ??= new Map(
    old.filter(isJsonObject).map((each) => [goJson(keysOf(each, node.listKeys)), each]),
  );
  const found = before.byKeys.get(goJson(keysOf(item, node.listKeys)));
  return found === undefined ? undefined : { old: found, node: node.items };
}

/** True where a value is what it was. Items of a list with keys may stand in another order. */
export function unchanged(value: JsonValue, before: Correlation): boolean {
  const { old, node } = before;
  if (!Array.isArray(value) || node.listType !== "map") {
    if (!isJsonObject(value) || !isJsonObject(old)) return equalJson(value, old);
    const names = Object.keys(value);
    if (names.length !== Object.keys(old).length) return false;
    return names.every((name) => {
      const below = keyOf(before, name);
      const member = value[name];
      if (member === undefined) return false;
      return below === undefined
        ? Object.hasOwn(old, name) && equalJson(member, old[name])
        : unchanged(member, below);
    });
  }
  if (!Array.isArray(old) || old.length !== value.length) return false;
  return value.every((item) => {
    const below = indexOf(before, item);
    return below !== undefined && unchanged(item, below);
  });
}
