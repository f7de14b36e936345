/** Server-side apply and the tracking of who manages which fields. */
export { type ApplyPatch, applyPatch, applySteps, onlyTimesDiffer } from "./apply_patch.ts";
export { mergeApplied } from "./merge.ts";
export {
  completeSteps,
  type GrantWish,
  type VersionedObject,
  type VersionWish,
} from "./other_versions.ts";
export { trackSteps, type TrackUpdate, trackUpdate } from "./track_update.ts";
