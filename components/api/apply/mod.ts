/** Server-side apply and the tracking of who manages which fields. */
export { type ApplyPatch, applyPatch, onlyTimesDiffer } from "./apply_patch.ts";
export { mergeApplied } from "./merge.ts";
export { type TrackUpdate, trackUpdate } from "./track_update.ts";
