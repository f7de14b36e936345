import type { MetricRegistry, Series } from "../../base/mod.ts";
import type { IdentityMeter } from "../authn/mod.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
// deno-fmt-ignore
const CERTIFICATE_SECONDS = [
  0, HOUR / 2, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 180 * DAY,
  360 * DAY,
];
// deno-fmt-ignore
const SECONDS = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

/** What credentials requests bear, under upstream's names. */
export function identityMeter(registry: MetricRegistry): IdentityMeter {
  const looks = registry.counter(
    "authentication_token_cache_request_total",
    "[ALPHA] Total number of token cache requests, by whether the token was in it.",
    ["status"],
  );
  const [hit, miss] = [looks.series("hit"), looks.series("miss")];
  const certificates = registry.histogram(
    "apiserver_client_certificate_expiration_seconds",
    "[ALPHA] Distribution of the remaining lifetime on the certificate used to authenticate a request.",
    CERTIFICATE_SECONDS,
  ).series();
  const tokens = (name: string, what: string): Series =>
    registry.counter(
      `serviceaccount_${name}_tokens_total`,
      `[ALPHA] Cumulative ${what} service account tokens used`,
    ).series();
  const used = {
    valid: tokens("valid", "valid projected"),
    stale: tokens("stale", "stale projected"),
    legacy: tokens("legacy", "legacy"),
  };
  const jwt = registry.histogram(
    "apiserver_authentication_jwt_authenticator_latency_seconds",
    "[ALPHA] Latency of jwt authentication operations in seconds. This is the time spent authenticating a token for " +
      "cache miss only (i.e. when the token is not found in the cache).",
    SECONDS,
    ["result", "jwt_issuer_hash"],
  );
  return {
    tokenLooked: (found) => void (found ? hit : miss).value++,
    certificateUsed: (secondsLeft) => certificates.observe(secondsLeft),
    accountTokenUsed: (kind) => void used[kind].value++,
    issuerAsked: (hash, well, seconds) =>
      jwt.observe(seconds, well ? "success" : "failure", `sha256:${hash}`),
  };
}
