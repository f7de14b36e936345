import { ByteBuffer } from "./byte_buffer.ts";

/** A frame of RFC 6455, unmasked. */
export interface WebSocketFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Uint8Array;
}

export const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

/** Servers of ours send far smaller ones. */
export const FRAME_MAXIMUM_BYTES = 16 * 1024 * 1024;
const HEAD_BYTES_MAXIMUM = 10;
const MASK_BYTES = 4;

/** Cuts a stream of bytes, which arrive in any pieces, into a server's frames. Throws on what is none. */
export class WebSocketFrameReader {
  readonly #buffer: ByteBuffer;

  constructor(buffer = new ByteBuffer()) {
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
    if ((second & 0x80) !== 0) throw new Error("a server's frame is not masked");
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
    if (buffer.length < head + length) return undefined;
    const payload = buffer.first(head + length).slice(head);
    buffer.drop(head + length);
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }
}

/** A client's frame, which `mask` (4 bytes) hides from what stands between. */
export function clientFrame(opcode: number, payload: Uint8Array, mask: Uint8Array): Uint8Array {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extra + MASK_BYTES;
  const bytes = new Uint8Array(start + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80 | opcode;
  bytes[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) view.setUint16(2, length);
  else if (extra === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(mask.subarray(0, MASK_BYTES), 2 + extra);
  for (let at = 0; at < length; at++) {
    bytes[start + at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  }
  return bytes;
}
