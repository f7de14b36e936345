import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from "../generated/types.ts";
import {
  CEL_ADMISSION_RESULTS,
  CEL_ADMISSION_VARIABLES,
  type CelScope,
  type CelType,
  compileCel,
} from "../cel/mod.ts";
import { pathSegmentProblems, qualifiedNameProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import type { Path } from "./path.ts";
import { validateLabelSelector } from "./selector.ts";

const CONDITIONS_MAXIMUM = 64;

/** Compiles an expression; answers the type of its value. */
export function validateExpression(
  expression: string,
  scope: CelScope,
  path: Path,
  errors: Errors,
): CelType | undefined {
  if (expression.trim() === "") {
    errors.required(path, "expression is not specified");
    return undefined;
  }
  const result = compileCel(expression, scope);
  if (result.ok) return result.program.type;
  errors.invalid(path, expression, result.message);
  return undefined;
}

/** Conditions of webhooks and policies. */
export function validateMatchConditions(
  given: readonly MatchCondition[] | undefined,
  path: Path,
  errors: Errors,
  variables: Readonly<Record<string, CelType>> = CEL_ADMISSION_VARIABLES,
): void {
  const conditions = given ?? [];
  if (conditions.length > CONDITIONS_MAXIMUM) {
    return errors.tooMany(path, conditions.length, CONDITIONS_MAXIMUM);
  }
  const names = new Set<string>();
  for (const [i, { name = "", expression = "" }] of conditions.entries()) {
    const at = path.at(i);
    if (expression.trim() === "") errors.required(at.child("expression"));
    else {
      const scope = { variables, expects: CEL_ADMISSION_RESULTS.condition };
      validateExpression(expression, scope, at.child("expression"), errors);
    }
    if (name === "") {
      errors.required(at.child("name"));
      continue;
    }
    errors.invalidAll(at.child("name"), name, qualifiedNameProblems(name));
    if (names.has(name)) errors.duplicate(at.child("name"), name);
    names.add(name);
  }
}

export function validateMatchResources(
  resources: MatchResources,
  path: Path,
  errors: Errors,
): void {
  validateLabelSelector(resources.namespaceSelector, path.child("namespaceSelector"), errors);
  validateLabelSelector(resources.objectSelector, path.child("objectSelector"), errors);
  for (const member of ["resourceRules", "excludeResourceRules"] as const) {
    for (const [i, rule] of (resources[member] ?? []).entries()) {
      validateNamedRule(rule, path.child(member).at(i), errors);
    }
  }
}

function validateNamedRule(rule: NamedRuleWithOperations, path: Path, errors: Errors): void {
  const seen = new Set<string>();
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const at = path.child("resourceNames").at(i);
    errors.invalidAll(at, name, pathSegmentProblems(name));
    if (seen.has(name)) errors.duplicate(at, name);
    seen.add(name);
  }
  validateRule(rule, path, errors);
}

export function validateRule(rule: RuleWithOperations, path: Path, errors: Errors): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule;
  for (
    const [member, list] of [
      ["operations", operations],
      ["apiGroups", apiGroups],
      ["apiVersions", apiVersions],
      ["resources", resources],
    ] as const
  ) {
    if (list.length === 0) errors.required(path.child(member));
    else if (list.length > 1 && list.includes("*") && member !== "resources") {
      errors.invalid(
        path.child(member),
        list,
        `if '*' is present, must not specify other ${
          member === "operations"
            ? "operations"
            : member === "apiGroups"
            ? "API groups"
            : "API versions"
        }`,
      );
    }
  }
  for (const [i, version] of apiVersions.entries()) {
    if (version === "") errors.required(path.child("apiVersions").at(i));
  }
  validateResources(resources, path.child("resources"), errors);
}

/** No resource is named again by a wildcard beside it. */
function validateResources(names: readonly string[], path: Path, errors: Errors): void {
  const whole = new Set<string>();
  const everywhere = new Set<string>();
  let plain = false;
  for (const [i, name] of names.entries()) {
    if (name === "") {
      errors.required(path.at(i));
      continue;
    }
    const slash = name.indexOf("/");
    if (slash < 0) {
      plain ||= name !== "*";
      continue;
    }
    const [resource, subresource] = [name.slice(0, slash), name.slice(slash + 1)];
    if (whole.has(resource)) {
      errors.invalid(path.at(i), name, `if '${resource}/*' is present, must not specify ${name}`);
    }
    if (everywhere.has(subresource)) {
      errors.invalid(
        path.at(i),
        name,
        `if '*/${subresource}' is present, must not specify ${name}`,
      );
    }
    if (subresource === "*") whole.add(resource);
    if (resource === "*") everywhere.add(subresource);
  }
  if (names.length > 1 && names.includes("*/*")) {
    errors.invalid(path, names, "if '*/*' is present, must not specify other resources");
  }
  if (names.includes("*") && plain) {
    errors.invalid(
      path,
      names,
      "if '*' is present, must not specify other resources without subresources",
    );
  }
}
