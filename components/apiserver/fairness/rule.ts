import type {
  FlowcontrolV1Subject,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
} from "../../api/served.ts";
import type { RequestInfo, UserInfo } from "../ports.ts";
import { serviceAccountUsername } from "../authn/mod.ts";

const ANY = "*";

/** True when one of the rules is about this request of this user. Pure. */
export function rulesMatch(
  rules: readonly PolicyRulesWithSubjects[],
  user: UserInfo,
  info: RequestInfo,
): boolean {
  return rules.some(({ subjects = [], resourceRules = [], nonResourceRules = [] }) =>
    subjects.some((subject) => subjectMatches(subject, user)) &&
    (info.isResourceRequest
      ? resourceRules.some((rule) => resourceMatches(rule, info))
      : nonResourceRules.some((rule) => pathMatches(rule, info)))
  );
}

/** True when the namespace of a request decides whether a rule matches. Pure. */
export function looksAtNamespaces(rules: readonly PolicyRulesWithSubjects[]): boolean {
  return rules.some(({ resourceRules = [] }) =>
    resourceRules.some(({ namespaces = [] }) => namespaces.some((each) => each !== ANY))
  );
}

function subjectMatches(subject: FlowcontrolV1Subject, user: UserInfo): boolean {
  switch (subject.kind) {
    case "User":
      return subject.user?.name === ANY || subject.user?.name === user.username;
    case "Group":
      return subject.group?.name === ANY || user.groups.includes(subject.group?.name ?? "");
    case "ServiceAccount": {
      const { namespace = "", name = "" } = subject.serviceAccount ?? {};
      return name === ANY
        ? user.username.startsWith(serviceAccountUsername(namespace, ""))
        : user.username === serviceAccountUsername(namespace, name);
    }
    default:
      return false;
  }
}

function resourceMatches(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const { verbs, apiGroups, resources, namespaces, clusterScope = false } = rule;
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  return has(verbs, info.verb) && has(apiGroups, info.group) && has(resources, resource) &&
    (info.namespace === "" ? clusterScope : has(namespaces, info.namespace));
}

function pathMatches(rule: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean {
  return has(rule.verbs, verb) &&
    (rule.nonResourceURLs ?? []).some((pattern) =>
      pattern.endsWith(ANY) ? path.startsWith(pattern.slice(0, -1)) : path === pattern
    );
}

const has = (list: readonly string[] | undefined, item: string): boolean =>
  list !== undefined && (list.includes(ANY) || list.includes(item));
