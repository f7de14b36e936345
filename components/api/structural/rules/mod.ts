import type { JsonObject } from "../../../base/mod.ts";
import type { FieldError } from "../../resource_definition.ts";
import type { RuleCheck } from "../custom_schema.ts";
import type { JsonSchema, SchemaNode } from "../node.ts";
import { ValueErrors } from "../value_errors.ts";
import { planRules } from "./compiled_rule.ts";
import { RuleRun } from "./rule_run.ts";

/** Hears how long rules take, in seconds; `now` is of some moment. */
export interface RuleMeter {
  now(): number;
  compiled(seconds: number): void;
  evaluated(seconds: number): void;
}

/** The check of all rules of a schema, whose programs are made now; undefined where it has none. */
export function ruleCheck(
  schema: JsonSchema,
  node: SchemaNode,
  meter?: RuleMeter,
): RuleCheck | undefined {
  const began = meter?.now() ?? 0;
  const plan = planRules(schema, true);
  if (plan === undefined) return undefined;
  meter?.compiled(meter.now() - began);
  return (next: JsonObject, previous: JsonObject | undefined): FieldError[] => {
    const errors = new ValueErrors();
    const before = previous === undefined ? undefined : { old: previous, node };
    const started = meter?.now() ?? 0;
    new RuleRun(errors).run(plan, next, before);
    meter?.evaluated(meter.now() - started);
    return errors.list;
  };
}
