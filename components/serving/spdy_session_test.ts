import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { FakeClock } from "../base/mod.ts";
import { memoryPipes } from "./message_pipe.ts";
import { serveTunnel } from "./port_forward_channels.ts";
import { encodeSpdy, SpdyDecoder, type SpdyFrame } from "./spdy_frames.ts";
import { spdyDictionary, SpdyHeaderReader, SpdyHeaderWriter } from "./spdy_headers.ts";
import { SpdySession } from "./spdy_session.ts";
import type { PortForwardStream } from "./streams.ts";

Deno.test("the SPDY dictionary has the checksum that its users agree on", () => {
  let a = 1, b = 0;
  for (const byte of spdyDictionary()) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  assert.equal(((b * 65536 + a) >>> 0).toString(16), "e3c6a7c2");
});

Deno.test("SpdyHeaderReader reads a block compressed with the dictionary", async () => {
  // Made by another zlib with the dictionary: one pair, `streamtype: data`.
  const hex = "78f9e3c6a7c202a62346703a2b294a4dcc452a4a1201000000ffff";
  const block = Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  const headers = await new SpdyHeaderReader().read(block);
  assert.deepEqual([...headers], [["streamtype", "data"]]);
});

Deno.test("SpdyDecoder finds frames however the bytes are cut", () => {
  const frames: SpdyFrame[] = [
    { type: "data", streamId: 1, fin: false, payload: new Uint8Array([1, 2, 3]) },
    { type: "ping", id: 7 },
    { type: "reset", streamId: 3, status: 5 },
    { type: "synStream", streamId: 5, fin: true, headers: new Uint8Array([9]) },
    { type: "windowUpdate", streamId: 1, delta: 100 },
    { type: "goAway", lastStreamId: 5, status: 0 },
    { type: "data", streamId: 1, fin: true, payload: new Uint8Array() },
  ];
  const bytes = frames.flatMap((frame) => [...encodeSpdy(frame)]);
  for (const size of [1, 3, 8, 1000]) {
    const decoder = new SpdyDecoder();
    const found: SpdyFrame[] = [];
    for (let i = 0; i < bytes.length; i += size) {
      found.push(...decoder.push(new Uint8Array(bytes.slice(i, i + size))));
    }
    assert.deepEqual(found, frames);
  }
});

Deno.test("serveTunnel pairs streams, carries bytes both ways and half-closes", async () => {
  const [near, far] = memoryPipes();
  const arrived = Promise.withResolvers<PortForwardStream>();
  serveTunnel(near, new FakeClock(), (stream) => arrived.resolve(stream));
  const client = new SpdySession(far, "client", () => {});
  const headers = (kind: string) =>
    new Map([["streamtype", kind], ["port", "8080"], ["requestid", "0"]]);
  const error = await client.open(headers("error"));
  await error.writable.close();
  const data = await client.open(headers("data"));
  const stream = await arrived.promise;
  assert.equal(stream.port, 8080);
  void stream.readable.pipeTo(stream.writable);
  const sent = new Uint8Array(300_000).map((_, i) => i % 253);
  const writer = data.writable.getWriter();
  const writing = writer.write(sent).then(() => writer.close());
  const back = new Uint8Array(await new Response(data.readable).arrayBuffer());
  await writing;
  assert.deepEqual(back, sent);
  assert.equal((await new Response(error.readable).arrayBuffer()).byteLength, 0);
  client.close();
});

Deno.test("serveTunnel sends the text of a failure on the error stream", async () => {
  const [near, far] = memoryPipes();
  serveTunnel(near, new FakeClock(), (stream) => void stream.fail("connection refused"));
  const client = new SpdySession(far, "client", () => {});
  const headers = (kind: string) =>
    new Map([["streamtype", kind], ["port", "1"], ["requestid", "0"]]);
  const error = await client.open(headers("error"));
  const data = await client.open(headers("data"));
  data.readable.cancel().catch(() => {});
  assert.equal(await new Response(error.readable).text(), "connection refused");
  client.close();
});

type Write = (headers: Record<string, string>) => Promise<Uint8Array>;
const syn = (streamId: number, headers: Uint8Array): SpdyFrame => ({
  type: "synStream",
  streamId,
  fin: false,
  headers,
});

/** What a client may send, and how many streams come of it before the session is over. */
const BREACHES: [string, (write: Write) => Promise<SpdyFrame[]>, number][] = [
  [
    "a stream behind the end",
    async (write) => [
      syn(1, await write({})),
      { type: "goAway", lastStreamId: 0, status: 0 },
      syn(3, await write({})),
    ],
    1,
  ],
  ["a stream with a number of the server's", async (write) => [syn(2, await write({}))], 0],
  ["a stream with no number", async (write) => [syn(0, await write({}))], 0],
  [
    "a stream with a number that has passed",
    async (write) => [syn(5, await write({})), syn(3, await write({}))],
    1,
  ],
  [
    "headers that swell",
    () => Promise.resolve([syn(1, deflateSync(new Uint8Array(50_000_000)))]),
    0,
  ],
  ["headers that do not inflate", () => Promise.resolve([syn(1, new Uint8Array([1, 2, 3]))]), 0],
];
for (const [name, make, streams] of BREACHES) {
  Deno.test(`SpdySession ends at ${name}`, async () => {
    const [near, far] = memoryPipes();
    let opened = 0;
    const session = new SpdySession(near, "server", () => opened++);
    const writer = new SpdyHeaderWriter();
    const frames = await make((headers) => writer.write(new Map(Object.entries(headers))));
    for (const frame of frames) far.send(encodeSpdy(frame));
    await session.closed;
    assert.equal(opened, streams);
  });
}
