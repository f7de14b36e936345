/** What objects use of a ResourceQuota: shared by who admits and by who counts. */
export * from "./amounts.ts";
export * from "./evaluators.ts";
export * from "./pod_totals.ts";
export * from "./quota_usage.ts";
export * from "./scopes.ts";
