/** Who did what, as a policy says: `audit.k8s.io/v1`. */
export {
  AUDIT_MODES,
  type AuditBackend,
  type AuditMode,
  type BatchLimits,
} from "./audit_backend.ts";
export { type AuditPolicy, readAuditPolicy } from "./audit_policy.ts";
export type { AuditTrail } from "./audit_trail.ts";
export { type Audited, Auditor } from "./auditor.ts";
export { type AuditLogOptions, logBackend } from "./log_backend.ts";
export { follow, trailOf } from "./trail_of.ts";
export { type AuditWebhookOptions, webhookBackend } from "./webhook_backend.ts";
