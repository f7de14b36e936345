import { equalJson, notFound } from "../../base/mod.ts";
import type {
  CertificateSigningRequest,
  Node,
  PersistentVolumeClaim,
  Pod,
  ResourceSlice,
  TokenRequest,
} from "../../api/served.ts";
import { readSigningRequest } from "../../pki/mod.ts";
import { isMirrorPod, nodeNameOf, podReferences } from "../authz/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, Authorizer, ObjectReader } from "../ports.ts";
import { resourceQuestion } from "../questions.ts";
import { validateOwnNode } from "./own_node.ts";
import { podAudiences } from "./pod_audiences.ts";
import { rejected } from "./target.ts";

const LEASE_NAMESPACE = "kube-node-lease";

/** A node writes only itself and the pods that run on it, and nothing that would give it more. */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = "NodeRestriction";
  readonly #reader: ObjectReader;
  readonly #authorizer: Authorizer;

  constructor(reader: ObjectReader, authorizer: Authorizer) {
    this.#reader = reader;
    this.#authorizer = authorizer;
  }

  handles({ user }: AdmissionRequest): boolean {
    return nodeNameOf(user) !== undefined;
  }

  validate(request: AdmissionRequest): void | Promise<void> {
    const node = nodeNameOf(request.user) ?? "";
    if (node === "") throw rejected(request, "could not determine node from user");
    const { group, plural } = request.definition;
    switch (group === "" ? plural : `${plural}.${group}`) {
      case "pods":
        return this.#pod(request, node);
      case "nodes":
        return validateOwnNode(request, node);
      case "persistentvolumeclaims":
        return validateClaim(request, node);
      case "serviceaccounts":
        return this.#token(request, node);
      case "certificatesigningrequests.certificates.k8s.io":
        return validateSigningRequest(request, node);
      case "leases.coordination.k8s.io":
        if (request.namespace !== LEASE_NAMESPACE) {
          throw rejected(
            request,
            `can only access leases in the ${JSON.stringify(LEASE_NAMESPACE)} system namespace`,
          );
        }
        return own(request, node, "node lease");
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
      onNode(request, before, node, "update pod status for");
      const after = request.object as Pod;
      if (!equalJson(before.metadata?.labels ?? {}, after.metadata?.labels ?? {})) {
        throw rejected(
          request,
          `node ${JSON.stringify(node)} cannot update labels through pod status`,
        );
      }
      const claims = ({ status }: Pod) => status?.resourceClaimStatuses ?? [];
      if (!equalJson(claims(before), claims(after))) {
        throw rejected(
          request,
          `node ${JSON.stringify(node)} cannot update resource claim statues`,
        );
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
    this.#owner(request, pod, node);
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
      ["clustertrustbundles", trustBundles(pod)],
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

  /** A mirror pod belongs to its node, which it must neither block nor share. */
  #owner(request: AdmissionRequest, pod: Pod, node: string): void {
    const refuse = (what: string) => rejected(request, `node ${JSON.stringify(node)} ${what}`);
    const [owner, ...others] = pod.metadata?.ownerReferences ?? [];
    if (others.length > 0) {
      throw refuse("can only create pods with a single owner reference set to itself");
    }
    if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node) {
      throw refuse("can only create pods with an owner reference set to itself");
    }
    if (owner.controller !== true) {
      throw refuse("can only create pods with a controller owner reference set to itself");
    }
    if (owner.blockOwnerDeletion === true) {
      throw refuse("must not set blockOwnerDeletion on an owner reference");
    }
    const found = this.#reader.get<Node>("", "nodes", "", node);
    if (found === undefined) throw notFound({ group: "", resource: "nodes" }, node);
    const uid = found.metadata?.uid;
    if (owner.uid === uid) return;
    throw rejected(request, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
  }

  /** A node asks for tokens only for the accounts of its own pods, bound to those. */
  #token(request: AdmissionRequest, node: string): void | Promise<void> {
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
    return this.#audience(request, pod);
  }

  /** Only for those whom the pod's volumes speak to, or whom the node may speak to on its own. */
  async #audience(request: AdmissionRequest, pod: Pod): Promise<void> {
    const { audiences = [] } = (request.object as TokenRequest).spec ?? {};
    if (audiences.length > 1) throw rejected(request, "node may only request 0 or 1 audiences");
    const [audience = ""] = audiences;
    if (podAudiences(this.#reader, pod).has(audience)) return;
    const { allowed } = await this.#authorizer.authorize(
      resourceQuestion(request.user, "request-serviceaccounts-token-audience", {
        resource: audience,
        namespace: request.namespace,
        name: request.name,
      }),
    );
    if (allowed) return;
    throw rejected(
      request,
      `audience ${JSON.stringify(audience)} not found in pod spec volume, ` +
        `${request.user.username} is not authorized to request tokens for this audience`,
    );
  }
}

function onNode(request: AdmissionRequest, pod: Pod | undefined, node: string, what: string): void {
  if (pod?.spec?.nodeName === node) return;
  // Upstream quotes the name in all of these but one.
  const name = what === "evict" ? node : JSON.stringify(node);
  throw rejected(
    request,
    `node ${name} can only ${what} pods with spec.nodeName set to itself`,
  );
}

function own(request: AdmissionRequest, node: string, kind: string): void {
  const name = request.name || request.object?.metadata?.name;
  if (name === node) return;
  throw rejected(request, `can only access ${kind} with the same name as the requesting node`);
}

/** The kubelet says how far a claim has grown, and nothing else. */
function validateClaim(request: AdmissionRequest, node: string): void {
  const { subresource, object, oldObject } = request;
  if (subresource !== "status") {
    throw rejected(request, `may only update PVC status`);
  }
  const rest = (claim: PersistentVolumeClaim) => {
    const { resourceVersion: _version, managedFields: _fields, ...metadata } = claim.metadata ?? {};
    const { capacity: _capacity, conditions: _conditions, ...status } = claim.status ?? {};
    const { allocatedResources: _allocated, allocatedResourceStatuses: _statuses, ...others } =
      status;
    return { ...claim, metadata, status: others };
  };
  if (equalJson(rest(oldObject as PersistentVolumeClaim), rest(object as PersistentVolumeClaim))) {
    return;
  }
  throw rejected(
    request,
    `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and ` +
      "status.conditions",
  );
}

const KUBELET_SIGNERS = new Set([
  "kubernetes.io/kubelet-serving",
  "kubernetes.io/kube-apiserver-client-kubelet",
]);

/** A node asks for certificates of its own name. */
async function validateSigningRequest(request: AdmissionRequest, node: string): Promise<void> {
  if (request.operation !== "CREATE" || request.subresource !== "") return;
  const { spec } = request.object as CertificateSigningRequest;
  if (!KUBELET_SIGNERS.has(spec?.signerName ?? "")) return;
  let commonName: string;
  try {
    const pem = new TextDecoder().decode(Uint8Array.fromBase64(spec?.request ?? ""));
    commonName = (await readSigningRequest(pem)).subject.commonName;
  } catch (error) {
    throw rejected(
      request,
      `unable to parse csr: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (commonName === `system:node:${node}`) return;
  throw rejected(request, `can only create a node CSR with CN=system:node:${node}`);
}

const trustBundles = ({ spec }: Pod): ReadonlySet<string> =>
  new Set(
    (spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])
      .filter(({ clusterTrustBundle }) => clusterTrustBundle !== undefined)
      .map(({ clusterTrustBundle }) => clusterTrustBundle?.name ?? ""),
  );

function validateSlice(request: AdmissionRequest, node: string): void {
  if (request.operation !== "CREATE") return;
  const slice = request.object as ResourceSlice | undefined;
  if (slice === undefined || slice.spec?.nodeName === node) return;
  throw rejected(
    request,
    "can only create ResourceSlice with the same NodeName as the requesting node",
  );
}
