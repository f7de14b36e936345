import {
  type PersistentVolumeClaim,
  type Pod,
  type PodTemplateSpec,
  STATEFUL_SETS,
  type StatefulSet,
} from "../../api/mod.ts";
import { ownerReference } from "../ownership.ts";
import { podFromTemplate } from "../pod_template.ts";
import { POD_REVISION } from "../revisions.ts";

const POD_NAME = "statefulset.kubernetes.io/pod-name";
const POD_INDEX = "apps.kubernetes.io/pod-index";

/** The ordinal in a pod's name; undefined for a name that is not of this set. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const name = pod.metadata?.name ?? "";
  const prefix = `${set.metadata?.name}-`;
  const text = name.slice(prefix.length);
  return name.startsWith(prefix) && /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : undefined;
}

export const claimName = (set: StatefulSet, template: string, ordinal: number): string =>
  `${template}-${set.metadata?.name}-${ordinal}`;

/** The pod of an ordinal, made from the template of a revision. */
export function statefulPod(
  set: StatefulSet,
  ordinal: number,
  revision: string,
  template: PodTemplateSpec,
): Pod {
  const pod = podFromTemplate(template, set, STATEFUL_SETS);
  const { generateName: _, ...metadata } = pod.metadata ?? {};
  const name = `${set.metadata?.name}-${ordinal}`;
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? "");
  const volumes = (pod.spec?.volumes ?? []).filter(({ name = "" }) => !claims.includes(name));
  const serviceName = set.spec?.serviceName ?? "";
  return {
    ...pod,
    metadata: {
      ...metadata,
      name,
      labels: {
        ...metadata.labels,
        [POD_NAME]: name,
        [POD_INDEX]: String(ordinal),
        [POD_REVISION]: revision,
      },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(serviceName === "" ? {} : { subdomain: serviceName }),
      ...(claims.length + volumes.length === 0 ? {} : {
        volumes: [
          ...volumes,
          ...claims.map((claim) => ({
            name: claim,
            persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
          })),
        ],
      }),
    },
  };
}

/** The claims that the pod of an ordinal needs. */
export function statefulClaims(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claimName(set, metadata?.name ?? "", ordinal),
      namespace: set.metadata?.namespace ?? "",
      labels: { ...metadata?.labels, ...set.spec?.selector?.matchLabels },
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...(retention(set).whenDeleted
        ? { ownerReferences: [ownerReference(set, STATEFUL_SETS)] }
        : {}),
    },
    ...(spec === undefined ? {} : { spec }),
  }));
}

/** Whether claims go with the set, and with pods that are scaled away. */
export function retention(set: StatefulSet): { whenDeleted: boolean; whenScaled: boolean } {
  const policy = set.spec?.persistentVolumeClaimRetentionPolicy;
  return {
    whenDeleted: policy?.whenDeleted === "Delete",
    whenScaled: policy?.whenScaled === "Delete",
  };
}
