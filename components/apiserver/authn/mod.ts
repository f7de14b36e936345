/** Who asks: certificates, tokens, front proxies, impersonation. */
export {
  type Authentication,
  type AuthenticationOptions,
  type AuthenticationSettings,
  createAuthentication,
} from "./authentication.ts";
export * from "./jwt/mod.ts";
export { bearerToken, isTokenProtocol, withoutTokenProtocol } from "./bearer_token.ts";
export { bootstrapTokens } from "./bootstrap_tokens.ts";
export { clientCertificates } from "./client_certificate.ts";
export type { IdentityMeter } from "./identity_meter.ts";
export { Impersonation } from "./impersonation.ts";
export {
  ANONYMOUS,
  AUTHENTICATED_GROUP,
  RequestAuthenticator,
  type RequestAuthenticatorOptions,
  UNAUTHENTICATED_GROUP,
  withAuthenticatedGroup,
} from "./request_authenticator.ts";
export { FRONT_PROXY_HEADERS, type FrontProxies, ownFrontProxies } from "./request_headers.ts";
export {
  LEGACY_ISSUER,
  type ServiceAccountTokenOptions,
  ServiceAccountTokens,
} from "./service_account_tokens.ts";
export {
  parseServiceAccountUsername,
  type ServiceAccountClaims,
  serviceAccountGroups,
  serviceAccountUsername,
} from "./service_account_user.ts";
export { staticTokens } from "./static_tokens.ts";
export { type TokenAnswer, type TokenAuthenticator, unionTokens } from "./token_authenticator.ts";
export { TokenCache } from "./token_cache.ts";
