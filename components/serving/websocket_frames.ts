import { ByteBuffer } from "./byte_buffer.ts";

/** A frame of RFC 6455, unmasked. */
export interface WebSocketFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** Which end of a connection. */
export type Side = "client" | "server";

export const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

/** Both sides send far smaller ones. */
export const FRAME_MAXIMUM_BYTES = 16 * 1024 * 1024;
const HEAD_BYTES_MAXIMUM = 10;
const MASK_BYTES = 4;

/** Cuts a stream of bytes, which arrive in any pieces, into the frames of one side. Throws on what is none. */
export class WebSocketFrameReader {
  readonly #from: Side;
  readonly #buffer: ByteBuffer;

  constructor(from: Side, buffer = new ByteBuffer()) {
    this.#from = from;
    this.#buffer = buffer;
  }

  push(bytes: Uint8Array): WebSocketFrame[] {
    this.#buffer.push(bytes);
    const frames: WebSocketFrame[] = [];
    for (let frame; (frame = this.#next()) !== undefined;) frames.push(frame);
    return frames;
  }

  #next(): WebSocketFrame | undefined {
    const buffer = this.#buffer;
    if (buffer.length < 2) return undefined;
    const start = buffer.first(HEAD_BYTES_MAXIMUM);
    const view = new DataView(start.buffer, start.byteOffset, start.length);
    const [first, second] = [view.getUint8(0), view.getUint8(1)];
    if ((first & 0x70) !== 0) throw new Error("a frame of an extension that was not agreed on");
    const masked = (second & 0x80) !== 0;
    if (masked !== (this.#from === "client")) {
      throw new Error("a client's frame is masked, and a server's is not");
    }
    let length = second & 0x7f;
    let head = 2;
    if (length === 126) {
      if (start.length < 4) return undefined;
      length = view.getUint16(2);
      head = 4;
    } else if (length === 127) {
      if (start.length < HEAD_BYTES_MAXIMUM) return undefined;
      const long = view.getBigUint64(2);
      length = long > BigInt(FRAME_MAXIMUM_BYTES) ? FRAME_MAXIMUM_BYTES + 1 : Number(long);
      head = HEAD_BYTES_MAXIMUM;
    }
    if (length > FRAME_MAXIMUM_BYTES) throw new Error("a WebSocket frame is too large");
    const from = masked ? head + MASK_BYTES : head;
    if (buffer.length < from + length) return undefined;
    const frame = buffer.first(from + length);
    const payload = frame.slice(from);
    if (masked) hide(payload, frame.subarray(head, from));
    buffer.drop(from + length);
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }
}

/** A client's frame, which `mask` (4 bytes) hides from what stands between. */
export function clientFrame(opcode: number, payload: Uint8Array, mask: Uint8Array): Uint8Array {
  const key = mask.subarray(0, MASK_BYTES);
  const { bytes, start } = frameOf(opcode, payload, key);
  hide(bytes.subarray(start), key);
  return bytes;
}

/** A server's frame. */
export function serverFrame(opcode: number, payload: Uint8Array): Uint8Array {
  return frameOf(opcode, payload, new Uint8Array()).bytes;
}

function frameOf(
  opcode: number,
  payload: Uint8Array,
  key: Uint8Array,
): { readonly bytes: Uint8Array; readonly start: number } {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extra + key.length;
  const bytes = new Uint8Array(start + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80 | opcode;
  bytes[1] = (key.length > 0 ? 0x80 : 0) | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) view.setUint16(2, length);
  else if (extra === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(key, 2 + extra);
  bytes.set(payload, start);
  return { bytes, start };
}

/** Hides a payload, or shows one that is hidden. */
function hide(payload: Uint8Array, key: Uint8Array): void {
  for (let at = 0; at < payload.length; at++) {
    payload[at] = (payload[at] as number) ^ (key[at & 3] as number);
  }
}
