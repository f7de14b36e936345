import type {
  CSIDriver,
  CSINode,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from "../generated/types.ts";
import { cells, type CellTable, nameAndCreation, nameOf, NONE, objectAge, UNSET } from "./cells.ts";
import { defaultName } from "./network.ts";

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

/** In upstream's order, each mode once. */
function modesText(modes: readonly string[] | undefined): string {
  return Object.keys(SHORT_MODES)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => SHORT_MODES[mode])
    .join(",");
}

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

export const STORAGE_CELLS: CellTable = {
  "/PersistentVolume": cells(({ spec, status, ...object }: PersistentVolume, now) => [
    nameOf(object),
    spec?.capacity?.["storage"] ?? "0",
    modesText(spec?.accessModes),
    spec?.persistentVolumeReclaimPolicy ?? "",
    object.metadata?.deletionTimestamp === undefined ? status?.phase ?? "" : "Terminating",
    spec?.claimRef === undefined
      ? ""
      : `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}`,
    object.metadata?.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? "",
    spec?.volumeAttributesClassName ?? UNSET,
    status?.reason ?? "",
    objectAge(object, now),
    spec?.volumeMode ?? UNSET,
  ]),
  "/PersistentVolumeClaim": cells(({ spec, status, ...object }: PersistentVolumeClaim, now) => {
    const bound = (spec?.volumeName ?? "") !== "";
    return [
      nameOf(object),
      object.metadata?.deletionTimestamp === undefined ? status?.phase ?? "" : "Terminating",
      spec?.volumeName ?? "",
      bound ? status?.capacity?.["storage"] ?? "0" : "",
      bound ? modesText(status?.accessModes) : "",
      object.metadata?.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? "",
      spec?.volumeAttributesClassName ?? UNSET,
      objectAge(object, now),
      spec?.volumeMode ?? UNSET,
    ];
  }),
  "storage.k8s.io/CSIDriver": cells(({ spec, ...object }: CSIDriver, now) => [
    nameOf(object),
    spec?.attachRequired ?? true,
    spec?.podInfoOnMount ?? false,
    spec?.storageCapacity ?? false,
    spec?.tokenRequests === undefined
      ? UNSET
      : spec.tokenRequests.map(({ audience }) => audience ?? "").join(","),
    spec?.requiresRepublish ?? false,
    (spec?.volumeLifecycleModes ?? []).join(",") || NONE,
    objectAge(object, now),
  ]),
  "storage.k8s.io/CSINode": cells(({ spec, ...object }: CSINode, now) => [
    nameOf(object),
    spec?.drivers?.length ?? 0,
    objectAge(object, now),
  ]),
  "storage.k8s.io/CSIStorageCapacity": nameAndCreation,
  "storage.k8s.io/StorageClass": cells((storage: StorageClass, now) => [
    defaultName(storage, DEFAULT_CLASS),
    storage.provisioner ?? "",
    storage.reclaimPolicy ?? "Delete",
    storage.volumeBindingMode ?? "Immediate",
    storage.allowVolumeExpansion ?? false,
    objectAge(storage, now),
  ]),
  "storage.k8s.io/VolumeAttachment": cells(({ spec, status, ...object }: VolumeAttachment, now) => [
    nameOf(object),
    spec?.attacher ?? "",
    spec?.source?.persistentVolumeName ?? "",
    spec?.nodeName ?? "",
    status?.attached ?? false,
    objectAge(object, now),
  ]),
  "storage.k8s.io/VolumeAttributesClass": cells((attributes: VolumeAttributesClass, now) => [
    nameOf(attributes),
    attributes.driverName ?? "",
    objectAge(attributes, now),
  ]),
};
