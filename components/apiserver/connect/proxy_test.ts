import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as tls from "node:tls";
import { type Door, opened } from "../../serving/mod.ts";
import { openFixture, putPod, withDoor } from "./fake_kubelet.ts";
import { HtmlLinks } from "./html_links.ts";
import { rewriteLink } from "./proxy_answer.ts";
import { isLocalAddress } from "./proxy_target.ts";

const POD = "/api/v1/namespaces/a/pods/p";
const PLACE = {
  prefix: `${POD}/proxy`,
  backendHost: "10.1.0.5:80",
  requestHost: "api.test:6443",
};

const LINKS: readonly [string, string][] = [
  ["/x", `${POD}/proxy/x`],
  ["/x/?a=b#c", `${POD}/proxy/x/?a=b#c`],
  ["http://10.1.0.5:80/x", `${POD}/proxy/x`],
  ["http://api.test:6443/x", `http://api.test:6443${POD}/proxy/x`],
  [`${POD}/proxy/y`, `${POD}/proxy/y`],
  [`https://api.test:6443${POD}/proxy/y`, `https://api.test:6443${POD}/proxy/y`],
  ["x/y", "x/y"],
  ["../y", "../y"],
  ["#top", "#top"],
  ["?q", "?q"],
  ["", ""],
  ["mailto:me@x.test", "mailto:me@x.test"],
  ["data:text/plain,/x", "data:text/plain,/x"],
  ["https://other.test/x", "https://other.test/x"],
  ["//other.test/x", "//other.test/x"],
  ["http://10.1.0.5:80", "http://10.1.0.5:80"],
];
for (const [link, rewritten] of LINKS) {
  Deno.test(`rewriteLink of ${JSON.stringify(link)}`, () => {
    assert.equal(rewriteLink(link, PLACE), rewritten);
  });
}

const PAGES: readonly [string, string, string][] = [
  ["a link", '<a class=x href="/y">', '<a class=x href="P/y">'],
  ["a link in single quotes", "<A HREF='/y'>z</A>", "<A HREF='P/y'>z</A>"],
  ["a link without quotes", "<img src=/y/>", "<img src=P/y/>"],
  ["several links of one tag", '<video poster="/p" src="/s">', '<video poster="P/p" src="P/s">'],
  [
    "an attribute that is no link",
    '<a title="/y" data-href="/y">',
    '<a title="/y" data-href="/y">',
  ],
  ["a quoted end", '<a title=">" href="/y">', '<a title=">" href="P/y">'],
  ["a comment", '<!-- <a href="/y"> -->', '<!-- <a href="/y"> -->'],
  [
    "a script",
    '<script src="/s">"<a href=\\"/y\\">"</script><a href="/y">',
    '<script src="P/s">"<a href=\\"/y\\">"</script><a href="P/y">',
  ],
  ["what is no tag", "1 < 2 <3 </a> <!doctype html>", "1 < 2 <3 </a> <!doctype html>"],
  ["a tag that never ends", '<a href="/y"', '<a href="/y"'],
  ["bytes beyond ASCII", '\xe9<a href="/\xe9">', '\xe9<a href="P/\xe9">'],
];
for (const [name, page, rewritten] of PAGES) {
  Deno.test(`HtmlLinks of ${name}, however it is cut`, () => {
    for (const size of [1, 2, 5, 1000]) {
      const links = new HtmlLinks((link) => link.startsWith("/") ? `P${link}` : link);
      let out = "";
      for (let at = 0; at < page.length; at += size) out += links.push(page.slice(at, at + size));
      assert.equal(out + links.end(), rewritten);
    }
  });
}

Deno.test("isLocalAddress knows what may not be dialled", () => {
  const local = ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255"];
  const local6 = ["::", "::1", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"];
  for (const address of [...local, ...local6]) assert.ok(isLocalAddress(address), address);
  for (const address of ["10.1.2.3", "192.168.0.1", "100.64.0.1", "fd00::1", "8.8.8.8"]) {
    assert.ok(!isLocalAddress(address), address);
  }
});

Deno.test("proxy rewrites links of HTML and drops what is for one connection or another origin", async () => {
  const fixture = openFixture(() =>
    new Response('<a href="/y">', {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "access-control-allow-origin": "*",
        "keep-alive": "timeout=1",
        "x-own": "1",
      },
    })
  );
  putPod(fixture.objects);
  const response = await fetch(`${fixture.origin}${POD}/proxy/`);
  assert.equal(await response.text(), `<a href="${POD}/proxy/y">`);
  const names = ["access-control-allow-origin", "keep-alive", "x-own"];
  assert.deepEqual(names.map((name) => response.headers.get(name)), [null, null, "1"]);
  await fixture.close();
});

Deno.test("proxy passes every method on, to pods, Services and nodes", async () => {
  const fixture = openFixture((request) => new Response(null, { headers: { m: request.method } }));
  putPod(fixture.objects);
  fixture.objects.put("", "services", {
    metadata: { name: "s", namespace: "a" },
    spec: { ports: [{ name: "web", port: 80 }] },
  } as never);
  fixture.objects.put("discovery.k8s.io", "endpointslices", {
    metadata: { name: "s", namespace: "a", labels: { "kubernetes.io/service-name": "s" } },
    ports: [{ name: "web", port: 8080 }],
    endpoints: [{ addresses: ["10.1.0.5"], targetRef: { kind: "Pod", name: "p" }, nodeName: "n" }],
  } as never);
  const places = ["namespaces/a/pods/p:80", "namespaces/a/services/https:s:web", "nodes/n"];
  for (const place of places) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await fetch(`${fixture.origin}/api/v1/${place}/proxy/x`, { method });
      assert.deepEqual([response.status, response.headers.get("m")], [200, method], place);
    }
  }
  await fixture.close();
});

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "own.test" });
  socket.onmessage = ({ data }) =>
    data === "bye" ? socket.close(1000, "so long") : socket.send(data);
  return response;
}

Deno.test("proxy joins a WebSocket to the backend's as it is", async () => {
  await withDoor(echo, async (door, authority, { asked }) => {
    const client = Deno.createHttpClient({ caCerts: [authority] });
    const url = `wss://127.0.0.1:${door.port}${POD}:8080/proxy/ws?q=1`;
    const options = { client, protocols: ["other.test", "own.test"] };
    const socket = new WebSocket(url, options as unknown as string[]);
    const received: unknown[] = [];
    const ended = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.onmessage = ({ data }) => {
      received.push(data);
      if (received.length === 2) socket.send("bye");
    };
    await opened(socket);
    assert.equal(socket.protocol, "own.test");
    socket.send("text");
    socket.send("x".repeat(300_000));
    assert.equal((await ended).reason, "so long");
    assert.deepEqual(received, ["text", "x".repeat(300_000)]);
    assert.deepEqual(asked, ["/ws?q=1"]);
    client.close();
  });
});

async function rawUpgrade(door: Door, more: string): Promise<string> {
  const socket = tls.connect({ port: door.port, host: "127.0.0.1", rejectUnauthorized: false });
  await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
  socket.write(
    `GET ${POD}/proxy/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\nConnection: Upgrade\r\n` +
      `Upgrade: own\r\n\r\n${more}`,
  );
  let bytes = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => bytes = Buffer.concat([bytes, chunk]));
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return bytes.toString();
}

Deno.test("a backend's refusal of an upgrade ends the connection, and hears nothing more", async () => {
  const seen: (string | null)[] = [];
  const refuse = (request: Request) => {
    seen.push(request.headers.get("authorization"), request.headers.get("upgrade"));
    return new Response("not here", { status: 403, headers: { connection: "close" } });
  };
  await withDoor(refuse, async (door, _, { asked }) => {
    const answer = await rawUpgrade(door, "GET /secret HTTP/1.1\r\nHost: h\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 403 [^]*not here/);
    assert.deepEqual([asked, seen], [["/x"], [null, "own"]]);
  });
  await withDoor(() => new Response("fine"), async (door) => {
    const answer = await rawUpgrade(door, "");
    assert.match(answer, /^HTTP\/1\.1 500 [^]*invalid upgrade response: status code 200/);
  });
});
