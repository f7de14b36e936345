import { unauthorized } from "../../base/mod.ts";

const PROTOCOL_PREFIX = "base64url.bearer.authorization.k8s.io.";

/**
 * The bearer token of a request: from `Authorization`, or, because browsers cannot set that on a WebSocket, from a
 * subprotocol that carries it. Undefined when there is none.
 */
export function bearerToken(headers: Headers): string | undefined {
  const authorization = headers.get("authorization")?.trim() ?? "";
  const space = authorization.indexOf(" ");
  if (space > 0 && authorization.slice(0, space).toLowerCase() === "bearer") {
    const token = authorization.slice(space + 1).trim();
    if (token !== "") return token;
  }
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") return undefined;
  return protocolToken(headers.get("sec-websocket-protocol") ?? "");
}

/** The subprotocols that a client offers without the one that only carries its token; empty: none. */
export const withoutTokenProtocol = (header: string): string =>
  header.split(",").map((protocol) => protocol.trim()).filter((one) => !isTokenProtocol(one))
    .join(", ");

/** True for the subprotocol that only carries a token: a server must not choose it. */
export const isTokenProtocol = (protocol: string): boolean => protocol.startsWith(PROTOCOL_PREFIX);

function protocolToken(header: string): string | undefined {
  const offered = header.split(",").map((protocol) => protocol.trim());
  const tokens = offered.filter(isTokenProtocol);
  const [first] = tokens;
  if (first === undefined) return undefined;
  // There must be another one that can be agreed on: the token is never sent back.
  if (tokens.length > 1 || offered.length === 1) throw unauthorized();
  try {
    const bytes = Uint8Array.fromBase64(first.slice(PROTOCOL_PREFIX.length), {
      alphabet: "base64url",
    });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unauthorized();
  }
}
