import {
  CSI_DRIVERS,
  CSI_NODES,
  CSI_STORAGE_CAPACITIES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
} from "../../api/mod.ts";
import { FollowedObjects, type FollowOptions } from "../state/followed_objects.ts";
import { attachmentRecord } from "./attachment_record.ts";
import { claimRecord } from "./claim_record.ts";
import { capacityRecord, classRecord, csiNodeRecord, driverRecord } from "./storage_records.ts";
import { VolumeCache } from "./volume_cache.ts";
import { volumeRecord } from "./volume_record.ts";

export interface VolumeStoreOptions extends FollowOptions {
  readonly cache: VolumeCache;
}

/** Keeps a cache of claims, volumes and what belongs to them as the API server has them. */
export class VolumeStore extends FollowedObjects {
  constructor(options: VolumeStoreOptions) {
    super(options);
    const { cache } = options;
    this.follow(
      "PersistentVolumeClaim",
      PERSISTENT_VOLUME_CLAIMS,
      claimRecord,
      (change) => cache.putClaim(change.key, change.current),
    );
    this.follow(
      "PersistentVolume",
      PERSISTENT_VOLUMES,
      volumeRecord,
      (change) => cache.putVolume(change.key, change.current),
    );
    this.follow(
      "StorageClass",
      STORAGE_CLASSES,
      classRecord,
      (change) => cache.putClass(change.key, change.current),
    );
    this.follow(
      "CSIDriver",
      CSI_DRIVERS,
      driverRecord,
      (change) => cache.putDriver(change.key, change.current),
    );
    this.follow(
      "CSINode",
      CSI_NODES,
      csiNodeRecord,
      (change) => cache.putCsiNode(change.key, change.current),
    );
    this.follow(
      "CSIStorageCapacity",
      CSI_STORAGE_CAPACITIES,
      capacityRecord,
      (change) => cache.putCapacity(change.key, change.current),
    );
    this.follow(
      "VolumeAttachment",
      VOLUME_ATTACHMENTS,
      attachmentRecord,
      (change) => cache.putAttachment(change.key, change.current),
    );
  }
}
