import { createHash } from "node:crypto";
import { type Clock, type JsonObject, unauthorized } from "../../../base/mod.ts";
import type { Fetch } from "../../../client/mod.ts";
import type { UserInfo } from "../../ports.ts";
import type { IdentityMeter } from "../identity_meter.ts";
import {
  intersection,
  type TokenAnswer,
  type TokenAuthenticator,
  unverifiedIssuer,
} from "../token_authenticator.ts";
import { TokenCache } from "../token_cache.ts";
import type { JwtIssuer } from "./configuration.ts";
import { DistributedClaim } from "./distributed_claims.ts";
import { KeySet } from "./key_set.ts";
import { userOfClaims } from "./user_of_claims.ts";

/** Longer ones are not worth decoding. */
const TOKEN_MAXIMUM_CHARACTERS = 64 * 1024;

export interface JwtTokensOptions {
  readonly apiAudiences: readonly string[];
  /** A `fetch` that trusts these authorities, or the machine's own. */
  readonly outbound: (authority?: string) => Fetch;
  readonly clock: Clock;
  readonly meter?: IdentityMeter;
}

/** Tokens of issuers outside the cluster. Which, may change while the server runs. */
export class JwtTokens implements TokenAuthenticator {
  readonly #options: JwtTokensOptions;
  #current: TokenAuthenticator | undefined;

  constructor(options: JwtTokensOptions) {
    this.#options = options;
  }

  /** From now on only these issuers' tokens are taken; nothing of what was known before is remembered. */
  configure(issuers: readonly JwtIssuer[]): void {
    this.#current = issuers.length === 0
      ? undefined
      : new TokenCache(byIssuer(issuers, this.#options), this.#options.clock);
  }

  async authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenAnswer | undefined> {
    return await this.#current?.authenticateToken(token, audiences);
  }
}

function byIssuer(
  issuers: readonly JwtIssuer[],
  { apiAudiences, outbound, clock, meter }: JwtTokensOptions,
): TokenAuthenticator {
  const known = new Map(issuers.map((issuer) => {
    const fetch = outbound(issuer.certificateAuthority);
    const { groups } = issuer;
    // Only a user's groups are looked for elsewhere, where the claim that has them is named.
    const elsewhere = groups !== undefined && "claim" in groups
      ? new DistributedClaim(groups.claim, issuer, fetch, clock)
      : undefined;
    const hash = createHash("sha256").update(issuer.url).digest("hex");
    return [issuer.url, { issuer, hash, elsewhere, keys: new KeySet(issuer, fetch, clock) }];
  }));
  return {
    async authenticateToken(token, audiences) {
      const found = known.get(unverifiedIssuer(token, TOKEN_MAXIMUM_CHARACTERS) ?? "");
      const shared = intersection(audiences, apiAudiences);
      if (found === undefined || shared.length === 0) return undefined;
      const started = clock.monotonic();
      const done = (well: boolean) =>
        meter?.issuerAsked(found.hash, well, (clock.monotonic() - started) / 1000);
      try {
        const user = await userOf(found, token);
        done(true);
        return { user, audiences: shared };
      } catch (error) {
        done(false);
        throw error;
      }
    },
  };
}

interface KnownIssuer {
  readonly issuer: JwtIssuer;
  /** The SHA-256 of its URL. */
  readonly hash: string;
  readonly elsewhere: DistributedClaim | undefined;
  readonly keys: KeySet;
}

async function userOf(
  { issuer, elsewhere, keys }: KnownIssuer,
  token: string,
): Promise<UserInfo> {
  const claims = await keys.verify(token);
  const forWhom = [claims.aud ?? []].flat();
  if (!forWhom.some((audience) => issuer.audiences.includes(audience))) {
    throw unauthorized(
      `oidc: verify token: oidc: expected audience in [${
        issuer.audiences.map((one) => JSON.stringify(one)).join(" ")
      }] got [${forWhom.map((one) => JSON.stringify(one)).join(" ")}]`,
    );
  }
  const all = await elsewhere?.expand(claims as JsonObject).catch((error) => {
    const why = error instanceof Error ? error.message : String(error);
    throw unauthorized(`oidc: could not expand distributed claims: ${why}`);
  }) ?? claims as JsonObject;
  return userOfClaims(issuer, all);
}
