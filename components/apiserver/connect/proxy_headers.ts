import { isIP } from "node:net";
import { withoutTokenProtocol } from "../authn/mod.ts";

/** Headers that belong to one connection, not to the message. */
const CONNECTION_HEADERS = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** What the client proved itself with is for this server only. */
const CREDENTIAL_HEADERS = ["authorization", "x-remote-user", "x-remote-group", "x-remote-uid"];
const CREDENTIAL_PREFIXES = ["impersonate-", "x-remote-extra-"];

/** A client's headers without those of its connection and its credentials. */
export function passedHeaders(from: Headers): Headers {
  const headers = new Headers();
  const named = connectionNames(from);
  for (const [name, value] of from) {
    if (named.has(name) || isCredential(name)) continue;
    if (name === "host" || name === "content-length") continue;
    append(headers, name, value);
  }
  // The HTTP client between would unpack what it knows, and leave the header that says it is packed.
  headers.set("accept-encoding", "identity");
  return headers;
}

/** The same for a connection that is handed over with the request: what it upgrades to stays. */
export function upgradeHeaders(from: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of from) {
    if (isCredential(name)) continue;
    append(headers, name, value);
  }
  return headers;
}

/** A client may have its token among the subprotocols that it offers. */
function append(headers: Headers, name: string, value: string): void {
  const passed = name === "sec-websocket-protocol" ? withoutTokenProtocol(value) : value;
  if (passed !== "" || value === "") headers.append(name, passed);
}

/** Whom a request came through, and at last from: what `X-Forwarded-For` tells a backend. `address` may have a port. */
export function forwardedFor(from: Headers, address: string): [string, string][] {
  const direct = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "").replace(/^::ffff:/, "");
  const before = from.get("x-forwarded-for") ?? "";
  const all = [before, isIP(direct) === 0 ? "" : direct].filter((each) => each !== "");
  return all.length === 0 ? [] : [["x-forwarded-for", all.join(", ")]];
}

function isCredential(name: string): boolean {
  return CREDENTIAL_HEADERS.includes(name) ||
    CREDENTIAL_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Headers that go no further than the next server, by the standard or by what `Connection` lists. */
export function connectionNames(headers: Headers): Set<string> {
  const listed = (headers.get("connection") ?? "").toLowerCase().split(",").map((name) =>
    name.trim()
  );
  // What is no name of a header names none.
  return new Set([
    ...CONNECTION_HEADERS,
    ...listed.filter((name) => /^[!#-'*+.0-9^-z|~-]+$/.test(name)),
  ]);
}
