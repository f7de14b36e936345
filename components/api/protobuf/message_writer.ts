/** How a field's value lies in the bytes, as the encoding of protobuf numbers it. */
export const VARINT = 0;
export const BIT64 = 1;
export const LENGTH_DELIMITED = 2;

/** What a writer that is used again keeps of the room that a big message needed. */
const KEPT_BYTES_MAXIMUM = 1024 * 1024;
/** Up to here a loop over the characters is faster than a call of the encoder. */
const SHORT_STRING_CHARACTERS = 48;
const MAXIMUM_INT32 = 0x7fff_ffff;
const encoder = new TextEncoder();

/**
 * Writes messages into one growing buffer, without an object for each field: a list of pods has some thirty thousand.
 * A message's length stands before it and is known after it: one byte is left for it, and longer ones make room.
 */
export class MessageWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(readonly capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  tag(number: number, wire: number): void {
    this.uint32(number << 3 | wire);
  }

  /** A whole number from 0 up that a double holds exactly. */
  uint32(value: number): void {
    this.#reserve(10);
    this.#at = putVarint(this.#bytes, this.#at, value);
  }

  /** Throws RangeError for what is no whole number of 32 bits. */
  int32(value: number): void {
    if (!Number.isInteger(value) || value > MAXIMUM_INT32 || value < -MAXIMUM_INT32 - 1) {
      throw new RangeError(`invalid int32: ${value}`);
    }
    this.int64(value);
  }

  /** A whole number of 64 bits, as far as a double holds it. */
  int64(value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return this.uint32(value);
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  double(value: number): void {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** Its length in bytes of UTF-8, and these. */
  string(text: string): void {
    const { length } = text;
    this.#reserve(3 * length + 5);
    if (length > SHORT_STRING_CHARACTERS || !this.#plain(text)) this.#encoded(text);
  }

  /** Their length, and these. */
  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.raw(value);
  }

  /** These, with nothing before them. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Begins a message within this one; the answer is for `end`. */
  begin(): number {
    this.#reserve(1);
    return ++this.#at;
  }

  /** Ends the message that `begin` began, the last one first. */
  end(start: number): void {
    const length = this.#at - start;
    const more = varintBytes(length) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.#bytes.copyWithin(start + more, start, this.#at);
      this.#at += more;
    }
    putVarint(this.#bytes, start - 1, length);
  }

  /** All that was written, where nothing more is: a view of the buffer, which saves a big answer a copy. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /** All that was written, as bytes of their own. The writer is empty then and may be used again. */
  finish(): Uint8Array<ArrayBuffer> {
    const written = this.#bytes.slice(0, this.#at);
    this.reset();
    return written;
  }

  /** Forgets what was written: a message whose writing failed. */
  reset(): void {
    this.#at = 0;
    if (this.#bytes.length > KEPT_BYTES_MAXIMUM) this.#bytes = new Uint8Array(this.capacity);
  }

  /** Writes a short text of ASCII; false where it is not, and then nothing is written. */
  #plain(text: string): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #encoded(text: string): void {
    // Most text is ASCII, so its length is that in bytes; elsewhere the room for it is corrected.
    const guess = varintBytes(text.length);
    const from = this.#at + guess;
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(from));
    const needed = varintBytes(written);
    if (needed !== guess) this.#bytes.copyWithin(this.#at + needed, from, from + written);
    putVarint(this.#bytes, this.#at, written);
    this.#at += needed + written;
  }

  #reserve(bytes: number): void {
    const wanted = this.#at + bytes;
    if (wanted <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(wanted, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/** Bytes that a whole number from 0 up takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** Answers the position behind it. */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let end = at;
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) bytes[end++] = rest % 128 | 0x80;
  for (; rest > 0x7f; rest >>>= 7) bytes[end++] = rest & 0x7f | 0x80;
  bytes[end++] = rest;
  return end;
}
