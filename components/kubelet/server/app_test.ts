import assert from "node:assert/strict";
import { FakeClock, seededRandom, silentLogger, systemClock } from "../../base/mod.ts";
import { type MessagePipe, SpdySession, TUNNEL_PROTOCOL } from "../../serving/mod.ts";
import { FakeApi } from "../fake_api.ts";
import { TEST_MACHINE, testPod } from "../fake_node.ts";
import { HollowRuntime } from "../hollow/hollow_runtime.ts";
import { type RunningKubelet, startKubelet } from "../start.ts";
import { nodeAccess } from "./access.ts";

interface Served {
  readonly url: string;
  readonly runtime: HollowRuntime;
  readonly api: FakeApi;
  readonly running: RunningKubelet;
  until(what: string, condition: () => boolean): Promise<void>;
}

/** A kubelet behind a real HTTP server, with one pod `p` that runs. */
async function withServer(use: (served: Served) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const clock = new FakeClock();
  const random = seededRandom(5);
  const api = new FakeApi();
  const runtime = new HollowRuntime({
    clock,
    random,
    address: () => "10.1.0.2",
    command: (_, command) => ({
      exitCode: command[0] === "false" ? 3 : 0,
      output: command.join(" "),
    }),
  });
  const running = startKubelet({
    nodeName: "node-1",
    client: api.client,
    runtime,
    clock: { ...systemClock, now: () => clock.now(), after: clock.after.bind(clock) },
    random,
    logger: silentLogger,
    machine: TEST_MACHINE,
    rootDirectory: directory,
    authorize: (request) =>
      Promise.resolve(
        request.headers.has("x-refuse") ? new Response("no", { status: 403 }) : undefined,
      ),
  });
  const until = async (what: string, condition: () => boolean) => {
    for (let turn = 0; turn < 100_000; turn++) {
      if (condition()) return;
      await Deno.stat(directory);
      await clock.advance(0);
    }
    throw new Error(`not reached: ${what}`);
  };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => running.fetch(request, { address: "test" }),
  );
  try {
    api.putPod(testPod("p", { containers: [{ name: "c", image: "x:1" }] }));
    await until("running", () => api.pod("p")?.status?.phase === "Running");
    await use({ url: `http://127.0.0.1:${server.addr.port}`, runtime, api, running, until });
  } finally {
    await running.end();
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("nodeAccess names the subresource that a path needs", () => {
  const cases: [string, string, string, string][] = [
    ["GET", "/pods", "get", "pods"],
    ["GET", "/metrics/resource", "get", "metrics"],
    ["GET", "/stats/summary", "get", "stats"],
    ["POST", "/exec/a/b/c", "create", "proxy"],
    ["GET", "/containerLogs/a/b/c", "get", "proxy"],
    ["GET", "/constructor", "get", "proxy"],
  ];
  for (const [method, path, verb, subresource] of cases) {
    const access = nodeAccess(method, path);
    assert.equal(access.verb, verb, path);
    assert.equal(access.subresources[0], subresource, path);
  }
});

Deno.test("kubeletServer answers health, pods, metrics and stats, and asks who may", async () => {
  await withServer(async ({ url }) => {
    assert.equal(await (await fetch(`${url}/healthz`)).text(), "ok");
    const refused = await fetch(`${url}/pods`, { headers: { "x-refuse": "1" } });
    assert.equal(refused.status, 403);
    await refused.body?.cancel();
    const pods = await (await fetch(`${url}/pods`)).json();
    assert.equal(pods.items[0].metadata.name, "p");
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /kubelet_running_pods 1/);
    const resource = await (await fetch(`${url}/metrics/resource`)).text();
    assert.match(
      resource,
      /container_memory_working_set_bytes\{container="c",namespace="default",pod="p"\} 0 \d+/,
    );
    const stats = await (await fetch(`${url}/stats/summary`)).json();
    assert.equal(stats.pods[0].podRef.name, "p");
    const none = await fetch(`${url}/nothing`);
    assert.equal(none.status, 404);
    await none.body?.cancel();
  });
});

Deno.test("kubeletServer serves logs, and says why there are none", async () => {
  await withServer(async ({ url, runtime }) => {
    const [container] = await runtime.listContainers();
    await Deno.writeTextFile(
      container?.logPath ?? "",
      "2026-01-01T00:00:00Z stdout F hello\n2026-01-01T00:00:01Z stderr F there\n",
    );
    const logs = async (path: string) => {
      const response = await fetch(`${url}/containerLogs/default/${path}`);
      return `${response.status} ${await response.text()}`;
    };
    assert.equal(await logs("p/c"), "200 hello\nthere\n");
    assert.equal(await logs("p/c?tailLines=1"), "200 there\n");
    assert.equal(
      await logs("p/c?previous=true"),
      '400 previous terminated container "c" in pod "p" not found',
    );
    assert.equal(await logs("p/x"), '404 container "x" not found in pod "p"');
    assert.equal(await logs("q/c"), '404 pod "q" does not exist\n');
    assert.equal((await logs("p/c?tailLines=x")).slice(0, 3), "422");
  });
});

/** Everything an exec session sends, by channel. */
async function execSession(url: string, protocol: string): Promise<Map<number, string>> {
  const socket = new WebSocket(url.replace("http", "ws"), protocol);
  socket.binaryType = "arraybuffer";
  const texts = new Map<number, string>();
  const closed = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    const isText = typeof data === "string";
    const channel = isText ? Number(data[0]) : new Uint8Array(data)[0] ?? -1;
    const text = isText
      ? atob(data.slice(1))
      : new TextDecoder().decode(new Uint8Array(data).subarray(1));
    texts.set(channel, (texts.get(channel) ?? "") + text);
  };
  socket.onclose = () => closed.resolve();
  await closed.promise;
  assert.equal(socket.protocol, protocol);
  return texts;
}

for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io"]) {
  Deno.test(`kubeletServer runs commands over ${protocol}`, async () => {
    await withServer(async ({ url }) => {
      const exec = `${url}/exec/default/p/c?output=1&error=1`;
      const good = await execSession(`${exec}&command=echo&command=hi`, protocol);
      assert.equal(good.get(1), "echo hi");
      assert.deepEqual(JSON.parse(good.get(3) ?? ""), { metadata: {}, status: "Success" });
      const bad = await execSession(`${exec}&command=false`, protocol);
      const status = JSON.parse(bad.get(3) ?? "");
      assert.equal(status.reason, "NonZeroExitCode");
      assert.deepEqual(status.details.causes, [{ reason: "ExitCode", message: "3" }]);
    });
  });
}

Deno.test("kubeletServer passes stdin on, and its end with v5", async () => {
  await withServer(async ({ url, runtime }) => {
    runtime.exec = async (_, __, streams) => {
      const text = await new Response(streams.stdin).text();
      const writer = streams.stdout?.getWriter();
      await writer?.write(new TextEncoder().encode(text.toUpperCase()));
      return 0;
    };
    const socket = new WebSocket(
      `${url.replace("http", "ws")}/exec/default/p/c?input=1&output=1&command=cat`,
      "v5.channel.k8s.io",
    );
    socket.binaryType = "arraybuffer";
    let text = "";
    const closed = Promise.withResolvers<void>();
    socket.onopen = () => {
      socket.send(new Uint8Array([0, 104, 101]));
      socket.send(new Uint8Array([0, 121]));
      socket.send(new Uint8Array([255, 0]));
    };
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data);
      if (bytes[0] === 1) text += new TextDecoder().decode(bytes.subarray(1));
    };
    socket.onclose = () => closed.resolve();
    await closed.promise;
    assert.equal(text, "HEY");
  });
});

Deno.test("kubeletServer forwards ports through the SPDY tunnel", async () => {
  await withServer(async ({ url, runtime }) => {
    runtime.portForward = (_: string, port: number) => {
      if (port !== 80) return Promise.reject(new Error("connection refused"));
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      return Promise.resolve({ readable, writable });
    };
    const { pipe, closed } = await rawWebSocket(url, "/portForward/default/p", TUNNEL_PROTOCOL);
    const client = new SpdySession(pipe, "client", () => {});
    const open = async (port: number, id: number) => {
      const headers = (kind: string) =>
        new Map([["streamtype", kind], ["port", String(port)], ["requestid", String(id)]]);
      const error = await client.open(headers("error"));
      await error.writable.close();
      return { error, data: await client.open(headers("data")) };
    };
    const good = await open(80, 1);
    const writer = good.data.writable.getWriter();
    await writer.write(new TextEncoder().encode("ping"));
    await writer.close();
    assert.equal(await new Response(good.data.readable).text(), "ping");
    const bad = await open(81, 2);
    bad.data.readable.cancel().catch(() => {});
    assert.match(await new Response(bad.error.readable).text(), /port 81.*connection refused/);
    client.close();
    await closed;
  });
});

/** A WebSocket by hand: the tunnel's subprotocol is no token, so `WebSocket` itself refuses it. */
async function rawWebSocket(url: string, path: string, protocol: string) {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
      `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  ));
  let bytes: number[] = [];
  const opened = Promise.withResolvers<string>();
  let onMessage: ((message: Uint8Array) => void) | undefined;
  const frames = () => {
    for (;;) {
      let length = (bytes[1] ?? 0) & 0x7f;
      let head = 2;
      if (length === 126) {
        length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
        head = 4;
      }
      if (bytes.length < head || bytes.length < head + length || bytes.length < 2) return;
      const payload = new Uint8Array(bytes.slice(head, head + length));
      if (((bytes[0] ?? 0) & 0x0f) === 2) onMessage?.(payload);
      bytes = bytes.slice(head + length);
    }
  };
  let head = "";
  const closed = (async () => {
    for await (const chunk of connection.readable) {
      bytes.push(...chunk);
      if (head === "") {
        const text = String.fromCharCode(...bytes);
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) continue;
        head = text.slice(0, end);
        bytes = bytes.slice(end + 4);
        opened.resolve(head);
      }
      frames();
    }
  })().catch(() => {});
  assert.match(await opened.promise, /^HTTP\/1.1 101 /);
  assert.ok((await opened.promise).toLowerCase().includes(protocol.toLowerCase()));
  const pipe: MessagePipe = {
    buffered: 0,
    send(message) {
      assert.ok(message.length < 65_536);
      const frame = new Uint8Array(8 + message.length);
      frame.set([0x82, 0x80 | 126, message.length >> 8, message.length & 0xff]);
      frame.set(message, 8);
      writer.write(frame).catch(() => {});
    },
    receive(handler) {
      onMessage = handler;
    },
    close() {
      writer.close().catch(() => {});
    },
  };
  return { pipe, closed };
}
