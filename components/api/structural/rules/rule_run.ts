import { isJsonObject, type JsonObject, type JsonValue } from "../../../base/mod.ts";
import type { CelBudget } from "../../cel/frame.ts";
import { CelFailure, CelOptional } from "../../cel/value.ts";
import { toCel } from "../../cel/wire.ts";
import type { ValidationRule } from "../../generated/types.ts";
import { quoted } from "../go_text.ts";
import { type Correlation, indexOf, keyOf, unchanged } from "../value/correlation.ts";
import { NO_PATH, OMITTED, type ValueErrors } from "../value_errors.ts";
import type { CompiledRule, RulePlan } from "./compiled_rule.ts";

/** What one rule may cost, and all the rules of one write. */
const CALL_COST_MAXIMUM = 1_000_000;
const TOTAL_COST_MAXIMUM = 10_000_000;
const MESSAGE_BYTES_MAXIMUM = 5 * 1024;
const OUT_OF_BUDGET =
  "validation failed due to running out of cost budget, no further validation rules will be run";

/** How a value goes together with what was there before. */
interface Past {
  /** What a rule calls `oldSelf`. */
  readonly old: JsonValue | undefined;
  /** Where the value stood before; undefined where it is not told which of the old ones it was. */
  readonly before: Correlation | undefined;
  /** The same of what it stands in, with its value now: what has not changed is let pass. */
  readonly nearest: { readonly value: JsonValue; readonly before: Correlation } | undefined;
}

const NO_PAST: Past = { old: undefined, before: undefined, nearest: undefined };

/** Asks all rules of a plan about an object; each error stands at its field. */
export class RuleRun {
  readonly #budget: CelBudget = { callLimit: CALL_COST_MAXIMUM, remaining: TOTAL_COST_MAXIMUM };
  #stopped = false;

  constructor(readonly errors: ValueErrors) {}

  /** `path` is that of the value; "" for an object as a whole. */
  run(plan: RulePlan, value: JsonValue, before: Correlation | undefined, path = ""): void {
    const past = before === undefined ? NO_PAST : { old: before.old, before, nearest: undefined };
    this.#visit(plan, value, past, path);
  }

  #visit(plan: RulePlan, value: JsonValue, past: Past, path: string): void {
    if (value === null || this.#stopped) return;
    if (plan.rules.length > 0) this.#ask(plan, value, past, path === "" ? NO_PATH : path);
    if (Array.isArray(value)) this.#visitItems(plan, value, past, path);
    else if (isJsonObject(value)) this.#visitMembers(plan, value, past, path);
  }

  #visitItems(plan: RulePlan, value: readonly JsonValue[], past: Past, path: string): void {
    const { items } = plan;
    if (items === undefined) return;
    for (let i = 0; i < value.length && !this.#stopped; i++) {
      const item = value[i] ?? null;
      const { before } = past;
      const found = before === undefined ? undefined : indexOf(before, item);
      this.#visit(items, item, below(past, found, value as JsonValue[]), `${path}[${i}]`);
    }
  }

  #visitMembers(plan: RulePlan, value: JsonObject, past: Past, path: string): void {
    const { additional, properties } = plan;
    for (const name in value) {
      if (this.#stopped) return;
      const property = properties.get(name);
      const member = property ??
        (plan.schema.properties?.[name] === undefined ? additional : undefined);
      if (member === undefined) continue;
      const { before } = past;
      const found = before === undefined ? undefined : keyOf(before, name);
      const at = property === undefined
        ? `${path}[${name}]`
        : path === ""
        ? name
        : `${path}.${name}`;
      // What an object is, is told in one version: old and new are always alike.
      const here = path === "" && (name === "apiVersion" || name === "kind")
        ? { ...NO_PAST, old: found?.old }
        : below(past, found, value);
      this.#visit(member, value[name] ?? null, here, at);
    }
  }

  #ask(plan: RulePlan, value: JsonValue, past: Past, path: string): void {
    const type = plan.schema.type ?? "";
    const { old } = past;
    for (const compiled of plan.rules) {
      const { rule, program, error, usesOldSelf, optionalOldSelf } = compiled;
      if (this.#budget.remaining <= 0) return this.#stop(path, type, OUT_OF_BUDGET);
      if (error !== undefined) {
        this.errors.invalid(path, type, `rule compile error: ${error}`);
        continue;
      }
      if (program === undefined) continue;
      // A rule about a change is asked only where something has changed.
      if (usesOldSelf && old === undefined && !optionalOldSelf) continue;
      const oldSelf = optionalOldSelf
        ? new CelOptional(old === undefined ? undefined : toCel(old, plan.self))
        : old;
      const result = program.evaluate({ self: value, oldSelf }, this.#budget);
      if (result === true) continue;
      if (result instanceof CelFailure) {
        this.#fail(result, rule, path, type);
        if (this.#stopped) return;
        continue;
      }
      this.#refuse(compiled, plan, value, past, path);
      if (this.#stopped) return;
    }
  }

  #stop(path: string, type: string, text: string): void {
    this.#stopped = true;
    this.errors.invalid(path, type, text);
  }

  #fail(failure: CelFailure, rule: ValidationRule, path: string, type: string): void {
    const text = ruleText(rule);
    const { kind, message } = failure;
    if (kind === "budget") return this.#stop(path, type, OUT_OF_BUDGET);
    if (kind === "cost") {
      return this.#stop(
        path,
        type,
        `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`,
      );
    }
    this.errors.invalid(
      path,
      type,
      message.startsWith("no such overload")
        ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
        : `${message} evaluating rule: ${text}`,
    );
  }

  /** The rule does not hold. */
  #refuse(
    compiled: CompiledRule,
    plan: RulePlan,
    value: JsonValue,
    past: Past,
    path: string,
  ): void {
    const { rule, fieldPath, usesOldSelf } = compiled;
    const type = plan.schema.type ?? "";
    const at = fieldPath === "" ? path : path === NO_PATH ? fieldPath : `${path}.${fieldPath}`;
    const detail = this.#message(compiled, value, past.old, at, type);
    if (detail === undefined) return;
    if (!usesOldSelf && hasNotChanged(value, past)) return;
    const shown = type === "object" || type === "array" ? OMITTED : value;
    switch (rule.reason) {
      case "FieldValueForbidden":
        return this.errors.forbidden(at, detail);
      case "FieldValueRequired":
        return this.errors.required(at, detail);
      case "FieldValueDuplicate":
        return this.errors.duplicate(at, shown);
      default:
        return this.errors.invalid(at, shown, detail);
    }
  }

  /** What is said of the rule; undefined where saying it was too costly, which is told then. */
  #message(
    { rule, message }: CompiledRule,
    value: JsonValue,
    old: JsonValue | undefined,
    path: string,
    type: string,
  ): string | undefined {
    const usual = rule.message === undefined || rule.message === ""
      ? `failed rule: ${ruleText(rule)}`
      : rule.message.trim();
    if (message === undefined) return usual;
    const result = message.evaluate({ self: value, oldSelf: old }, this.#budget);
    if (result instanceof CelFailure) {
      if (result.kind === "budget") {
        this.#stop(
          path,
          type,
          "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run",
        );
        return undefined;
      }
      if (result.kind === "cost") {
        this.#stop(
          path,
          type,
          `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${
            quoted(rule.messageExpression ?? "")
          }`,
        );
        return undefined;
      }
      return usual;
    }
    if (typeof result !== "string") return usual;
    const text = result.trim();
    const bytes = text.length > MESSAGE_BYTES_MAXIMUM ||
      new TextEncoder().encode(text).length > MESSAGE_BYTES_MAXIMUM;
    return text === "" || bytes || text.includes("\n") ? usual : text;
  }
}

const ruleText = ({ rule = "", message = "" }: ValidationRule): string =>
  message !== "" ? message.trim() : rule.trim();

function below(past: Past, before: Correlation | undefined, value: JsonValue): Past {
  if (past.before === undefined) return { ...past, old: undefined };
  return { old: before?.old, before, nearest: { value, before: past.before } };
}

function hasNotChanged(value: JsonValue, { before, nearest }: Past): boolean {
  if (before !== undefined) return unchanged(value, before);
  return nearest !== undefined && unchanged(nearest.value, nearest.before);
}
