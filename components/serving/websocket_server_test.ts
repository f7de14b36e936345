import assert from "node:assert/strict";
import { silentLogger, systemClock } from "../base/mod.ts";
import { connectionDuplex } from "./dial.ts";
import { nodeStream } from "./node_stream.ts";
import { type PausablePipe, socketPipe } from "./raw_connection.ts";
import type { ExecStreams } from "./streams.ts";
import { UpgradeFront } from "./upgrade_front.ts";
import { serveExecChannels, STDIN_PAUSE_BYTES } from "./websocket_channels.ts";
import { openWebSocket } from "./websocket_client.ts";

const MESSAGE_BYTES = 32 * 1024;
/** What sockets, and the frames on their way, hold on both sides. */
const ON_THE_WAY_BYTES = 4 * 1024 * 1024;

/** A server of exec over plain sockets, whose commands are `run`. */
async function withExec(
  run: (streams: ExecStreams) => Promise<number>,
  body: (open: (protocol: string) => Promise<PausablePipe>, path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const wishes = { stdin: true, stdout: true, stderr: false, tty: false };
  const front = await UpgradeFront.open({
    path,
    peer: { address: "test" },
    clock: systemClock,
    logger: silentLogger,
    handle: (request) =>
      Promise.resolve(
        new URL(request.url).pathname === "/exec/a/p/c"
          ? serveExecChannels(request, wishes, systemClock, async (streams) => ({
            exitCode: await run(streams),
          }))
          : new Response("plain"),
      ),
  });
  try {
    await body(async (protocol) => {
      const connection = await Deno.connect({ transport: "unix", path });
      return await openWebSocket(socketPipe(nodeStream(connectionDuplex(connection))), {
        host: "x",
        path: "/exec/a/p/c",
        protocol,
      });
    }, path);
  } finally {
    await front.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const onStdin = (payload: Uint8Array): Uint8Array => {
  const message = new Uint8Array(payload.length + 1);
  message.set(payload, 1);
  return message;
};

Deno.test("a client waits for a command that does not read, and nothing is lost", async () => {
  const go = Promise.withResolvers<void>();
  const read = Promise.withResolvers<number>();
  let wrong = 0;
  const run = async ({ stdin }: ExecStreams) => {
    await go.promise;
    let total = 0;
    for await (const chunk of stdin!) {
      for (const byte of chunk) if (byte !== (total++ >> 15) % 251) wrong++;
    }
    read.resolve(total);
    return 0;
  };
  await withExec(run, async (open) => {
    const pipe = await open("v5.channel.k8s.io");
    const ended = Promise.withResolvers<void>();
    pipe.receive(() => {}, () => ended.resolve());
    const messages = 1000;
    for (let i = 0; i < messages; i++) {
      pipe.send(onStdin(new Uint8Array(MESSAGE_BYTES).fill(i % 251)));
    }
    pipe.send(new Uint8Array([255, 0]));
    const all = messages * MESSAGE_BYTES;
    // What is not here any more waits at the other side, or on the way there.
    let before = -1;
    while (pipe.buffered !== before) {
      before = pipe.buffered;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const gone = all - pipe.buffered;
    assert.ok(gone < STDIN_PAUSE_BYTES + ON_THE_WAY_BYTES, `${gone} bytes have left`);
    go.resolve();
    assert.equal(await read.promise, all);
    assert.equal(wrong, 0);
    await ended.promise;
  });
});

Deno.test("a WebSocket of our own speaks every protocol of exec, and base64 in texts", async () => {
  const run = async ({ stdin, stdout }: ExecStreams) => {
    const writer = stdout!.getWriter();
    for await (const chunk of stdin!) {
      await writer.write(chunk);
      break;
    }
    return 0;
  };
  await withExec(run, async (open, path) => {
    for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"]) {
      const pipe = await open(protocol);
      const heard: number[] = [];
      const ended = Promise.withResolvers<void>();
      pipe.receive((message) => heard.push(...message), () => ended.resolve());
      pipe.send(onStdin(Uint8Array.of(7, 8, 9)));
      await ended.promise;
      assert.deepEqual(heard.slice(0, 5), [1, 1, 7, 8, 9], protocol);
    }
    const socket = await open("v4.base64.channel.k8s.io");
    const ended = Promise.withResolvers<void>();
    socket.receive(() => {}, () => ended.resolve());
    // A message in bytes is a breach of that protocol.
    socket.send(onStdin(Uint8Array.of(7)));
    await ended.promise;
    const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const plain = await fetch("http://127.0.0.1/other", { client });
    assert.equal(await plain.text(), "plain");
    client.close();
  });
});
