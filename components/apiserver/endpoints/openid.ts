import type { ServiceAccountKeys } from "../../pki/mod.ts";
import { OPENID_KEYS_PATH, openIdConfiguration, openIdKeys } from "../reviews/mod.ts";
import { PLAIN, writeBody } from "../negotiation/mod.ts";
import type { Endpoint } from "./endpoint.ts";

const CACHED = { "cache-control": "public, max-age=3600" };

export interface OpenIdOptions {
  readonly issuer: string;
  readonly keys: ServiceAccountKeys;
  /** `host:port` where the keys are found. */
  readonly serverAddress: string;
}

/** How others verify service-account tokens: the configuration and the keys. */
export function serveOpenId({ issuer, keys, serverAddress }: OpenIdOptions): Endpoint {
  const keysAddress = `https://${serverAddress}${OPENID_KEYS_PATH}`;
  return ({ request, path }) =>
    path === OPENID_KEYS_PATH
      ? writeBody(openIdKeys(keys), PLAIN, request, 200, {
        ...CACHED,
        "content-type": "application/jwk-set+json",
      })
      : writeBody(openIdConfiguration(issuer, keysAddress, keys), PLAIN, request, 200, CACHED);
}
