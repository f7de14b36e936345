import { type CelCompilation, type CelProgram, compileCel } from "../../cel/compile.ts";
import { type CelSchema, celTypeOfSchema } from "../../cel/schema_type.ts";
import { type CelType, CelTypes } from "../../cel/type.ts";
import type { ValidationRule } from "../../generated/types.ts";
import { validFieldPath } from "../check/field_path.ts";
import { isSchema, type JsonSchema, readNode, type SchemaNode } from "../node.ts";

const BOOL = [CelTypes.bool];
const STRING = [CelTypes.string];

/** The type that a rule at a schema calls `self`; undefined where rules see nothing of it. */
export function selfType(schema: JsonSchema, isRoot: boolean): CelType | undefined {
  const root = isRoot || schema["x-kubernetes-embedded-resource"] === true;
  return celTypeOfSchema(schema as CelSchema, { root });
}

/** Both expressions of a rule, as far as they compile. */
export interface RuleCompilation {
  readonly rule: CelCompilation;
  readonly message: CelCompilation | undefined;
}

/** Compiles a rule; undefined for an empty one. */
export function compileRule(rule: ValidationRule, self: CelType): RuleCompilation | undefined {
  const text = rule.rule ?? "";
  if (text.trim() === "") return undefined;
  const oldSelf = rule.optionalOldSelf === true ? CelTypes.optional(self) : self;
  const variables = { self, oldSelf };
  const { messageExpression = "" } = rule;
  const compiled = compileCel(text, { variables, expects: BOOL });
  return {
    rule: compiled,
    message: messageExpression === "" || !compiled.ok
      ? undefined
      : compileCel(messageExpression, { variables, expects: STRING }),
  };
}

/** A rule that is ready to be asked. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: CelProgram | undefined;
  /** Why there is no program. */
  readonly error: string | undefined;
  readonly message: CelProgram | undefined;
  readonly usesOldSelf: boolean;
  readonly optionalOldSelf: boolean;
  /** Where its errors stand, below its own place. */
  readonly fieldPath: string;
}

/** The rules of one place, and those below it. */
export interface RulePlan {
  readonly schema: JsonSchema;
  readonly self: CelType;
  readonly rules: readonly CompiledRule[];
  readonly items: RulePlan | undefined;
  readonly additional: RulePlan | undefined;
  readonly properties: ReadonlyMap<string, RulePlan>;
}

/** The plan of a schema; undefined where neither it nor anything in it has rules. */
export function planRules(schema: JsonSchema, isRoot: boolean): RulePlan | undefined {
  const properties = new Map<string, RulePlan>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const plan = isSchema(property) ? planRules(property, false) : undefined;
    if (plan !== undefined) properties.set(name, plan);
  }
  const { additionalProperties, items: item } = schema;
  const additional = isSchema(additionalProperties)
    ? planRules(additionalProperties, false)
    : undefined;
  const items = isSchema(item) ? planRules(item, false) : undefined;
  const own = schema["x-kubernetes-validations"] ?? [];
  const below = properties.size > 0 || additional !== undefined || items !== undefined;
  if (own.length === 0 && !below) return undefined;
  const self = selfType(schema, isRoot);
  // What expressions do not see has no rules either.
  if (self === undefined) return undefined;
  let made: SchemaNode | undefined;
  const node = () => made ??= readNode(schema);
  const rules = own.map((rule) => readyRule(rule, self, node));
  return { schema, self, rules, items, additional, properties };
}

function readyRule(rule: ValidationRule, self: CelType, node: () => SchemaNode): CompiledRule {
  const compiled = compileRule(rule, self);
  const program = compiled?.rule.ok === true ? compiled.rule.program : undefined;
  const { fieldPath = "" } = rule;
  const path = fieldPath === "" ? undefined : validFieldPath(fieldPath, node());
  return {
    rule,
    program,
    error: compiled === undefined || compiled.rule.ok ? undefined : compiled.rule.message,
    message: compiled?.message?.ok === true ? compiled.message.program : undefined,
    usesOldSelf: program?.reads.has("oldSelf") === true,
    optionalOldSelf: rule.optionalOldSelf === true,
    fieldPath: path === undefined || "error" in path ? "" : path.path,
  };
}
