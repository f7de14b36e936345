import { equalJson, forbidden } from "../../base/mod.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
} from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, Authorizer, ObjectReader } from "../ports.ts";
import { resourceQuestion } from "../questions.ts";
import { countGrants, describeRule, GRANTS_MAXIMUM, missingRules, quotedList } from "./covers.ts";
import type { RbacAuthorizer } from "./rbac.ts";
import { RBAC_GROUP } from "./role_index.ts";
import { MASTERS_GROUP } from "./union.ts";

const KINDS = new Set(["roles", "clusterroles", "rolebindings", "clusterrolebindings"]);
const FULL_AUTHORITY: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/**
 * Nobody grants what they do not have: a role may be written by who holds all its rules (or `escalate` on it), a
 * binding by who holds all rules of its role (or `bind` on it). Upstream does this in the registry of these kinds.
 */
export class RbacEscalation implements AdmissionPlugin {
  readonly name = "RBACEscalation";
  readonly #rbac: RbacAuthorizer;
  readonly #authorizer: Authorizer;
  readonly #reader: ObjectReader;

  constructor(rbac: RbacAuthorizer, authorizer: Authorizer, reader: ObjectReader) {
    this.#rbac = rbac;
    this.#authorizer = authorizer;
    this.#reader = reader;
  }

  handles({ definition, operation, user }: AdmissionRequest): boolean {
    return definition.group === RBAC_GROUP && KINDS.has(definition.plural) &&
      (operation === "CREATE" || operation === "UPDATE") && !user.groups.includes(MASTERS_GROUP);
  }

  validate(request: AdmissionRequest): Promise<void> {
    return request.definition.plural.endsWith("roles")
      ? this.#validateRole(request)
      : this.#validateBinding(request);
  }

  async #validateRole(request: AdmissionRequest): Promise<void> {
    const role = request.object as ClusterRole | undefined;
    const old = request.oldObject as ClusterRole | undefined;
    if (role === undefined) return;
    // Labels and owners may be changed by anyone who may update: the grants stay as they were.
    if (
      old !== undefined && equalJson(role.rules ?? [], old.rules ?? []) &&
      equalJson(role.aggregationRule, old.aggregationRule)
    ) return;
    if (await this.#may(request, "escalate", request.definition.plural, request.name)) return;
    this.#confirm(request, role.rules ?? []);
    if (role.aggregationRule !== undefined) {
      const held = this.#rbac.rulesFor(request.user, "").rules;
      if (missingRules(held, FULL_AUTHORITY).length > 0) {
        throw this.#forbidden(
          request,
          "must have cluster-admin privileges to use an aggregationRule",
        );
      }
    }
  }

  async #validateBinding(request: AdmissionRequest): Promise<void> {
    const binding = request.object as ClusterRoleBinding | undefined;
    const old = request.oldObject as RoleBinding | undefined;
    const ref = binding?.roleRef;
    if (binding === undefined || ref === undefined) return;
    if (
      old !== undefined && equalJson(ref, old.roleRef) &&
      equalJson(binding.subjects ?? [], old.subjects ?? [])
    ) return;
    const resource = ref.kind === "ClusterRole" ? "clusterroles" : "roles";
    if (await this.#may(request, "bind", resource, ref.name ?? "")) return;
    this.#confirm(request, this.#rulesOf(request, ref));
  }

  #rulesOf(request: AdmissionRequest, ref: RoleRef): readonly PolicyRule[] {
    const name = ref.name ?? "";
    const role = ref.kind === "ClusterRole"
      ? this.#reader.get<ClusterRole>(RBAC_GROUP, "clusterroles", "", name)
      : this.#reader.get<Role>(RBAC_GROUP, "roles", request.namespace, name);
    if (role === undefined) {
      const resource = ref.kind === "ClusterRole" ? "clusterroles" : "roles";
      throw this.#forbidden(request, `${resource}.${RBAC_GROUP} ${JSON.stringify(name)} not found`);
    }
    return role.rules ?? [];
  }

  async #may(
    request: AdmissionRequest,
    verb: string,
    resource: string,
    name: string,
  ): Promise<boolean> {
    const decision = await this.#authorizer.authorize(
      resourceQuestion(request.user, verb, {
        group: RBAC_GROUP,
        version: "*",
        resource,
        namespace: request.namespace,
        name,
      }),
    );
    return decision.allowed;
  }

  #confirm(request: AdmissionRequest, wanted: readonly PolicyRule[]): void {
    const { user } = request;
    if (countGrants(wanted) > GRANTS_MAXIMUM) {
      throw this.#forbidden(request, `its rules make more than ${GRANTS_MAXIMUM} grants to check`);
    }
    const { rules, errors } = this.#rbac.rulesFor(user, request.namespace);
    const missing = missingRules(rules, wanted);
    if (missing.length === 0) return;
    const list = [...new Set(missing.map(describeRule))].sort().join("\n");
    const resolution = errors.length === 0 ? "" : `; resolution errors: [${errors.join(" ")}]`;
    throw this.#forbidden(
      request,
      `user ${JSON.stringify(user.username)} (groups=${
        quotedList(user.groups)
      }) is attempting to ` +
        `grant RBAC permissions not currently held:\n${list}${resolution}`,
    );
  }

  #forbidden(request: AdmissionRequest, why: string) {
    const { group, plural } = request.definition;
    return forbidden({ group, resource: plural }, request.name, why);
  }
}
