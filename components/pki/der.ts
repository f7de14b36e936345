/**
 * DER (X.690), as much of it as X.509 and PKCS #10 need. A certificate library costs 70 ms of start-up and 30 MB of
 * memory, which is a fifth of what the whole control plane may use; this is a page.
 */

/** Universal tags that certificates use. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
} as const;

type Content = Uint8Array | readonly number[];

/** One tag, its length and its content. */
export function tlv(tag: number, ...contents: Content[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const head = [tag, ...lengthBytes(length)];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let offset = head.length;
  for (const content of contents) {
    bytes.set(content, offset);
    offset += content.length;
  }
  return bytes;
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

export const sequence = (...items: Content[]): Uint8Array => tlv(Tag.sequence, ...items);
export const set = (...items: Content[]): Uint8Array => tlv(Tag.set, ...items);
export const octetString = (bytes: Content): Uint8Array => tlv(Tag.octetString, bytes);
export const bitString = (bytes: Content, unusedBits = 0): Uint8Array =>
  tlv(Tag.bitString, [unusedBits], bytes);
export const boolean = (value: boolean): Uint8Array => tlv(Tag.boolean, [value ? 0xff : 0]);
/** A context tag: `[number] EXPLICIT` around whole values. */
export const explicit = (number: number, ...items: Content[]): Uint8Array =>
  tlv(0xa0 | number, ...items);
/** A context tag around a primitive's content: `[number] IMPLICIT`. */
export const implicit = (number: number, content: Content): Uint8Array =>
  tlv(0x80 | number, content);

/** A whole number that is not negative, from its big-endian bytes. */
export function unsignedInteger(bytes: Content): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.slice(start);
  return (digits[0] ?? 0) >= 0x80 ? tlv(Tag.integer, [0], digits) : tlv(Tag.integer, digits);
}

/** An object identifier from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const arcs = dotted.split(".").map(Number);
  const bytes = [(arcs[0] ?? 0) * 40 + (arcs[1] ?? 0)];
  for (const arc of arcs.slice(2)) {
    const digits = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
      digits.unshift((rest % 128) | 0x80);
    }
    bytes.push(...digits);
  }
  return tlv(Tag.oid, bytes);
}

/** Characters a PrintableString may hold; everything else is written as UTF-8. */
const PRINTABLE = new Set(
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '()+,-./:=?",
);

/** A directory string in the narrowest type that holds it. */
export function directoryString(text: string): Uint8Array {
  const printable = [...text].every((character) => PRINTABLE.has(character));
  return tlv(printable ? Tag.printableString : Tag.utf8String, new TextEncoder().encode(text));
}

/** Whole seconds in UTC: UTCTime up to 2049, GeneralizedTime after, as RFC 5280 wants. */
export function time(milliseconds: number): Uint8Array {
  const digits = new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:T]/g, "") + "Z";
  const early = Number(digits.slice(0, 4)) < 2050;
  return tlv(
    early ? Tag.utcTime : Tag.generalizedTime,
    new TextEncoder().encode(early ? digits.slice(2) : digits),
  );
}
