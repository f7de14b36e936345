import { Buffer } from "node:buffer";
import zlib from "node:zlib";

const DICTIONARY_WORDS =
  "options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|" +
  "accept-ranges|age|allow|authorization|cache-control|connection|content-base|content-encoding|" +
  "content-language|content-length|content-location|content-md5|content-range|content-type|date|" +
  "etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|" +
  "if-unmodified-since|last-modified|location|max-forwards|pragma|proxy-authenticate|" +
  "proxy-authorization|range|referer|retry-after|server|te|trailer|transfer-encoding|upgrade|" +
  "user-agent|vary|via|warning|www-authenticate|method|get|status|200 OK|version|HTTP/1.1|url|" +
  "public|set-cookie|keep-alive|origin";
const DICTIONARY_TAIL =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505" +
  "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request" +
  "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented" +
  "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00" +
  " Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif," +
  "application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=" +
  "gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

const BLOCK_MAXIMUM_BYTES = 64 * 1024;
const PAIRS_MAXIMUM = 128;

/** The dictionary that SPDY/3 prescribes: words with their lengths before them, then plain text. */
export function spdyDictionary(): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const word of DICTIONARY_WORDS.split("|")) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, word.length);
    parts.push(length, new TextEncoder().encode(word));
  }
  parts.push(new TextEncoder().encode(DICTIONARY_TAIL));
  return new Uint8Array(Buffer.concat(parts));
}

/** Reads the compressed header blocks of one direction of one session, in order: they share one zlib stream. */
export class SpdyHeaderReader {
  readonly #inflate = zlib.createInflate({ dictionary: spdyDictionary() });
  #chunks: Uint8Array[] = [];
  #length = 0;
  #fail: ((error: Error) => void) | undefined;

  constructor() {
    this.#inflate.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      if (this.#length <= BLOCK_MAXIMUM_BYTES) return;
      // A small block may swell to a thousand times its size: nothing more of it is unpacked.
      this.#fail?.(new Error("SPDY headers too large"));
      this.close();
    });
    this.#inflate.on("error", (error: Error) => this.#fail?.(error));
  }

  async read(block: Uint8Array): Promise<Map<string, string>> {
    await new Promise<void>((resolve, reject) => {
      if (this.#inflate.destroyed) return reject(new Error("no more SPDY headers are read"));
      this.#fail = reject;
      this.#inflate.write(block, () => resolve());
    });
    const bytes = new Uint8Array(Buffer.concat(this.#chunks));
    this.#chunks = [];
    this.#length = 0;
    return parsePairs(bytes);
  }

  /** Reads no more, and gives up what waits to be read. */
  close(): void {
    this.#chunks = [];
    this.#inflate.destroy();
    this.#fail?.(new Error("the SPDY session is over"));
  }
}

/** Writes header blocks of one direction, as one zlib stream. */
export class SpdyHeaderWriter {
  readonly #deflate = zlib.createDeflate();
  #chunks: Uint8Array[] = [];

  constructor() {
    this.#deflate.on("data", (chunk: Uint8Array) => this.#chunks.push(chunk));
  }

  async write(headers: ReadonlyMap<string, string>): Promise<Uint8Array> {
    this.#deflate.write(pairBytes(headers));
    await new Promise<void>((resolve) =>
      this.#deflate.flush(zlib.constants.Z_SYNC_FLUSH, () => resolve())
    );
    const bytes = new Uint8Array(Buffer.concat(this.#chunks));
    this.#chunks = [];
    return bytes;
  }
}

function parsePairs(bytes: Uint8Array): Map<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new TextDecoder();
  let at = 0;
  const number = () => {
    if (at + 4 > bytes.length) throw new Error("SPDY headers too short");
    at += 4;
    return view.getUint32(at - 4);
  };
  const text = () => {
    const length = number();
    if (at + length > bytes.length) throw new Error("SPDY headers too short");
    at += length;
    return decoder.decode(bytes.subarray(at - length, at));
  };
  const count = number();
  if (count > PAIRS_MAXIMUM) throw new Error("too many SPDY headers");
  const pairs = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const name = text().toLowerCase();
    pairs.set(name, text());
  }
  return pairs;
}

function pairBytes(headers: ReadonlyMap<string, string>): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const number = (value: number) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    parts.push(bytes);
  };
  number(headers.size);
  for (const [name, value] of headers) {
    for (const text of [name, value]) {
      const bytes = encoder.encode(text);
      number(bytes.length);
      parts.push(bytes);
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}
