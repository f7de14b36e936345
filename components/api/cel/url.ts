import { parseIpAddress } from "./ip_address.ts";

/** A URL as Go's net/url takes it apart. */
export interface Url {
  readonly text: string;
  readonly scheme: string;
  /** With its port; an address of IPv6 in brackets. */
  readonly host: string;
  readonly escapedPath: string;
  readonly rawQuery: string;
}

type Wrong = { readonly error: string };

/** Reads an absolute URL or an absolute path; answers what is wrong with it otherwise. */
export function parseUrl(text: string): Url | Wrong {
  const parsed = parse(text);
  if (!("error" in parsed)) return parsed;
  return { error: `parse ${JSON.stringify(text)}: ${parsed.error}` };
}

function parse(text: string): Url | Wrong {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) return { error: "net/url: invalid control character in URL" };
  if (text === "") return { error: "empty url" };
  const url = { text, scheme: "", host: "", escapedPath: "", rawQuery: "" };
  if (text === "*") return { ...url, escapedPath: "*" };
  const [plain = ""] = text.split("#", 1);
  const split = splitScheme(plain);
  if ("error" in split) return split;
  url.scheme = split.scheme.toLowerCase();
  let { rest } = split;
  const question = rest.indexOf("?");
  if (question >= 0) {
    url.rawQuery = rest.slice(question + 1);
    rest = rest.slice(0, question);
  }
  if (!rest.startsWith("/")) {
    // What follows a scheme without a slash is opaque.
    return url.scheme === "" ? { error: "invalid URI for request" } : url;
  }
  if (url.scheme !== "" && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const host = hostOf(rest.slice(2, slash < 0 ? undefined : slash));
    if (typeof host !== "string") return host;
    url.host = host;
    rest = slash < 0 ? "" : rest.slice(slash);
  }
  const path = unescape(rest);
  if (path === undefined) return badEscape(rest);
  return { ...url, escapedPath: /^[\w\-.~!$&'()*+,;=:@/[\]%]*$/.test(rest) ? rest : escape(path) };
}

function splitScheme(text: string): { scheme: string; rest: string } | Wrong {
  const match = /^([a-zA-Z][a-zA-Z0-9+\-.]*):/.exec(text);
  if (match !== null) return { scheme: match[1] ?? "", rest: text.slice(match[0].length) };
  return text.startsWith(":") ? { error: "missing protocol scheme" } : { scheme: "", rest: text };
}

function hostOf(authority: string): string | Wrong {
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    const user = authority.slice(0, at);
    if (!/^[\w\-.:~!$&'()*+,;=%@]*$/.test(user)) return { error: "net/url: invalid userinfo" };
    if (unescape(user) === undefined) return badEscape(user);
  }
  const host = authority.slice(at + 1);
  const bracket = host.lastIndexOf("[");
  if (bracket > 0) return { error: "invalid IP-literal" };
  if (bracket === 0) return literalHost(host);
  const colon = host.indexOf(":");
  if (colon >= 0 && !isPort(host.slice(colon))) return badPort(host.slice(colon));
  const wrong = badHost(host);
  if (wrong !== undefined) return wrong;
  return new TextDecoder().decode(unescape(host));
}

/** `[::1]:80`. */
function literalHost(host: string): string | Wrong {
  const close = host.lastIndexOf("]");
  if (close < 0) return { error: "missing ']' in host" };
  const port = host.slice(close + 1);
  if (!isPort(port)) return badPort(port);
  const [name = ""] = host.slice(1, close).split("%25", 1);
  const address = parseIpAddress(name);
  if ("error" in address) return { error: `invalid host: ${address.error}` };
  if (address.bits === 32) return { error: "invalid IP-literal" };
  return `[${host.slice(1, close).replace("%25", "%")}]${port}`;
}

const isPort = (text: string): boolean => text === "" || /^:\d*$/.test(text);
const badPort = (text: string): Wrong => ({
  error: `invalid port ${JSON.stringify(text)} after host`,
});

function badEscape(text: string): Wrong {
  const at = text.search(/%(?![0-9a-fA-F]{2})/);
  return { error: `invalid URL escape ${JSON.stringify(text.slice(at, at + 3))}` };
}

/** Hosts escape only what is not ASCII. */
function badHost(host: string): Wrong | undefined {
  if (unescape(host) === undefined) return badEscape(host);
  const escaped = /%[0-7][0-9a-fA-F]/.exec(host);
  if (escaped !== null) return { error: `invalid URL escape ${JSON.stringify(escaped[0])}` };
  // deno-lint-ignore no-control-regex
  const odd = /[\x00-\x7f]/.exec(host.replace(/[\w\-.~!$&'()*+,;=:[\]<>"%]/g, ""));
  if (odd === null) return undefined;
  return { error: `invalid character ${JSON.stringify(odd[0])} in host name` };
}

/** The bytes that a text stands for; undefined where a `%` is followed by no number. */
function unescape(text: string): Uint8Array | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const bytes = new TextEncoder().encode(text);
  if (!text.includes("%")) return bytes;
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0x25) {
      const digits = String.fromCharCode(bytes[i + 1] as number, bytes[i + 2] as number);
      bytes[length++] = Number.parseInt(digits, 16);
      i += 2;
    } else bytes[length++] = bytes[i] as number;
  }
  return bytes.subarray(0, length);
}

function escape(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[\w\-.~$&+,/:;=@]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/** A host without its port and brackets, and the port. */
export function splitHost(host: string): { readonly name: string; readonly port: string } {
  const colon = host.lastIndexOf(":");
  const ported = colon >= 0 && isPort(host.slice(colon));
  let name = ported ? host.slice(0, colon) : host;
  if (name.startsWith("[") && name.endsWith("]")) name = name.slice(1, -1);
  return { name, port: ported ? host.slice(colon + 1) : "" };
}

/** The parameters of a query, each with all of its values; those that cannot be read are left out. */
export function parseQuery(query: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const decoder = new TextDecoder();
  for (const part of query.split("&")) {
    if (part === "" || part.includes(";")) continue;
    const equals = part.indexOf("=");
    const name = unescape((equals < 0 ? part : part.slice(0, equals)).replaceAll("+", " "));
    const value = unescape(equals < 0 ? "" : part.slice(equals + 1).replaceAll("+", " "));
    if (name === undefined || value === undefined) continue;
    const key = decoder.decode(name);
    const values = found.get(key);
    if (values === undefined) found.set(key, [decoder.decode(value)]);
    else values.push(decoder.decode(value));
  }
  return found;
}
