import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Smaller answers are not worth the time, as upstream. */
export const GZIP_MINIMUM_BYTES = 128 * 1024;
/** The fastest level, as upstream. */
const LEVEL = 1;

const compress = promisify<Uint8Array, { level: number }, Uint8Array>(gzip);

/** True for a client that takes gzip. */
export function acceptsGzip(request: Request): boolean {
  const header = request.headers.get("accept-encoding");
  if (header === null) return false;
  return header.split(",").some((part) => {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    return name === "gzip" && !parameters.some((text) => /^q=0(\.0*)?$/.test(text));
  });
}

/** A body and the headers it needs: compressed where it is large and the client takes that. */
export async function packed(
  body: Uint8Array<ArrayBuffer>,
  request: Request,
): Promise<{ body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }> {
  if (body.length < GZIP_MINIMUM_BYTES || !acceptsGzip(request)) return { body, headers: {} };
  return {
    body: await compress(body, { level: LEVEL }) as Uint8Array<ArrayBuffer>,
    headers: { "content-encoding": "gzip", vary: "Accept-Encoding" },
  };
}
