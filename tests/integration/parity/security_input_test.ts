/** Input that is meant to go astray, to swell, or never to end. */
import assert from "node:assert/strict";
import { type Cases, testCases } from "./parity_case.ts";
import { ParityServer } from "./parity_server.ts";

const PATHS: Cases = {
  "a name is one segment of a path": [
    {
      send: "GET secrets/a%2Fb",
      code: 400,
      reason: "BadRequest",
      message: `Name parameter invalid: "a/b": may not contain '/'`,
    },
    { send: "GET secrets/..%2f..%2fkube-system%2fsecret", code: 400, reason: "BadRequest" },
    { send: "DELETE secrets/a%252Fb", code: 400, reason: "BadRequest" },
    { send: "GET /api/v1/namespaces/a%2Fb/secrets/c", code: 400, reason: "BadRequest" },
    { send: "GET secrets/a%00b", code: 404 },
  ],
  "what a path leads to is what is asked about": [
    { send: "GET /api/v1/namespaces/$ns/configmaps/%2e%2e/secrets", user: "john", code: 403 },
    { send: "GET /api/v1/namespaces/kube-system/../kube-system/secrets", user: "john", code: 403 },
    { send: "GET /api/v1//namespaces/kube-system//secrets", user: "john", code: 403 },
    { send: "GET //api/v1/nodes", user: "john", code: 403 },
    { send: "GET /api/v1/watch/namespaces/kube-system/secrets", user: "john", code: 403 },
    { send: "GET /API/v1/nodes", user: "john", code: 403 },
    { send: "GET /%6detrics", user: "john", code: 403 },
  ],
  "a new object's name is checked": [
    { send: "POST secrets", body: { metadata: { name: "../x" } }, code: 422 },
    { send: "POST secrets", body: { metadata: { generateName: "../" } }, code: 422 },
    {
      send: "POST secrets",
      body: { metadata: { name: "a", namespace: "kube-system" } },
      code: 400,
    },
  ],
};

testCases("security: paths", PATHS);

const levels = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => `a${i}: &a${i} [${i === 0 ? "x" : Array(10).fill(`*a${i - 1}`).join(", ")}]`,
  ).join("\n");

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

Deno.test("security: bodies that swell", async () => {
  await using server = await ParityServer.open();
  await server.openNamespace("ns");
  const send = async (body: BodyInit, headers: Record<string, string>) => {
    const response = await server.server.handle(
      new Request("https://server/api/v1/namespaces/ns/configmaps", {
        method: "POST",
        headers,
        body,
      }),
      { address: "a:1", user: { username: "admin", groups: ["system:masters"] } },
    );
    await response.body?.cancel();
    return response.status;
  };
  const yaml = { "content-type": "application/yaml" };
  const json = { "content-type": "application/json" };
  const bomb = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n${levels(12)}\n`;
  assert.equal(await send(bomb, yaml), 400);
  assert.equal(await send("[".repeat(1_000_000), yaml), 400);
  assert.equal(await send("[".repeat(1_000_000), json), 400);
  assert.equal(await send(`{"a":`.repeat(500_000), json), 400);
  // What a body unpacks to is never looked at: compressed, it is no object.
  const packed = await gzip(
    JSON.stringify({ metadata: { name: "x" }, data: { a: "0".repeat(5e7) } }),
  );
  assert.equal(await send(packed, { ...json, "content-encoding": "gzip" }), 400);
  assert.equal(await send("x".repeat(3 * 1024 * 1024 + 1), json), 413);
});

Deno.test("security: a body that never ends is not waited for", async () => {
  await using server = await ParityServer.open();
  await server.openNamespace("ns");
  let cancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"metadata":')),
    cancel: () => {
      cancelled = true;
    },
  });
  const pending = server.server.handle(
    new Request("https://server/api/v1/namespaces/ns/configmaps", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }),
    { address: "a:1", user: { username: "admin", groups: ["system:masters"] } },
  );
  let done = false;
  const settled = pending.finally(() => done = true);
  for (let second = 0; !done && second < 300; second++) {
    await new Promise((resolve) => setTimeout(resolve));
    await server.clock.advance(1000);
  }
  assert.ok(done, "the request is given up");
  const response = await settled;
  assert.equal(response.status, 504);
  await response.body?.cancel();
  await body.cancel().catch(() => {});
  assert.ok(cancelled || body.locked);
});

Deno.test("security: a watcher that does not read is let go", async () => {
  await using server = await ParityServer.open();
  await server.openNamespace("ns");
  const watch = await server.send(
    "GET",
    "/api/v1/namespaces/ns/configmaps?watch=true&resourceVersion=0",
    {},
    undefined,
    undefined,
  );
  assert.equal(watch.status, 200);
  const data = { a: "x".repeat(500_000) };
  for (let i = 0; i < 60; i++) {
    const made = await server.send(
      "POST",
      "/api/v1/namespaces/ns/configmaps",
      { "content-type": "application/json" },
      { metadata: { name: `m-${i}` }, data },
      undefined,
    );
    assert.equal(made.status, 201);
    await made.body?.cancel();
  }
  let bytes = 0;
  let ended = false;
  const reader = watch.body!.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      bytes += value.length;
      if (bytes > 60 * 500_000) break;
    }
    ended = bytes < 60 * 500_000;
  } catch {
    ended = true;
  }
  assert.ok(ended, `${bytes} bytes were kept for who did not read`);
});
