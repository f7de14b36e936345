import type {
  FlowcontrolV1Subject,
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
  ResourcePolicyRule,
} from "../generated/types.ts";
import { equalJson } from "../../base/mod.ts";
import { dnsLabelProblems, dnsSubdomainProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import {
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  mandatoryOf,
} from "./mandatory_flow_control.ts";
import { Path } from "./path.ts";

const SPEC = Path.of("spec");
const ANY = "*";
const PRECEDENCE_MAXIMUM = 10_000;
const QUEUES_MAXIMUM = 10_000_000;
/** Bits that a flow's hash has to choose its queues with. */
const HASH_BITS_MAXIMUM = 60;
const DISTINGUISHERS = ["ByNamespace", "ByUser"];
const SUBJECT_KINDS = ["Group", "ServiceAccount", "User"];
const VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "proxy",
  "update",
  "watch",
];
const NOT_NEGATIVE = "must be a non-negative integer";

export function validateFlowSchema({ metadata, spec = {} }: FlowSchema, errors: Errors): void {
  const { matchingPrecedence = 0, distinguisherMethod, rules = [] } = spec;
  const precedence = SPEC.child("matchingPrecedence");
  if (matchingPrecedence <= 0) {
    errors.invalid(precedence, matchingPrecedence, "must be a positive value");
  }
  if (matchingPrecedence > PRECEDENCE_MAXIMUM) {
    errors.invalid(
      precedence,
      matchingPrecedence,
      `must not be greater than ${PRECEDENCE_MAXIMUM}`,
    );
  }
  if (matchingPrecedence === 1 && metadata?.name !== "exempt") {
    errors.invalid(
      precedence,
      matchingPrecedence,
      "only the schema named 'exempt' may have matchingPrecedence 1",
    );
  }
  if (
    distinguisherMethod !== undefined && !DISTINGUISHERS.includes(distinguisherMethod.type ?? "")
  ) {
    const at = SPEC.child("distinguisherMethod").child("type");
    errors.notSupported(at, distinguisherMethod, DISTINGUISHERS);
  }
  const level = spec.priorityLevelConfiguration?.name ?? "";
  const at = SPEC.child("priorityLevelConfiguration").child("name");
  if (level === "") errors.required(at, "must reference a priority level");
  else errors.invalidAll(at, level, dnsSubdomainProblems(level));
  for (const [i, rule] of rules.entries()) validateRule(rule, SPEC.child("rules").at(i), errors);
  const fixed = mandatoryOf(MANDATORY_FLOW_SCHEMAS, metadata?.name);
  if (fixed !== undefined && !equalJson(spec, fixed)) {
    errors.invalid(SPEC, spec, `spec of '${metadata?.name}' must equal the fixed value`);
  }
}

function validateRule(rule: PolicyRulesWithSubjects, path: Path, errors: Errors): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0) {
    errors.required(path.child("subjects"), "subjects must contain at least one value");
  }
  for (const [i, subject] of subjects.entries()) {
    validateSubject(subject, path.child("subjects").at(i), errors);
  }
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.required(
      path,
      "at least one of resourceRules and nonResourceRules has to be non-empty",
    );
  }
  for (const [i, each] of resourceRules.entries()) {
    validateResourceRule(each, path.child("resourceRules").at(i), errors);
  }
  for (const [i, each] of nonResourceRules.entries()) {
    validatePathRule(each, path.child("nonResourceRules").at(i), errors);
  }
}

function validateSubject(subject: FlowcontrolV1Subject, path: Path, errors: Errors): void {
  const { kind = "", user, group, serviceAccount } = subject;
  if (!SUBJECT_KINDS.includes(kind)) {
    return errors.notSupported(path.child("kind"), kind, SUBJECT_KINDS);
  }
  const members = [
    ["ServiceAccount", "serviceAccount", serviceAccount],
    ["User", "user", user],
    ["Group", "group", group],
  ] as const;
  for (const [of, member, value] of members) {
    const at = path.child(member);
    if (of !== kind) {
      if (value !== undefined) {
        errors.forbidden(at, `${member} is forbidden when subject kind is not '${of}'`);
      }
    } else if (value === undefined) {
      errors.required(at, `${member} is required when subject kind is '${of}'`);
    } else if ((value.name ?? "") === "") errors.required(at.child("name"));
  }
  if (kind !== "ServiceAccount" || serviceAccount === undefined) return;
  const { name = "", namespace = "" } = serviceAccount;
  const at = path.child("serviceAccount");
  if (name !== "" && name !== ANY) {
    errors.invalidAll(at.child("name"), name, dnsSubdomainProblems(name));
  }
  if (namespace === "") {
    errors.required(at.child("namespace"), "must specify namespace for service account");
  } else errors.invalidAll(at.child("namespace"), namespace, dnsLabelProblems(namespace));
}

function validateVerbs(verbs: readonly string[], path: Path, errors: Errors): void {
  if (verbs.length === 0) errors.required(path, "verbs must contain at least one value");
  else if (verbs.includes(ANY)) aloneIfAny(verbs, path, "verbs", errors);
  else if (!verbs.every((verb) => VERBS.includes(verb))) errors.notSupported(path, verbs, VERBS);
}

function aloneIfAny(list: readonly string[], path: Path, what: string, errors: Errors): void {
  if (list.length > 1 && list.includes(ANY)) {
    errors.invalid(path, list, `if '*' is present, must not specify other ${what}`);
  }
}

function validateResourceRule(rule: ResourcePolicyRule, path: Path, errors: Errors): void {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope } = rule;
  validateVerbs(verbs, path.child("verbs"), errors);
  const groups = path.child("apiGroups");
  if (apiGroups.length === 0) {
    errors.required(groups, "resource rules must supply at least one api group");
  } else aloneIfAny(apiGroups, groups, "api groups", errors);
  const kinds = path.child("resources");
  if (resources.length === 0) {
    errors.required(kinds, "resource rules must supply at least one resource");
  } else aloneIfAny(resources, kinds, "resources", errors);
  const places = path.child("namespaces");
  if (namespaces.length === 0 && clusterScope !== true) {
    errors.required(
      places,
      "resource rules that are not cluster scoped must supply at least one namespace",
    );
  } else if (namespaces.includes(ANY)) aloneIfAny(namespaces, places, "namespaces", errors);
  else {
    for (const [i, namespace] of namespaces.entries()) {
      for (const problem of dnsLabelProblems(namespace)) {
        errors.invalid(
          places.at(i),
          namespace,
          `each member of this list must be '*' or a DNS-1123 label; ${problem}`,
        );
      }
    }
  }
}

function validatePathRule(rule: NonResourcePolicyRule, path: Path, errors: Errors): void {
  const { verbs = [], nonResourceURLs = [] } = rule;
  validateVerbs(verbs, path.child("verbs"), errors);
  const urls = path.child("nonResourceURLs");
  if (nonResourceURLs.length === 0) {
    errors.required(urls, "nonResourceURLs must contain at least one value");
  } else if (nonResourceURLs.includes(ANY)) {
    aloneIfAny(nonResourceURLs, urls, "non-resource URLs", errors);
  } else {
    for (const [i, url] of nonResourceURLs.entries()) {
      const problem = urlProblem(url);
      if (problem !== undefined) errors.invalid(urls.at(i), url, problem);
    }
  }
}

function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const stars = url.split(ANY).length - 1;
  return stars > 1 || stars === 1 && !url.endsWith("/*")
    ? "wildcard can only do suffix matching"
    : undefined;
}

export function validatePriorityLevel(
  { metadata, spec = {} }: PriorityLevelConfiguration,
  errors: Errors,
): void {
  const { type = "", limited, exempt } = spec;
  if ((metadata?.name === "exempt") !== (type === "Exempt")) {
    errors.invalid(
      SPEC.child("type"),
      type,
      "type must be 'Exempt' if and only if `name` is 'exempt'",
    );
  }
  switch (type) {
    case "Exempt":
      if (limited !== undefined) {
        errors.forbidden(SPEC.child("limited"), "must be nil if the type is not Limited");
      }
      if (exempt !== undefined) validateShares(exempt, SPEC.child("exempt"), errors);
      break;
    case "Limited":
      if (exempt !== undefined) {
        errors.forbidden(SPEC.child("exempt"), "must be nil if the type is Limited");
      }
      if (limited === undefined) {
        errors.required(SPEC.child("limited"), "must not be empty when type is Limited");
      } else validateLimited(limited, errors);
      break;
    default:
      errors.notSupported(SPEC.child("type"), type, ["Exempt", "Limited"]);
  }
  const fixed = mandatoryOf(MANDATORY_PRIORITY_LEVELS, metadata?.name);
  if (fixed === undefined) return;
  const free = fixed.type === "Exempt";
  const { exempt: _, ...rest } = spec;
  const { exempt: __, ...fixedRest } = fixed;
  if (equalJson(free ? rest : spec, free ? fixedRest : fixed)) return;
  const except = free ? " except the 'spec.exempt' field" : "";
  errors.invalid(SPEC, spec, `spec of '${metadata?.name}'${except} must equal the fixed value`);
}

function validateShares(
  { nominalConcurrencyShares = 0, lendablePercent = 0 }: NonNullable<
    PriorityLevelConfigurationSpec["exempt"]
  >,
  path: Path,
  errors: Errors,
): void {
  if (nominalConcurrencyShares < 0) {
    const at = path.child("nominalConcurrencyShares");
    errors.invalid(at, nominalConcurrencyShares, NOT_NEGATIVE);
  }
  if (lendablePercent < 0 || lendablePercent > 100) {
    errors.invalid(
      path.child("lendablePercent"),
      lendablePercent,
      "must be between 0 and 100, inclusive",
    );
  }
}

function validateLimited(
  limited: NonNullable<PriorityLevelConfigurationSpec["limited"]>,
  errors: Errors,
): void {
  const path = SPEC.child("limited");
  validateShares(limited, path, errors);
  const { borrowingLimitPercent = 0, limitResponse: { type = "", queuing } = {} } = limited;
  const response = path.child("limitResponse");
  switch (type) {
    case "Reject":
      if (queuing !== undefined) {
        errors.forbidden(
          response.child("queuing"),
          "must be nil if limited.limitResponse.type is not Limited",
        );
      }
      break;
    case "Queue":
      if (queuing === undefined) {
        errors.required(
          response.child("queuing"),
          "must not be empty if limited.limitResponse.type is Limited",
        );
      } else validateQueuing(queuing, response.child("queuing"), errors);
      break;
    default:
      errors.notSupported(response.child("type"), type, ["Queue", "Reject"]);
  }
  if (borrowingLimitPercent < 0) {
    errors.invalid(
      path.child("borrowingLimitPercent"),
      borrowingLimitPercent,
      `if specified, ${NOT_NEGATIVE}`,
    );
  }
}

function validateQueuing(
  { queueLengthLimit = 0, queues = 0, handSize = 0 }: QueuingConfiguration,
  path: Path,
  errors: Errors,
): void {
  const positive = "must be positive";
  if (queueLengthLimit <= 0) {
    errors.invalid(path.child("queueLengthLimit"), queueLengthLimit, positive);
  }
  if (queues <= 0) errors.invalid(path.child("queues"), queues, positive);
  else if (queues > QUEUES_MAXIMUM) {
    errors.invalid(path.child("queues"), queues, `must not be greater than ${QUEUES_MAXIMUM}`);
  }
  const hand = path.child("handSize");
  if (handSize <= 0) errors.invalid(hand, handSize, positive);
  else if (handSize > queues) {
    errors.invalid(hand, handSize, `should not be greater than queues (${queues})`);
  } else if (Math.ceil(Math.log2(queues) * handSize) > HASH_BITS_MAXIMUM) {
    errors.invalid(
      hand,
      handSize,
      `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ` +
        `${HASH_BITS_MAXIMUM}`,
    );
  }
}
