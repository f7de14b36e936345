import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import type { ListSchema } from "../schema.ts";
import { type FieldSet, isMember } from "./field_set.ts";

type Keys = NonNullable<ListSchema["keys"]>;

/** `f:name`, the element of a member. Members are few and come again: kept, up to a bound. */
export function fieldElement(name: string): string {
  let element = elements.get(name);
  if (element === undefined) {
    element = `f:${name}`;
    if (elements.size < MAX_KEPT_ELEMENTS) elements.set(name, element);
  }
  return element;
}
const elements = new Map<string, string>();
const MAX_KEPT_ELEMENTS = 4096;

/** The element of a list's item; undefined for one that omits a key without default. */
export function itemElement(schema: ListSchema, item: JsonValue): string | undefined {
  if (schema.listType === "set") return `v:${JSON.stringify(item)}`;
  if (!isJsonObject(item)) return undefined;
  const keys = sortedKeys(schema.keys ?? []);
  let text = "k:{";
  for (const [i, { name, default: standIn }] of keys.entries()) {
    const value = item[name] ?? standIn;
    if (value === undefined) return undefined;
    text += `${i === 0 ? "" : ","}"${name}":${JSON.stringify(value)}`;
  }
  return `${text}}`;
}

const sortedByList = new WeakMap<Keys, Keys>();

function sortedKeys(keys: Keys): Keys {
  if (keys.length < 2) return keys;
  let sorted = sortedByList.get(keys);
  if (sorted === undefined) {
    sorted = [...keys].sort((a, b) => a.name < b.name ? -1 : 1);
    sortedByList.set(keys, sorted);
  }
  return sorted;
}

/** True when both items are the same element of the list; cheaper than comparing elements. */
export function sameItem(schema: ListSchema, a: JsonValue, b: JsonValue): boolean {
  if (schema.listType === "set") return a === b;
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  for (const { name, default: standIn } of schema.keys ?? []) {
    const value = a[name] ?? standIn;
    if (value === undefined || value !== (b[name] ?? standIn)) return false;
  }
  return true;
}

/** An element as messages show it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`. */
export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${rest}`;
    case "k":
      return `[${keyTexts(rest).join(",")}]`;
    case "v":
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

function keyTexts(text: string): string[] {
  let keys: JsonObject = {};
  try {
    keys = JSON.parse(text);
  } catch {
    // A client may have stored anything; it is shown as it is.
    return [text];
  }
  return Object.keys(keys).map((name) => `${name}=${JSON.stringify(keys[name])}`);
}

/** Fields come first, then keys, values and indexes; each kind in its own order. */
function byElement(a: string, b: string): number {
  const kinds = "fkvi";
  const kind = kinds.indexOf(a.charAt(0)) - kinds.indexOf(b.charAt(0));
  if (kind !== 0) return kind;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Every path of the set as messages show it, in upstream's order: the paths of a level before those below it. */
export function pathTexts(set: FieldSet, prefix = ""): string[] {
  const sorted = Object.keys(set).filter((element) => element !== ".").sort(byElement);
  const members = sorted.filter((element) => isMember(set[element] as FieldSet));
  return [
    ...members.map((element) => prefix + elementText(element)),
    ...sorted.flatMap((element) =>
      pathTexts(set[element] as FieldSet, prefix + elementText(element))
    ),
  ];
}
