import { ByteBuffer } from "./byte_buffer.ts";

/** SPDY/3.1 frames, as far as port forwarding and remote commands use them. Headers are still compressed here. */
export type SpdyFrame =
  | {
    readonly type: "data";
    readonly streamId: number;
    readonly fin: boolean;
    readonly payload: Uint8Array;
  }
  | {
    readonly type: "synStream";
    readonly streamId: number;
    readonly fin: boolean;
    readonly headers: Uint8Array;
  }
  | {
    readonly type: "synReply";
    readonly streamId: number;
    readonly fin: boolean;
    readonly headers: Uint8Array;
  }
  | {
    readonly type: "headers";
    readonly streamId: number;
    readonly fin: boolean;
    readonly headers: Uint8Array;
  }
  | { readonly type: "reset"; readonly streamId: number; readonly status: number }
  | { readonly type: "ping"; readonly id: number }
  | { readonly type: "goAway"; readonly lastStreamId: number; readonly status: number }
  | { readonly type: "windowUpdate"; readonly streamId: number; readonly delta: number }
  | { readonly type: "settings" };

const SYN_STREAM = 1, SYN_REPLY = 2, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7;
const HEADERS = 8, WINDOW_UPDATE = 9;
const VERSION = 3;
const FLAG_FIN = 1;
const HEADER_BYTES = 8;
const ID_MASK = 0x7fffffff;

/** Nobody sends larger ones, though the length field would allow 16 MiB. */
export const SPDY_FRAME_MAXIMUM_BYTES = 1024 * 1024;

/** Cuts a stream of bytes, which arrive in any pieces, into frames. Throws on what is no SPDY/3.1. */
export class SpdyDecoder {
  readonly #buffer: ByteBuffer;

  constructor(buffer = new ByteBuffer()) {
    this.#buffer = buffer;
  }

  push(bytes: Uint8Array): SpdyFrame[] {
    const buffer = this.#buffer;
    buffer.push(bytes);
    const frames: SpdyFrame[] = [];
    while (buffer.length >= HEADER_BYTES) {
      const head = buffer.first(HEADER_BYTES);
      const view = new DataView(head.buffer, head.byteOffset, head.length);
      const length = view.getUint32(4) & 0xffffff;
      if (length > SPDY_FRAME_MAXIMUM_BYTES) throw new Error(`SPDY frame of ${length} bytes`);
      if (buffer.length < HEADER_BYTES + length) break;
      const body = buffer.first(HEADER_BYTES + length).subarray(HEADER_BYTES);
      const frame = frameOf(view.getUint32(0), view.getUint8(4), body);
      if (frame !== undefined) frames.push(frame);
      buffer.drop(HEADER_BYTES + length);
    }
    return frames;
  }
}

function frameOf(word: number, flags: number, body: Uint8Array): SpdyFrame | undefined {
  const fin = (flags & FLAG_FIN) !== 0;
  if (word >>> 31 === 0) {
    return { type: "data", streamId: word & ID_MASK, fin, payload: body.slice() };
  }
  if ((word >>> 16 & 0x7fff) !== VERSION) throw new Error("not SPDY version 3");
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const need = (bytes: number) => {
    if (body.length < bytes) throw new Error("SPDY frame too short");
  };
  const id = () => view.getUint32(0) & ID_MASK;
  switch (word & 0xffff) {
    case SYN_STREAM:
      need(10);
      return { type: "synStream", streamId: id(), fin, headers: body.slice(10) };
    case SYN_REPLY:
      need(4);
      return { type: "synReply", streamId: id(), fin, headers: body.slice(4) };
    case HEADERS:
      need(4);
      return { type: "headers", streamId: id(), fin, headers: body.slice(4) };
    case RST_STREAM:
      need(8);
      return { type: "reset", streamId: id(), status: view.getUint32(4) };
    case SETTINGS:
      return { type: "settings" };
    case PING:
      need(4);
      return { type: "ping", id: view.getUint32(0) };
    case GOAWAY:
      need(8);
      return { type: "goAway", lastStreamId: id(), status: view.getUint32(4) };
    case WINDOW_UPDATE:
      need(8);
      return { type: "windowUpdate", streamId: id(), delta: view.getUint32(4) & ID_MASK };
    default:
      return undefined;
  }
}

/** The bytes of a frame. */
export function encodeSpdy(frame: SpdyFrame): Uint8Array {
  switch (frame.type) {
    case "data": {
      const bytes = new Uint8Array(HEADER_BYTES + frame.payload.length);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, frame.streamId & ID_MASK);
      view.setUint32(4, frame.payload.length);
      bytes[4] = frame.fin ? FLAG_FIN : 0;
      bytes.set(frame.payload, HEADER_BYTES);
      return bytes;
    }
    case "synStream": {
      const body = new Uint8Array(10 + frame.headers.length);
      new DataView(body.buffer).setUint32(0, frame.streamId);
      body.set(frame.headers, 10);
      return control(SYN_STREAM, frame.fin, body);
    }
    case "synReply":
    case "headers": {
      const body = new Uint8Array(4 + frame.headers.length);
      new DataView(body.buffer).setUint32(0, frame.streamId);
      body.set(frame.headers, 4);
      return control(frame.type === "headers" ? HEADERS : SYN_REPLY, frame.fin, body);
    }
    case "reset":
      return control(RST_STREAM, false, words(frame.streamId, frame.status));
    case "ping":
      return control(PING, false, words(frame.id));
    case "goAway":
      return control(GOAWAY, false, words(frame.lastStreamId, frame.status));
    case "windowUpdate":
      return control(WINDOW_UPDATE, false, words(frame.streamId, frame.delta));
    case "settings":
      return control(SETTINGS, false, words(0));
  }
}

function control(type: number, fin: boolean, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (0x80000000 | VERSION << 16 | type) >>> 0);
  view.setUint32(4, body.length);
  bytes[4] = fin ? FLAG_FIN : 0;
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(i * 4, value));
  return bytes;
}
