import assert from "node:assert/strict";
import { opened } from "../../serving/mod.ts";
import { openFixture, putPod } from "./fake_kubelet.ts";

const POD = "/api/v1/namespaces/a/pods/p";

/** Echoes what it receives, after a greeting. */
function echo(request: Request): Response {
  const protocol = request.headers.get("sec-websocket-protocol");
  const { socket, response } = Deno.upgradeWebSocket(
    request,
    protocol === null ? {} : { protocol: protocol.split(",")[0] ?? "" },
  );
  socket.binaryType = "arraybuffer";
  socket.onopen = () => socket.send(new Uint8Array([1]));
  socket.onmessage = ({ data }) => data === "bye" ? socket.close() : socket.send(data);
  return response;
}

interface Session {
  readonly socket: WebSocket;
  readonly received: (string | number[])[];
  readonly ended: Promise<void>;
  until(count: number): Promise<void>;
}

async function connect(url: string, protocols: string[]): Promise<Session> {
  const socket = new WebSocket(url.replace("http", "ws"), protocols);
  socket.binaryType = "arraybuffer";
  const received: (string | number[])[] = [];
  let notify = () => {};
  socket.onmessage = ({ data }) => {
    received.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
    notify();
  };
  const ended = new Promise<void>((resolve) => socket.onclose = () => resolve());
  await opened(socket);
  return {
    socket,
    received,
    ended,
    async until(count) {
      while (received.length < count) {
        await new Promise<void>((resolve) => notify = resolve);
      }
    },
  };
}

Deno.test("exec joins the client's socket to the kubelet's, each end closing the other", async () => {
  const fixture = openFixture(echo);
  putPod(fixture.objects);
  const url = `${fixture.origin}${POD}/exec?container=y&stdin=true&command=sh&command=-c`;
  const session = await connect(url, ["v5.channel.k8s.io", "v4.channel.k8s.io"]);
  assert.equal(session.socket.protocol, "v5.channel.k8s.io");
  session.socket.send(new Uint8Array([0, 104, 105]));
  await session.until(2);
  assert.deepEqual(session.received, [[1], [0, 104, 105]]);
  assert.deepEqual(fixture.asked, ["/exec/a/p/y?input=1&output=1&error=1&command=sh&command=-c"]);
  session.socket.close();
  await session.ended;
  await fixture.close();
});

Deno.test("exec speaks base64 to the client and bytes to the kubelet", async () => {
  const fixture = openFixture(echo);
  putPod(fixture.objects);
  const session = await connect(`${fixture.origin}${POD}/attach?container=x&tty=true`, [
    "base64.channel.k8s.io",
  ]);
  session.socket.send("0aGk=");
  await session.until(2);
  assert.deepEqual(session.received, ["1", "0aGk="]);
  assert.deepEqual(fixture.asked, ["/attach/a/p/x?output=1&tty=1"]);
  session.socket.close();
  await session.ended;
  await fixture.close();
});

Deno.test("exec reads a list of protocols without blanks", async () => {
  const fixture = openFixture(echo);
  putPod(fixture.objects);
  const connection = await Deno.connect({ port: Number(new URL(fixture.origin).port) });
  const lines = [
    `GET ${POD}/exec?container=x HTTP/1.1`,
    "Host: h",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: v9.channel.k8s.io,v4.channel.k8s.io,channel.k8s.io",
  ];
  await connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const answer = new Uint8Array(4096);
  const text = new TextDecoder().decode(answer.subarray(0, await connection.read(answer) ?? 0));
  assert.match(text, /^HTTP\/1\.1 101 [^]*sec-websocket-protocol: v4\.channel\.k8s\.io\r\n/i);
  connection.close();
  await fixture.close();
});

Deno.test("port forward passes the channels' ports on", async () => {
  const fixture = openFixture(echo);
  putPod(fixture.objects);
  const session = await connect(`${fixture.origin}${POD}/portforward?ports=80,443`, [
    "v4.channel.k8s.io",
  ]);
  await session.until(1);
  assert.deepEqual(fixture.asked, ["/portForward/a/p?ports=80&ports=443"]);
  session.socket.close();
  await session.ended;
  await fixture.close();
});

Deno.test("log streams what the kubelet sends, with its options", async () => {
  const fixture = openFixture(() => new Response("one\ntwo\n"));
  putPod(fixture.objects);
  const response = await fetch(
    `${fixture.origin}${POD}/log?container=x&follow=true&previous=false&tailLines=2`,
  );
  assert.equal(response.headers.get("content-type"), "text/plain");
  assert.equal(await response.text(), "one\ntwo\n");
  assert.deepEqual(fixture.asked, ["/containerLogs/a/p/x?follow=true&tailLines=2"]);
  await fixture.close();
});

Deno.test("log over a WebSocket sends bytes, or their base64, behind an empty message", async () => {
  const fixture = openFixture(() => new Response("one\ntwo\n"));
  putPod(fixture.objects);
  const url = `${fixture.origin}${POD}/log?container=x`;
  const bytes = [...new TextEncoder().encode("one\ntwo\n")];
  const CASES: [string[], (string | number[])[]][] = [
    [[], [[], bytes]],
    [["binary.k8s.io"], [[], bytes]],
    [["base64.binary.k8s.io"], ["", btoa("one\ntwo\n")]],
  ];
  for (const [protocols, expected] of CASES) {
    const session = await connect(url, protocols);
    await session.ended;
    assert.deepEqual(session.received, expected);
    assert.equal(session.socket.protocol, protocols[0] ?? "");
  }
  await assert.rejects(connect(url, ["v4.channel.k8s.io"]));
  await fixture.close();
});

Deno.test("proxy passes method, body, answer and place on, and no credentials", async () => {
  const seen: Record<string, string | null> = {};
  const fixture = openFixture(async (request) => {
    for (const name of ["authorization", "impersonate-user", "x-forwarded-uri", "x-own"]) {
      seen[name] = request.headers.get(name);
    }
    seen["body"] = `${request.method} ${await request.text()}`;
    return new Response("made", { status: 201, headers: { location: "/there" } });
  });
  putPod(fixture.objects);
  const response = await fetch(`${fixture.origin}${POD}/proxy/x/?a=b`, {
    method: "POST",
    body: "sent",
    headers: { authorization: "Bearer secret", "impersonate-user": "root", "x-own": "1" },
  });
  assert.deepEqual([response.status, await response.text()], [201, "made"]);
  assert.equal(response.headers.get("location"), `${POD}/proxy/there`);
  assert.deepEqual(seen, {
    authorization: null,
    "impersonate-user": null,
    "x-forwarded-uri": `${POD}/proxy/x/`,
    "x-own": "1",
    body: "POST sent",
  });
  assert.deepEqual(fixture.asked, ["/x/?a=b"]);
  const bare = await fetch(`${fixture.origin}${POD}/proxy`, { redirect: "manual" });
  assert.deepEqual([bare.status, bare.headers.get("location")], [301, `${POD}/proxy/`]);
  await bare.body?.cancel();
  await fixture.close();
});

Deno.test("a streaming subresource tells upstream's reasons", async () => {
  const fixture = openFixture(
    () => new Response("no such log", { status: 400 }),
    { authorize: ({ verb }) => ({ allowed: verb !== "create", reason: "" }) },
  );
  putPod(fixture.objects);
  fixture.objects.put("", "pods", {
    metadata: { name: "free", namespace: "a" },
    spec: { containers: [{ name: "x" }], initContainers: [{ name: "i" }] },
  } as never);
  fixture.objects.put("", "services", {
    metadata: { name: "s", namespace: "a" },
    spec: { ports: [{ port: 80 }] },
  } as never);
  for (const [name, portName, target] of [["stray", "", "10.9.9.9"], ["named", "w", "10.1.0.5"]]) {
    fixture.objects.put("", "services", {
      metadata: { name, namespace: "a" },
      spec: { ports: [{ name: portName, port: 80 }] },
    } as never);
    fixture.objects.put("discovery.k8s.io", "endpointslices", {
      metadata: { name, namespace: "a", labels: { "kubernetes.io/service-name": name } },
      ports: [{ name: portName, port: 8080 }],
      endpoints: [{ addresses: [target], targetRef: { kind: "Pod", name: "p", namespace: "a" } }],
    } as never);
  }
  const CASES: readonly [string, number, string][] = [
    ["pods/none/log", 404, 'pods "none" not found'],
    [
      "pods/p/log",
      400,
      "a container name must be specified for pod p, choose one of: [x y]",
    ],
    ["pods/p/log?container=z", 400, "container z is not valid for pod p"],
    ["pods/p/log?container=x", 400, "no such log"],
    [
      "pods/p/log?container=x&tailLines=-1",
      422,
      'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      "pods/p/exec?container=x",
      403,
      'pods "p" is forbidden: User "u" cannot create resource "pods/exec" in API group "" in the namespace "a"',
    ],
    ["services/s/proxy/", 503, 'no endpoints available for service "s"'],
    ["services/stray/proxy/", 503, 'no endpoints available for service "stray"'],
    ["services/named/proxy/", 503, 'no endpoints available for service "named"'],
    ["services/s:81/proxy/", 503, 'no service port 81 found for service "s"'],
    ["services/ftp:s:80/proxy/", 400, 'invalid service request "ftp:s:80"'],
    ["pods/free/proxy/", 400, "address not allowed"],
  ];
  for (const [path, code, message] of CASES) {
    const response = await fetch(`${fixture.origin}/api/v1/namespaces/a/${path}`);
    const status = await response.json();
    assert.deepEqual([response.status, status.message], [code, message], path);
  }
  const unplaced = await fetch(`${fixture.origin}/api/v1/namespaces/a/pods/free/log`);
  assert.deepEqual([unplaced.status, await unplaced.text()], [200, ""]);
  await fixture.close();
});

Deno.test("exec without an upgrade, or by another method, is refused", async () => {
  const fixture = openFixture(() => new Response());
  putPod(fixture.objects);
  const put = await fetch(`${fixture.origin}${POD}/exec?container=x`, { method: "PUT" });
  assert.deepEqual([put.status, (await put.json()).reason], [405, "MethodNotAllowed"]);
  const plain = await fetch(`${fixture.origin}${POD}/exec?container=x`, { method: "POST" });
  assert.deepEqual(
    [plain.status, (await plain.json()).message],
    [400, "Upgrade request required"],
  );
  assert.deepEqual(fixture.asked, []);
  await fixture.close();
});

Deno.test("log lets go of the kubelet when its reader leaves", async () => {
  const cancelled = Promise.withResolvers<void>();
  const fixture = openFixture(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1024)),
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  putPod(fixture.objects);
  const response = await fetch(`${fixture.origin}${POD}/log?container=x&follow=true`);
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  await cancelled.promise;
  await fixture.close();
});
