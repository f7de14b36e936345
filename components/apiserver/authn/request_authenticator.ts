import { type Clock, unauthorized } from "../../base/mod.ts";
import type { Authenticator, Peer, UserInfo } from "../ports.ts";
import { bearerToken } from "./bearer_token.ts";
import { clientCertificates } from "./client_certificate.ts";
import type { IdentityMeter } from "./identity_meter.ts";
import type { AnonymousAccess } from "./jwt/mod.ts";
import { type FrontProxies, requestHeaders } from "./request_headers.ts";
import type { TokenAuthenticator } from "./token_authenticator.ts";

export const AUTHENTICATED_GROUP = "system:authenticated";
export const UNAUTHENTICATED_GROUP = "system:unauthenticated";

export const ANONYMOUS: UserInfo = {
  username: "system:anonymous",
  groups: [UNAUTHENTICATED_GROUP],
};

export interface RequestAuthenticatorOptions {
  readonly tokens: TokenAuthenticator;
  readonly apiAudiences: readonly string[];
  /** For what a request without credentials is `system:anonymous`; for all else it is refused. */
  readonly anonymous: AnonymousAccess;
  /** PEM of the authority that signs clients' certificates. */
  readonly clientAuthority: string;
  readonly frontProxies: FrontProxies;
  readonly clock: Clock;
  readonly meter?: IdentityMeter;
}

/**
 * The whole chain: a caller of this process, a front proxy, a client certificate, a bearer token, nobody. Credentials
 * that are wrong are refused, never taken for none. Always answers a user or rejects with 401.
 */
export class RequestAuthenticator implements Authenticator {
  readonly #options: RequestAuthenticatorOptions;
  readonly #proxies: Authenticator;
  readonly #certificates: Authenticator;
  anonymous: AnonymousAccess;
  readonly #withGroup = new WeakMap<UserInfo, UserInfo>();

  constructor(options: RequestAuthenticatorOptions) {
    this.#options = options;
    this.#proxies = requestHeaders(options.frontProxies, options.clock);
    this.#certificates = clientCertificates(options.clock, options.clientAuthority, options.meter);
    this.anonymous = options.anonymous;
  }

  async authenticate(request: Request, peer: Peer): Promise<UserInfo> {
    if (peer.user !== undefined) return this.#authenticated(peer.user);
    if (peer.certificate !== undefined) {
      const named = await this.#proxies.authenticate(request, peer) ??
        await this.#certificates.authenticate(request, peer);
      if (named !== undefined) return this.#authenticated(named);
    }
    const token = bearerToken(request.headers);
    if (token !== undefined) {
      const { tokens, apiAudiences } = this.#options;
      const answer = await tokens.authenticateToken(token, apiAudiences).catch(hideReason);
      if (answer === undefined) throw unauthorized();
      return this.#authenticated(answer.user);
    }
    // A certificate that is nobody's is still a credential.
    const isNobody = peer.certificate === undefined && peer.unverified === undefined;
    if (isNobody && this.#isOpen(request)) return ANONYMOUS;
    throw unauthorized();
  }

  #isOpen({ url }: Request): boolean {
    const { enabled, paths } = this.anonymous;
    return enabled && (paths === undefined || paths.has(pathOf(url)));
  }

  /** The same user comes again and again, from a connection or the token cache: the group is added once. */
  #authenticated(user: UserInfo): UserInfo {
    let result = this.#withGroup.get(user);
    if (result === undefined) this.#withGroup.set(user, result = withAuthenticatedGroup(user));
    return result;
  }
}

/** Everybody who said who they are is in one group more. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const { groups, username } = user;
  if (username === ANONYMOUS.username || groups.includes(AUTHENTICATED_GROUP)) return user;
  return { ...user, groups: [...groups, AUTHENTICATED_GROUP] };
}

/** The path as it was sent: what is encoded is another path. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start < 0 ? "/" : url.slice(start).split(/[?#]/, 1).join();
}

/** What is wrong with a token is not for who sent it. */
function hideReason(error: unknown): never {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  throw code === 401 ? unauthorized() : error;
}
