import { ApiError, hasReason } from "../base/mod.ts";
import type { KubeObject, Pod, PodTemplateSpec, ResourceType } from "../api/mod.ts";
import { controllerReference } from "./ownership.ts";

/** A pod of a template, controlled by `owner`; the server appends five characters to its name. */
export function podFromTemplate(
  template: PodTemplateSpec | undefined,
  owner: KubeObject,
  type: ResourceType<KubeObject>,
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: podPrefix(owner.metadata?.name ?? ""),
      namespace: owner.metadata?.namespace ?? "",
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner, type)],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  };
}

/** The prefix of generated names, which the server cuts so that the whole fits. */
export const podPrefix = (owner: string): string => `${owner}-`;

/** True where a creation was refused because the namespace is going: nobody needs to hear of it. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof ApiError && hasReason(error, "Forbidden") &&
    (error.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating") ?? false);
}

export const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
