import type { ValidationRule } from "../../generated/types.ts";
import { type JsonSchema, readNode, type SchemaNode } from "../node.ts";
import type { ValueErrors } from "../value_errors.ts";
import { validFieldPath } from "./field_path.ts";

const REASONS = [
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
];
const hasNewline = (text: string): boolean => /[\n\r]/.test(text);

/** The texts of the rules that stand at a schema. */
export function checkRuleTexts(schema: JsonSchema, path: string, errors: ValueErrors): void {
  let node: SchemaNode | undefined;
  for (const [i, rule] of (schema["x-kubernetes-validations"] ?? []).entries()) {
    const at = `${path}.x-kubernetes-validations[${i}]`;
    checkRule(rule, at, errors);
    const { fieldPath = "" } = rule;
    if (fieldPath === "") continue;
    if (fieldPath.trim() === "") {
      errors.invalid(`${at}.fieldPath`, fieldPath, "must be non-empty if specified");
    }
    if (hasNewline(fieldPath)) {
      errors.invalid(`${at}.fieldPath`, fieldPath, "must not contain line breaks");
    }
    node ??= readNode(schema);
    if ("error" in validFieldPath(fieldPath, node)) {
      errors.invalid(`${at}.fieldPath`, fieldPath, "must be a valid path");
    }
  }
}

function checkRule(rule: ValidationRule, at: string, errors: ValueErrors): void {
  const { message = "", messageExpression = "", reason } = rule;
  const text = (rule.rule ?? "").trim();
  const trimmed = message.trim();
  if (text === "") errors.required(`${at}.rule`, "rule is not specified");
  else if (message !== "" && trimmed === "") {
    errors.invalid(`${at}.message`, message, "must be non-empty if specified");
  } else if (hasNewline(trimmed)) {
    errors.invalid(`${at}.message`, message, "must not contain line breaks");
  } else if (hasNewline(text) && trimmed === "") {
    errors.required(`${at}.message`, "message must be specified if rule contains line breaks");
  }
  if (messageExpression !== "" && messageExpression.trim() === "") {
    errors.required(
      `${at}.messageExpression`,
      "messageExpression must be non-empty if specified",
    );
  }
  if (reason !== undefined && !REASONS.includes(reason)) {
    errors.notSupported(`${at}.reason`, reason, REASONS);
  }
}
