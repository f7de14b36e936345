import type { ServiceAccountKeys } from "../../pki/mod.ts";

export const OPENID_CONFIGURATION_PATH = "/.well-known/openid-configuration";
export const OPENID_KEYS_PATH = "/openid/v1/jwks";

/** The discovery document with which others verify service-account tokens. Served as `application/json`. */
export function openIdConfiguration(issuer: string, jwksUri: string, keys: ServiceAccountKeys) {
  return {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [
      ...new Set(keys.verification.map(({ algorithm }) => algorithm)),
    ],
  };
}

/** The public keys. Served as `application/jwk-set+json`. */
export function openIdKeys(keys: ServiceAccountKeys) {
  return { keys: keys.verification.map(({ jwk }) => jwk) };
}
