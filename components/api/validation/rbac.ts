import { equalJson } from "../../base/mod.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacV1Subject,
  Role,
  RoleBinding,
} from "../generated/types.ts";
import { dnsSubdomainProblems, pathSegmentProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";
import { validateLabelSelector } from "./selector.ts";

const GROUP = "rbac.authorization.k8s.io";

function validateRule(rule: PolicyRule, namespaced: boolean, path: Path, errors: Errors): void {
  const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule;
  if (verbs.length === 0) {
    errors.required(path.child("verbs"), "verbs must contain at least one value");
  }
  if (nonResourceURLs.length > 0) {
    if (namespaced) {
      errors.invalid(
        path.child("nonResourceURLs"),
        nonResourceURLs,
        "namespaced rules cannot apply to non-resource URLs",
      );
    }
    if (apiGroups.length > 0 || resources.length > 0 || (rule.resourceNames ?? []).length > 0) {
      errors.invalid(
        path.child("nonResourceURLs"),
        nonResourceURLs,
        "rules cannot apply to both regular resources and non-resource URLs",
      );
    }
    return;
  }
  if (apiGroups.length === 0) {
    errors.required(path.child("apiGroups"), "resource rules must supply at least one api group");
  }
  if (resources.length === 0) {
    errors.required(path.child("resources"), "resource rules must supply at least one resource");
  }
}

export function validateRole({ rules }: Role, errors: Errors): void {
  for (const [i, rule] of (rules ?? []).entries()) {
    validateRule(rule, true, Path.of("rules").at(i), errors);
  }
}

export function validateClusterRole({ rules, aggregationRule }: ClusterRole, errors: Errors): void {
  for (const [i, rule] of (rules ?? []).entries()) {
    validateRule(rule, false, Path.of("rules").at(i), errors);
  }
  if (aggregationRule === undefined) return;
  const at = Path.of("aggregationRule", "clusterRoleSelectors");
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    errors.required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil");
  }
  for (const [i, selector] of selectors.entries()) {
    validateLabelSelector(selector, at.at(i), errors);
  }
}

function validateBinding(
  { roleRef = {}, subjects = [] }: RoleBinding,
  kinds: readonly string[],
  namespaced: boolean,
  errors: Errors,
): void {
  const at = Path.of("roleRef");
  const { apiGroup = "", kind = "", name = "" } = roleRef;
  if (apiGroup !== GROUP) errors.notSupported(at.child("apiGroup"), apiGroup, [GROUP]);
  if (!kinds.includes(kind)) errors.notSupported(at.child("kind"), kind, kinds);
  if (name === "") errors.required(at.child("name"));
  else errors.invalidAll(at.child("name"), name, pathSegmentProblems(name));
  for (const [i, subject] of subjects.entries()) {
    validateSubject(subject, namespaced, Path.of("subjects").at(i), errors);
  }
}

function validateSubject(
  subject: RbacV1Subject,
  namespaced: boolean,
  path: Path,
  errors: Errors,
): void {
  const { kind = "", name = "", apiGroup = "", namespace = "" } = subject;
  if (name === "") errors.required(path.child("name"));
  if (kind === "ServiceAccount") {
    if (name !== "") errors.invalidAll(path.child("name"), name, dnsSubdomainProblems(name));
    if (apiGroup !== "") errors.notSupported(path.child("apiGroup"), apiGroup, [""]);
    if (!namespaced && namespace === "") errors.required(path.child("namespace"));
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== GROUP) errors.notSupported(path.child("apiGroup"), apiGroup, [GROUP]);
  } else {
    errors.notSupported(path.child("kind"), kind, ["ServiceAccount", "User", "Group"]);
  }
}

export function validateRoleBinding(binding: RoleBinding, errors: Errors): void {
  validateBinding(binding, ["Role", "ClusterRole"], true, errors);
}

export function validateClusterRoleBinding(binding: ClusterRoleBinding, errors: Errors): void {
  validateBinding(binding, ["ClusterRole"], false, errors);
}

/** Who is bound to a role may change, the role may not. */
export function validateRoleRefUpdate(next: RoleBinding, old: RoleBinding, errors: Errors): void {
  if (!equalJson(next.roleRef, old.roleRef)) {
    errors.invalid(Path.of("roleRef"), next.roleRef ?? null, "cannot change roleRef");
  }
}
