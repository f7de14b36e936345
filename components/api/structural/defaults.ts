import { cloneJson, type JsonValue } from "../../base/mod.ts";
import { memberNode, type SchemaNode } from "./node.ts";

/** Fills in, in place, the defaults of what is absent, or null where it may not be. */
export function applySchemaDefaults(value: JsonValue, node: SchemaNode | undefined): void {
  if (typeof value !== "object" || value === null || node === undefined) return;
  if (!node.below.defaults) return;
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return;
    for (let i = 0; i < value.length; i++) {
      if (needsDefault(value[i], items)) value[i] = cloneJson(items.default ?? null);
      applySchemaDefaults(value[i] ?? null, items);
    }
    return;
  }
  for (const [name, standard] of node.defaulted) {
    const present = Object.hasOwn(value, name);
    if (present && !(value[name] === null && node.properties.get(name)?.nullable === false)) {
      continue;
    }
    // A name that is no plain member of an object would change the object itself.
    if (name !== "__proto__") value[name] = cloneJson(standard);
  }
  for (const name in value) {
    const below = memberNode(node, name);
    if (below === undefined) continue;
    if (needsDefault(value[name], below)) value[name] = cloneJson(below.default ?? null);
    const member = value[name];
    if (member !== undefined) applySchemaDefaults(member, below);
  }
}

const needsDefault = (value: JsonValue | undefined, node: SchemaNode): boolean =>
  value === null && !node.nullable && node.default !== undefined;
