import { cloneJson, equalJson } from "../../base/mod.ts";
import {
  CLUSTER_ROLE_BINDINGS as CLUSTER_ROLE_BINDING_TYPE,
  CLUSTER_ROLES as CLUSTER_ROLE_TYPE,
  type ClusterRole,
  type KubeObject,
  type LabelSelector,
  type ObjectMeta,
  type PolicyRule,
  type RbacV1Subject,
  type ResourceType,
  ROLE_BINDINGS as ROLE_BINDING_TYPE,
  type RoleBinding,
  type RoleRef,
  ROLES as ROLE_TYPE,
} from "../../api/served.ts";
import { missingRules, RBAC_GROUP } from "../authz/mod.ts";
import type { Ensurer } from "./ensure.ts";
import {
  type BindingRow,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CONTROLLER_ROLES,
  ROLE_BINDINGS,
  ROLES,
} from "./rbac_table.ts";

const AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate";
const CONTROLLER_PREFIX = "system:controller:";

/** Roles and bindings of a new cluster; those that exist get what they lack, unless they say otherwise. */
export async function ensureRoles(ensurer: Ensurer): Promise<void> {
  const work: Promise<void>[] = [];
  for (const role of clusterRoles()) {
    work.push(ensurer.ensure(CLUSTER_ROLE_TYPE, role, (existing) => mendRole(existing, role)));
  }
  for (const [key, rules] of Object.entries(ROLES)) {
    const role = { metadata: metadata(key), rules: rules.map(parseRule) };
    work.push(ensurer.ensure(ROLE_TYPE, role, (existing) => mendRole(existing, role)));
  }
  for (const binding of clusterRoleBindings()) {
    work.push(ensureBinding(ensurer, CLUSTER_ROLE_BINDING_TYPE, binding));
  }
  for (const [key, row] of Object.entries(ROLE_BINDINGS)) {
    work.push(ensureBinding(ensurer, ROLE_BINDING_TYPE, bindingOf(key, row, "Role")));
  }
  await Promise.all(work);
}

/** Every cluster role of the table, as an object. */
export function clusterRoles(): ClusterRole[] {
  const named = Object.entries(CLUSTER_ROLES).map(([name, row]): ClusterRole => {
    const selectors: LabelSelector[] = row.aggregates === undefined
      ? []
      : [{ matchLabels: { [row.aggregates]: "true" } }];
    return {
      metadata: metadata(name, row.labels),
      // The rules of a role that gathers others are written by the aggregation controller.
      ...(selectors.length === 0
        ? { rules: row.rules.map(parseRule) }
        : { aggregationRule: { clusterRoleSelectors: selectors } }),
    };
  });
  const controllers = Object.entries(CONTROLLER_ROLES).map(([name, rules]) => ({
    metadata: metadata(CONTROLLER_PREFIX + name),
    rules: rules.map(parseRule),
  }));
  return [...named, ...controllers];
}

/** The rules of ClusterRole `system:node`: what the node authorizer lets every node do. */
export const nodeRules = (): PolicyRule[] =>
  (CLUSTER_ROLES["system:node"]?.rules ?? []).map(parseRule);

function clusterRoleBindings(): RoleBinding[] {
  const named = Object.entries(CLUSTER_ROLE_BINDINGS)
    .map(([name, row]) => bindingOf(name, row, "ClusterRole"));
  const controllers = Object.keys(CONTROLLER_ROLES).map((name) => {
    const full = CONTROLLER_PREFIX + name;
    return bindingOf(full, [full, `ServiceAccount:kube-system/${name}`], "ClusterRole");
  });
  return [...named, ...controllers];
}

/** One line of the table as a rule. */
export function parseRule(line: string): PolicyRule {
  const [verbs = "", groups = "", targets = "", names] = line.split(" ");
  const list = (text: string) => text.split(",");
  if (groups === "URL") return { verbs: list(verbs), nonResourceURLs: list(targets) };
  return {
    verbs: list(verbs),
    apiGroups: list(groups).map((group) => group === "core" ? "" : group),
    resources: list(targets),
    ...(names === undefined ? {} : { resourceNames: list(names) }),
  };
}

/** `namespace/name` or `name`, with the marks of what the cluster brings itself. */
function metadata(key: string, labels: Readonly<Record<string, string>> = {}): ObjectMeta {
  const slash = key.indexOf("/");
  return {
    name: key.slice(slash + 1),
    ...(slash < 0 ? {} : { namespace: key.slice(0, slash) }),
    labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
    annotations: { [AUTOUPDATE]: "true" },
  };
}

function bindingOf(key: string, [role, ...subjects]: BindingRow, kind: string): RoleBinding {
  return {
    metadata: metadata(key),
    roleRef: { apiGroup: RBAC_GROUP, kind, name: role },
    ...(subjects.length === 0 ? {} : { subjects: subjects.map(parseSubject) }),
  };
}

function parseSubject(text: string): RbacV1Subject {
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (kind !== "ServiceAccount") return { kind, apiGroup: RBAC_GROUP, name };
  const [namespace = "", account = ""] = name.split("/");
  return { kind, name: account, namespace };
}

/** The annotation lets an administrator keep an object as it is. */
const isKept = ({ metadata }: KubeObject): boolean =>
  metadata?.annotations?.[AUTOUPDATE] === "false";

/** Adds what the table has and the role lacks; nothing is taken away. Undefined when nothing is lacking. */
export function mendRole(existing: ClusterRole, desired: ClusterRole): ClusterRole | undefined {
  if (isKept(existing)) return undefined;
  const mended = withMetadataOf(existing, desired);
  if (desired.aggregationRule === undefined) {
    const missing = missingRules(existing.rules ?? [], desired.rules ?? []);
    if (missing.length > 0) mended.rules = [...existing.rules ?? [], ...missing];
  } else {
    const selectors = existing.aggregationRule?.clusterRoleSelectors ?? [];
    const missing = (desired.aggregationRule.clusterRoleSelectors ?? [])
      .filter((wanted) => !selectors.some((selector) => equalJson(selector, wanted)));
    if (missing.length > 0) {
      mended.aggregationRule = { clusterRoleSelectors: [...selectors, ...missing] };
    }
  }
  return equalJson(mended, existing) ? undefined : mended;
}

/** Adds missing subjects. Undefined when nothing is lacking. */
export function mendBinding(existing: RoleBinding, desired: RoleBinding): RoleBinding | undefined {
  if (isKept(existing)) return undefined;
  const mended = withMetadataOf(existing, desired);
  const subjects = existing.subjects ?? [];
  const missing = (desired.subjects ?? [])
    .filter((wanted) => !subjects.some((subject) => equalJson(subject, wanted)));
  if (missing.length > 0) mended.subjects = [...subjects, ...missing];
  return equalJson(mended, existing) ? undefined : mended;
}

/** A binding's role cannot be changed: one that leads elsewhere is made anew. */
async function ensureBinding(
  ensurer: Ensurer,
  type: ResourceType<RoleBinding>,
  desired: RoleBinding,
): Promise<void> {
  const { namespace = "", name = "" } = desired.metadata ?? {};
  const existing = ensurer.reader.get<RoleBinding>(RBAC_GROUP, type.resource, namespace, name);
  if (existing !== undefined && !isKept(existing) && !sameRole(existing.roleRef, desired.roleRef)) {
    await ensurer.writer.delete(RBAC_GROUP, type.resource, namespace, name);
    await ensurer.reader.fresh(RBAC_GROUP, type.resource);
  }
  await ensurer.ensure(type, desired, (found) => mendBinding(found, desired));
}

const sameRole = (a: RoleRef | undefined, b: RoleRef | undefined): boolean =>
  a?.kind === b?.kind && a?.name === b?.name;

function withMetadataOf<T extends KubeObject>(existing: T, desired: T): T {
  const mended = cloneJson(existing);
  const { labels, annotations } = desired.metadata ?? {};
  mended.metadata = {
    ...mended.metadata,
    ...(labels === undefined ? {} : { labels: { ...mended.metadata?.labels, ...labels } }),
    ...(annotations === undefined
      ? {}
      : { annotations: { ...mended.metadata?.annotations, ...annotations } }),
  };
  return mended;
}
