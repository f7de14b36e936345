/** Custom resources: their schemas, and the definitions that serve them. */
export { approvalCondition } from "./approval.ts";
export { hasReadableBundle } from "./check/authority_bundle.ts";
export { CLEANUP_FINALIZER } from "./cleanup.ts";
export { type CustomDefinitions, customDefinitions } from "./custom_definitions.ts";
export type { RuleMeter } from "./rules/mod.ts";
export { pathSteps, replicasAt, selectorAt, valueAt } from "./scale_paths.ts";
export { structuralCondition } from "./structural_condition.ts";
