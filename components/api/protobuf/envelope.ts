import { BinaryReader } from "@bufbuild/protobuf/wire";
import { LENGTH_DELIMITED, MessageWriter, varintBytes } from "./message_writer.ts";

/** `k8s` and a zero: what every protobuf body starts with. */
const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

/** A body that is no protobuf of the API; the message is for the client. */
export class ProtobufError extends Error {}

/** runtime.Unknown: what kind the bytes are of. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

export function hasMagic(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, index) => bytes[index] === byte);
}

/** Opens a body; throws `ProtobufError`. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new ProtobufError("empty data");
  if (!hasMagic(bytes)) {
    throw new ProtobufError(
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    );
  }
  let apiVersion = "";
  let kind = "";
  let raw = new Uint8Array();
  const reader = new BinaryReader(bytes.subarray(MAGIC.length));
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (number === 1) {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) {
        const [inner, innerWire] = reader.tag();
        if (inner === 1) apiVersion = reader.string();
        else if (inner === 2) kind = reader.string();
        else reader.skip(innerWire, inner);
      }
    } else if (number === 2) raw = reader.bytes() as Uint8Array<ArrayBuffer>;
    else reader.skip(wire, number);
  }
  return { apiVersion, kind, raw };
}

/** Beside the message and the names of its kind. */
const ENVELOPE_BYTES = 32;

/** Wraps an encoded message. */
export function writeEnvelope({ apiVersion, kind, raw }: Envelope): Uint8Array {
  const writer = envelopeHead({ apiVersion, kind }, raw.length, raw.length);
  writer.raw(raw);
  writeTail(writer);
  return writer.take();
}

/** What stands before a message of `length` bytes, with its first bytes, which `begin` writes, and what behind it. */
export function envelopeAround(
  kind: { readonly apiVersion: string; readonly kind: string },
  length: number,
  begin: (writer: MessageWriter) => void,
): { readonly head: Uint8Array; readonly tail: Uint8Array } {
  const head = envelopeHead(kind, length, 0);
  begin(head);
  const tail = new MessageWriter(ENVELOPE_BYTES);
  writeTail(tail);
  return { head: head.take(), tail: tail.take() };
}

function envelopeHead(
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  length: number,
  room: number,
): MessageWriter {
  const names = 3 * (apiVersion.length + kind.length);
  const writer = new MessageWriter(ENVELOPE_BYTES + names + varintBytes(length) + room);
  writer.raw(MAGIC);
  writer.tag(1, LENGTH_DELIMITED);
  const start = writer.begin();
  writer.tag(1, LENGTH_DELIMITED);
  writer.string(apiVersion);
  writer.tag(2, LENGTH_DELIMITED);
  writer.string(kind);
  writer.end(start);
  writer.tag(2, LENGTH_DELIMITED);
  writer.uint32(length);
  return writer;
}

/** Go writes the two empty strings at the end too. */
function writeTail(writer: MessageWriter): void {
  writer.tag(3, LENGTH_DELIMITED);
  writer.string("");
  writer.tag(4, LENGTH_DELIMITED);
  writer.string("");
}
