import assert from "node:assert/strict";
import { ByteBuffer } from "./byte_buffer.ts";
import { encodeSpdy, SPDY_FRAME_MAXIMUM_BYTES, SpdyDecoder } from "./spdy_frames.ts";
import { WebSocketFrameReader } from "./websocket_frames.ts";

Deno.test("ByteBuffer gives what was pushed, in any cut", () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
  for (
    const [pushed, taken] of [[1, 1], [1, 700], [700, 1], [13, 7], [7, 13], [5000, 3]] as const
  ) {
    const buffer = new ByteBuffer();
    const out: number[] = [];
    for (let at = 0; at < bytes.length; at += pushed) {
      buffer.push(bytes.subarray(at, at + pushed));
      while (buffer.length >= taken) {
        out.push(...buffer.first(taken));
        buffer.drop(taken);
      }
    }
    out.push(...buffer.first(taken));
    buffer.drop(taken);
    assert.deepEqual(out, [...bytes]);
    assert.equal(buffer.length, 0);
  }
});

Deno.test("a large frame in tiny pieces costs as much as its bytes", () => {
  const payload = new Uint8Array(SPDY_FRAME_MAXIMUM_BYTES);
  const spdy = encodeSpdy({ type: "data", streamId: 1, fin: false, payload });
  const webSocket = new Uint8Array(10 + payload.length);
  webSocket.set([0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0]);
  const readers = [
    [spdy, (buffer: ByteBuffer) => new SpdyDecoder(buffer)],
    [webSocket, (buffer: ByteBuffer) => new WebSocketFrameReader("server", buffer)],
  ] as const;
  for (const [frame, open] of readers) {
    const buffer = new ByteBuffer();
    const reader = open(buffer);
    let found = 0;
    for (let at = 0; at < frame.length; at += 3) {
      found += reader.push(frame.subarray(at, at + 3)).length;
    }
    assert.equal(found, 1);
    assert.ok(buffer.moved < 2 * frame.length, `${buffer.moved} bytes moved`);
  }
});

Deno.test("many small frames in one piece move nothing", () => {
  const ping = encodeSpdy({ type: "ping", id: 1 });
  const bytes = new Uint8Array(ping.length * 10_000);
  for (let i = 0; i < 10_000; i++) bytes.set(ping, i * ping.length);
  const buffer = new ByteBuffer();
  const decoder = new SpdyDecoder(buffer);
  assert.equal(decoder.push(bytes.subarray(0, -5)).length, 9_999);
  assert.equal(decoder.push(bytes.subarray(-5)).length, 1);
  assert.ok(buffer.moved < 100);
});
