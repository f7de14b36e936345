import type { JsonObject } from "../../base/mod.ts";
import type { KubeList } from "../object.ts";
import { writeMessage } from "./encode.ts";
import { writeEnvelopeOf } from "./envelope.ts";
import { LENGTH_DELIMITED, MessageWriter, varintBytes } from "./message_writer.ts";

/** A list out of messages that are written already: every list has its metadata at 1 and its items at 2. */
export function encodeProtobufList(
  kind: { readonly apiVersion: string; readonly kind: string },
  metadata: NonNullable<KubeList["metadata"]>,
  items: readonly Uint8Array[],
): Uint8Array {
  const listMeta = writeMessage(metadata as unknown as JsonObject, "meta.v1.ListMeta");
  let length = fieldBytes(listMeta);
  for (const item of items) length += fieldBytes(item);
  return writeEnvelopeOf(kind.apiVersion, kind.kind, length, (writer) => {
    writer.tag(1, LENGTH_DELIMITED);
    writer.bytes(listMeta);
    for (const item of items) {
      writer.tag(2, LENGTH_DELIMITED);
      writer.bytes(item);
    }
  });
}

/** What a message takes as a field whose number is small. */
function fieldBytes({ length }: Uint8Array): number {
  return 1 + varintBytes(length) + length;
}

/** Beside the body: the frame's length, the type, tags and lengths. */
const FRAME_BYTES = 64;

/**
 * A frame of a watch stream: four bytes of length, then a bare WatchEvent whose object is a whole body
 * (`encodeProtobuf`).
 */
export function writeWatchEvent(type: string, body: Uint8Array): Uint8Array {
  const writer = new MessageWriter(FRAME_BYTES + body.length);
  writer.raw(new Uint8Array(4));
  writer.tag(1, LENGTH_DELIMITED);
  writer.string(type);
  writer.tag(2, LENGTH_DELIMITED);
  writer.uint32(fieldBytes(body));
  writer.tag(1, LENGTH_DELIMITED);
  writer.bytes(body);
  const frame = writer.take();
  new DataView(frame.buffer).setUint32(0, frame.length - 4);
  return frame;
}
