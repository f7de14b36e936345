import type { PolicyRule, ResourceSlice, VolumeAttachment } from "../../api/served.ts";
import type {
  AuthorizationAttributes,
  AuthorizationDecision,
  Authorizer,
  ObjectReader,
  UserInfo,
} from "../ports.ts";
import { NodeGraph, type NodeObject } from "./node_graph.ts";
import { type CompiledRule, compileRule, ruleAllows } from "./rule.ts";

const USER_PREFIX = "system:node:";
export const NODES_GROUP = "system:nodes";

/** The node a user is, or undefined. */
export function nodeNameOf(user: UserInfo): string | undefined {
  if (!user.username.startsWith(USER_PREFIX) || !user.groups.includes(NODES_GROUP)) {
    return undefined;
  }
  return user.username.slice(USER_PREFIX.length);
}

const ALLOWED: AuthorizationDecision = { allowed: true, reason: "" };

/**
 * Lets a node do what its pods need: its own Node, Lease and CSINode, the pods bound to it, and the secrets,
 * configmaps, claims and volumes that those name. Has no opinion about anybody else.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #graph: NodeGraph;
  readonly #reader: ObjectReader;
  readonly #rules: readonly CompiledRule[];

  /** `rules` are what any node may do, whatever runs on it: those of ClusterRole `system:node`. */
  constructor(reader: ObjectReader, rules: readonly PolicyRule[]) {
    this.#reader = reader;
    this.#graph = new NodeGraph(reader);
    this.#rules = rules.map(compileRule);
  }

  close(): void {
    this.#graph.close();
  }

  authorize(request: AuthorizationAttributes): AuthorizationDecision {
    const node = nodeNameOf(request.user);
    if (node === undefined) return { allowed: false, reason: "" };
    if (node === "") return no("unknown node for user " + JSON.stringify(request.user.username));
    if (request.isResourceRequest) {
      const decision = this.#resource(node, request);
      if (decision !== undefined) return decision;
    }
    return { allowed: this.#rules.some((rule) => ruleAllows(rule, request)), reason: "" };
  }

  /** Undefined for resources that are the same to every node. */
  #resource(node: string, request: AuthorizationAttributes): AuthorizationDecision | undefined {
    switch (request.group === "" ? request.resource : `${request.resource}.${request.group}`) {
      case "secrets":
        return this.#named(node, request, "secret", ["get", "list", "watch"]);
      case "configmaps":
        return this.#named(node, request, "configmap", ["get", "list", "watch"]);
      case "persistentvolumeclaims":
        return request.subresource === "status"
          ? this.#named(node, request, "claim", ["get", "update", "patch"], "status")
          : this.#named(node, request, "claim", ["get"]);
      case "persistentvolumes":
        return this.#volume(node, request);
      case "resourceclaims.resource.k8s.io":
        return this.#named(node, request, "resourceclaim", ["get"]);
      case "volumeattachments.storage.k8s.io":
        return this.#attachment(node, request);
      case "serviceaccounts":
        return request.subresource === "token"
          ? this.#named(node, request, "serviceaccount", ["create"], "token")
          : this.#named(node, request, "serviceaccount", ["get"]);
      case "leases.coordination.k8s.io":
        if (request.namespace !== "kube-node-lease") {
          return no('can only access leases in the "kube-node-lease" system namespace');
        }
        return own(
          node,
          request,
          "can only access node lease with the same name as the requesting node",
        );
      case "csinodes.storage.k8s.io":
        return own(
          node,
          request,
          "can only access CSINode with the same name as the requesting node",
        );
      case "resourceslices.resource.k8s.io":
        return this.#slice(node, request);
      case "nodes":
        return ownNode(node, request);
      case "pods":
        return this.#pod(node, request);
      default:
        return undefined;
    }
  }

  #named(
    node: string,
    request: AuthorizationAttributes,
    kind: NodeObject,
    verbs: readonly string[],
    subresource = "",
  ): AuthorizationDecision {
    if (!verbs.includes(request.verb)) {
      return no(`can only ${verbs.join(", ")} resources of this type`);
    }
    if (request.subresource !== subresource) return no("cannot read subresource");
    if (request.namespace === "") return no("can only read namespaced object of this type");
    if (request.name === "") return no("No Object name found");
    const { namespace, name } = request;
    if (this.#graph.reaches(node, kind, namespace, name)) return ALLOWED;
    if (kind === "secret" && this.#graph.reachesSecretByVolume(node, namespace, name)) {
      return ALLOWED;
    }
    return unrelated(node);
  }

  #volume(node: string, request: AuthorizationAttributes): AuthorizationDecision {
    if (request.verb !== "get" || request.subresource !== "") {
      return no("can only get individual resources of this type");
    }
    return this.#graph.reachesVolume(node, request.name) ? ALLOWED : unrelated(node);
  }

  #attachment(node: string, request: AuthorizationAttributes): AuthorizationDecision {
    if (request.verb !== "get" || request.subresource !== "") {
      return no("can only get individual resources of this type");
    }
    const found = this.#reader.get<VolumeAttachment>(
      "storage.k8s.io",
      "volumeattachments",
      "",
      request.name,
    );
    return found?.spec?.nodeName === node ? ALLOWED : unrelated(node);
  }

  #slice(node: string, request: AuthorizationAttributes): AuthorizationDecision {
    if (request.subresource !== "") return no("cannot authorize ResourceSlice subresources");
    switch (request.verb) {
      case "create":
        // The body says whose it is: NodeRestriction looks at that.
        return ALLOWED;
      case "list":
      case "watch":
      case "deletecollection":
        return selects(request, "spec.nodeName", node) ? ALLOWED : no(
          "can only list/watch/deletecollection resourceslices with spec.nodeName field selector",
        );
      case "get":
      case "update":
      case "patch":
      case "delete": {
        const slice = this.#reader.get<ResourceSlice>(
          "resource.k8s.io",
          "resourceslices",
          "",
          request.name,
        );
        return slice?.spec?.nodeName === node ? ALLOWED : unrelated(node);
      }
      default:
        return no(
          "only the following verbs are allowed for a ResourceSlice: " +
            "get, watch, list, create, update, patch, delete, deletecollection",
        );
    }
  }

  #pod(node: string, request: AuthorizationAttributes): AuthorizationDecision {
    const { verb, subresource, namespace, name } = request;
    const related = () =>
      this.#graph.reaches(node, "pod", namespace, name) ? ALLOWED : unrelated(node);
    if (subresource === "status") {
      return verb === "update" || verb === "patch" ? related() : no("can only update pod status");
    }
    if (subresource === "eviction") return verb === "create" ? related() : no("can only create");
    if (subresource !== "") return no(`cannot access pods/${subresource}`);
    switch (verb) {
      case "create":
        // A mirror pod: NodeRestriction looks at what is in it.
        return ALLOWED;
      case "list":
      case "watch":
        if (selects(request, "spec.nodeName", node)) return ALLOWED;
        if (name !== "" && namespace !== "") return related();
        return no("can only list/watch pods with spec.nodeName field selector");
      case "get":
      case "delete":
        return related();
      default:
        return no(`cannot ${verb} pods`);
    }
  }
}

const no = (reason: string): AuthorizationDecision => ({ allowed: false, reason });

const unrelated = (node: string): AuthorizationDecision =>
  no(`no relationship found between node '${node}' and this object`);

const OWN_VERBS = new Set(["get", "create", "update", "patch", "delete"]);

/** An object that has the node's own name. */
function own(node: string, request: AuthorizationAttributes, why: string): AuthorizationDecision {
  if (!OWN_VERBS.has(request.verb)) {
    return no("can only get, create, update, patch, or delete a node's own object");
  }
  if (request.subresource !== "") return no("cannot access subresources");
  // A create carries its name in the body, which NodeRestriction looks at.
  const unknown = request.verb === "create" && request.name === "";
  return unknown || request.name === node ? ALLOWED : no(why);
}

/** NodeRestriction holds a node to writing its own object only; reading that is what is decided here. */
function ownNode(node: string, request: AuthorizationAttributes): AuthorizationDecision {
  const { verb, subresource, name } = request;
  const writes = verb === "update" || verb === "patch";
  if (subresource !== "") return subresource === "status" && writes ? ALLOWED : no("");
  switch (verb) {
    case "create":
    case "update":
    case "patch":
      return ALLOWED;
    case "get":
    case "list":
    case "watch": {
      if (name === node) return ALLOWED;
      const which = name === "" ? "all nodes" : `'${name}'`;
      return no(`node '${node}' cannot read ${which}, only its own Node object`);
    }
    default:
      return no("");
  }
}

const selects = ({ fieldSelector }: AuthorizationAttributes, field: string, value: string) =>
  fieldSelector?.some((requirement) =>
    requirement.field === field && requirement.operator === "=" && requirement.value === value
  ) ?? false;
