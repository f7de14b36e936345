import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as tls from "node:tls";
import { systemClock } from "../../base/mod.ts";
import {
  type Door,
  type ExecStreams,
  serveExecChannels,
  servePortForward,
  socketPipe,
  SpdySession,
  type SpdyStream,
} from "../../serving/mod.ts";
import { withDoor } from "./fake_kubelet.ts";

const POD = "/api/v1/namespaces/a/pods/p";
const V4 = "v4.channel.k8s.io";
const text = (stream: SpdyStream) => new Response(stream.readable as ReadableStream).text();

/** Sends a request in two pieces and reads the head of its answer; what follows is left to the socket. */
async function upgrade(
  door: Door,
  path: string,
  versions: readonly string[],
  upgrading = "SPDY/3.1",
  before: (socket: tls.TLSSocket) => Promise<void> = () => Promise.resolve(),
): Promise<{ head: string; rest: Buffer; socket: tls.TLSSocket }> {
  const socket = tls.connect({ port: door.port, host: "127.0.0.1", rejectUnauthorized: false });
  await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
  await before(socket);
  const lines = [
    `POST ${path} HTTP/1.1`,
    "Host: h",
    "Content-Length: 0",
    "Connection: Upgrade",
    `Upgrade: ${upgrading}`,
    ...versions.map((version) => `X-Stream-Protocol-Version: ${version}`),
  ];
  const request = `${lines.join("\r\n")}\r\n\r\n`;
  socket.write(request.slice(0, 30));
  socket.write(request.slice(30));
  let bytes = Buffer.alloc(0);
  while (!bytes.includes("\r\n\r\n")) {
    bytes = Buffer.concat([bytes, await new Promise<Buffer>((go) => socket.once("data", go))]);
  }
  const end = bytes.indexOf("\r\n\r\n");
  socket.pause();
  return { head: bytes.toString("latin1", 0, end), rest: bytes.subarray(end + 4), socket };
}

async function spdy(
  door: Door,
  path: string,
  versions: readonly string[],
  before?: (socket: tls.TLSSocket) => Promise<void>,
) {
  const { head, rest, socket } = await upgrade(door, path, versions, "SPDY/3.1", before);
  assert.match(head, /^HTTP\/1\.1 101 /);
  const session = new SpdySession(socketPipe(socket, rest), "client", () => {});
  const open = (kind: string, more: Record<string, string> = {}) =>
    session.open(new Map(Object.entries({ streamtype: kind, ...more })));
  return { head, session, open };
}

/** A kubelet whose commands are `run`. */
const commands = (run: (streams: ExecStreams) => Promise<number>) => (request: Request) => {
  const query = new URL(request.url).searchParams;
  const wishes = {
    stdin: query.has("input"),
    stdout: query.has("output"),
    stderr: query.has("error"),
    tty: query.has("tty"),
  };
  return serveExecChannels(
    request,
    wishes,
    systemClock,
    async (streams) => ({ exitCode: await run(streams) }),
  );
};

async function write(stream: WritableStream<Uint8Array> | undefined, words: string): Promise<void> {
  const writer = stream?.getWriter();
  await writer?.write(new TextEncoder().encode(words));
  writer?.releaseLock();
}

Deno.test("exec over SPDY carries input to its end, both outputs, sizes and the exit code", async () => {
  const kubelet = commands(async ({ stdin, stdout, stderr }) => {
    const size = (await new Response(stdin as ReadableStream).arrayBuffer()).byteLength;
    await write(stdout, `read ${size}`);
    await write(stderr, "oh");
    return 7;
  });
  await withDoor(kubelet, async (door) => {
    const query = "container=x&stdin=true&stdout=true&stderr=true";
    const { head, open } = await spdy(door, `${POD}/exec?${query}`, [V4, "channel.k8s.io"]);
    assert.match(head, /X-Stream-Protocol-Version: v4\.channel\.k8s\.io/);
    const error = await open("error");
    const stdin = await open("stdin");
    const stdout = await open("stdout");
    const stderr = await open("stderr");
    const writer = stdin.writable.getWriter();
    await writer.write(new Uint8Array(3_000_000));
    await writer.close();
    assert.deepEqual([await text(stdout), await text(stderr)], ["read 3000000", "oh"]);
    const status = JSON.parse(await text(error));
    assert.deepEqual([status.reason, status.details.causes[0].message], ["NonZeroExitCode", "7"]);
  });
});

/** Asks in ordinary requests first, one after the other, and reads their answers. */
async function askBefore(socket: tls.TLSSocket): Promise<void> {
  const start = `POST ${POD}/proxy/a HTTP/1.1\r\nHost: h\r\n`;
  const requests = [
    `GET ${POD}/proxy/b HTTP/1.1\r\nHost: h\r\n\r\n`,
    `${start}Content-Length: 100000\r\n\r\n${"x".repeat(100_000)}`,
    `${start}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ];
  const answers = ["read 0.", "read 100000.", "read 5."];
  for (const [i, request] of requests.entries()) {
    socket.write(request);
    let answer = "";
    while (!answer.includes(answers[i]!)) {
      answer += await new Promise<Buffer>((go) => socket.once("data", go));
    }
  }
}

Deno.test("exec over SPDY on a connection that has carried other requests", async () => {
  const exec = commands(async ({ stdin, stdout }) => {
    await write(stdout, await new Response(stdin as ReadableStream).text());
    return 0;
  });
  const kubelet = async (request: Request) =>
    request.headers.has("upgrade")
      ? exec(request)
      : new Response(`read ${(await request.text()).length}.`);
  await withDoor(kubelet, async (door) => {
    const query = "container=x&stdin=true&stdout=true";
    const { open } = await spdy(door, `${POD}/exec?${query}`, [V4], askBefore);
    const error = await open("error");
    const stdin = await open("stdin");
    const stdout = await open("stdout");
    await write(stdin.writable, "hello");
    await stdin.writable.close();
    assert.equal(await text(stdout), "hello");
    assert.equal(JSON.parse(await text(error)).status, "Success");
  });
});

Deno.test("exec over SPDY on a terminal passes its sizes on, however they are cut", async () => {
  const sizes: unknown[] = [];
  const kubelet = commands(async ({ resize, stdout }) => {
    const reader = resize?.getReader();
    for (let i = 0; i < 2; i++) sizes.push((await reader?.read())?.value);
    await write(stdout, "done");
    return 0;
  });
  await withDoor(kubelet, async (door) => {
    const query = "container=x&stdout=true&stderr=true&tty=true";
    const { open } = await spdy(door, `${POD}/exec?${query}`, [V4]);
    const error = await open("error");
    const stdout = await open("stdout");
    const resize = await open("resize");
    await write(resize.writable, '{"Width":80,"Height":24}\n{"Width":1');
    await write(resize.writable, '00,"Height":40}\n');
    assert.equal(await text(stdout), "done");
    assert.deepEqual(JSON.parse(await text(error)), { metadata: {}, status: "Success" });
  });
  assert.deepEqual(sizes, [{ Width: 80, Height: 24 }, { Width: 100, Height: 40 }]);
});

Deno.test("exec over SPDY's first versions tells an exit in words, and success by silence", async () => {
  for (
    const [version, code, words] of [
      ["channel.k8s.io", 3, "command terminated with non-zero exit code: exit status 3"],
      ["v2.channel.k8s.io", 0, ""],
    ] as const
  ) {
    await withDoor(commands(() => Promise.resolve(code)), async (door) => {
      const { open } = await spdy(door, `${POD}/attach?container=x&stdout=true`, [version]);
      const error = await open("error");
      const stdout = await open("stdout");
      assert.deepEqual([await text(stdout), await text(error)], ["", words]);
    });
  }
});

Deno.test("exec over SPDY makes a fast command wait for a slow client, and loses nothing", async () => {
  const total = 24 * 1024 * 1024;
  const kubelet = commands(async ({ stdout }) => {
    const writer = stdout!.getWriter();
    for (let sent = 0; sent < total; sent += 65_536) await writer.write(new Uint8Array(65_536));
    return 0;
  });
  await withDoor(kubelet, async (door) => {
    const { open } = await spdy(door, `${POD}/exec?container=x&stdout=true`, [V4]);
    const error = await open("error");
    const stdout = await open("stdout");
    assert.equal((await new Response(stdout.readable as ReadableStream).blob()).size, total);
    assert.match(await text(error), /Success/);
  });
});

Deno.test("port-forward over SPDY carries several connections, half-closes and errors", async () => {
  const kubelet = (request: Request) =>
    servePortForward(request, systemClock, (stream) => {
      if (stream.port === 81) void stream.fail("connection refused");
      else void stream.readable.pipeTo(stream.writable);
    });
  await withDoor(kubelet, async (door) => {
    const { open, session } = await spdy(door, `${POD}/portforward`, ["portforward.k8s.io"]);
    const pair = async (port: string, requestid: string) => {
      const error = await open("error", { port, requestid });
      await error.writable.close();
      return { error, data: await open("data", { port, requestid }) };
    };
    const good = [await pair("80", "0"), await pair("80", "1")];
    const bad = await pair("81", "2");
    bad.data.readable.cancel().catch(() => {});
    for (const [i, { data }] of good.entries()) {
      await write(data.writable, `hello ${i}`);
      await data.writable.close();
    }
    assert.deepEqual(await Promise.all(good.map(({ data }) => text(data))), ["hello 0", "hello 1"]);
    assert.equal(await text(bad.error), "connection refused");
    session.close();
  });
});

Deno.test("an upgrade to SPDY is refused in upstream's words", async () => {
  const kubelet = (request: Request) =>
    new URL(request.url).pathname.endsWith("/y")
      ? new Response('container not found ("y")\n', { status: 404 })
      : new Response("Upgrade request required\n", { status: 400 });
  const CASES: readonly [string, readonly string[], RegExp][] = [
    [
      "x",
      [],
      /^HTTP\/1\.1 400 [^]*\n\n?unable to upgrade: X-Stream-Protocol-Version is required\n/,
    ],
    [
      "x",
      ["v9.channel.k8s.io"],
      /^HTTP\/1\.1 403 [^]*client supports \[v9\.channel\.k8s\.io\], server accepts \[v4\.channel/,
    ],
    ["y", [V4], /^HTTP\/1\.1 404 [^]*container not found \("y"\)/],
    ["x", [V4], /^HTTP\/1\.1 500 [^]*error dialing backend/],
    ["z", [V4], /^HTTP\/1\.1 400 [^]*container z is not valid for pod p/],
  ];
  await withDoor(kubelet, async (door) => {
    for (const [container, versions, answer] of CASES) {
      const path = `${POD}/exec?container=${container}&stdout=true`;
      const { head, rest, socket } = await upgrade(door, path, versions);
      let body = rest.toString();
      socket.on("data", (bytes) => body += bytes.toString());
      socket.resume();
      await new Promise<void>((resolve) => socket.once("close", () => resolve()));
      assert.match(`${head}\n\n${body}`.replaceAll("\r", ""), answer);
    }
  });
});

Deno.test("a client that leaves takes the kubelet's session with it", async () => {
  const gone = Promise.withResolvers<void>();
  const kubelet = commands(async ({ signal, stdout }) => {
    signal.addEventListener("abort", () => gone.resolve());
    await write(stdout, "on");
    await gone.promise;
    return 0;
  });
  await withDoor(kubelet, async (door) => {
    const { open, session } = await spdy(door, `${POD}/exec?container=x&stdout=true`, [V4]);
    await open("error");
    const stdout = await open("stdout");
    await stdout.readable.getReader().read();
    session.close();
    await gone.promise;
  });
});
