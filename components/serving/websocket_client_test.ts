import assert from "node:assert/strict";
import { connectionDuplex } from "./dial.ts";
import { nodeStream } from "./node_stream.ts";
import { socketPipe } from "./raw_connection.ts";
import { upgradeWebSocket } from "./web_socket_upgrade.ts";
import { openWebSocket } from "./websocket_client.ts";
import { BINARY, clientFrame, TEXT, WebSocketFrameReader } from "./websocket_frames.ts";

async function withServer(
  handle: (request: Request) => Response,
  body: (connect: (protocol: string) => ReturnType<typeof openWebSocket>) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handle);
  try {
    await body(async (protocol) => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      return await openWebSocket(
        socketPipe(nodeStream(connectionDuplex(connection))),
        { host: "x", path: "/p?q=1", protocol },
      );
    });
  } finally {
    await server.shutdown();
  }
}

function upgrade(request: Request, opened: (socket: WebSocket) => void): Response {
  const protocol = request.headers.get("sec-websocket-protocol") ?? "";
  const { socket, response } = upgradeWebSocket(request, protocol);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => opened(socket);
  return response;
}

Deno.test("openWebSocket carries messages of every size there and back, under any protocol", async () => {
  const echo = (request: Request) => {
    assert.equal(request.headers.get("sec-websocket-protocol"), "SPDY/3.1+portforward.k8s.io");
    return upgrade(request, (socket) => socket.onmessage = ({ data }) => socket.send(data));
  };
  await withServer(echo, async (connect) => {
    const pipe = await connect("SPDY/3.1+portforward.k8s.io");
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 300_000];
    const received: Uint8Array[] = [];
    const all = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    pipe.receive((message) => {
      received.push(message);
      if (received.length === sizes.length) all.resolve();
    }, () => ended.resolve());
    const sent = sizes.map((size) => new Uint8Array(size).map((_, i) => i % 251));
    for (const message of sent) pipe.send(message);
    await all.promise;
    assert.deepEqual(received, sent);
    pipe.close();
    await ended.promise;
  });
});

Deno.test("openWebSocket reads no further while it is paused, and hears the server's end", async () => {
  const total = 64 * 1024 * 1024;
  const flood = (request: Request) =>
    upgrade(request, (open) => {
      for (let sent = 0; sent < total; sent += 1 << 20) open.send(new Uint8Array(1 << 20));
      open.close();
    });
  await withServer(flood, async (connect) => {
    const pipe = await connect("a");
    let bytes = 0;
    const [first, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    pipe.receive((message) => {
      if (bytes === 0) {
        pipe.pause();
        first.resolve();
      }
      bytes += message.length;
    }, () => ended.resolve());
    await first.promise;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    assert.ok(bytes < total / 2, `${bytes} bytes came through`);
    pipe.resume();
    await ended.promise;
    assert.equal(bytes, total);
  });
});

Deno.test("openWebSocket tells what a server says instead", async () => {
  const refuse = () => new Response("container not found\n", { status: 404 });
  await withServer(refuse, async (connect) => {
    await assert.rejects(connect("a"), /bad handshake: status 404: container not found/);
  });
});

Deno.test("WebSocketFrameReader takes no frames that a server must not send", () => {
  const masked = clientFrame(TEXT, new Uint8Array(3), new Uint8Array([1, 2, 3, 4]));
  const huge = new Uint8Array([0x82, 127, 0, 0, 0, 9, 0, 0, 0, 0]);
  for (const bytes of [masked, new Uint8Array([0xc2, 0]), huge]) {
    assert.throws(() => new WebSocketFrameReader("server").push(bytes));
  }
  const [frame] = new WebSocketFrameReader("server").push(new Uint8Array([0x82, 1, 7]));
  assert.deepEqual(frame, { fin: true, opcode: BINARY, payload: new Uint8Array([7]) });
});
