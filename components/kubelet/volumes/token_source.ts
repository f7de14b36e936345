import { type Pod, SERVICE_ACCOUNTS, type TokenRequest } from "../../api/mod.ts";
import type { Clock, Random } from "../../base/mod.ts";
import type { Client } from "../../client/mod.ts";

interface Token {
  readonly text: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly jitter: number;
}

export interface TokenWish {
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
}

const REFRESH_SHARE = 0.8;
const REFRESH_AGE_MILLISECONDS = 24 * 3600 * 1000;
const JITTER_MILLISECONDS = 10_000;

/** Service-account tokens bound to pods: asked for once, and anew before they get old. */
export class TokenSource {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  /** By pod uid, then by audience and lifetime. */
  readonly #tokens = new Map<string, Map<string, Token>>();

  constructor(client: Client, clock: Clock, random: Random) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
  }

  async token(pod: Pod, wish: TokenWish): Promise<string> {
    const { uid = "", name = "", namespace = "" } = pod.metadata ?? {};
    const tokens = this.#tokens.get(uid) ?? new Map<string, Token>();
    const key = `${wish.audience ?? ""} ${wish.expirationSeconds}`;
    const known = tokens.get(key);
    const now = this.#clock.now();
    if (known !== undefined && now < refreshAt(known)) return known.text;
    const account = pod.spec?.serviceAccountName ?? "default";
    const request: TokenRequest = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: account, namespace },
      spec: {
        audiences: wish.audience === undefined || wish.audience === "" ? [] : [wish.audience],
        expirationSeconds: wish.expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    let answer: TokenRequest;
    try {
      answer = await this.#client.create<TokenRequest>(SERVICE_ACCOUNTS, request, {
        namespace,
        subresource: "token",
      });
    } catch (error) {
      // An old token that still holds is better than none.
      if (known !== undefined && now < known.expiresAt) return known.text;
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`failed to fetch token: ${message}`);
    }
    const token: Token = {
      text: answer.status?.token ?? "",
      issuedAt: now,
      expiresAt: Date.parse(answer.status?.expirationTimestamp ?? "") ||
        now + wish.expirationSeconds * 1000,
      jitter: this.#random.next() * JITTER_MILLISECONDS,
    };
    this.#tokens.set(uid, tokens.set(key, token));
    return token.text;
  }

  /** When the first of a pod's tokens is to be asked for anew; undefined when it has none. */
  refreshAt(uid: string): number | undefined {
    const tokens = [...this.#tokens.get(uid)?.values() ?? []];
    return tokens.length === 0 ? undefined : Math.min(...tokens.map(refreshAt));
  }

  forget(uid: string): void {
    this.#tokens.delete(uid);
  }
}

function refreshAt({ issuedAt, expiresAt, jitter }: Token): number {
  const share = issuedAt + (expiresAt - issuedAt) * REFRESH_SHARE;
  return Math.min(share, issuedAt + REFRESH_AGE_MILLISECONDS) - jitter;
}
