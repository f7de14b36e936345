import { invariant } from "../../base/mod.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  KubeObject,
  PolicyRule,
  RbacV1Subject,
  Role,
  RoleBinding,
  RoleRef,
} from "../../api/served.ts";
import type { ObjectReader, UserInfo } from "../ports.ts";
import { type CompiledRule, compileRule } from "./rule.ts";

export const RBAC_GROUP = "rbac.authorization.k8s.io";

/** A role's rules, as written and as matched. */
interface IndexedRole {
  readonly rules: readonly PolicyRule[];
  readonly compiled: readonly CompiledRule[];
}

/** A binding as one of its subjects sees it. */
export interface Grant {
  /** Empty for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly bindingName: string;
  readonly roleRef: RoleRef;
  readonly subject: RbacV1Subject;
}

/** Grants by subject key, then by binding and position, so that a binding's grants can be taken out again. */
type GrantsBySubject = Map<string, Map<string, Grant>>;

/**
 * Roles and bindings arranged for the question "what may this user do": by subject. Kept up to date by the events of
 * the four kinds, one object at a time, so that a decision costs a few map look-ups however many bindings exist.
 */
export class RoleIndex {
  readonly #roles = new Map<string, IndexedRole>();
  readonly #clusterGrants: GrantsBySubject = new Map();
  readonly #namespaceGrants = new Map<string, GrantsBySubject>();

  /** Reads all four kinds, whose caches must be ready, and follows them; the result ends the following. */
  start(reader: ObjectReader): () => void {
    const follow = (
      resource: string,
      apply: (current?: KubeObject, previous?: KubeObject) => void,
    ) => {
      const end = reader.onChange(RBAC_GROUP, resource, ({ current, previous }) => {
        apply(current, previous);
      });
      for (const object of reader.list(RBAC_GROUP, resource)) apply(object);
      return end;
    };
    const role = (current?: Role | ClusterRole, previous?: KubeObject) => {
      if (current !== undefined) this.#setRole(current);
      else if (previous !== undefined) this.#roles.delete(keyOf(previous));
    };
    const binding = (current?: RoleBinding, previous?: RoleBinding) => {
      if (previous !== undefined) this.#removeBinding(previous);
      if (current !== undefined) this.#addBinding(current);
    };
    const ends = [
      follow("clusterroles", role),
      follow("roles", role),
      follow("clusterrolebindings", binding),
      follow("rolebindings", binding),
    ];
    return () => ends.forEach((end) => end());
  }

  /** Every grant to the user, the cluster-wide ones first, then those of `namespace` (none when empty). */
  *grants(user: UserInfo, namespace: string): Generator<Grant> {
    yield* grantsOf(this.#clusterGrants, user);
    const local = namespace === "" ? undefined : this.#namespaceGrants.get(namespace);
    if (local !== undefined) yield* grantsOf(local, user);
  }

  /** The role a grant leads to, or undefined when there is none of that name. */
  role(grant: Grant): IndexedRole | undefined {
    return this.#roles.get(roleKey(grant.roleRef, grant.namespace));
  }

  #setRole(role: Role | ClusterRole): void {
    const rules = role.rules ?? [];
    this.#roles.set(keyOf(role), { rules, compiled: rules.map(compileRule) });
  }

  #addBinding(binding: RoleBinding | ClusterRoleBinding): void {
    const namespace = binding.metadata?.namespace ?? "";
    const bindingName = binding.metadata?.name ?? "";
    const { roleRef } = binding;
    invariant(roleRef !== undefined, "a stored binding names a role");
    let grants = this.#clusterGrants;
    if (namespace !== "") {
      grants = this.#namespaceGrants.get(namespace) ?? new Map();
      this.#namespaceGrants.set(namespace, grants);
    }
    (binding.subjects ?? []).forEach((subject, position) => {
      const key = subjectKey(subject, namespace);
      if (key === undefined) return;
      let bySubject = grants.get(key);
      if (bySubject === undefined) grants.set(key, bySubject = new Map());
      bySubject.set(`${bindingName}/${position}`, { namespace, bindingName, roleRef, subject });
    });
  }

  #removeBinding(binding: RoleBinding | ClusterRoleBinding): void {
    const namespace = binding.metadata?.namespace ?? "";
    const grants = namespace === "" ? this.#clusterGrants : this.#namespaceGrants.get(namespace);
    if (grants === undefined) return;
    (binding.subjects ?? []).forEach((subject, position) => {
      const key = subjectKey(subject, namespace) ?? "";
      const bySubject = grants.get(key);
      bySubject?.delete(`${binding.metadata?.name ?? ""}/${position}`);
      if (bySubject?.size === 0) grants.delete(key);
    });
    if (namespace !== "" && grants.size === 0) this.#namespaceGrants.delete(namespace);
  }
}

function* grantsOf(grants: GrantsBySubject, user: UserInfo): Generator<Grant> {
  const own = grants.get(`User ${user.username}`);
  if (own !== undefined) yield* own.values();
  for (const group of user.groups) {
    const shared = grants.get(`Group ${group}`);
    if (shared !== undefined) yield* shared.values();
  }
}

/** A cluster role lies under its name, a role under `namespace/name`: names of roles hold no slash. */
const keyOf = ({ metadata }: KubeObject): string =>
  metadata?.namespace ? `${metadata.namespace}/${metadata.name}` : metadata?.name ?? "";

const roleKey = (ref: RoleRef, namespace: string): string =>
  ref.kind === "ClusterRole" ? ref.name ?? "" : `${namespace}/${ref.name ?? ""}`;

/** A service account is the user that its token says it is. */
function subjectKey(subject: RbacV1Subject, bindingNamespace: string): string | undefined {
  switch (subject.kind) {
    case "User":
    case "Group":
      return `${subject.kind} ${subject.name}`;
    case "ServiceAccount": {
      const namespace = subject.namespace || bindingNamespace;
      return namespace === ""
        ? undefined
        : `User system:serviceaccount:${namespace}:${subject.name}`;
    }
    default:
      return undefined;
  }
}
