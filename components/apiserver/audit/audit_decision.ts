import type { RequestInfo, UserInfo } from "../ports.ts";
import type {
  AuditLevel,
  AuditPolicy,
  AuditRule,
  AuditStage,
  GroupResources,
} from "./audit_policy.ts";

/** What is recorded of one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

const NOTHING: AuditDecision = {
  level: "None",
  omitStages: new Set(),
  omitManagedFields: false,
};

/** The first rule that is about the request decides; without one nothing is recorded. Pure. */
export function decideAudit(
  policy: AuditPolicy,
  user: UserInfo | undefined,
  info: RequestInfo,
): AuditDecision {
  const rule = policy.rules.find((each) => matches(each, user, info));
  if (rule === undefined || rule.level === "None") return NOTHING;
  return {
    level: rule.level,
    omitStages: new Set([...policy.omitStages, ...rule.omitStages]),
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields,
  };
}

function matches(rule: AuditRule, user: UserInfo | undefined, info: RequestInfo): boolean {
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule;
  if (users.length > 0 && (user === undefined || !users.includes(user.username))) return false;
  if (userGroups.length > 0 && !userGroups.some((group) => user?.groups.includes(group))) {
    return false;
  }
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (!info.isResourceRequest) return false;
    if (namespaces.length > 0 && !namespaces.includes(info.namespace)) return false;
    return resources.length === 0 || resources.some((each) => resourceMatches(each, info));
  }
  if (nonResourceURLs.length > 0) {
    return !info.isResourceRequest && nonResourceURLs.some((url) => pathMatches(url, info.path));
  }
  return true;
}

function resourceMatches(
  { group, resources, resourceNames }: GroupResources,
  info: RequestInfo,
): boolean {
  const { resource, subresource } = info;
  if (group !== info.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false;
  const whole = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.some((each) =>
    each === "*" || each === whole || each === `${resource}/*` ||
    subresource !== "" && each === `*/${subresource}`
  );
}

const pathMatches = (pattern: string, path: string): boolean =>
  pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
