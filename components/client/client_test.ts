import assert from "node:assert/strict";
import { ApiError } from "../base/mod.ts";
import { CONFIG_MAPS, NODES, PODS } from "../api/mod.ts";
import { Client } from "./client.ts";
import { queryString, resourcePath } from "./request.ts";
import { watchEvents } from "./watch_stream.ts";

/** Answers every request from a script and remembers what was asked. */
function scripted(...answers: Response[]) {
  const asked: { method: string; url: string; headers: Headers; body: string }[] = [];
  const client = new Client({
    server: "https://api:6443",
    token: "t",
    userAgent: "test/1",
    fetch: async (request) => {
      const { method, url, headers } = request;
      asked.push({ method, url, headers, body: await request.text() });
      return answers.shift() ?? Response.json({});
    },
  });
  return { client, asked };
}

const paths: [string, string][] = [
  [resourcePath(PODS), "/api/v1/pods"],
  [resourcePath(PODS, "ns", "p", "log"), "/api/v1/namespaces/ns/pods/p/log"],
  [resourcePath(NODES, undefined, "n/1"), "/api/v1/nodes/n%2F1"],
  [
    resourcePath({ group: "apps", version: "v1", resource: "deployments" }, "a b"),
    "/apis/apps/v1/namespaces/a%20b/deployments",
  ],
  [queryString({ a: 1, b: undefined, c: "x&y" }), "?a=1&c=x%26y"],
  [queryString({ a: undefined }), ""],
];
for (const [actual, expected] of paths) {
  Deno.test(`Client writes ${expected || "no query"}`, () => assert.equal(actual, expected));
}

Deno.test("Client sends who it is, and a patch under its type", async () => {
  const { client, asked } = scripted();
  await client.patch(CONFIG_MAPS, "c", { data: { a: null } }, {
    type: "apply",
    namespace: "d",
    fieldManager: "m",
    force: true,
    dryRun: true,
  });
  const [request] = asked;
  assert.ok(request);
  assert.equal(request.method, "PATCH");
  assert.equal(
    request.url,
    "https://api:6443/api/v1/namespaces/d/configmaps/c?fieldManager=m&dryRun=All&force=true",
  );
  assert.equal(request.headers.get("content-type"), "application/apply-patch+yaml");
  assert.equal(request.headers.get("authorization"), "Bearer t");
  assert.equal(request.headers.get("user-agent"), "test/1");
  assert.equal(request.body, '{"data":{"a":null}}');
});

Deno.test("Client names preconditions and propagation in the body of a delete", async () => {
  const { client, asked } = scripted();
  await client.delete(PODS, "p", {
    namespace: "d",
    uid: "u",
    graceSeconds: 0,
    propagationPolicy: "Orphan",
  });
  assert.deepEqual(JSON.parse(asked[0]!.body), {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: 0,
    propagationPolicy: "Orphan",
    preconditions: { uid: "u" },
  });
});

Deno.test("Client posts a subresource to the object's name", async () => {
  const { client, asked } = scripted();
  await client.create(PODS, { metadata: { name: "p", namespace: "d" } }, {
    subresource: "binding",
  });
  assert.equal(asked[0]!.url, "https://api:6443/api/v1/namespaces/d/pods/p/binding");
});

Deno.test("Client rejects with the Status that the server sent", async () => {
  const { client } = scripted(
    Response.json({
      kind: "Status",
      code: 409,
      reason: "AlreadyExists",
      message: 'pods "p" already exists',
    }, { status: 409 }),
  );
  await assert.rejects(
    client.create(PODS, { metadata: { name: "p", namespace: "d" } }),
    (error) => error instanceof ApiError && error.reason === "AlreadyExists" && error.code === 409,
  );
});

Deno.test("Client makes an error of an answer that is no Status", async () => {
  const { client } = scripted(new Response("upstream is gone", { status: 503 }));
  await assert.rejects(
    client.get(PODS, "p", "d"),
    (error) => error instanceof ApiError && error.reason === "ServiceUnavailable",
  );
});

Deno.test("Client.find answers undefined for what is not there", async () => {
  const { client } = scripted(new Response("{}", { status: 404 }));
  assert.equal(await client.find(PODS, "p", "d"), undefined);
});

function stream(...chunks: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}

async function names(body: ReadableStream<Uint8Array>): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of watchEvents(body)) {
    seen.push(`${event.type} ${event.object.metadata?.name}`);
  }
  return seen;
}

const event = (type: string, name: string) =>
  JSON.stringify({ type, object: { metadata: { name } } });

Deno.test("watchEvents reads events however the stream is cut", async () => {
  const text = `${event("ADDED", "a")}\n${event("MODIFIED", "ä")}\n\n${event("DELETED", "a")}\n`;
  const expected = ["ADDED a", "MODIFIED ä", "DELETED a"];
  assert.deepEqual(await names(stream(text)), expected);
  const bytes = new TextEncoder().encode(text);
  const single = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  assert.deepEqual(await names(single), expected);
});

Deno.test("watchEvents throws the Status of an ERROR event", async () => {
  const error = JSON.stringify({
    type: "ERROR",
    object: { kind: "Status", code: 410, reason: "Expired" },
  });
  await assert.rejects(
    names(stream(`${error}\n`)),
    (thrown) => thrown instanceof ApiError && thrown.reason === "Expired",
  );
});

Deno.test("watchEvents cancels the body when its signal aborts or its reader leaves", async () => {
  for (const leave of ["signal", "reader"] as const) {
    const cancelled = Promise.withResolvers<void>();
    const abort = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) =>
        controller.enqueue(new TextEncoder().encode(`${event("ADDED", "a")}\n`)),
      cancel: () => cancelled.resolve(),
    });
    for await (const _ of watchEvents(body, abort.signal)) {
      if (leave === "reader") break;
      abort.abort();
    }
    await cancelled.promise;
  }
});
