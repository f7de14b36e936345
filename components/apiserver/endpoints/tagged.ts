import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { invariant } from "../../base/mod.ts";
import { acceptsGzip, GZIP_MINIMUM_BYTES, gzipped } from "../negotiation/mod.ts";

const unpack = promisify<Uint8Array, Uint8Array>(gunzip);

/**
 * A finished body and the tag that tells its state. A big one is kept packed from the first answer to a client that
 * takes gzip, which is nearly every one: a tenth of the memory, and no packing for the next.
 */
export class TaggedBody {
  #plain: Uint8Array<ArrayBuffer> | undefined;
  #packed: Promise<Uint8Array<ArrayBuffer>> | undefined;

  /** `tag` stands without its quotes. */
  constructor(body: Uint8Array<ArrayBuffer>, readonly tag: string) {
    this.#plain = body;
  }

  /** The bytes to send and the headers that they need. */
  async answer(
    request: Request,
  ): Promise<{ body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }> {
    const takesGzip = acceptsGzip(request);
    const plain = this.#plain;
    if (plain !== undefined && (plain.length < GZIP_MINIMUM_BYTES || !takesGzip)) {
      return { body: plain, headers: {} };
    }
    const packed = await this.#pack();
    if (takesGzip) {
      return { body: packed, headers: { "content-encoding": "gzip", vary: "Accept-Encoding" } };
    }
    return { body: await unpack(packed) as Uint8Array<ArrayBuffer>, headers: {} };
  }

  #pack(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#packed !== undefined) return this.#packed;
    invariant(this.#plain !== undefined, "a body is plain until it is packed");
    return this.#packed = gzipped(this.#plain).then((packed) => {
      this.#plain = undefined;
      return packed;
    });
  }
}

export function taggedJson(value: unknown, tag?: string): TaggedBody {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return new TaggedBody(body, tag ?? createHash("sha512").update(body).digest("hex").toUpperCase());
}

/** Answers a body with its tag, or 304 to a client that has it already. */
export async function taggedResponse(
  tagged: TaggedBody,
  request: Request,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const etag = `"${tagged.tag}"`;
  if (hasTag(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: { ...headers, etag } });
  }
  const { body, headers: packing } = await tagged.answer(request);
  return new Response(request.method === "HEAD" ? null : body, {
    headers: { ...headers, ...packing, ...varying(headers, packing), etag },
  });
}

/** What the form depends on and what the packing depends on. */
function varying(...all: readonly Readonly<Record<string, string>>[]): { vary?: string } {
  const names = all.flatMap(({ vary }) => vary === undefined ? [] : [vary]);
  return names.length === 0 ? {} : { vary: names.join(", ") };
}

function hasTag(header: string | null, etag: string): boolean {
  return header !== null && header.split(",").some((part) => {
    const tag = part.trim();
    return tag === "*" || tag === etag || tag === `W/${etag}`;
  });
}
