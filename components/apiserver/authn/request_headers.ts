import { type Clock, unauthorized } from "../../base/mod.ts";
import { FRONT_PROXY_SUBJECT, isIssuedBy, type Pki, readCertificate } from "../../pki/mod.ts";
import type { Authenticator, UserInfo } from "../ports.ts";

/** Who may say for whom it asks, and by which headers; names of headers in any case. */
export interface FrontProxies {
  /** PEM of the authorities that sign front proxies, and nobody else. */
  readonly authority: string;
  /** Common names of proxies; any that the authority signed where it is empty. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

/** The usual headers. */
export const FRONT_PROXY_HEADERS = {
  usernameHeaders: ["X-Remote-User"],
  uidHeaders: ["X-Remote-Uid"],
  groupHeaders: ["X-Remote-Group"],
  extraPrefixes: ["X-Remote-Extra-"],
} as const;

/** The proxies of a cluster's own authority. */
export const ownFrontProxies = ({ frontProxyAuthority }: Pki): FrontProxies => ({
  ...FRONT_PROXY_HEADERS,
  authority: frontProxyAuthority.certificate,
  allowedNames: [FRONT_PROXY_SUBJECT.commonName],
});

interface Proxy {
  readonly allowed: boolean;
  readonly notAfter: number;
}

/**
 * The user that a front proxy says it asks for, by headers. They count only over a connection whose client certificate
 * the proxies' authority signed: from everybody else they are ignored.
 */
export function requestHeaders(
  proxies: FrontProxies,
  clock: Clock,
): Authenticator {
  const { authority, allowedNames } = proxies;
  const prefixes = proxies.extraPrefixes.map((prefix) => prefix.toLowerCase());
  const known = new WeakMap<Uint8Array, Proxy | false>();
  const proxyOf = (certificate: Uint8Array): Proxy | false => {
    if (!isIssuedBy(certificate, authority)) return false;
    const { subject, notAfter } = readCertificate(certificate);
    const allowed = allowedNames.length === 0 || allowedNames.includes(subject.commonName);
    return { allowed, notAfter };
  };
  return {
    authenticate({ headers }, { certificate }) {
      if (certificate === undefined) return Promise.resolve(undefined);
      let proxy = known.get(certificate);
      if (proxy === undefined) known.set(certificate, proxy = proxyOf(certificate));
      if (proxy === false) return Promise.resolve(undefined);
      if (!proxy.allowed || proxy.notAfter < clock.now()) return Promise.reject(unauthorized());
      return Promise.resolve(userOf(headers, proxies, prefixes));
    },
  };
}

function userOf(
  headers: Headers,
  { usernameHeaders, uidHeaders, groupHeaders }: FrontProxies,
  prefixes: readonly string[],
): UserInfo | undefined {
  const first = (names: readonly string[]) =>
    names.map((name) => headers.get(name) ?? "").find((value) => value !== "") ?? "";
  const username = first(usernameHeaders);
  if (username === "") return undefined;
  const uid = first(uidHeaders);
  const extra: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    const prefix = prefixes.find((prefix) => name.startsWith(prefix));
    if (prefix === undefined) continue;
    // Several headers of one name arrive joined by comma and space.
    (extra[unescape(name.slice(prefix.length))] ??= []).push(...value.split(", "));
  }
  const groups = groupHeaders.flatMap((name) => (headers.get(name) ?? "").split(", "));
  return {
    username,
    ...(uid === "" ? {} : { uid }),
    groups: groups.filter((group) => group !== ""),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** A key may be percent-encoded; one that is so wrongly is taken as it stands. */
function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
