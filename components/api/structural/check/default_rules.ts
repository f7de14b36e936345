import { cloneJson, equalJson, type JsonValue } from "../../../base/mod.ts";
import { MetadataMismatch } from "../../decode/typed.ts";
import { checkEmbedded, coerceEmbedded } from "../embedded.ts";
import { isSchema, type JsonSchema, readNode } from "../node.ts";
import { prune } from "../prune.ts";
import { ValueCheck } from "../value/value_check.ts";
import { ValueErrors } from "../value_errors.ts";

/** Defaults hold what the schema names, and are values that it takes. */
export function checkDefaults(
  schema: JsonSchema,
  path: string,
  requirePruned: boolean,
  errors: ValueErrors,
): void {
  if (schema.default !== undefined && schema.default !== null) {
    checkDefault(schema, schema.default as JsonValue, `${path}.default`, requirePruned, errors);
  }
  if (isSchema(schema.items)) checkDefaults(schema.items, `${path}.items`, requirePruned, errors);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!isSchema(property)) continue;
    checkDefaults(property, `${path}.properties[${name}]`, requirePruned, errors);
  }
}

function checkDefault(
  schema: JsonSchema,
  value: JsonValue,
  path: string,
  requirePruned: boolean,
  errors: ValueErrors,
): void {
  const node = readNode(schema);
  if (requirePruned) {
    const pruned = cloneJson(value);
    prune(pruned, node, node.embedded);
    if (!equalJson(pruned, value)) errors.invalid(path, value, "must not have unknown fields");
  }
  try {
    coerceEmbedded(cloneJson(value), node);
  } catch (error) {
    if (!(error instanceof MetadataMismatch)) throw error;
    errors.invalid(path, value, error.message);
    return;
  }
  const found = new ValueErrors();
  checkEmbedded(value, node, path, found);
  if (found.list.length === 0) {
    for (const problem of new ValueCheck(schema).run(value, "").problems) {
      problem.tell(found, path);
    }
  }
  errors.list.push(...found.list);
}

/** True where a default holds what its schema does not name. */
export function hasUnprunedDefault(schema: JsonSchema): boolean {
  if (schema.default === undefined || schema.default === null) return false;
  const node = readNode(schema);
  const pruned = cloneJson(schema.default as JsonValue);
  prune(pruned, node, node.embedded);
  return !equalJson(pruned, schema.default);
}
