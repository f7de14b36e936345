/** The rules of kinds: what makes an object, or a change of one, invalid. */
export { Errors } from "./errors.ts";
export { isCronSchedule } from "./cron.ts";
export {
  type NameRule,
  validateAnnotations,
  validateLabels,
  validateMetadata,
  validateMetadataUpdate,
} from "./metadata.ts";
export { MANDATORY_FLOW_SCHEMAS, MANDATORY_PRIORITY_LEVELS } from "./mandatory_flow_control.ts";
export { isCidr } from "./network.ts";
export { Path } from "./path.ts";
export { isIpAddress, isIpv4, isIpv6 } from "./pod/spec.ts";
export { validateBySchema } from "./schema_rules.ts";
export { validateLabelSelector } from "./selector.ts";
