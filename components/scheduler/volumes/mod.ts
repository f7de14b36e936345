/** Volumes of pods: where they let a pod run, and how its claims are bound before it is. */
export { NodeMatches } from "./node_matches.ts";
export { type VolumePluginOptions, volumePlugins } from "./plugins.ts";
export { type PodVolumes, podVolumes, UsedVolumes } from "./used_volumes.ts";
export { VolumeCache } from "./volume_cache.ts";
export { VolumeStore, type VolumeStoreOptions } from "./volume_store.ts";
export type { NodeTerms, VolumeView } from "./volume_view.ts";
