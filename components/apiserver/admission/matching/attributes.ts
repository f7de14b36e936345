import type { GroupVersionKind, KubeObject, ResourceDefinition } from "../../../api/served.ts";
import type { AdmissionRequest } from "../../ports.ts";

/** What rules look at of a request. */
export interface RuleAttributes {
  readonly operation: AdmissionRequest["operation"];
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Subresources whose body is the whole object. */
const WHOLE = new Set(["", "status", "finalize", "approval", "ephemeralcontainers", "resize"]);

const CONNECT_KINDS: Readonly<Record<string, string>> = {
  "pods/exec": "PodExecOptions",
  "pods/attach": "PodAttachOptions",
  "pods/portforward": "PodPortForwardOptions",
  "pods/proxy": "PodProxyOptions",
  "services/proxy": "ServiceProxyOptions",
  "nodes/proxy": "NodeProxyOptions",
};

const ADMISSION_GROUP = "admissionregistration.k8s.io";

/** Configurations of admission are never sent to what they configure: a wrong one could not be mended. */
export function isExempt({ definition, internal }: AdmissionRequest): boolean {
  return internal === true || definition.group === ADMISSION_GROUP;
}

/** The request as rules see it, in the version that was asked for. */
export function attributesOf(request: AdmissionRequest): RuleAttributes {
  const { operation, definition, requested = definition, subresource, namespace, name } = request;
  return {
    operation,
    group: requested.group,
    version: requested.version,
    resource: requested.plural,
    subresource,
    namespace,
    name,
  };
}

/** The kind of what a request's objects are, as one version of the resource has it. */
export function kindOf(definition: ResourceDefinition, subresource: string): GroupVersionKind {
  const { group, version, kind, subresources } = definition;
  if (WHOLE.has(subresource)) return { group, version, kind };
  const connect = CONNECT_KINDS[`${definition.plural}/${subresource}`];
  if (connect !== undefined) return { group: "", version: "v1", kind: connect };
  return subresources.get(subresource)?.body ?? { group, version, kind };
}

/** True where the request's objects are those of the resource itself. */
export const isWhole = (subresource: string): boolean => WHOLE.has(subresource);

/** True for a namespace object itself, not for what lies in it. */
export function isNamespaceObject({ definition, subresource }: AdmissionRequest): boolean {
  return definition.group === "" && definition.plural === "namespaces" && subresource === "";
}

export const labelsOf = (object: KubeObject | undefined) => object?.metadata?.labels;
