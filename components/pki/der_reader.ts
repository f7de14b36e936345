import { Tag } from "./der.ts";

/** Bytes that are not the DER they should be. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/** One value of a DER document: a view into it, read no further than asked for. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length included. */
  readonly raw: Uint8Array;
}

/** The most members one SEQUENCE or SET may have: certificates and requests come from strangers. */
const MEMBERS_MAXIMUM = 4096;

/** Reads the value that starts at `offset`. */
export function readValue(bytes: Uint8Array, offset = 0): DerValue {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) throw new DerError("truncated value");
  if ((tag & 0x1f) === 0x1f) throw new DerError("tag numbers over 30 are not supported");
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const digits = first & 0x7f;
    if (digits === 0 || digits > 4) throw new DerError("unsupported length");
    length = 0;
    for (let i = 0; i < digits; i++) length = length * 256 + (bytes[start + i] ?? 0);
    start += digits;
  }
  if (start + length > bytes.length) throw new DerError("length beyond the end");
  return {
    tag,
    content: bytes.subarray(start, start + length),
    raw: bytes.subarray(offset, start + length),
  };
}

/** The members of a constructed value. */
export function members(value: DerValue): DerValue[] {
  const result: DerValue[] = [];
  for (let offset = 0; offset < value.content.length;) {
    if (result.length === MEMBERS_MAXIMUM) throw new DerError("too many members");
    const member = readValue(value.content, offset);
    result.push(member);
    offset += member.raw.length;
  }
  return result;
}

/** The members of a value that must have the given tag. */
export function membersOf(value: DerValue | undefined, tag: number): DerValue[] {
  return members(expect(value, tag));
}

/** The value itself, when it is there and has the given tag. */
export function expect(value: DerValue | undefined, tag: number): DerValue {
  if (value === undefined) throw new DerError("missing value");
  if (value.tag !== tag) throw new DerError(`unexpected tag ${value.tag}, want ${tag}`);
  return value;
}

/** The dotted form of an OBJECT IDENTIFIER. */
export function readOid(value: DerValue | undefined): string {
  const { content } = expect(value, Tag.oid);
  const first = content[0] ?? 0;
  const top = Math.min(2, Math.floor(first / 40));
  const arcs = [top, first - top * 40];
  let arc = 0;
  for (const byte of content.subarray(1)) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError("object identifier too large");
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  return arcs.join(".");
}

/** The text of any string type a name may use. */
export function readText(value: DerValue): string {
  switch (value.tag) {
    case Tag.utf8String:
      return new TextDecoder("utf-8", { fatal: true }).decode(value.content);
    case Tag.printableString:
    case Tag.ia5String:
    case Tag.teletexString:
      return String.fromCharCode(...value.content);
    case Tag.bmpString:
      return new TextDecoder("utf-16be").decode(value.content);
    default:
      throw new DerError(`tag ${value.tag} is not a string`);
  }
}

/** The milliseconds since the epoch of a UTCTime or GeneralizedTime. */
export function readTime(value: DerValue | undefined): number {
  if (value === undefined) throw new DerError("missing time");
  const text = String.fromCharCode(...value.content);
  const short = value.tag === Tag.utcTime;
  if (!short && value.tag !== Tag.generalizedTime) throw new DerError("not a time");
  const digits = short ? (Number(text.slice(0, 2)) < 50 ? "20" : "19") + text : text;
  const at = (from: number, to: number) => Number(digits.slice(from, to));
  const result = Date.UTC(at(0, 4), at(4, 6) - 1, at(6, 8), at(8, 10), at(10, 12), at(12, 14));
  if (digits.length !== 15 || !digits.endsWith("Z") || Number.isNaN(result)) {
    throw new DerError("unsupported time");
  }
  return result;
}
