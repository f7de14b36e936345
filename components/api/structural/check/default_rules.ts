import { cloneJson, equalJson, type JsonValue } from "../../../base/mod.ts";
import { MetadataMismatch } from "../../decode/typed.ts";
import { checkEmbedded, coerceEmbedded } from "../embedded.ts";
import { isSchema, type JsonSchema, readNode, type SchemaNode } from "../node.ts";
import { prune } from "../prune.ts";
import { planRules } from "../rules/compiled_rule.ts";
import { RuleRun } from "../rules/rule_run.ts";
import { ValueCheck } from "../value/value_check.ts";
import { ValueErrors } from "../value_errors.ts";

const META_MEMBERS = new Set(["apiVersion", "kind", "metadata"]);

/** Defaults hold what the schema names, and are values that it takes. */
export function checkDefaults(
  schema: JsonSchema,
  path: string,
  requirePruned: boolean,
  errors: ValueErrors,
  isObject = true,
): void {
  if (schema.default !== undefined && schema.default !== null) {
    checkDefault(schema, schema.default as JsonValue, `${path}.default`, requirePruned, errors);
  }
  if (isSchema(schema.items)) {
    checkDefaults(schema.items, `${path}.items`, requirePruned, errors, false);
  }
  const embedded = isObject || schema["x-kubernetes-embedded-resource"] === true;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!isSchema(property)) continue;
    // Metadata keeps what it has, whatever the schema names of it.
    const pruned = requirePruned && !(embedded && META_MEMBERS.has(name));
    checkDefaults(property, `${path}.properties[${name}]`, pruned, errors, false);
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
  if (found.list.length === 0 && node.below.rules) checkRules(schema, node, value, path, found);
  errors.list.push(...found.list);
}

/** A default is good as it stays, and as it comes. */
function checkRules(
  schema: JsonSchema,
  node: SchemaNode,
  value: JsonValue,
  path: string,
  errors: ValueErrors,
): void {
  const plan = planRules(schema, false);
  if (plan === undefined) return;
  const ratcheted = new ValueErrors();
  new RuleRun(ratcheted).run(plan, value, { old: value, node }, path);
  if (ratcheted.list.length === 0) new RuleRun(errors).run(plan, value, undefined, path);
  else errors.list.push(...ratcheted.list);
}

/** True where a default holds what its schema does not name. */
export function hasUnprunedDefault(schema: JsonSchema): boolean {
  if (schema.default === undefined || schema.default === null) return false;
  const node = readNode(schema);
  const pruned = cloneJson(schema.default as JsonValue);
  prune(pruned, node, node.embedded);
  return !equalJson(pruned, schema.default);
}
