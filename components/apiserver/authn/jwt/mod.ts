/** Tokens of issuers outside the cluster: OpenID Connect and what is like it. */
export {
  type AnonymousAccess,
  type AuthenticationConfiguration,
  authenticationConfiguration,
  readAuthenticationConfiguration,
} from "./configuration.ts";
export { oidcConfiguration, type OidcFlags } from "./oidc_flags.ts";
export { JwtTokens, type JwtTokensOptions } from "./jwt_tokens.ts";
