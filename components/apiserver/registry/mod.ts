/** What the server keeps: resources by definition, and every way to write them. */
export { convertObject } from "./conversion.ts";
export { createObject, type WriteDependencies } from "./create.ts";
export { type Deleted, deleteObject } from "./delete.ts";
export { type DeleteOptions, isDryRun, readDeleteOptions } from "./delete_options.ts";
export { readScale, scaleConfiguration, scaledObject, scaleFrom } from "./custom_scale.ts";
export { Definitions } from "./definitions.ts";
export { apiVersionOf, asJson, ObjectEncoding } from "./encoding.ts";
export { objectReader, objectWriter } from "./object_access.ts";
export { isApply, patchChange, readPatch } from "./patch.ts";
export { admissionRequest, WritePipeline } from "./pipeline.ts";
export { bindPod } from "./pod_binding.ts";
export { evictPod } from "./pod_eviction.ts";
export { Registry, type RegistryOptions } from "./registry.ts";
export { type ObjectIndex, ResourceStore, type StoredObject } from "./resource_store.ts";
export { type Scale, withScale } from "./scale.ts";
export type { ConvertObjects } from "./version_conversion.ts";
export { type Change, updateObject } from "./update.ts";
export { groupResource, type WriteContext, type Written } from "./write_context.ts";
