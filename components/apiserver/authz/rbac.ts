import type { PolicyRule } from "../../api/served.ts";
import type {
  AuthorizationAttributes,
  AuthorizationDecision,
  Authorizer,
  ObjectReader,
  UserInfo,
} from "../ports.ts";
import { type Grant, RBAC_GROUP, RoleIndex } from "./role_index.ts";
import { ruleAllows } from "./rule.ts";

/** What a user may do, as far as it can be listed. */
export interface RulesOfUser {
  readonly rules: readonly PolicyRule[];
  /** Bindings that name roles which do not exist. */
  readonly errors: readonly string[];
}

/** Role-based access control over roles and bindings held in memory. It only ever allows: it never denies. */
export class RbacAuthorizer implements Authorizer {
  readonly #index = new RoleIndex();

  /** Call once the caches of the four RBAC kinds are ready; the result ends it. Before, nothing is allowed. */
  start(reader: ObjectReader): () => void {
    return this.#index.start(reader);
  }

  authorize(attributes: AuthorizationAttributes): AuthorizationDecision {
    const errors: string[] = [];
    const namespace = attributes.isResourceRequest ? attributes.namespace : "";
    for (const grant of this.#index.grants(attributes.user, namespace)) {
      const role = this.#index.role(grant);
      if (role === undefined) errors.push(roleNotFound(grant));
      else if (role.compiled.some((rule) => ruleAllows(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${describe(grant)}` };
      }
    }
    return { allowed: false, reason: errors.length === 0 ? "" : `RBAC: ${joined(errors)}` };
  }

  /** Every rule that reaches the user in `namespace` (cluster-wide only when empty). */
  rulesFor(user: UserInfo, namespace: string): RulesOfUser {
    const rules: PolicyRule[] = [];
    const errors: string[] = [];
    for (const grant of this.#index.grants(user, namespace)) {
      const role = this.#index.role(grant);
      if (role === undefined) errors.push(roleNotFound(grant));
      else rules.push(...role.rules);
    }
    return { rules, errors };
  }
}

function roleNotFound({ roleRef }: Grant): string {
  return `${roleRef.kind === "ClusterRole" ? "clusterrole" : "role"}.${RBAC_GROUP} ` +
    `${JSON.stringify(roleRef.name)} not found`;
}

const joined = (errors: readonly string[]): string => {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? distinct.join() : `[${distinct.join(", ")}]`;
};

/** `ClusterRoleBinding "b" of ClusterRole "r" to User "u"`. */
function describe({ namespace, bindingName, roleRef, subject }: Grant): string {
  const binding = namespace === ""
    ? `ClusterRoleBinding "${bindingName}"`
    : `RoleBinding "${bindingName}/${namespace}"`;
  const name = subject.kind === "ServiceAccount"
    ? `${subject.name}/${subject.namespace || namespace}`
    : subject.name;
  return `${binding} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${name}"`;
}
