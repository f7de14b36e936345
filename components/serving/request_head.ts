import type { Buffer } from "node:buffer";

/** As much of a connection is looked at before its first request must have had an end. */
export const REQUEST_HEAD_MAXIMUM_BYTES = 64 * 1024;

/** The head of the first request; undefined while it has not come whole. Pure. */
export function requestHead(bytes: Buffer): string | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0 ? undefined : bytes.toString("latin1", 0, end + 2);
}

/**
 * Whether a request wants its connection for something that Deno's server cannot give: SPDY anywhere, any protocol where
 * it is a backend behind a proxy that speaks it, or a server that the path is passed on to, and WebSockets that must be
 * able to wait. One with a body is an ordinary request first. Pure.
 */
export function isRawUpgrade(head: string, isPassedOn?: (path: string) => boolean): boolean {
  const [line = "", ...rest] = head.split("\r\n");
  const headers = new Map(
    rest.filter((each) => each !== "").map((each) => {
      const at = each.indexOf(":");
      return [each.slice(0, at).toLowerCase(), each.slice(at + 1).trim().toLowerCase()];
    }),
  );
  const upgrade = headers.get("upgrade");
  const connection = (headers.get("connection") ?? "").split(",").map((each) => each.trim());
  if (upgrade === undefined || !connection.includes("upgrade")) return false;
  if (headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) !== 0) {
    return false;
  }
  return upgrade.startsWith("spdy/") || PROXY_PATH.test(line) || STREAM_PATH.test(line) ||
    isPassedOn?.(line.split(" ", 2)[1]?.split("?", 1)[0] ?? "") === true;
}

const PROXY_PATH = /^[A-Z]+ [^ ?]*\/(?:pods|services|nodes)\/[^/ ?]+\/proxy(?:[/ ?])/;
/** Of an API server, and of a kubelet. */
const STREAM_PATH =
  /^[A-Z]+ (?:[^ ?]*\/pods\/[^/ ?]+\/(?:exec|attach|portforward)[ ?]|\/(?:exec|attach|portForward)\/)/;
