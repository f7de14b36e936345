import { DerError } from "./certificate_error.ts";

/** DER (X.690), as far as the certificates need it that are made here: what they hold is written, what signs them read. */
export type Der = Uint8Array<ArrayBuffer>;

/** One element: its tag, what is in it, and all of it. */
export interface DerElement {
  readonly tag: number;
  readonly content: Der;
  readonly whole: Der;
}

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag of a choice or an optional member; `constructed` where elements are in it. */
export const contextTag = (number: number, constructed = false): number =>
  (constructed ? 0xa0 : 0x80) | number;

const encoder = new TextEncoder();
/** Lengths below this are their own byte. */
const LONG_LENGTH = 0x80;
const OID_BASE = 128;
/** From this year on times have four digits of it. */
const GENERALIZED_FROM = 2050;

/** An element that holds the parts one after another. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Der {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const head = [tag, ...lengthBytes(size)];
  const bytes = new Uint8Array(head.length + size);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const sequence = (...parts: readonly Uint8Array[]): Der => element(Tag.sequence, ...parts);
export const utf8 = (text: string): Der => element(Tag.utf8, encoder.encode(text));
export const octets = (bytes: Uint8Array): Der => element(Tag.octets, bytes);

/** A number that is not negative, from its bytes, the highest first. */
export function integer(bytes: Uint8Array): Der {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  // The highest bit would be a sign.
  return (digits[0] ?? 0) >= 0x80
    ? element(Tag.integer, new Uint8Array(1), digits)
    : element(Tag.integer, digits);
}

/** Bits from the highest of the first byte on; the last `unused` say nothing. */
export const bits = (bytes: Uint8Array, unused = 0): Der =>
  element(Tag.bits, Uint8Array.of(unused), bytes);

/** An object identifier of its dotted text. */
export function oid(text: string): Der {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % OID_BASE];
    for (let high = Math.floor(arc / OID_BASE); high > 0; high = Math.floor(high / OID_BASE)) {
      digits.unshift((high % OID_BASE) | 0x80);
    }
    return digits;
  });
  return element(Tag.oid, Uint8Array.from(bytes));
}

/** A time in milliseconds since the epoch, in whole seconds as certificates have it. */
export function time(milliseconds: number): Der {
  const date = new Date(milliseconds);
  const text = `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
  return date.getUTCFullYear() < GENERALIZED_FROM
    ? element(Tag.utcTime, encoder.encode(text.slice(2)))
    : element(Tag.generalizedTime, encoder.encode(text));
}

/** The elements that stand one after another in `bytes`. Throws `DerError` where they do not end with them. */
export function elementsOf(bytes: Der): DerElement[] {
  const found: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const [start, size] = contentOf(bytes, at);
    const end = start + size;
    if (end > bytes.length) throw new DerError("an element is longer than what it stands in");
    found.push({
      tag: bytes[at] ?? 0,
      content: bytes.subarray(start, end),
      whole: bytes.subarray(at, end),
    });
    at = end;
  }
  return found;
}

/** Where an element's content begins, and its length in bytes. */
function contentOf(bytes: Der, at: number): [number, number] {
  const first = bytes[at + 1] ?? 0;
  if (first < LONG_LENGTH) return [at + 2, first];
  const count = first - LONG_LENGTH;
  let size = 0;
  for (let i = 0; i < count; i++) size = size * 256 + (bytes[at + 2 + i] ?? 0);
  return [at + 2 + count, size];
}

function lengthBytes(size: number): number[] {
  if (size < LONG_LENGTH) return [size];
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [LONG_LENGTH | bytes.length, ...bytes];
}
