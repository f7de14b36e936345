/** The three patches that change a document without ownership: JSON patch, merge patch, strategic merge patch. */
export { applyJsonPatch } from "./json_patch.ts";
export { applyMergePatch } from "./merge_patch.ts";
export { applyStrategicPatch } from "./strategic_patch.ts";
