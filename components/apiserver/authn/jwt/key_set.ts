import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { type Clock, isJsonObject, type JsonObject, unauthorized } from "../../../base/mod.ts";
import type { Fetch } from "../../../client/mod.ts";
import { readBounded } from "../../review_webhook.ts";
import type { JwtIssuer } from "./configuration.ts";

const DOCUMENT_MAXIMUM_BYTES = 1024 * 1024;
const KEYS_MAXIMUM = 256;
const FETCH_MAXIMUM_MILLISECONDS = 10_000;
/** A token that names an unknown key makes the keys be fetched again, but no more often than this. */
const REFRESH_MINIMUM_MILLISECONDS = 10_000;
/** Keys are fetched again when they are this old, so that a withdrawn one is forgotten. */
const KEYS_MAXIMUM_AGE_MILLISECONDS = 3_600_000;
/** The clocks of others are not ours. */
const NOT_BEFORE_LEEWAY_SECONDS = 300;

interface Keys {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly at: number;
}

/** An issuer's public keys, found by its discovery document when the first token comes. */
export class KeySet {
  readonly #issuer: JwtIssuer;
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  #keys: Keys | undefined;
  #fetching: Promise<void> | undefined;
  #triedAt = -Infinity;
  #problem = "";

  constructor(issuer: JwtIssuer, fetch: Fetch, clock: Clock) {
    this.#issuer = issuer;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** The claims of a token that one of the keys signed and that has not expired. Rejects with 401 otherwise. */
  async verify(token: string): Promise<JWTPayload> {
    const known = this.#keys;
    if (known === undefined) await this.#refresh();
    // Keys that are old still serve while the issuer is asked: it may be slow, or away.
    else if (this.#clock.monotonic() - known.at > KEYS_MAXIMUM_AGE_MILLISECONDS) {
      void this.#refresh();
    }
    const first = await this.#tryKeys(token);
    if (first !== undefined) return first;
    await this.#refresh();
    const second = await this.#tryKeys(token);
    if (second !== undefined) return second;
    throw unauthorized(
      this.#keys === undefined
        ? `oidc: authenticator for issuer ${
          JSON.stringify(this.#issuer.url)
        } is not initialized: ${this.#problem}`
        : "oidc: verify token: failed to verify signature: failed to verify id token signature",
    );
  }

  /** Undefined where no key that is known fits. */
  async #tryKeys(token: string): Promise<JWTPayload | undefined> {
    if (this.#keys === undefined) return undefined;
    const { find } = this.#keys;
    const options = {
      issuer: this.#issuer.url,
      algorithms: [...this.#issuer.algorithms],
      currentDate: new Date(this.#clock.now()),
      requiredClaims: ["exp"],
    };
    // `nbf` is looked at below: of the two times only this one has leeway.
    const check = (key: Parameters<typeof jwtVerify>[1]) =>
      jwtVerify(token, key as never, { ...options, clockTolerance: 0 });
    try {
      return (await check(find as never)).payload;
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        for await (const key of error) {
          try {
            return (await check(key as never)).payload;
          } catch (inner) {
            if (!isOtherKey(inner)) throw refusalOf(inner);
          }
        }
        return undefined;
      }
      if (isOtherKey(error)) return undefined;
      if (isEarly(error)) return this.#early(token, find);
      throw refusalOf(error);
    }
  }

  /** Once more with leeway for `nbf` alone: what has expired has expired. */
  async #early(token: string, find: Keys["find"]): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, find as never, {
        issuer: this.#issuer.url,
        algorithms: [...this.#issuer.algorithms],
        currentDate: new Date(this.#clock.now()),
        clockTolerance: NOT_BEFORE_LEEWAY_SECONDS,
        requiredClaims: ["exp"],
      });
      if ((payload.exp ?? 0) * 1000 > this.#clock.now()) return payload;
    } catch (error) {
      throw refusalOf(error);
    }
    throw unauthorized("oidc: verify token: oidc: token is expired");
  }

  /** One fetch at a time, and not too many. */
  async #refresh(): Promise<void> {
    const now = this.#clock.monotonic();
    if (this.#fetching === undefined) {
      if (now - this.#triedAt < REFRESH_MINIMUM_MILLISECONDS) return;
      this.#triedAt = now;
      this.#fetching = this.#load().then(
        (keys) => void (this.#keys = keys),
        (error) => void (this.#problem = error instanceof Error ? error.message : String(error)),
      ).finally(() => this.#fetching = undefined);
    }
    await this.#fetching;
  }

  async #load(): Promise<Keys> {
    const document = await this.#get(this.#issuer.discoveryUrl);
    if (document["issuer"] !== this.#issuer.url) {
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ` +
          `${JSON.stringify(this.#issuer.url)} got ${JSON.stringify(document["issuer"] ?? "")}`,
      );
    }
    const uri = document["jwks_uri"];
    if (typeof uri !== "string" || URL.parse(uri)?.protocol !== "https:") {
      throw new Error("oidc: the discovery document names no jwks_uri by https");
    }
    const keys = await this.#get(uri);
    if (!Array.isArray(keys["keys"]) || keys["keys"].length > KEYS_MAXIMUM) {
      throw new Error(`oidc: no set of at most ${KEYS_MAXIMUM} keys at ${uri}`);
    }
    const find = createLocalJWKSet(keys as unknown as JSONWebKeySet);
    return { find, at: this.#clock.monotonic() };
  }

  async #get(url: string): Promise<JsonObject> {
    const abort = new AbortController();
    const timer = this.#clock.after(FETCH_MAXIMUM_MILLISECONDS, () => abort.abort());
    try {
      const response = await this.#fetch(new Request(url, { signal: abort.signal }));
      const bytes = await readBounded(response, DOCUMENT_MAXIMUM_BYTES);
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      if (!isJsonObject(value)) throw new Error(`no JSON object at ${url}`);
      return value;
    } finally {
      timer.cancel();
    }
  }
}

const isOtherKey = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWSSignatureVerificationFailed;

const isEarly = (error: unknown): boolean =>
  error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf" &&
  error.reason === "check_failed";

function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return unauthorized("oidc: verify token: oidc: token is expired");
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return unauthorized(`oidc: verify token: ${error.message}`);
  }
  return error;
}
