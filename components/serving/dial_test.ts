import assert from "node:assert/strict";
import { silentLogger } from "../base/mod.ts";
import { connectTcp, dialLocal, directDial, requestOverSocket, TunnelHub } from "./mod.ts";

/** A port of the loopback that nobody listens on. */
function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return (listener.addr as Deno.NetAddr).port;
}

Deno.test("who cannot be dialled is named as Kubernetes' components do, with why", async () => {
  const port = closedPort();
  const refused = new Error(`dial tcp 127.0.0.1:${port}: connect: connection refused`);
  await assert.rejects(connectTcp("127.0.0.1", port), refused);
  await assert.rejects(directDial.connect({ host: "127.0.0.1", port }), refused);
  await assert.rejects(dialLocal({ hostname: "127.0.0.1", port }), refused);
});

Deno.test("a connection over a socket that leads nowhere says why afterwards, until one leads on", async () => {
  const parent = await Deno.makeTempDir({ prefix: "coracle-test-" });
  const hub = new TunnelHub(silentLogger, parent);
  const port = closedPort();
  const target = { host: "127.0.0.1", port };
  try {
    const ask = async () => {
      const socket = await hub.socketPath(target, false);
      return await requestOverSocket(socket, {
        method: "GET",
        path: "/",
        headers: new Headers({ host: "x" }),
        body: null,
      });
    };
    await assert.rejects(ask());
    assert.equal(
      hub.failure(target, false),
      `dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
    assert.equal(hub.failure(target, true), undefined, "nobody has tried");
    const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, () => {
      return new Response("there");
    });
    assert.equal(await (await ask()).text(), "there");
    assert.equal(hub.failure(target, false), undefined);
    await server.shutdown();
  } finally {
    await hub.close();
    await Deno.remove(parent, { recursive: true });
  }
});
