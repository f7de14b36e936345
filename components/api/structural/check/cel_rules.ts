import type { CelCompilation } from "../../cel/compile.ts";
import { celCardinality, type CelSchema } from "../../cel/schema_type.ts";
import { isSchema, type JsonSchema } from "../node.ts";
import { compileRule, selfType } from "../rules/compiled_rule.ts";
import type { ValueErrors } from "../value_errors.ts";
import { costText, CostTotal, RULE_COST_MAXIMUM, timesCost } from "./cost_total.ts";
import { GoText } from "../go_text.ts";
import { goRule } from "./go_values.ts";
import type { VersionOptions } from "./options.ts";

/** What holds at one place of a schema, from what stands around it. */
interface Place {
  readonly root: boolean;
  /** How often a value of the schema may be there; undefined where nothing bounds it. */
  readonly cardinality: number | undefined;
  /** The list from which on old and new items are not told apart. */
  readonly uncorrelated: string | undefined;
}

/** Checks the rules that stand in a schema: that they compile, and what they cost. */
export function checkSchemaRules(
  schema: JsonSchema,
  path: string,
  unchanged: boolean,
  _options: VersionOptions,
  errors: ValueErrors,
): void {
  const total = new CostTotal();
  const check = new RuleChecks(errors, total, unchanged);
  check.visit(schema, path, { root: true, cardinality: 1, uncorrelated: undefined });
  total.tell(path, errors);
}

class RuleChecks {
  constructor(
    readonly errors: ValueErrors,
    readonly total: CostTotal,
    /** A schema that is as it was may cost what it did. */
    readonly unchanged: boolean,
  ) {}

  visit(schema: JsonSchema, path: string, place: Place): void {
    const most = elementsOf(schema);
    const cardinality = place.cardinality === undefined || most === undefined
      ? undefined
      : timesCost(place.cardinality, most);
    const below = { root: false, cardinality, uncorrelated: place.uncorrelated };
    const { additionalProperties: additional, items } = schema;
    if (isSchema(additional)) this.visit(additional, `${path}.additionalProperties`, below);
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (isSchema(property)) this.visit(property, `${path}.properties[${name}]`, below);
    }
    if (isSchema(items)) {
      const keyed = schema["x-kubernetes-list-type"] === "map";
      const uncorrelated = place.uncorrelated ?? (keyed ? undefined : path);
      this.visit(items, `${path}.items`, { ...below, uncorrelated });
    }
    this.#check(schema, path, place);
  }

  #check(schema: JsonSchema, path: string, place: Place): void {
    const rules = schema["x-kubernetes-validations"] ?? [];
    if (rules.length === 0) return;
    const { errors, total } = this;
    const all = `${path}.x-kubernetes-validations`;
    const self = selfType(schema, place.root);
    if (self === undefined) {
      errors.internal(
        all,
        "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations",
      );
      return;
    }
    const isObject = place.root || schema["x-kubernetes-embedded-resource"] === true;
    const times = place.cardinality ?? celCardinality(schema as CelSchema, isObject);
    for (const [i, rule] of rules.entries()) {
      const at = `${all}[${i}]`;
      const compiled = compileRule(rule, self);
      if (compiled === undefined) continue;
      const shown = new GoText(goRule(rule));
      const cost = compiled.rule.ok ? timesCost(compiled.rule.cost.max, times) : 0;
      this.#checkCost(cost, "estimated rule cost", `${at}.rule`);
      total.add(`${at}.rule`, cost);
      if (!compiled.rule.ok) errors.invalid(`${at}.rule`, shown, ruleError(compiled.rule));
      this.#checkMessage(compiled.message, shown, `${at}.messageExpression`);
      const usesOld = compiled.rule.ok && compiled.rule.program.reads.has("oldSelf");
      if (usesOld && place.uncorrelated !== undefined) {
        errors.invalid(
          `${at}.rule`,
          rule.rule ?? "",
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`,
        );
      } else if (!usesOld && rule.optionalOldSelf !== undefined) {
        const text = "may not be set if oldSelf is not used in rule";
        errors.invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, text);
      }
    }
  }

  #checkMessage(message: CelCompilation | undefined, shown: GoText, at: string): void {
    if (message === undefined) return;
    if (!message.ok) {
      const text = message.reason === "result"
        ? "messageExpression must evaluate to a string"
        : `messageExpression ${message.message}`;
      this.errors.invalid(at, shown, text);
      return;
    }
    const cost = message.cost.max;
    this.#checkCost(cost, "estimated messageExpression cost", at);
    this.total.add(at, cost);
  }

  #checkCost(cost: number, name: string, at: string): void {
    if (this.unchanged || cost <= RULE_COST_MAXIMUM) return;
    this.errors.forbidden(at, costText(name, cost, RULE_COST_MAXIMUM));
  }
}

function ruleError(compilation: CelCompilation & { readonly ok: false }): string {
  return compilation.reason === "result"
    ? "cel expression must evaluate to a bool"
    : compilation.message;
}

/** By how much a schema multiplies what is in it; undefined for one without a bound. */
function elementsOf(schema: JsonSchema): number | undefined {
  const bound = (most: number | undefined) => most === undefined ? undefined : Math.max(most, 0);
  switch (schema.type) {
    case "object":
      return schema.additionalProperties === undefined ? 1 : bound(schema.maxProperties);
    case "array":
      return bound(schema.maxItems);
    default:
      return 1;
  }
}
