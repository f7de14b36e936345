import { errors, type JWTPayload, jwtVerify } from "jose";
import { type Clock, isJsonObject, timestamp, unauthorized } from "../../base/mod.ts";
import type { KubeObject, Secret } from "../../api/served.ts";
import type { ServiceAccountKeys } from "../../pki/mod.ts";
import type { ObjectReader } from "../ports.ts";
import type { IdentityMeter } from "./identity_meter.ts";
import { type ServiceAccountClaims, serviceAccountUser } from "./service_account_user.ts";
import {
  intersection,
  type TokenAnswer,
  type TokenAuthenticator,
  unverifiedIssuer,
} from "./token_authenticator.ts";

/** The issuer of tokens that live in Secrets. */
export const LEGACY_ISSUER = "kubernetes/serviceaccount";
const INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";
export const LAST_USED = "kubernetes.io/legacy-token-last-used";
/** An account or pod that is being deleted keeps its access for a while, so that it can end in order. */
const DELETION_LEEWAY_MILLISECONDS = 60_000;
/** No token that we issue comes near it; longer ones are not worth decoding. */
const TOKEN_MAXIMUM_CHARACTERS = 16 * 1024;

export interface ServiceAccountTokenOptions {
  readonly keys: ServiceAccountKeys;
  /** The first signs; tokens of all are taken. */
  readonly issuers: readonly string[];
  readonly apiAudiences: readonly string[];
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly meter?: IdentityMeter;
  /** Told of the Secret whose token was taken, and of the day, in UTC. Must not throw. */
  readonly legacyUsed?: (secret: Secret, day: string) => void;
}

/** Checks service-account tokens: signature, times, audience, and that what they are bound to still exists. */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions;

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
  }

  async authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenAnswer | undefined> {
    const issuer = unverifiedIssuer(token, TOKEN_MAXIMUM_CHARACTERS);
    const { issuers, apiAudiences } = this.#options;
    const legacy = issuer === LEGACY_ISSUER;
    if (issuer === undefined || !(legacy || issuers.includes(issuer))) return undefined;
    const payload = await this.#verify(token, issuer);
    const offered = legacy ? apiAudiences : listOf(payload.aud);
    const shared = intersection(audiences, offered);
    if (shared.length === 0) {
      throw unauthorized("token audiences do not include any of the target audiences");
    }
    const claims = legacy ? legacyClaims(payload) : boundClaims(payload);
    if (claims === undefined) throw unauthorized("the token's claims are incomplete");
    await this.#confirm(claims, legacy ? token : undefined);
    const { warnafter = Infinity } = claims;
    const stale = warnafter * 1000 < this.#options.clock.now();
    this.#options.meter?.accountTokenUsed(legacy ? "legacy" : stale ? "stale" : "valid");
    return {
      user: serviceAccountUser(claims, legacy ? undefined : payload.jti),
      audiences: shared,
    };
  }

  async #verify(token: string, issuer: string): Promise<JWTPayload> {
    const { keys, clock } = this.#options;
    const failures: unknown[] = [];
    for (const key of candidates(token, keys)) {
      try {
        const { payload } = await jwtVerify(token, key.publicKey, {
          algorithms: [key.algorithm],
          issuer,
          currentDate: new Date(clock.now()),
        });
        return payload;
      } catch (error) {
        failures.push(error);
      }
    }
    const expired = failures.some((error) => error instanceof errors.JWTExpired);
    throw unauthorized(expired ? "service account token has expired" : "invalid bearer token");
  }

  /** The account, and what the token is bound to, must still be those that it was issued for. */
  async #confirm(claims: ServiceAccountClaims, legacyToken?: string): Promise<void> {
    const { namespace, serviceaccount, pod, node, secret } = claims;
    await this.#exists("serviceaccounts", namespace, serviceaccount.name, serviceaccount.uid);
    if (pod !== undefined) await this.#exists("pods", namespace, pod.name, pod.uid);
    else if (node !== undefined) await this.#exists("nodes", "", node.name, node.uid);
    if (secret === undefined) return;
    const uid = legacyToken === undefined ? secret.uid : undefined;
    const stored: Secret = await this.#exists("secrets", namespace, secret.name, uid);
    if (legacyToken !== undefined) this.#confirmLegacy(claims, stored, legacyToken);
  }

  /** A token that lives in a Secret is as good as that says, and its use is written down there once a day. */
  #confirmLegacy(
    { namespace, serviceaccount }: ServiceAccountClaims,
    secret: Secret,
    token: string,
  ): void {
    if (secret.data?.["token"] !== base64(token)) {
      throw unauthorized("token does not match server's copy");
    }
    const labels = secret.metadata?.labels ?? {};
    if (labels[INVALID_SINCE]) {
      throw unauthorized(
        `the token in secret ${namespace}/${secret.metadata?.name} for service account ` +
          `${namespace}/${serviceaccount.name} has been marked invalid. Use tokens from the ` +
          "TokenRequest API or manually created secret-based tokens, or remove the " +
          `'${INVALID_SINCE}' label from the secret to temporarily allow use of this token`,
      );
    }
    const day = timestamp(this.#options.clock.now()).slice(0, "2026-01-01".length);
    if (labels[LAST_USED] !== day) this.#options.legacyUsed?.(secret, day);
  }

  async #exists<T extends KubeObject>(
    resource: string,
    namespace: string,
    name: string,
    uid: string | undefined,
  ): Promise<T> {
    const { reader, clock } = this.#options;
    const current = () => {
      const found = reader.get<T>("", resource, namespace, name);
      return uid === undefined || found?.metadata?.uid === uid ? found : undefined;
    };
    let object = current();
    if (object === undefined) {
      // It may have been made a moment ago: what is durable counts, not what this cache has seen.
      await reader.fresh("", resource);
      object = current();
    }
    const deleted = object?.metadata?.deletionTimestamp;
    if (
      object === undefined ||
      (deleted !== undefined && Date.parse(deleted) + DELETION_LEEWAY_MILLISECONDS < clock.now())
    ) {
      throw unauthorized(`the token is bound to an object of ${resource} that no longer exists`);
    }
    return object;
  }
}

/** The key that the token names; without a name any may have signed it. */
function candidates(token: string, { verification }: ServiceAccountKeys) {
  const named = keyIdOf(token);
  return named === undefined ? verification : verification.filter((key) => key.keyId === named);
}

function keyIdOf(token: string): string | undefined {
  try {
    const bytes = Uint8Array.fromBase64(token.slice(0, token.indexOf(".")), {
      alphabet: "base64url",
    });
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isJsonObject(header) && typeof header["kid"] === "string" ? header["kid"] : undefined;
  } catch {
    return undefined;
  }
}

const listOf = (value: string | string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

const base64 = (text: string): string => new TextEncoder().encode(text).toBase64();

function boundClaims(payload: JWTPayload): ServiceAccountClaims | undefined {
  const claims = payload["kubernetes.io"];
  if (!isJsonObject(claims)) return undefined;
  const { namespace } = claims;
  const account = claims["serviceaccount"];
  const complete = typeof namespace === "string" && isJsonObject(account) &&
    typeof account["name"] === "string" && typeof account["uid"] === "string";
  // We signed it, so what is beside these has the shape that we gave it.
  return complete ? claims as unknown as ServiceAccountClaims : undefined;
}

function legacyClaims(payload: JWTPayload): ServiceAccountClaims | undefined {
  const claim = (name: string) => {
    const value = payload[`kubernetes.io/serviceaccount/${name}`];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const namespace = claim("namespace");
  const secret = claim("secret.name");
  const name = claim("service-account.name");
  const uid = claim("service-account.uid");
  if (!namespace || !secret || !name || !uid) return undefined;
  return { namespace, serviceaccount: { name, uid }, secret: { name: secret, uid: "" } };
}
