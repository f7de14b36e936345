import type { GroupVersionKind } from "../resource_definition.ts";

/** Kinds of whose deletion the answer is the object as it last was; all others answer a Status. */
const ANSWERS_OBJECT = new Set([
  "/PersistentVolume",
  "/PersistentVolumeClaim",
  "/Pod",
  "/PodTemplate",
  "/ResourceQuota",
  "/Service",
  "/ServiceAccount",
  "resource.k8s.io/DeviceClass",
  "resource.k8s.io/ResourceClaim",
  "resource.k8s.io/ResourceClaimTemplate",
  "resource.k8s.io/ResourceSlice",
  "storage.k8s.io/CSIDriver",
  "storage.k8s.io/CSINode",
  "storage.k8s.io/StorageClass",
  "storage.k8s.io/VolumeAttachment",
  "storage.k8s.io/VolumeAttributesClass",
]);

/** True where a finished DELETE answers the object. */
export function answersDeletedObject({ group, kind }: GroupVersionKind): boolean {
  return ANSWERS_OBJECT.has(`${group}/${kind}`);
}
