/** Devices of pods: which claims get which, and how that is written. */
export { devicePlugin, type DevicePluginOptions } from "./plugins.ts";
export { ResourceClaimCache } from "./resource_claim_cache.ts";
export { ResourceStore, type ResourceStoreOptions } from "./resource_store.ts";
