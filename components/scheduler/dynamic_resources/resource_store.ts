import {
  DEVICE_CLASSES,
  type DeviceClass,
  RESOURCE_CLAIMS,
  RESOURCE_SLICES,
  type ResourceClaim,
  type ResourceSlice,
} from "../../api/mod.ts";
import { withoutManagedFields } from "../../reconcile/mod.ts";
import { FollowedObjects, type FollowOptions } from "../state/followed_objects.ts";
import { type SliceRecord, sliceRecord } from "./device_pool.ts";
import type { ResourceClaimCache } from "./resource_claim_cache.ts";

export interface ResourceStoreOptions extends FollowOptions {
  readonly cache: ResourceClaimCache;
}

/** Keeps a cache of claims, classes and slices of devices as the API server has them. */
export class ResourceStore extends FollowedObjects {
  constructor(options: ResourceStoreOptions) {
    super(options);
    const { cache } = options;
    this.follow<ResourceClaim, ResourceClaim>(
      "ResourceClaim",
      RESOURCE_CLAIMS,
      withoutManagedFields,
      ({ key, current }) => cache.putClaim(key, current),
    );
    this.follow<DeviceClass, DeviceClass>(
      "DeviceClass",
      DEVICE_CLASSES,
      withoutManagedFields,
      ({ key, current }) => cache.putClass(key, current),
    );
    this.follow<ResourceSlice, SliceRecord>(
      "ResourceSlice",
      RESOURCE_SLICES,
      sliceRecord,
      ({ key, current }) => cache.pools.put(key, current),
    );
  }
}
