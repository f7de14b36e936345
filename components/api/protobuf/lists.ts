import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { JsonObject } from "../../base/mod.ts";
import type { KubeList } from "../object.ts";
import { writeMessage } from "./encode.ts";
import { writeEnvelope } from "./envelope.ts";

/** A list out of messages that are written already: every list has its metadata at 1 and its items at 2. */
export function encodeProtobufList(
  kind: { readonly apiVersion: string; readonly kind: string },
  metadata: NonNullable<KubeList["metadata"]>,
  items: Iterable<Uint8Array>,
): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited)
    .bytes(writeMessage(metadata as unknown as JsonObject, "meta.v1.ListMeta"));
  for (const item of items) writer.tag(2, WireType.LengthDelimited).bytes(item);
  return writeEnvelope({ ...kind, raw: writer.finish() });
}

/**
 * A frame of a watch stream: four bytes of length, then a bare WatchEvent whose object is a whole body
 * (`encodeProtobuf`).
 */
export function writeWatchEvent(type: string, body: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(type);
  writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).bytes(body)
    .join();
  const event = writer.finish();
  const frame = new Uint8Array(4 + event.length);
  new DataView(frame.buffer).setUint32(0, event.length);
  frame.set(event, 4);
  return frame;
}
