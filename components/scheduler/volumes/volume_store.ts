import type { Clock, Logger } from "../../base/mod.ts";
import {
  CSI_DRIVERS,
  CSI_NODES,
  CSI_STORAGE_CAPACITIES,
  type KubeObject,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type ResourceType,
  STORAGE_CLASSES,
  VOLUME_ATTACHMENTS,
} from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { type Change, Informer } from "../../reconcile/mod.ts";
import type { ClusterEvent, EventResource } from "../queue/cluster_event.ts";
import { attachmentRecord } from "./attachment_record.ts";
import { claimRecord } from "./claim_record.ts";
import { capacityRecord, classRecord, csiNodeRecord, driverRecord } from "./storage_records.ts";
import { VolumeCache } from "./volume_cache.ts";
import { volumeRecord } from "./volume_record.ts";

export interface VolumeStoreOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cache: VolumeCache;
  /** Told of every change after the cache shows it; `before` and `after` are the records of `volumes/`. */
  onEvent(event: ClusterEvent): void;
}

/** Keeps a cache of claims, volumes and what belongs to them as the API server has them. */
export class VolumeStore {
  readonly #options: VolumeStoreOptions;
  readonly #informers: { start(signal: AbortSignal): unknown; synced(): Promise<void> }[];

  constructor(options: VolumeStoreOptions) {
    this.#options = options;
    const { cache } = options;
    this.#informers = [
      this.#informer(
        "PersistentVolumeClaim",
        PERSISTENT_VOLUME_CLAIMS,
        claimRecord,
        (change) => cache.putClaim(change.key, change.current),
      ),
      this.#informer(
        "PersistentVolume",
        PERSISTENT_VOLUMES,
        volumeRecord,
        (change) => cache.putVolume(change.key, change.current),
      ),
      this.#informer(
        "StorageClass",
        STORAGE_CLASSES,
        classRecord,
        (change) => cache.putClass(change.key, change.current),
      ),
      this.#informer(
        "CSIDriver",
        CSI_DRIVERS,
        driverRecord,
        (change) => cache.putDriver(change.key, change.current),
      ),
      this.#informer(
        "CSINode",
        CSI_NODES,
        csiNodeRecord,
        (change) => cache.putCsiNode(change.key, change.current),
      ),
      this.#informer(
        "CSIStorageCapacity",
        CSI_STORAGE_CAPACITIES,
        capacityRecord,
        (change) => cache.putCapacity(change.key, change.current),
      ),
      this.#informer(
        "VolumeAttachment",
        VOLUME_ATTACHMENTS,
        attachmentRecord,
        (change) => cache.putAttachment(change.key, change.current),
      ),
    ];
  }

  start(signal: AbortSignal): void {
    for (const informer of this.#informers) informer.start(signal);
  }

  /** Resolves when all of them are known. */
  async synced(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.synced()));
  }

  #informer<T extends KubeObject, P>(
    resource: EventResource,
    type: ResourceType<T>,
    project: (object: T) => P,
    put: (change: Change<P>) => void,
  ): Informer<T, P> {
    const { client, clock, logger, onEvent } = this.#options;
    const informer = new Informer<T, P>({ client, clock, logger, type, project });
    informer.onChange((change) => {
      put(change);
      const { current: after, previous: before } = change;
      const action = before === undefined ? "Add" : after === undefined ? "Delete" : "Update";
      onEvent({
        resource,
        action,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      });
    });
    return informer;
  }
}
