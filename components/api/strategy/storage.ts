import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from "../generated/types.ts";
import * as classes from "../validation/storage_class.ts";
import * as volumes from "../validation/storage.ts";
import * as drivers from "../validation/storage_drivers.ts";
import {
  capacityWarnings,
  claimWarnings,
  storageClassWarnings,
  volumeWarnings,
} from "../validation/warnings/volumes.ts";
import { rules, type RuleTable } from "./rules.ts";

/** Volumes and claims, and the kinds of storage.k8s.io: classes, drivers and what they attach. */
export const STORAGE_RULES: RuleTable = {
  "/PersistentVolume": rules<PersistentVolume>({
    returnsDeleted: true,
    status: () => ({ phase: "Pending" }),
    create: volumes.validateVolume,
    update: volumes.validateVolumeUpdate,
    warnings: volumeWarnings,
  }),
  "/PersistentVolumeClaim": rules<PersistentVolumeClaim>({
    returnsDeleted: true,
    status: () => ({ phase: "Pending" }),
    prepareCreate: alignSources,
    prepareUpdate: alignSources,
    create: volumes.validateClaim,
    update: volumes.validateClaimUpdate,
    statusUpdate: volumes.validateClaimStatus,
    warnings: claimWarnings,
  }),
  "storage.k8s.io/CSIDriver": rules<CSIDriver>({
    generation: ["spec"],
    conditional: true,
    returnsDeleted: true,
    create: drivers.validateDriver,
    update: drivers.validateDriverUpdate,
  }),
  "storage.k8s.io/CSINode": rules<CSINode>({
    conditional: true,
    returnsDeleted: true,
    create: drivers.validateDriversOfNode,
    update: drivers.validateDriversOfNodeUpdate,
  }),
  "storage.k8s.io/CSIStorageCapacity": rules<CSIStorageCapacity>({
    conditional: true,
    create: drivers.validateCapacity,
    update: drivers.validateCapacityUpdate,
    warnings: capacityWarnings,
  }),
  "storage.k8s.io/StorageClass": rules<StorageClass>({
    returnsDeleted: true,
    create: classes.validateStorageClass,
    update: classes.validateStorageClassUpdate,
    warnings: storageClassWarnings,
  }),
  "storage.k8s.io/VolumeAttachment": rules<VolumeAttachment>({
    conditional: true,
    returnsDeleted: true,
    create: drivers.validateAttachment,
    update: drivers.validateAttachmentUpdate,
    statusUpdate: drivers.validateAttachmentStatus,
  }),
  "storage.k8s.io/VolumeAttributesClass": rules<VolumeAttributesClass>({
    returnsDeleted: true,
    create: classes.validateAttributesClass,
    update: classes.validateAttributesClassUpdate,
  }),
};

const SNAPSHOT = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot" };

/** What a claim is filled from stands in two members. The older one knows claims and snapshots only. */
function alignSources({ spec }: PersistentVolumeClaim, previous?: PersistentVolumeClaim): void {
  if (spec === undefined) return;
  // Sources in other namespaces are a feature that is off.
  if (spec.dataSourceRef?.namespace && !previous?.spec?.dataSourceRef?.namespace) {
    delete spec.dataSourceRef;
  }
  const { apiGroup = "", kind } = spec.dataSource ?? {};
  const known = apiGroup === "" && kind === "PersistentVolumeClaim" ||
    apiGroup === SNAPSHOT.apiGroup && kind === SNAPSHOT.kind;
  if (!known && previous?.spec?.dataSource === undefined) delete spec.dataSource;
  if (spec.dataSource !== undefined) spec.dataSourceRef ??= { ...spec.dataSource };
  else if (spec.dataSourceRef !== undefined && !spec.dataSourceRef.namespace) {
    spec.dataSource = { ...spec.dataSourceRef };
  }
}
