import { equalJson } from "../../base/mod.ts";
import type { KubeObject, Node } from "../../api/served.ts";
import type { AdmissionRequest } from "../ports.ts";
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

/** A node writes only its own Node, and nothing there by which workloads are drawn to it or kept off it. */
export function validateOwnNode(request: AdmissionRequest, node: string): void {
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
    const names = forbidden.join(", ");
    throw rejected(
      request,
      before === undefined
        ? `node ${JSON.stringify(node)} is not allowed to set the following labels: ${names}`
        : `is not allowed to modify labels: ${names}`,
    );
  }
  if (before === undefined) {
    if (after.spec?.configSource !== undefined) {
      throw rejected(
        request,
        `node ${JSON.stringify(node)} is not allowed to create pods with a non-nil configSource`,
      );
    }
    return;
  }
  if (!equalJson(before.spec?.taints ?? [], after.spec?.taints ?? [])) {
    throw rejected(request, `node ${JSON.stringify(node)} is not allowed to modify taints`);
  }
  if (
    after.spec?.configSource !== undefined &&
    !equalJson(before.spec?.configSource, after.spec.configSource)
  ) {
    throw rejected(
      request,
      `node ${JSON.stringify(node)} is not allowed to update configSource to a new non-nil ` +
        "configSource",
    );
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
