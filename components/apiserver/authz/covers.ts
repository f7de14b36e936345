import type { PolicyRule } from "../../api/served.ts";

/** The rules of `wanted` that nothing in `held` covers, broken down and then put together by resource. Pure. */
export function missingRules(
  held: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): PolicyRule[] {
  const missing = wanted.flatMap(breakDown)
    .filter((rule) => !held.some((owner) => covers(owner, rule)));
  return compact(missing);
}

/** How many smallest grants the rules of one role may make: the product of its lists is what a stranger chooses. */
export const GRANTS_MAXIMUM = 100_000;

/** How many smallest grants the rules come to. */
export function countGrants(rules: readonly PolicyRule[]): number {
  return rules.reduce((sum, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }) => {
    const count = (list: readonly string[] | undefined) => list?.length ?? 0;
    const targets = count(apiGroups) * count(resources) * Math.max(1, count(resourceNames));
    return sum + count(verbs) * (targets + count(nonResourceURLs));
  }, 0);
}

/** One rule for each verb, group, resource and name (or URL): the smallest things that can be granted. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const result: PolicyRule[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const url of rule.nonResourceURLs ?? []) {
      result.push({ verbs: [verb], nonResourceURLs: [url] });
    }
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const one = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (!rule.resourceNames?.length) result.push(one);
        else for (const name of rule.resourceNames) result.push({ ...one, resourceNames: [name] });
      }
    }
  }
  return result;
}

/** `rule` is one that `breakDown` made. */
function covers(owner: PolicyRule, rule: PolicyRule): boolean {
  const names = owner.resourceNames ?? [];
  return coversAll(owner.verbs, rule.verbs) &&
    coversAll(owner.apiGroups, rule.apiGroups) &&
    (rule.resources ?? []).every((resource) => coversResource(owner.resources ?? [], resource)) &&
    (rule.nonResourceURLs ?? []).every((url) => coversUrl(owner.nonResourceURLs ?? [], url)) &&
    (names.length === 0 ||
      (rule.resourceNames?.every((name) => names.includes(name)) ?? false));
}

const coversAll = (owner: readonly string[] = [], rule: readonly string[] = []): boolean =>
  owner.includes("*") || rule.every((item) => owner.includes(item));

function coversResource(owner: readonly string[], resource: string): boolean {
  if (owner.includes("*") || owner.includes(resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && owner.includes(`*${resource.slice(slash)}`);
}

const coversUrl = (owner: readonly string[], url: string): boolean =>
  owner.some((pattern) =>
    pattern === url || (pattern.endsWith("*") && url.startsWith(pattern.slice(0, -1)))
  );

/** Joins the verbs of rules that are otherwise alike. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const byTarget = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...target } = rule;
    const key = JSON.stringify(target);
    const known = byTarget.get(key);
    byTarget.set(key, { ...target, verbs: [...known?.verbs ?? [], ...verbs ?? []] });
  }
  return [...byTarget.values()];
}

/** A rule in one line, as messages show it. */
export function describeRule(rule: PolicyRule): string {
  const members: [string, readonly string[] | undefined][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const parts = members.filter(([, list]) => list !== undefined && list.length > 0)
    .map(([name, list]) => `${name}:${quotedList(list ?? [])}`);
  return `{${parts.join(", ")}}`;
}

/** `["a" "b"]`, as Go prints a list of quoted strings. */
export const quotedList = (list: readonly string[]): string =>
  `[${list.map((item) => JSON.stringify(item)).join(" ")}]`;
