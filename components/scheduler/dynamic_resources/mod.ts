/** Devices of pods: which claims get which, and how that is written. */
export { ClaimWriter, type ClaimWriterOptions } from "./claim_writer.ts";
export { DynamicResources, type DynamicResourcesOptions } from "./dynamic_resources.ts";
export { devicePlugin, type DevicePluginOptions } from "./plugins.ts";
export { ResourceClaimCache } from "./resource_claim_cache.ts";
export { ResourceStore, type ResourceStoreOptions } from "./resource_store.ts";
