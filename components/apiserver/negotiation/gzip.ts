import { promisify } from "node:util";
import { createGzip, gzip } from "node:zlib";
import type { PieceBody } from "./piece_body.ts";

/** Smaller answers are not worth the time, as upstream. */
export const GZIP_MINIMUM_BYTES = 128 * 1024;
/** Smaller bodies are sent as a whole: that takes less time, and they are not held for long. */
export const STREAMED_MINIMUM_BYTES = 1024 * 1024;
/** The fastest level, as upstream. */
const LEVEL = 1;

const compress = promisify<Uint8Array, { level: number }, Uint8Array>(gzip);

/** What is sent of a body. */
export interface Packed {
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Its bytes, as far as they are known: before packing, where they are packed as they are sent. */
  readonly length: number;
  readonly headers: Record<string, string>;
}

const HEADERS = { "content-encoding": "gzip", vary: "Accept-Encoding" };

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
export async function packed(body: Uint8Array<ArrayBuffer>, request: Request): Promise<Packed> {
  if (body.length < GZIP_MINIMUM_BYTES || !acceptsGzip(request)) {
    return { body, length: body.length, headers: {} };
  }
  const small = await gzipped(body);
  return { body: small, length: small.length, headers: HEADERS };
}

/** A body compressed, for who sends it often. */
export async function gzipped(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await compress(body, { level: LEVEL }) as Uint8Array<ArrayBuffer>;
}

/** The same of a large body, whose next part is made when the one before it has been taken. */
export function packedStream(body: PieceBody, request: Request): Packed {
  const { length } = body;
  return acceptsGzip(request)
    ? { body: compressed(body.parts()), length, headers: HEADERS }
    : { body: streamed(body.parts()), length, headers: {} };
}

function streamed(parts: Iterator<Uint8Array<ArrayBuffer>>) {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { done, value } = parts.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

function compressed(parts: Iterator<Uint8Array<ArrayBuffer>>) {
  const packer = createGzip({ level: LEVEL });
  let came = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      packer.on("data", (bytes: Uint8Array<ArrayBuffer>) => {
        came = true;
        controller.enqueue(bytes);
      });
      packer.on("error", (error) => controller.error(error));
    },
    /** A part may be too little for the packer to give anything. */
    async pull(controller) {
      came = false;
      while (!came) {
        const { done, value } = parts.next();
        if (done === true) {
          await new Promise<void>((resolve) => packer.once("end", resolve).end());
          return controller.close();
        }
        await new Promise<void>((resolve) => packer.write(value, () => resolve()));
      }
    },
    cancel() {
      packer.destroy();
    },
  }, { highWaterMark: 0 });
}
