import { decodeJwt } from "jose";
import { type Clock, isJsonObject, type JsonObject } from "../../../base/mod.ts";
import type { Fetch } from "../../../client/mod.ts";
import { readBounded } from "../../review_webhook.ts";
import type { JwtIssuer } from "./configuration.ts";
import { KeySet } from "./key_set.ts";

const NAMES = "_claim_names";
const SOURCES = "_claim_sources";
const TOKEN_MAXIMUM_BYTES = 1024 * 1024;
const FETCH_MAXIMUM_MILLISECONDS = 10_000;
/** Issuers of claims that one issuer's tokens point to; the oldest is forgotten for another. */
const ISSUERS_MAXIMUM = 16;

/**
 * Finds the claim of a token that is not in it but, as the token says, at another place: a token with that claim, signed
 * by an issuer of its own. Both are named by a token that has been verified.
 */
export class DistributedClaim {
  readonly #claim: string;
  readonly #issuer: JwtIssuer;
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  readonly #keys = new Map<string, KeySet>();

  constructor(claim: string, issuer: JwtIssuer, fetch: Fetch, clock: Clock) {
    this.#claim = claim;
    this.#issuer = issuer;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** The claims with what was elsewhere; themselves where nothing was. Rejects with an `Error`. */
  async expand(claims: JsonObject): Promise<JsonObject> {
    const names = claims[NAMES];
    if (names === undefined || claims[this.#claim] !== undefined) return claims;
    if (!isJsonObject(names)) throw new Error("oidc: error parsing distributed claim names");
    const sources = claims[SOURCES];
    if (sources === undefined) throw new Error("oidc: no claim sources");
    if (!isJsonObject(sources)) throw new Error("oidc: could not parse claim sources");
    const name = names[this.#claim];
    if (typeof name !== "string") return claims;
    const source = sources[name];
    if (!isJsonObject(source)) {
      throw new Error(
        `id token _claim_names contained a source ${name} missing in _claims_sources`,
      );
    }
    const { endpoint = "", access_token: accessToken = "" } = source;
    // Without an endpoint the claim may be in a token beside, which is not looked for, as upstream.
    if (typeof endpoint !== "string" || endpoint === "") return claims;
    return await this.#resolve(endpoint, String(accessToken), claims);
  }

  async #resolve(endpoint: string, accessToken: string, claims: JsonObject): Promise<JsonObject> {
    const claim = this.#claim;
    const token = await this.#get(endpoint, accessToken).catch((error) => {
      throw new Error(`while getting distributed claim ${JSON.stringify(claim)}: ${why(error)}`);
    });
    const found = await this.#keysOf(issuerOf(token, endpoint, claim)).verify(token)
      .catch((error) => {
        throw new Error(`verify distributed claim token: ${why(error)}`);
      }) as JsonObject;
    const forWhom = [found["aud"] ?? []].flat();
    if (!forWhom.some((one) => this.#issuer.audiences.includes(String(one)))) {
      throw new Error(
        `oidc: expected audience in ${JSON.stringify(this.#issuer.audiences)} got ` +
          JSON.stringify(forWhom),
      );
    }
    const value = found[claim];
    if (value === undefined) {
      throw new Error(
        `jwt returned by distributed claim endpoint ${JSON.stringify(endpoint)} ` +
          `did not contain claim: ${claim}`,
      );
    }
    return { ...claims, [claim]: value };
  }

  #keysOf(url: string): KeySet {
    let keys = this.#keys.get(url);
    if (keys !== undefined) return keys;
    const discoveryUrl = `${url.replace(/\/$/, "")}/.well-known/openid-configuration`;
    keys = new KeySet({ ...this.#issuer, url, discoveryUrl }, this.#fetch, this.#clock);
    this.#keys.set(url, keys);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > ISSUERS_MAXIMUM && oldest !== undefined) this.#keys.delete(oldest);
    return keys;
  }

  async #get(url: string, accessToken: string): Promise<string> {
    if (URL.parse(url)?.protocol !== "https:") throw new Error(`${url} is not asked by https`);
    const abort = new AbortController();
    const timer = this.#clock.after(FETCH_MAXIMUM_MILLISECONDS, () => abort.abort());
    try {
      const request = new Request(url, {
        signal: abort.signal,
        ...(accessToken === "" ? {} : { headers: { authorization: `Bearer ${accessToken}` } }),
      });
      const response = await this.#fetch(request);
      const bytes = await readBounded(response, TOKEN_MAXIMUM_BYTES);
      if (!response.ok) {
        throw new Error(
          `error while getting distributed claim JWT: ${response.status} ${response.statusText}`
            .trimEnd(),
        );
      }
      return new TextDecoder().decode(bytes).trim();
    } finally {
      timer.cancel();
    }
  }
}

function issuerOf(token: string, endpoint: string, claim: string): string {
  let issuer: string | undefined;
  try {
    issuer = decodeJwt(token).iss;
  } catch {
    // No token at all: it has no issuer either.
  }
  if (issuer !== undefined && URL.parse(issuer)?.protocol === "https:") return issuer;
  throw new Error(
    `getting untrusted issuer from endpoint ${endpoint} failed for claim ${JSON.stringify(claim)}`,
  );
}

const why = (error: unknown): string => error instanceof Error ? error.message : String(error);
