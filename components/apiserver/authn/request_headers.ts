import { type Clock, unauthorized } from "../../base/mod.ts";
import { isIssuedBy, readCertificate } from "../../pki/mod.ts";
import type { Authenticator, UserInfo } from "../ports.ts";

const USER = "x-remote-user";
const UID = "x-remote-uid";
const GROUP = "x-remote-group";
const EXTRA_PREFIX = "x-remote-extra-";

export interface RequestHeaderOptions {
  /** PEM of the authority that signs front proxies, and nobody else. */
  readonly authority: string;
  /** Common names of proxies; any that the authority signed where it is empty. */
  readonly allowedNames: readonly string[];
  readonly clock: Clock;
}

interface Proxy {
  readonly allowed: boolean;
  readonly notAfter: number;
}

/**
 * The user that a front proxy says it asks for, by headers. They count only over a connection whose client certificate
 * the proxies' authority signed: from everybody else they are ignored.
 */
export function requestHeaders(
  { authority, allowedNames, clock }: RequestHeaderOptions,
): Authenticator {
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
      return Promise.resolve(userOf(headers));
    },
  };
}

function userOf(headers: Headers): UserInfo | undefined {
  const username = headers.get(USER) ?? "";
  if (username === "") return undefined;
  const uid = headers.get(UID) ?? "";
  const extra: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith(EXTRA_PREFIX)) continue;
    // Several headers of one name arrive joined by comma and space.
    extra[unescape(name.slice(EXTRA_PREFIX.length))] = value.split(", ");
  }
  return {
    username,
    ...(uid === "" ? {} : { uid }),
    groups: (headers.get(GROUP) ?? "").split(", ").filter((group) => group !== ""),
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
