import type { RuleAttributes } from "./attributes.ts";

/** RuleWithOperations, and what policies add to it. */
export interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
  readonly resourceNames?: readonly string[];
}

/** True where a rule is for such a request. Pure. */
export function ruleMatches(rule: Rule, attributes: RuleAttributes): boolean {
  return inScope(rule.scope, attributes) &&
    names(rule.operations, attributes.operation) &&
    names(rule.apiGroups, attributes.group) &&
    names(rule.apiVersions, attributes.version) &&
    namesResource(rule.resources, attributes) &&
    ((rule.resourceNames ?? []).length === 0 || rule.resourceNames!.includes(attributes.name));
}

function names(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((each) => each === "*" || each === value) === true;
}

function namesResource(
  list: readonly string[] | undefined,
  { resource, subresource }: RuleAttributes,
): boolean {
  return list?.some((each) => {
    const [main = "", sub = ""] = each.split("/", 2);
    return (main === "*" || main === resource) && (sub === "*" || sub === subresource);
  }) === true;
}

function inScope(
  scope: string | undefined,
  { group, resource, subresource, namespace }: RuleAttributes,
): boolean {
  const isNamespace = group === "" && resource === "namespaces";
  switch (scope) {
    case "Namespaced":
      return namespace !== "" && !isNamespace;
    case "Cluster":
      return namespace === "" || (isNamespace && subresource === "");
    default:
      return true;
  }
}
