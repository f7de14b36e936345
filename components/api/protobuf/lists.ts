import { invariant, type JsonObject } from "../../base/mod.ts";
import type { KubeList } from "../object.ts";
import type { GroupVersionKind } from "../resource_definition.ts";
import { writeMessage } from "./encode.ts";
import { envelopeAround } from "./envelope.ts";
import { LENGTH_DELIMITED, MessageWriter, varintBytes } from "./message_writer.ts";
import { structFor } from "./struct_for.ts";
import { Transcoder } from "./transcode.ts";

/** Every list has its items at 2. */
const ITEM_TAG = 2 << 3 | LENGTH_DELIMITED;
/** Used again by each list: writing one is never interrupted by another. */
const transcoder = new Transcoder();

/** Writes a list out of the JSON of its items: in pieces, so that a long one needs no memory in one stretch. */
export class ProtobufListWriter {
  readonly #struct: string;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** Of items of a kind that has protobuf. */
  constructor(kind: GroupVersionKind) {
    const struct = structFor(kind);
    invariant(struct !== undefined, "protobuf is written of kinds that have it");
    this.#struct = struct;
    // What a list left whose item failed.
    transcoder.reset();
  }

  /** Adds an item by its JSON; answers its message where that is to be kept. Throws SyntaxError for what is no JSON. */
  json(json: Uint8Array, keep: boolean): Uint8Array | undefined {
    if (transcoder.isFullFor(json)) this.#flush();
    const start = transcoder.field(ITEM_TAG, json, this.#struct);
    return keep ? transcoder.copy(start) : undefined;
  }

  /** Adds an item that is written already. */
  message(message: Uint8Array): void {
    if (transcoder.isFullFor(message)) this.#flush();
    transcoder.copied(ITEM_TAG, message);
  }

  /** The pieces of a whole body, and how many bytes they are. Every list has its metadata at 1. */
  finish(
    kind: { readonly apiVersion: string; readonly kind: string },
    metadata: NonNullable<KubeList["metadata"]>,
  ): { readonly pieces: Uint8Array[]; readonly length: number } {
    this.#flush();
    const listMeta = writeMessage(metadata as unknown as JsonObject, "meta.v1.ListMeta");
    const { head, tail } = envelopeAround(kind, fieldBytes(listMeta) + this.#length, (writer) => {
      writer.tag(1, LENGTH_DELIMITED);
      writer.bytes(listMeta);
    });
    const length = head.length + this.#length + tail.length;
    return { pieces: [head, ...this.#pieces, tail], length };
  }

  #flush(): void {
    if (transcoder.written === 0) return;
    const piece = transcoder.take();
    this.#length += piece.length;
    this.#pieces.push(piece);
  }
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
