import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from "../generated/types.ts";
import * as storage from "../validation/storage.ts";
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
  }),
  "storage.k8s.io/CSIStorageCapacity": rules<CSIStorageCapacity>({
    conditional: true,
    create: drivers.validateCapacity,
    update: drivers.validateCapacityUpdate,
  }),
  "storage.k8s.io/StorageClass": rules<StorageClass>({
    returnsDeleted: true,
    create: storage.validateStorageClass,
    update: storage.validateStorageClassUpdate,
  }),
  "storage.k8s.io/VolumeAttachment": rules<VolumeAttachment>({
    conditional: true,
    returnsDeleted: true,
    create: drivers.validateAttachment,
    update: drivers.validateAttachmentUpdate,
  }),
  "storage.k8s.io/VolumeAttributesClass": rules<VolumeAttributesClass>({
    returnsDeleted: true,
    create: drivers.validateAttributesClass,
    update: drivers.validateAttributesClassUpdate,
  }),
};
