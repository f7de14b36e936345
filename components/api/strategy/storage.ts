import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from "../generated/types.ts";
import * as classes from "../validation/storage_class.ts";
import * as drivers from "../validation/storage_drivers.ts";
import { rules, type RuleTable } from "./rules.ts";

/** The kinds of storage.k8s.io: classes, drivers and what they attach. */
export const STORAGE_RULES: RuleTable = {
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
  }),
  "storage.k8s.io/StorageClass": rules<StorageClass>({
    returnsDeleted: true,
    create: classes.validateStorageClass,
    update: classes.validateStorageClassUpdate,
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
