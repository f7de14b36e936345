import type { UserInfo } from "../ports.ts";

const USER_PREFIX = "system:serviceaccount:";

/** Members of `kubernetes.io` in a service-account token. */
export interface ServiceAccountClaims {
  readonly namespace: string;
  readonly serviceaccount: { readonly name: string; readonly uid: string };
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid?: string };
  readonly secret?: { readonly name: string; readonly uid: string };
  /** Seconds since the epoch after which a use of the token is worth a warning. */
  readonly warnafter?: number;
}

/** `system:serviceaccount:<namespace>:<name>`. */
export const serviceAccountUsername = (namespace: string, name: string): string =>
  `${USER_PREFIX}${namespace}:${name}`;

/** The account that a user name stands for, or undefined. */
export function parseServiceAccountUsername(
  username: string,
): { readonly namespace: string; readonly name: string } | undefined {
  if (!username.startsWith(USER_PREFIX)) return undefined;
  const [namespace = "", name = "", ...rest] = username.slice(USER_PREFIX.length).split(":");
  return namespace === "" || name === "" || rest.length > 0 ? undefined : { namespace, name };
}

export const serviceAccountGroups = (namespace: string): string[] => [
  "system:serviceaccounts",
  `system:serviceaccounts:${namespace}`,
];

/** The user that a token's claims make, without `system:authenticated`. Pure. */
export function serviceAccountUser(claims: ServiceAccountClaims, tokenId?: string): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims;
  const extra: Record<string, string[]> = {};
  const add = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== "") extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  add("pod-name", pod?.name);
  add("pod-uid", pod?.uid);
  add("node-name", node?.name);
  add("node-uid", node?.uid);
  add("credential-id", tokenId === undefined ? undefined : `JTI=${tokenId}`);
  return {
    username: serviceAccountUsername(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}
