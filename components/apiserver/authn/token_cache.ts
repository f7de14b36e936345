import type { Clock } from "../../base/mod.ts";
import type { TokenAnswer, TokenAuthenticator } from "./token_authenticator.ts";

/** As upstream: a good token is looked at again after this long, so a revoked one lives at most so much longer. */
const LIFETIME_MILLISECONDS = 10_000;
const ENTRIES_MAXIMUM = 4096;

/** Remembers good answers for a short while; bad tokens are looked at each time. */
export class TokenCache implements TokenAuthenticator {
  readonly #inner: TokenAuthenticator;
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly answer: TokenAnswer; readonly until: number }>();

  readonly #lifetimeMilliseconds: number;
  readonly #looked: (found: boolean) => void;

  /** `looked` hears of each look into the cache. */
  constructor(
    inner: TokenAuthenticator,
    clock: Clock,
    lifetimeMilliseconds = LIFETIME_MILLISECONDS,
    looked: (found: boolean) => void = () => {},
  ) {
    this.#looked = looked;
    this.#inner = inner;
    this.#clock = clock;
    this.#lifetimeMilliseconds = lifetimeMilliseconds;
  }

  async authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenAnswer | undefined> {
    const key = JSON.stringify([token, audiences]);
    const now = this.#clock.monotonic();
    const entry = this.#entries.get(key);
    const found = entry !== undefined && entry.until > now;
    this.#looked(found);
    if (found) return entry.answer;
    this.#entries.delete(key);
    const answer = await this.#inner.authenticateToken(token, audiences);
    if (answer !== undefined) {
      this.#makeRoom(now);
      this.#entries.set(key, { answer, until: now + this.#lifetimeMilliseconds });
    }
    return answer;
  }

  /** Entries lie in the order of their end: the oldest go first. */
  #makeRoom(now: number): void {
    for (const [key, { until }] of this.#entries) {
      if (until > now && this.#entries.size < ENTRIES_MAXIMUM) return;
      this.#entries.delete(key);
    }
  }
}
