import type { Clock, Logger } from "../../base/mod.ts";
import type { Fetch } from "../../client/mod.ts";
import type { Pki } from "../../pki/mod.ts";
import type { Authenticator, ObjectReader, ObjectWriter, UserInfo } from "../ports.ts";
import type { WebhookEndpoint } from "../review_webhook.ts";
import { bootstrapTokens } from "./bootstrap_tokens.ts";
import { type AuthenticationConfiguration, JwtTokens } from "./jwt/mod.ts";
import type { IdentityMeter } from "./identity_meter.ts";
import type { FrontProxies } from "./request_headers.ts";
import { RequestAuthenticator } from "./request_authenticator.ts";
import { LAST_USED, ServiceAccountTokens } from "./service_account_tokens.ts";
import { staticTokens } from "./static_tokens.ts";
import { type TokenAuthenticator, unionTokens } from "./token_authenticator.ts";
import { TokenCache } from "./token_cache.ts";
import { tokenWebhook } from "./token_webhook.ts";

/** Who is known beside certificates, service accounts and bootstrap tokens. */
export interface AuthenticationSettings {
  /** Issuers of tokens, and what may be asked without credentials. */
  readonly configuration?: AuthenticationConfiguration;
  /** Whether a request without credentials is `system:anonymous`, where the configuration does not say; it is. */
  readonly anonymous?: boolean;
  /** Proxies other than those of the cluster's own authority. */
  readonly frontProxies?: FrontProxies;
  readonly webhook?: {
    readonly endpoint: WebhookEndpoint;
    readonly version: "v1" | "v1beta1";
    /** How long a good answer is remembered. */
    readonly cacheMilliseconds: number;
  };
}

export interface AuthenticationOptions {
  readonly pki: Pki;
  /** Of service-account tokens: the first signs, tokens of all are taken. */
  readonly issuers: readonly string[];
  readonly apiAudiences: readonly string[];
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly staticTokens: ReadonlyMap<string, UserInfo>;
  readonly frontProxies: FrontProxies;
  readonly settings: AuthenticationSettings;
  readonly meter?: IdentityMeter;
  /** A `fetch` that trusts these authorities, or the machine's own. */
  readonly outbound: (authority?: string) => Fetch;
}

/** Everything that finds out who asks. */
export interface Authentication {
  readonly authenticator: Authenticator;
  readonly tokens: TokenAuthenticator;
  /** Takes another configuration for requests from now on. */
  reconfigure(configuration: AuthenticationConfiguration): void;
}

export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { pki, issuers, apiAudiences, reader, writer, clock, logger, settings, outbound } = options;
  const keys = pki.serviceAccountKeys;
  const { meter } = options;
  const metered = meter === undefined ? {} : { meter };
  const jwt = new JwtTokens({ apiAudiences, outbound, clock, ...metered });
  jwt.configure(settings.configuration?.jwt ?? []);
  const accounts = new ServiceAccountTokens({
    keys,
    issuers,
    apiAudiences,
    reader,
    clock,
    ...metered,
    legacyUsed(secret, day) {
      const { metadata = {} } = secret;
      const labels = { ...metadata.labels, [LAST_USED]: day };
      writer.update("", "secrets", { ...secret, metadata: { ...metadata, labels } })
        .catch((error) => logger.info("a token's last use was not written down", { error }));
    },
  });
  const { webhook } = settings;
  const tokens = unionTokens([
    staticTokens(options.staticTokens, apiAudiences),
    new TokenCache(accounts, clock, undefined, meter?.tokenLooked),
    bootstrapTokens(reader, clock, apiAudiences),
    jwt,
    ...(webhook === undefined ? [] : [
      new TokenCache(
        tokenWebhook({ ...webhook, apiAudiences, clock }),
        clock,
        webhook.cacheMilliseconds,
      ),
    ]),
  ]);
  const usual = { enabled: settings.anonymous ?? true };
  const authenticator = new RequestAuthenticator({
    tokens,
    apiAudiences,
    anonymous: settings.configuration?.anonymous ?? usual,
    clientAuthority: pki.authority.certificate,
    frontProxies: options.frontProxies,
    ...metered,
    clock,
  });
  return {
    authenticator,
    tokens,
    reconfigure(configuration) {
      jwt.configure(configuration.jwt);
      authenticator.anonymous = configuration.anonymous ?? usual;
    },
  };
}
