import { internalError } from "../../base/mod.ts";
import { forbiddenError } from "../authz/mod.ts";
import type { AuthorizationAttributes, Authorizer, UserInfo } from "../ports.ts";
import { ANONYMOUS, AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP } from "./request_authenticator.ts";
import { parseServiceAccountUsername, serviceAccountGroups } from "./service_account_user.ts";

const USER = "impersonate-user";
const GROUP = "impersonate-group";
const UID = "impersonate-uid";
const EXTRA_PREFIX = "impersonate-extra-";
const AUTHENTICATION_GROUP = "authentication.k8s.io";

/** Whom a request wants to be, as its headers say. */
interface Wish {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/**
 * The user that the request acts as: `user`, or whom its `Impersonate-…` headers name when `user` may be all of them.
 * Rejects with 403 when it may not, with 500 (as upstream) when groups are asked for without a user.
 */
export async function impersonate(
  headers: Headers,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<UserInfo> {
  const wish = readWish(headers);
  if (wish === undefined) return user;
  for (const attributes of checks(wish, user)) {
    const decision = await authorizer.authorize(attributes);
    if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
  }
  const extra = Object.fromEntries(wish.extra);
  return {
    username: wish.username,
    ...(wish.uid === undefined ? {} : { uid: wish.uid }),
    groups: groupsOf(wish),
    ...(wish.extra.size === 0 ? {} : { extra }),
  };
}

function readWish(headers: Headers): Wish | undefined {
  const username = headers.get(USER) ?? "";
  // Several headers of one name arrive joined by comma and space.
  const groups = (headers.get(GROUP) ?? "").split(", ").filter((group) => group !== "");
  const uid = headers.get(UID) ?? undefined;
  const extra = new Map<string, readonly string[]>();
  for (const [name, value] of headers) {
    if (!name.startsWith(EXTRA_PREFIX)) continue;
    extra.set(unescape(name.slice(EXTRA_PREFIX.length)), value.split(", "));
  }
  if (username !== "") return { username, groups, uid, extra };
  if (groups.length === 0 && uid === undefined && extra.size === 0) return undefined;
  throw internalError("requested groups, uid or extra without impersonating a user");
}

/** One question to authorization for each thing that the request wants to be. */
function* checks(wish: Wish, user: UserInfo): Generator<AuthorizationAttributes> {
  const question = (
    group: string,
    resource: string,
    name: string,
    namespace = "",
    subresource = "",
  ): AuthorizationAttributes => ({
    user,
    verb: "impersonate",
    isResourceRequest: true,
    group,
    version: group === "" ? "" : "v1",
    resource,
    subresource,
    namespace,
    name,
    path: "",
  });
  const account = parseServiceAccountUsername(wish.username);
  yield account === undefined
    ? question("", "users", wish.username)
    : question("", "serviceaccounts", account.name, account.namespace);
  for (const group of wish.groups) yield question("", "groups", group);
  for (const [key, values] of wish.extra) {
    for (const value of values) yield question(AUTHENTICATION_GROUP, "userextras", value, "", key);
  }
  if (wish.uid !== undefined) yield question(AUTHENTICATION_GROUP, "uids", wish.uid);
}

function groupsOf({ username, groups }: Wish): string[] {
  const account = parseServiceAccountUsername(username);
  const result = groups.length === 0 && account !== undefined
    ? serviceAccountGroups(account.namespace)
    : [...groups];
  const said = result.includes(AUTHENTICATED_GROUP) || result.includes(UNAUTHENTICATED_GROUP);
  if (!said) {
    result.push(
      username === ANONYMOUS.username ? UNAUTHENTICATED_GROUP : AUTHENTICATED_GROUP,
    );
  }
  return result;
}

/** A key may be percent-encoded; one that is so wrongly is taken as it stands. */
function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
