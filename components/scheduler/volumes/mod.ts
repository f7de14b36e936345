/** Volumes of pods: where they let a pod run, and how its claims are bound before it is. */
export { BindingPlan, type NodeBinding, type VolumeMatch } from "./binding_plan.ts";
export { NodeMatches } from "./node_matches.ts";
export { NodeVolumeLimits } from "./node_volume_limits.ts";
export { type VolumePluginOptions, volumePlugins } from "./plugins.ts";
export { type PodVolumes, podVolumes, UsedVolumes } from "./used_volumes.ts";
export { VolumeBinder, type VolumeBinderOptions } from "./volume_binder.ts";
export { VolumeBinding, type VolumeBindingOptions } from "./volume_binding.ts";
export { VolumeCache } from "./volume_cache.ts";
export { VolumeRestrictions } from "./volume_restrictions.ts";
export { VolumeStore, type VolumeStoreOptions } from "./volume_store.ts";
export type { NodeTerms, VolumeView } from "./volume_view.ts";
export { VolumeZone } from "./volume_zone.ts";
