import assert from "node:assert/strict";
import { requestOverSocket } from "./socket_request.ts";

Deno.test("requestOverSocket names the path alone, and carries bodies both ways", async () => {
  const path = await Deno.makeTempFile({ prefix: "coracle-socket-" });
  await Deno.remove(path);
  const listener = Deno.listen({ transport: "unix", path });
  const seen = (async () => {
    const connection = await listener.accept();
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of connection.readable.values({ preventCancel: true })) {
      text += decoder.decode(chunk);
      if (text.includes("sent")) break;
    }
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 201 Made\r\nX-Own: 1\r\nContent-Length: 4\r\n\r\nback"),
    );
    connection.close();
    return text;
  })();
  const answer = await requestOverSocket(path, {
    method: "POST",
    path: "/x?q=1",
    headers: new Headers({ host: "api.test:6443", "content-type": "text/plain" }),
    body: new Blob(["sent"]).stream(),
  });
  assert.deepEqual(
    [answer.status, answer.headers.get("x-own"), await answer.text()],
    [201, "1", "back"],
  );
  const text = await seen;
  assert.match(text, /^POST \/x\?q=1 HTTP\/1\.1\r\n/);
  assert.match(text, /host: api\.test:6443\r\n/i);
  listener.close();
  await Deno.remove(path).catch(() => {});
});

Deno.test("requestOverSocket says why there is no answer", async () => {
  await assert.rejects(
    requestOverSocket("/no/such/socket", {
      method: "GET",
      path: "/",
      headers: new Headers(),
      body: null,
    }),
  );
});
