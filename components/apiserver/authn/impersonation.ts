import { ApiError, badRequest } from "../../base/mod.ts";
import { dnsSubdomainProblems } from "../../api/served.ts";
import { forbiddenError, MASTERS_GROUP, NODES_GROUP } from "../authz/mod.ts";
import type { AuthorizationAttributes, Authorizer, UserInfo } from "../ports.ts";
import { resourceQuestion } from "../questions.ts";
import { readWish, type Wish } from "./impersonation_wish.ts";
import { ANONYMOUS, AUTHENTICATED_GROUP, UNAUTHENTICATED_GROUP } from "./request_authenticator.ts";
import { parseServiceAccountUsername, serviceAccountGroups } from "./service_account_user.ts";

const AUTHENTICATION_GROUP = "authentication.k8s.io";
const NODE_PREFIX = "system:node:";
const NODE_NAME_EXTRA = "authentication.kubernetes.io/node-name";
/** From so many on, one question for all of them goes before one for each. */
const MANY = 4;
/** Users whose last successful mode is remembered, so that the next request asks for that first. */
const REMEMBERED_MAXIMUM_USERS = 4096;

/** A way to be somebody else: who can be, and by which verbs the right to is given. */
interface Mode {
  /** Empty: the older right to be somebody whatever is then asked for. */
  readonly name: string;
  fits(wish: Wish, user: UserInfo): boolean;
}

const nodeOf = (username: string): string | undefined => {
  if (!username.startsWith(NODE_PREFIX)) return undefined;
  const name = username.slice(NODE_PREFIX.length);
  return dnsSubdomainProblems(name).length === 0 ? name : undefined;
};
const isOnlyName = ({ uid, groups, extra }: Wish): boolean =>
  uid === undefined && groups.length === 0 && extra.size === 0;
const isAccount = (username: string): boolean =>
  parseServiceAccountUsername(username) !== undefined;

const MODES: readonly Mode[] = [
  {
    name: "associated-node",
    fits(wish, { username, extra }) {
      const node = nodeOf(wish.username);
      const own = extra?.[NODE_NAME_EXTRA] ?? [];
      return isOnlyName(wish) && node !== undefined && isAccount(username) &&
        own.length === 1 && own[0] === node;
    },
  },
  {
    name: "arbitrary-node",
    fits: (wish) => isOnlyName(wish) && nodeOf(wish.username) !== undefined,
  },
  { name: "serviceaccount", fits: (wish) => isOnlyName(wish) && isAccount(wish.username) },
  {
    name: "user-info",
    fits: ({ username }) => nodeOf(username) === undefined && !isAccount(username),
  },
  { name: "", fits: () => true },
];

/**
 * Lets a request act as another user: as `Impersonate-…` headers name it, when who asks may be that one. The right is
 * given either for whatever is then asked (`impersonate`), or for one verb on one resource (`impersonate-on:…`) together
 * with the right to be that sort of user at all (`impersonate:…`).
 */
export class Impersonation {
  readonly #authorizer: Authorizer;
  readonly #last = new Map<string, Mode>();

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /**
   * The user that a request of `user` acts as; `attributesOf` gives the request's own attributes, asked by that user.
   * Rejects with 403 for who may not, with 400 where something is asked for without a user.
   */
  async userOf(
    headers: Headers,
    user: UserInfo,
    attributesOf: (user: UserInfo) => AuthorizationAttributes,
  ): Promise<UserInfo> {
    const wish = readWish(headers);
    if (wish === undefined) return user;
    const attributes = attributesOf(user);
    const last = this.#last.get(user.username);
    const modes = last === undefined ? MODES : [last, ...MODES.filter((mode) => mode !== last)];
    let refusal: ApiError | undefined;
    for (const mode of modes) {
      if (!mode.fits(wish, user)) continue;
      try {
        const result = await this.#asMode(mode, wish, attributes);
        this.#remember(user.username, mode);
        return result;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 403) throw error;
        refusal ??= error;
      }
    }
    throw refusal ?? badRequest("all impersonation modes failed");
  }

  #remember(username: string, mode: Mode): void {
    this.#last.delete(username);
    this.#last.set(username, mode);
    if (this.#last.size <= REMEMBERED_MAXIMUM_USERS) return;
    for (const oldest of this.#last.keys()) {
      this.#last.delete(oldest);
      break;
    }
  }

  async #asMode(mode: Mode, wish: Wish, attributes: AuthorizationAttributes): Promise<UserInfo> {
    const asking = mode.name === "associated-node"
      ? withoutExtra(attributes.user)
      : attributes.user;
    if (mode.name !== "") {
      const verb = `impersonate-on:${mode.name}:${attributes.verb}`;
      await this.#permit({ ...attributes, user: asking, verb });
      checkConstrained(wish, question(mode, asking, "groups", ""));
    }
    for (const questions of checks(mode, wish, asking)) {
      const [all, ...each] = questions;
      if (mode.name !== "" && each.length >= MANY && await this.#may(all!)) continue;
      for (const one of each) await this.#permit(one);
    }
    return result(mode, wish);
  }

  async #may(attributes: AuthorizationAttributes): Promise<boolean> {
    return (await this.#authorizer.authorize(attributes)).allowed;
  }

  async #permit(attributes: AuthorizationAttributes): Promise<void> {
    const decision = await this.#authorizer.authorize(attributes);
    if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
  }
}

/** What a service account on a node is beside its name does not count: the right is the same on all nodes. */
function withoutExtra(user: UserInfo): UserInfo {
  const keys = Object.keys(user.extra ?? {}).sort();
  return { ...user, extra: { "authentication.kubernetes.io/associated-node-keys": keys } };
}

function question(
  mode: Mode,
  user: UserInfo,
  resource: string,
  name: string,
  { subresource = "", namespace = "", core = false } = {},
): AuthorizationAttributes {
  const group = core && mode.name === "" ? "" : AUTHENTICATION_GROUP;
  const verb = mode.name === "" ? "impersonate" : `impersonate:${mode.name}`;
  const asked = { group, version: "v1", resource, subresource, namespace, name };
  return resourceQuestion(user, verb, asked);
}

/** Questions about each part of the wish, in order; the first of each list is about all of that part at once. */
function* checks(
  mode: Mode,
  { username, uid, groups, extra }: Wish,
  user: UserInfo,
): Generator<AuthorizationAttributes[]> {
  const core = { core: true };
  const node = mode.name === "" ? undefined : nodeOf(username);
  const account = parseServiceAccountUsername(username);
  const who = node !== undefined
    ? question(mode, user, "nodes", mode.name === "associated-node" ? "*" : node)
    : account !== undefined
    ? question(mode, user, "serviceaccounts", account.name, {
      ...core,
      namespace: account.namespace,
    })
    : question(mode, user, "users", username, core);
  yield [who, who];
  if (uid !== undefined) {
    const one = question(mode, user, "uids", uid);
    yield [one, one];
  }
  const group = (name: string) => question(mode, user, "groups", name, core);
  if (groups.length > 0) yield [group("*"), ...groups.map(group)];
  const each = [...extra].flatMap(([key, values]) =>
    values.map((value) => question(mode, user, "userextras", value, { subresource: key }))
  );
  if (each.length > 0) {
    yield [question(mode, user, "userextras", "*", { subresource: "*" }), ...each];
  }
}

/** What the older right allows and the newer ones never do. */
function checkConstrained({ groups, extra }: Wish, about: AuthorizationAttributes): void {
  if (groups.includes(MASTERS_GROUP)) {
    throw forbiddenError(
      { ...about, name: MASTERS_GROUP },
      `impersonating the ${MASTERS_GROUP} group is not allowed`,
    );
  }
  const extras = { ...about, resource: "userextras" };
  for (const [key, values] of extra) {
    if (!/^[^/]+\/./.test(key)) {
      throw forbiddenError(
        extras,
        `impersonating an invalid key in extra is not allowed: extra.key: Invalid value: ${
          JSON.stringify(key)
        }: must be a domain-prefixed path (such as "acme.io/foo")`,
      );
    }
    if (values.includes("")) {
      throw forbiddenError(
        extras,
        "impersonating the empty string value in extra is not allowed",
      );
    }
  }
}

function result(mode: Mode, { username, uid, groups: asked, extra }: Wish): UserInfo {
  const account = parseServiceAccountUsername(username);
  const node = mode.name === "" ? undefined : nodeOf(username);
  const groups = node !== undefined
    ? [NODES_GROUP]
    : asked.length === 0 && account !== undefined
    ? serviceAccountGroups(account.namespace)
    : [...asked];
  if (username === ANONYMOUS.username) {
    if (!groups.includes(UNAUTHENTICATED_GROUP)) groups.push(UNAUTHENTICATED_GROUP);
  } else if (!groups.includes(UNAUTHENTICATED_GROUP) && !groups.includes(AUTHENTICATED_GROUP)) {
    groups.push(AUTHENTICATED_GROUP);
  }
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}
