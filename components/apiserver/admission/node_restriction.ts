import { badRequest, equalJson } from "../../base/mod.ts";
import type { KubeObject, Node, Pod, ResourceSlice, TokenRequest } from "../../api/mod.ts";
import { isMirrorPod, nodeNameOf, podReferences } from "../authz/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { rejected } from "./target.ts";

/** Labels below the kubernetes.io domains that a kubelet may set on its own node. */
const KUBELET_LABELS = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.kubernetes.io/region",
  "failure-domain.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "node.kubernetes.io/windows-build",
]);
const KUBELET_DOMAINS = ["kubelet.kubernetes.io", "node.kubernetes.io"];

/** A node writes only itself and the pods that run on it, and nothing that would give it more. */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = "NodeRestriction";
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  handles({ user }: AdmissionRequest): boolean {
    return nodeNameOf(user) !== undefined;
  }

  validate(request: AdmissionRequest): void {
    const node = nodeNameOf(request.user) ?? "";
    if (node === "") throw rejected(request, "could not determine node from user");
    const { group, plural } = request.definition;
    switch (group === "" ? plural : `${plural}.${group}`) {
      case "pods":
        return this.#pod(request, node);
      case "nodes":
        return validateNode(request, node);
      case "serviceaccounts":
        return this.#token(request, node);
      case "leases.coordination.k8s.io":
        return own(request, node, "lease");
      case "csinodes.storage.k8s.io":
        return own(request, node, "CSINode");
      case "resourceslices.resource.k8s.io":
        return validateSlice(request, node);
    }
  }

  #pod(request: AdmissionRequest, node: string): void {
    const { operation, subresource } = request;
    if (subresource === "status") {
      const before = request.oldObject as Pod;
      onNode(request, before, node, "update status for");
      if (!equalJson(before.metadata?.labels ?? {}, request.object?.metadata?.labels ?? {})) {
        throw rejected(request, "cannot update labels through pod status");
      }
    } else if (subresource === "eviction") {
      onNode(request, this.#stored(request), node, "evict");
    } else if (operation === "DELETE") {
      onNode(
        request,
        (request.oldObject as Pod | undefined) ?? this.#stored(request),
        node,
        "delete",
      );
    } else if (operation === "CREATE" && subresource === "") {
      this.#mirror(request, request.object as Pod, node);
    } else if (operation === "UPDATE" || operation === "CREATE") {
      throw rejected(request, `unexpected operation ${JSON.stringify(operation)}`);
    }
  }

  #stored({ namespace, name }: AdmissionRequest): Pod | undefined {
    return this.#reader.get<Pod>("", "pods", namespace, name);
  }

  #mirror(request: AdmissionRequest, pod: Pod, node: string): void {
    if (!isMirrorPod(pod)) {
      throw rejected(
        request,
        `pod does not have "kubernetes.io/config.mirror" annotation, node ` +
          `${JSON.stringify(node)} can only create mirror pods`,
      );
    }
    if (pod.spec?.nodeName !== node) {
      throw rejected(
        request,
        `node ${JSON.stringify(node)} can only create pods with spec.nodeName set to itself`,
      );
    }
    for (const owner of pod.metadata?.ownerReferences ?? []) {
      const uid = this.#reader.get<Node>("", "nodes", "", node)?.metadata?.uid;
      if (owner.kind !== "Node" || owner.name !== node || owner.uid !== uid) {
        throw rejected(
          request,
          `node ${JSON.stringify(node)} can only create pods with an owner reference set to itself`,
        );
      }
    }
    if (pod.spec?.serviceAccountName) {
      throw rejected(
        request,
        `node ${JSON.stringify(node)} can not create pods that reference a service account`,
      );
    }
    const references = podReferences(pod);
    const kinds: [string, ReadonlySet<string>][] = [
      ["secrets", references.secrets],
      ["configmaps", references.configMaps],
      ["persistentvolumeclaims", references.claims],
      ["resourceclaims", references.resourceClaims],
    ];
    for (const [kind, names] of kinds) {
      if (names.size > 0) {
        throw rejected(
          request,
          `node ${JSON.stringify(node)} can not create pods that reference ${kind}`,
        );
      }
    }
  }

  /** A node asks for tokens only for the accounts of its own pods, bound to those. */
  #token(request: AdmissionRequest, node: string): void {
    if (request.subresource !== "token") return;
    const ref = (request.object as TokenRequest).spec?.boundObjectRef;
    if (ref?.apiVersion !== "v1" || ref.kind !== "Pod" || !ref.name) {
      throw rejected(request, "node requested token not bound to a pod");
    }
    if (!ref.uid) throw rejected(request, "node requested token with a pod binding without a uid");
    const pod = this.#reader.get<Pod>("", "pods", request.namespace, ref.name);
    if (pod?.metadata?.uid !== ref.uid) {
      throw rejected(
        request,
        `the UID in the bound object reference (${ref.uid}) does not match ` +
          `the UID in record (${
            pod?.metadata?.uid ?? ""
          }). The object might have been deleted and then recreated`,
      );
    }
    if (pod.spec?.nodeName !== node) {
      throw rejected(request, "node requested token bound to a pod scheduled on a different node");
    }
  }
}

function onNode(request: AdmissionRequest, pod: Pod | undefined, node: string, what: string): void {
  if (pod?.spec?.nodeName === node) return;
  throw rejected(
    request,
    `node ${JSON.stringify(node)} can only ${what} pods with spec.nodeName set to itself`,
  );
}

function own(request: AdmissionRequest, node: string, kind: string): void {
  const name = request.name || request.object?.metadata?.name;
  if (name === node) return;
  throw rejected(request, `can only access ${kind} with the same name as the requesting node`);
}

function validateSlice(request: AdmissionRequest, node: string): void {
  const slice = (request.object ?? request.oldObject) as ResourceSlice | undefined;
  if (slice === undefined || slice.spec?.nodeName === node) return;
  throw rejected(
    request,
    "can only create ResourceSlice with the same NodeName as the requesting node",
  );
}

function validateNode(request: AdmissionRequest, node: string): void {
  const after = request.object as Node | undefined;
  const before = request.oldObject as Node | undefined;
  const name = request.name || after?.metadata?.name;
  if (name !== node) {
    throw rejected(
      request,
      `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`,
    );
  }
  if (after === undefined) return;
  const labels = changedLabels(after, before);
  const forbidden = labels.filter(isForbiddenLabel).sort();
  if (forbidden.length > 0) {
    const verb = before === undefined ? "create a node with" : "modify";
    throw rejected(request, `is not allowed to ${verb} labels: ${forbidden.join(", ")}`);
  }
  if (before === undefined) {
    if (after.metadata?.ownerReferences?.length) {
      throw rejected(
        request,
        `node ${JSON.stringify(node)} is not allowed to set owner references`,
      );
    }
    return;
  }
  if (!equalJson(before.spec?.taints ?? [], after.spec?.taints ?? [])) {
    throw rejected(request, `node ${JSON.stringify(node)} is not allowed to modify taints`);
  }
  if (!equalJson(before.metadata?.ownerReferences ?? [], after.metadata?.ownerReferences ?? [])) {
    throw rejected(
      request,
      `node ${JSON.stringify(node)} is not allowed to modify owner references`,
    );
  }
  if (
    after.spec?.configSource !== undefined &&
    !equalJson(before.spec?.configSource, after.spec.configSource)
  ) {
    throw badRequest("node configSource cannot be set by the node itself");
  }
}

function changedLabels(after: KubeObject, before: KubeObject | undefined): string[] {
  const now = after.metadata?.labels ?? {};
  const then = before?.metadata?.labels ?? {};
  return [...new Set([...Object.keys(now), ...Object.keys(then)])]
    .filter((key) => now[key] !== then[key]);
}

/** Labels by which workloads are kept off a node: a node that was taken over must not draw them to itself. */
function isForbiddenLabel(key: string): boolean {
  const domain = key.slice(0, Math.max(0, key.indexOf("/")));
  const within = (parent: string) => domain === parent || domain.endsWith(`.${parent}`);
  if (within("node-restriction.kubernetes.io")) return true;
  if (!within("kubernetes.io") && !within("k8s.io")) return false;
  return !KUBELET_LABELS.has(key) && !KUBELET_DOMAINS.some(within);
}
