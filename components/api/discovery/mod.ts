/** Discovery: what is served, told as documents. */
export * from "./aggregated.ts";
export {
  groupVersionOf,
  type Priorities,
  type ServedGroup,
  servedGroups,
  type ServedVersion,
} from "./groups.ts";
export { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./plain.ts";
export { compareVersions, type Priority, priorityOf } from "./priority.ts";
export { storageVersionHash } from "./storage_hash.ts";
