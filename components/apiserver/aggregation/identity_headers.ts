import type { UserInfo } from "../ports.ts";

const USER = "x-remote-user";
const UID = "x-remote-uid";
const GROUP = "x-remote-group";
const EXTRA = "x-remote-extra-";

/** How the server behind this one is told who asks. Pure. */
export function identityHeaders(user: UserInfo): [string, string][] {
  const headers: [string, string][] = [[USER, user.username]];
  if (user.uid !== undefined && user.uid !== "") headers.push([UID, user.uid]);
  for (const group of user.groups) headers.push([GROUP, group]);
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    for (const value of values) headers.push([EXTRA + escapeKey(key), value]);
  }
  return headers.map(([name, value]) => [name, latin1(value)]);
}

/** Bytes that may stand in a header's name. */
const NAME_BYTES = /^[a-z0-9!#$&'*+.^_`|~-]$/;

function escapeKey(key: string): string {
  let escaped = "";
  for (const byte of new TextEncoder().encode(key.toLowerCase())) {
    const character = String.fromCharCode(byte);
    escaped += NAME_BYTES.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

/** Headers are of bytes: other characters go as their UTF-8. */
function latin1(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) {
    bytes += byte === 13 || byte === 10 || byte === 0 ? "" : String.fromCharCode(byte);
  }
  return bytes;
}
