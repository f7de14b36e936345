import type { JsonObject } from "../../../base/mod.ts";
import type { FieldError } from "../../resource_definition.ts";
import type { RuleCheck } from "../custom_schema.ts";
import type { JsonSchema, SchemaNode } from "../node.ts";
import { ValueErrors } from "../value_errors.ts";
import { planRules } from "./compiled_rule.ts";
import { RuleRun } from "./rule_run.ts";

/** The check of all rules of a schema, whose programs are made now; undefined where it has none. */
export function ruleCheck(schema: JsonSchema, node: SchemaNode): RuleCheck | undefined {
  const plan = planRules(schema, true);
  if (plan === undefined) return undefined;
  return (next: JsonObject, previous: JsonObject | undefined): FieldError[] => {
    const errors = new ValueErrors();
    const before = previous === undefined ? undefined : { old: previous, node };
    new RuleRun(errors).run(plan, next, before);
    return errors.list;
  };
}
