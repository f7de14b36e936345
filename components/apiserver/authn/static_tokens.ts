import type { UserInfo } from "../ports.ts";
import { intersection, type TokenAuthenticator } from "./token_authenticator.ts";

/** Tokens that were given at start, each with its user. They are good for the API server's own audiences. */
export function staticTokens(
  users: ReadonlyMap<string, UserInfo>,
  apiAudiences: readonly string[],
): TokenAuthenticator {
  return {
    authenticateToken(token, audiences) {
      const user = users.get(token);
      const shared = intersection(audiences, apiAudiences);
      return Promise.resolve(
        user === undefined || shared.length === 0 ? undefined : { user, audiences: shared },
      );
    },
  };
}
