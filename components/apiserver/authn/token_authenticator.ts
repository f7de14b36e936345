import { decodeJwt } from "jose";
import type { UserInfo } from "../ports.ts";

/** Whom a token stands for, and for which of the asked audiences. */
export interface TokenAnswer {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

/** Knows one sort of bearer token. */
export interface TokenAuthenticator {
  /**
   * Undefined: not a token of this sort. Rejects with a 401 `ApiError`, whose message says why, for one that is but
   * is wrong, expired or for none of `audiences`.
   */
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenAnswer | undefined>;
}

/**
 * Asks one after the other; the first that knows the token answers. One that refuses it does not keep the next from
 * knowing it: only when none does, the first refusal stands.
 */
export function unionTokens(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      let refusal: unknown;
      for (const authenticator of authenticators) {
        try {
          const answer = await authenticator.authenticateToken(token, audiences);
          if (answer !== undefined) return answer;
        } catch (error) {
          refusal ??= error;
        }
      }
      if (refusal !== undefined) throw refusal;
      return undefined;
    },
  };
}

/** Members of `wanted` that are also in `offered`. */
export const intersection = (
  wanted: readonly string[],
  offered: readonly string[],
): string[] => wanted.filter((item) => offered.includes(item));

/** Who a token says has signed it; undefined for what is no JWT, or is longer than that. */
export function unverifiedIssuer(token: string, maximumCharacters: number): string | undefined {
  if (token.length > maximumCharacters) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
