import type { Container, Pod, PodSpec } from "../../api/served.ts";

/** Objects of its own namespace that a pod names. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>;
  readonly configMaps: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
  readonly resourceClaims: ReadonlySet<string>;
}

/** A pod that the kubelet read from a file and shows to the API server. */
export const MIRROR_POD_ANNOTATION = "kubernetes.io/config.mirror";

export const isMirrorPod = (pod: Pod): boolean =>
  pod.metadata?.annotations?.[MIRROR_POD_ANNOTATION] !== undefined;

/** What the pod's node must read to run it. Pure. */
export function podReferences(pod: Pod): PodReferences {
  const spec = pod.spec ?? {};
  const secrets = new Set<string>();
  const configMaps = new Set<string>();
  const claims = new Set<string>();
  const resourceClaims = new Set<string>();
  const add = (set: Set<string>, name: string | undefined) => {
    if (name !== undefined && name !== "") set.add(name);
  };
  for (const { name } of spec.imagePullSecrets ?? []) add(secrets, name);
  for (const container of allContainers(spec)) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add(configMaps, configMapRef?.name);
      add(secrets, secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add(configMaps, valueFrom?.configMapKeyRef?.name);
      add(secrets, valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) {
    add(secrets, volume.secret?.secretName);
    add(configMaps, volume.configMap?.name);
    add(claims, volume.persistentVolumeClaim?.claimName);
    // The claim of a generic ephemeral volume is named after pod and volume.
    if (volume.ephemeral !== undefined) add(claims, `${pod.metadata?.name}-${volume.name}`);
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      add(configMaps, configMap?.name);
      add(secrets, secret?.name);
    }
    add(secrets, volume.csi?.nodePublishSecretRef?.name);
    add(secrets, volume.flexVolume?.secretRef?.name);
    add(secrets, volume.azureFile?.secretName);
    add(secrets, volume.cephfs?.secretRef?.name);
    add(secrets, volume.iscsi?.secretRef?.name);
    add(secrets, volume.rbd?.secretRef?.name);
    add(secrets, volume.scaleIO?.secretRef?.name);
    add(secrets, volume.storageos?.secretRef?.name);
    add(secrets, volume.cinder?.secretRef?.name);
  }
  for (const claim of spec.resourceClaims ?? []) add(resourceClaims, claim.resourceClaimName);
  for (const claim of pod.status?.resourceClaimStatuses ?? []) {
    add(resourceClaims, claim.resourceClaimName);
  }
  return { secrets, configMaps, claims, resourceClaims };
}

/** Containers of every sort, as far as they share fields. */
export function allContainers(spec: PodSpec): Container[] {
  return [
    ...spec.initContainers ?? [],
    ...spec.containers ?? [],
    ...(spec.ephemeralContainers ?? []) as Container[],
  ];
}
