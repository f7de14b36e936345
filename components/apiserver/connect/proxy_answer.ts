import { Buffer } from "node:buffer";
import { HtmlLinks } from "./html_links.ts";
import { connectionNames } from "./proxy_headers.ts";

/** Whose links are rewritten, and to what. */
export interface ProxyPlace {
  /** The path of the proxy itself, which ends in `/proxy`. */
  readonly prefix: string;
  /** `host:port` of the backend. */
  readonly backendHost: string;
  /** The `Host` that the client asked. */
  readonly requestHost: string;
}

/** A backend speaks for itself, not for this server. */
const CROSS_ORIGIN_HEADERS = new Set([
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
]);
const BODILESS_STATUSES = new Set([204, 205, 304]);

/** A backend's answer as the client gets it: a backend knows itself as the root, the client must come here again. */
export function passBack(answer: Response, place: ProxyPlace): Response {
  const headers = new Headers();
  const named = connectionNames(answer.headers);
  for (const [name, value] of answer.headers) {
    if (!named.has(name) && !CROSS_ORIGIN_HEADERS.has(name)) headers.append(name, value);
  }
  let body = BODILESS_STATUSES.has(answer.status) ? null : answer.body;
  const location = headers.get("location");
  if (location !== null) headers.set("location", rewriteLink(location, place));
  else if (body !== null && isPlainHtml(headers)) {
    headers.delete("content-length");
    body = body.pipeThrough(linkRewriter(place));
  }
  return new Response(body, { status: answer.status, statusText: answer.statusText, headers });
}

function isPlainHtml(headers: Headers): boolean {
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim();
  const encoding = headers.get("content-encoding") ?? "";
  return type === "text/html" && (encoding === "" || encoding === "identity");
}

function linkRewriter(
  place: ProxyPlace,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const links = new HtmlLinks((link) => rewriteLink(link, place));
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
  return new TransformStream({
    transform(chunk, controller) {
      const text = links.push(Buffer.from(chunk).toString("latin1"));
      if (text !== "") controller.enqueue(bytes(text));
    },
    flush(controller) {
      const text = links.end();
      if (text !== "") controller.enqueue(bytes(text));
    },
  });
}

/**
 * A link of a backend's to one through the proxy: absolute paths, whether or not they name the backend or the host that
 * was asked. Relative links and other hosts are left alone. Pure.
 */
export function rewriteLink(link: string, place: ProxyPlace): string {
  const [, scheme = "", authority, rest = ""] =
    /^\s*(?:([a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/([^/?#]*))?([^]*)$/.exec(link) ?? [];
  const foreign = authority !== undefined && authority !== "" &&
    authority !== place.backendHost && authority !== place.requestHost;
  if (foreign || !rest.startsWith("/")) return link;
  const origin = authority !== undefined && authority === place.requestHost
    ? `${scheme}//${authority}`
    : "";
  return origin + (rest.startsWith(place.prefix) ? rest : place.prefix + rest);
}
