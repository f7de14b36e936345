import { requestEntityTooLarge } from "../../base/mod.ts";
import { bytesUpTo } from "../bounded_body.ts";
import { trailOf } from "../audit/mod.ts";

/** As upstream: more than this in one request is refused. */
export const BODY_MAXIMUM_BYTES = 3 * 1024 * 1024;

const EMPTY = new Uint8Array();

/** The whole body, which is recorded where the request is. Throws as `readWhole`. */
export async function readBody(request: Request): Promise<Uint8Array> {
  const bytes = await readWhole(request);
  trailOf(request)?.body(bytes, request.headers.get("content-type"));
  return bytes;
}

/** The whole body; 413 as soon as it is over the limit, whatever its headers said. */
async function readWhole(request: Request): Promise<Uint8Array> {
  if (request.body === null) return EMPTY;
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (Number(length) > BODY_MAXIMUM_BYTES) throw requestEntityTooLarge(BODY_MAXIMUM_BYTES);
    // The server reads no more than the length says.
    return new Uint8Array(await request.arrayBuffer());
  }
  const whole = await bytesUpTo(request.body, BODY_MAXIMUM_BYTES);
  if (whole === undefined) throw requestEntityTooLarge(BODY_MAXIMUM_BYTES);
  return whole;
}
