import assert from "node:assert/strict";
import { ReadHarness } from "./read_harness.ts";
import { watchObjects } from "./watch.ts";

Deno.test("watchObjects() over a WebSocket sends a message an event", async () => {
  const harness = await ReadHarness.open("", "v1", "pods");
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const path = "/api/v1/pods?watch=true";
    return watchObjects({ ...harness.read(path), request }, harness.services);
  });
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`, [
    "base64url.bearer.authorization.k8s.io.dG9rZW4",
    "binary.k8s.io",
  ]);
  const messages: string[] = [];
  const [begun, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  socket.onmessage = ({ data }) => {
    const { type, object } = JSON.parse(data);
    messages.push(`${type} ${object.metadata.name}`);
    begun.resolve();
    if (messages.length === 3) heard.resolve();
  };
  await harness.put({ metadata: { name: "one", namespace: "a" } });
  await begun.promise;
  await harness.put({ metadata: { name: "two", namespace: "a" } });
  await harness.delete("a", "one");
  await heard.promise;
  assert.equal(socket.protocol, "binary.k8s.io");
  assert.deepEqual(messages, ["ADDED one", "ADDED two", "DELETED one"]);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  harness.abort.abort();
  await closed;
  await server.shutdown();
  await harness.close();
});
