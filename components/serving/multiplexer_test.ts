import assert from "node:assert/strict";
import type { Duplex } from "./dial.ts";
import { memoryPipes } from "./message_pipe.ts";
import { Multiplexer } from "./multiplexer.ts";

function echo(): Duplex {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  return { readable, writable, close() {} };
}

Deno.test("Multiplexer carries a megabyte there and back on each of several streams", async () => {
  const [a, b] = memoryPipes();
  const listener = new Multiplexer(a, "listener", () => Promise.reject(new Error("no")));
  const dialer = new Multiplexer(b, "dialer", () => Promise.resolve(echo()));
  const sent = new Uint8Array(1_000_000).map((_, i) => i % 251);
  await Promise.all([1, 2, 3].map(async () => {
    const stream = await listener.open({ host: "x", port: 1 });
    const writer = stream.writable.getWriter();
    const writing = writer.write(sent).then(() => writer.close());
    const back = new Uint8Array(await new Response(stream.readable).arrayBuffer());
    await writing;
    assert.deepEqual(back, sent);
  }));
  dialer.close();
});

Deno.test("Multiplexer stops a writer whose reader does not read, and only that one", async () => {
  const [a, b] = memoryPipes();
  let far: Duplex | undefined;
  const listener = new Multiplexer(a, "listener", () => Promise.reject(new Error("no")));
  new Multiplexer(b, "dialer", (target) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    // The far end takes nothing from `writable` for port 1.
    const duplex = { readable: new ReadableStream<Uint8Array>(), writable, close() {} };
    if (target.port !== 1) return Promise.resolve(echo());
    far = { readable, writable, close() {} };
    return Promise.resolve(duplex);
  });
  const stuck = await listener.open({ host: "x", port: 1 });
  const writer = stuck.writable.getWriter();
  let done = false;
  writer.write(new Uint8Array(2_000_000)).then(() => done = true, () => {});
  const free = await listener.open({ host: "x", port: 2 });
  const other = free.writable.getWriter();
  const writing = other.write(new Uint8Array([1, 2, 3])).then(() => other.close());
  assert.equal((await new Response(free.readable).arrayBuffer()).byteLength, 3);
  await writing;
  assert.equal(done, false);
  assert.ok(far);
  listener.close();
});

Deno.test("Multiplexer passes on why the far end refused", async () => {
  const [a, b] = memoryPipes();
  const listener = new Multiplexer(a, "listener", () => Promise.reject(new Error("no")));
  new Multiplexer(b, "dialer", () => Promise.reject(new Error("connection refused")));
  await assert.rejects(listener.open({ host: "x", port: 9 }), /connection refused/);
  listener.close();
  await assert.rejects(listener.open({ host: "x", port: 9 }), /closed/);
});

Deno.test("Multiplexer delivers what one side still says when it no longer listens", async () => {
  const [a, b] = memoryPipes();
  const said = Promise.withResolvers<void>();
  const listener = new Multiplexer(a, "listener", () => Promise.reject(new Error("no")));
  new Multiplexer(b, "dialer", () =>
    Promise.resolve({
      readable: new ReadableStream<Uint8Array>({
        async start(controller) {
          await said.promise;
          controller.enqueue(new Uint8Array([9]));
          controller.close();
        },
      }),
      writable: new WritableStream<Uint8Array>({
        write: () => Promise.reject(new Error("nobody listens")),
      }),
      close() {},
    }));
  const stream = await listener.open({ host: "x", port: 1 });
  const writer = stream.writable.getWriter();
  await writer.write(new Uint8Array([1]));
  said.resolve();
  assert.deepEqual(
    new Uint8Array(await new Response(stream.readable).arrayBuffer()),
    new Uint8Array([9]),
  );
  writer.close().catch(() => {});
});
