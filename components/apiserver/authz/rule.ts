import type { PolicyRule } from "../../api/served.ts";
import type { AuthorizationAttributes } from "../ports.ts";

/** A policy rule made ready for matching: sets instead of lists, wildcards as flags. */
export interface CompiledRule {
  readonly verbs: Names;
  readonly groups: Names;
  readonly resources: Names;
  /** Empty: every name. */
  readonly resourceNames: ReadonlySet<string>;
  readonly urls: Names;
  /** `/api/*` as `/api/`. */
  readonly urlPrefixes: readonly string[];
}

interface Names {
  readonly all: boolean;
  readonly set: ReadonlySet<string>;
}

function names(list: readonly string[] | undefined): Names {
  const set = new Set(list);
  return { all: set.has("*"), set };
}

const has = (names: Names, name: string): boolean => names.all || names.set.has(name);

export function compileRule(rule: PolicyRule): CompiledRule {
  return {
    verbs: names(rule.verbs),
    groups: names(rule.apiGroups),
    resources: names(rule.resources),
    resourceNames: new Set(rule.resourceNames),
    urls: names(rule.nonResourceURLs),
    urlPrefixes: (rule.nonResourceURLs ?? [])
      .filter((url) => url.endsWith("*") && url !== "*")
      .map((url) => url.slice(0, -1)),
  };
}

/** True when the rule alone allows the request. */
export function ruleAllows(rule: CompiledRule, request: AuthorizationAttributes): boolean {
  if (!has(rule.verbs, request.verb)) return false;
  if (!request.isResourceRequest) {
    return has(rule.urls, request.path) ||
      rule.urlPrefixes.some((prefix) => request.path.startsWith(prefix));
  }
  if (!has(rule.groups, request.group)) return false;
  if (!resourceMatches(rule.resources, request.resource, request.subresource)) return false;
  return rule.resourceNames.size === 0 || rule.resourceNames.has(request.name);
}

/** `pods` never means `pods/log`; a star before `/scale` means that subresource of everything. */
function resourceMatches(rule: Names, resource: string, subresource: string): boolean {
  if (rule.all) return true;
  if (subresource === "") return rule.set.has(resource);
  return rule.set.has(`${resource}/${subresource}`) || rule.set.has(`*/${subresource}`);
}
