/** kube-apiserver: the one door to the cluster's state. */
export { type ApiServer, type ApiServerOptions, startApiServer } from "./server.ts";
export {
  acceptTunnel,
  type ConnectDependencies,
  connectHandler,
  type KubeletCredentials,
  otherServers,
  tunnelBackends,
  tunnelKubelets,
} from "./connect/mod.ts";
export type {
  BackendConnector,
  BackendTarget,
  KubeletAddress,
  KubeletConnector,
  PassedRequest,
  StreamPipe,
} from "./kubelet_connector.ts";
export type {
  Authorizer,
  ObjectReader,
  ObjectWriter,
  Peer,
  RequestInfo,
  UserInfo,
} from "./ports.ts";
export type { ConnectHandler } from "./router.ts";
export type { RunningOptions } from "./running.ts";
export {
  type AdmissionConfiguration,
  checkAdmissionPlugins,
  imagePolicyOf,
  readAdmissionConfiguration,
} from "./admission/mod.ts";
export { ConfigurationError } from "./configuration/mod.ts";
export { claimStore } from "./store_claim.ts";
export {
  type AuthenticationConfiguration,
  type AuthenticationSettings,
  FRONT_PROXY_HEADERS,
  type FrontProxies,
  oidcConfiguration,
  readAuthenticationConfiguration,
} from "./authn/mod.ts";
export {
  authorizationModes,
  type AuthorizationSettings,
  type AuthorizerConfiguration,
  readAuthorizationConfiguration,
} from "./authz/mod.ts";
export type { WebhookEndpoint } from "./review_webhook.ts";
export type { AuditOptions } from "./running.ts";
export { AUDIT_MODES, type AuditMode, readAuditPolicy } from "./audit/mod.ts";
export { readEncryptionConfig } from "./encryption/mod.ts";
export type { ComponentCheck, ComponentHealth } from "./handlers/component_statuses.ts";
