import { badRequest } from "../base/mod.ts";
import type { LabelSelector } from "./generated/types.ts";
import { parseRequirements } from "./label_selector_parser.ts";
import { labelValueProblems, qualifiedNameProblems } from "./names.ts";

export type LabelOperator = "=" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

/** One requirement of a selector; they all hold. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

type Labels = Readonly<Record<string, string>> | undefined;

/** A compiled label selector. Requirements stand in the order of their keys. */
export class LabelMatcher {
  constructor(readonly requirements: readonly LabelRequirement[], readonly nothing = false) {}

  /** True when it selects every object. */
  get everything(): boolean {
    return !this.nothing && this.requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    if (this.nothing) return false;
    for (const requirement of this.requirements) {
      if (!holds(requirement, labels)) return false;
    }
    return true;
  }

  /** The string form, as a query's `labelSelector` has it. */
  toString(): string {
    return this.requirements.map(requirementText).join(",");
  }
}

export const MATCH_EVERYTHING = new LabelMatcher([]);
export const MATCH_NOTHING = new LabelMatcher([], true);

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "=":
      return value === values[0];
    case "!=":
      return value !== values[0];
    case "in":
      return value !== undefined && values.includes(value);
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "gt":
    case "lt": {
      if (value === undefined || !isInteger(value)) return false;
      const [left, right] = [BigInt(value), BigInt(values[0] ?? "0")];
      return operator === "gt" ? left > right : left < right;
    }
  }
}

const isInteger = (text: string): boolean => /^[+-]?[0-9]{1,19}$/.test(text);

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${[...values].sort().join(",")})`;
    default:
      return `${key}${operator === "gt" ? ">" : operator === "lt" ? "<" : operator}${values[0]}`;
  }
}

/** Reads the string form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. Throws 400 in upstream's words. */
export function parseLabelSelector(text: string): LabelMatcher {
  if (text.trim() === "") return MATCH_EVERYTHING;
  const requirements = parseRequirements(text);
  for (const requirement of requirements) {
    const problem = requirementProblem(requirement);
    if (problem !== undefined) throw badRequest(`unable to parse requirement: ${problem}`);
  }
  return new LabelMatcher(sorted(requirements));
}

function requirementProblem({ key, operator, values }: LabelRequirement): string | undefined {
  const keyProblems = qualifiedNameProblems(key);
  if (keyProblems.length > 0) {
    return `<nil>: Invalid value: ${JSON.stringify(key)}: ${keyProblems.join("; ")}`;
  }
  if ((operator === "in" || operator === "notin") && values.length === 0) {
    return "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty";
  }
  if ((operator === "gt" || operator === "lt") && !isInteger(values[0] ?? "")) {
    return `values[0]: Invalid value: ${JSON.stringify(values[0] ?? "")}: ` +
      "for 'Gt', 'Lt' operators, the value must be an integer";
  }
  for (const [i, value] of values.entries()) {
    const problems = labelValueProblems(value);
    if (problems.length > 0) {
      return `values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${
        problems.join("; ")
      }`;
    }
  }
  return undefined;
}

const sorted = (requirements: LabelRequirement[]): LabelRequirement[] =>
  requirements.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

const OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

/** Compiles a `LabelSelector`. None selects nothing, an empty one everything. Throws 400 for an unknown operator. */
export function labelSelectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  if (selector === undefined || selector === null) return MATCH_NOTHING;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: "=", values: [value] });
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = OPERATORS[operator ?? ""];
    if (known === undefined) {
      throw badRequest(`"${operator ?? ""}" is not a valid label selector operator`);
    }
    requirements.push({ key: key ?? "", operator: known, values: values ?? [] });
  }
  return requirements.length === 0 ? MATCH_EVERYTHING : new LabelMatcher(sorted(requirements));
}

/** Compiles a plain map of labels, such as a Service's selector: an empty one selects everything. */
export function labelMapMatcher(labels: Readonly<Record<string, string>> | undefined) {
  return labelSelectorMatcher({ matchLabels: { ...labels } });
}

/** How tables show a selector; `<none>` for one that is absent or empty. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  if (selector === undefined || selector === null) return "<none>";
  const matcher = labelSelectorMatcher(selector);
  return matcher.everything ? "<none>" : matcher.toString();
}
