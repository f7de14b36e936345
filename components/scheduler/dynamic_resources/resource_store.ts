import type { Clock, Logger } from "../../base/mod.ts";
import {
  DEVICE_CLASSES,
  type DeviceClass,
  type KubeObject,
  RESOURCE_CLAIMS,
  RESOURCE_SLICES,
  type ResourceClaim,
  type ResourceSlice,
  type ResourceType,
} from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { type Change, Informer, withoutManagedFields } from "../../reconcile/mod.ts";
import type { ClusterEvent, EventResource } from "../queue/cluster_event.ts";
import { type SliceRecord, sliceRecord } from "./device_pool.ts";
import type { ResourceClaimCache } from "./resource_claim_cache.ts";

export interface ResourceStoreOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cache: ResourceClaimCache;
  /** Told of every change after the cache shows it. */
  onEvent(event: ClusterEvent): void;
}

/** Keeps a cache of claims, classes and slices of devices as the API server has them. */
export class ResourceStore {
  readonly #options: ResourceStoreOptions;
  readonly #informers: { start(signal: AbortSignal): unknown; synced(): Promise<void> }[];

  constructor(options: ResourceStoreOptions) {
    this.#options = options;
    const { cache } = options;
    this.#informers = [
      this.#informer<ResourceClaim, ResourceClaim>(
        "ResourceClaim",
        RESOURCE_CLAIMS,
        withoutManagedFields,
        ({ key, current }) => cache.putClaim(key, current),
      ),
      this.#informer<DeviceClass, DeviceClass>(
        "DeviceClass",
        DEVICE_CLASSES,
        withoutManagedFields,
        ({ key, current }) => cache.putClass(key, current),
      ),
      this.#informer<ResourceSlice, SliceRecord>(
        "ResourceSlice",
        RESOURCE_SLICES,
        sliceRecord,
        ({ key, current }) => cache.pools.put(key, current),
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
