/** What the server counts and times, under kube-apiserver's names. */
export { meteredAdmission } from "./metered_admission.ts";
export { identityMeter } from "./identity_metrics.ts";
export { webhookAuthorizerMeter } from "./webhook_authorizer_metrics.ts";
export { meteredAuthenticator } from "./metered_authentication.ts";
export { countedDecisions, meteredAuthorizer } from "./metered_authorization.ts";
export { MeteredStore } from "./metered_store.ts";
export { ServerMetrics } from "./server_metrics.ts";
export { registerStorageMetrics } from "./storage_metrics.ts";
export { WatchMetrics } from "./watch_metrics.ts";
