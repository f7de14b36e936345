import { type Clock, unauthorized } from "../../base/mod.ts";
import type { Secret } from "../../api/served.ts";
import type { ObjectReader } from "../ports.ts";
import { intersection, type TokenAuthenticator } from "./token_authenticator.ts";

const ID_CHARACTERS = 6;
const SECRET_CHARACTERS = 16;
const GROUP_PREFIX = "system:bootstrappers";

/** Tokens `id.secret` of Secrets `kube-system/bootstrap-token-<id>`, with which a new node asks for its certificate. */
export function bootstrapTokens(
  reader: ObjectReader,
  clock: Clock,
  apiAudiences: readonly string[],
): TokenAuthenticator {
  return {
    // deno-lint-ignore require-await
    async authenticateToken(token, audiences) {
      const [id = "", secret = "", ...rest] = token.split(".");
      const shared = intersection(audiences, apiAudiences);
      if (
        rest.length > 0 || shared.length === 0 || !isToken(id, ID_CHARACTERS) ||
        !isToken(secret, SECRET_CHARACTERS)
      ) return undefined;
      const stored = reader.get<Secret>("", "secrets", "kube-system", `bootstrap-token-${id}`);
      const field = (name: string) => decoded(stored?.data?.[name]);
      if (
        stored === undefined || stored.metadata?.deletionTimestamp !== undefined ||
        stored.type !== "bootstrap.kubernetes.io/token" || field("token-id") !== id ||
        !sameSecret(field("token-secret") ?? "", secret)
      ) throw unauthorized("invalid bearer token");
      const expiration = field("expiration");
      // A time that cannot be read counts as passed.
      if (expiration !== undefined && !(Date.parse(expiration) > clock.now())) {
        throw unauthorized("the bootstrap token has expired");
      }
      if (field("usage-bootstrap-authentication") !== "true") {
        throw unauthorized("the bootstrap token is not for authentication");
      }
      const extra = (field("auth-extra-groups") ?? "").split(",")
        .filter((group) => group.startsWith(`${GROUP_PREFIX}:`));
      return {
        user: { username: `system:bootstrap:${id}`, groups: [GROUP_PREFIX, ...extra] },
        audiences: shared,
      };
    },
  };
}

const isToken = (text: string, length: number): boolean =>
  text.length === length && /^[a-z0-9]+$/.test(text);

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : new TextDecoder().decode(Uint8Array.fromBase64(base64));
}

/** Compares in a time that does not tell how much was right. */
function sameSecret(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  return difference === 0;
}
