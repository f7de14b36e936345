import assert from "node:assert/strict";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { systemClock, systemRandom } from "../base/mod.ts";
import { openPki } from "../pki/mod.ts";
import { connect } from "./connection.ts";

Deno.test("connect() sends bodies over HTTP/1.1, and all else over HTTP/2", async () => {
  const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
  const { certificate, key } = await pki.serving("server", {
    commonName: "server",
    hosts: ["127.0.0.1"],
  });
  const server = http2.createSecureServer(
    { cert: certificate, key, allowHTTP1: true },
    (request, response) => {
      let bytes = 0;
      request.on("data", (piece: Uint8Array) => bytes += piece.length);
      request.on("end", () => {
        response.end(`${request.method} ${request.httpVersion} ${bytes}`);
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `https://127.0.0.1:${port}`;
  const connection = connect({ server: origin, authority: pki.authority.certificate }, "test");
  const cases: [string, number | undefined, string][] = [
    ["GET", undefined, "GET 2.0 0"],
    ["POST", 5_000, "POST 1.1 5000"],
    ["PATCH", 10, "PATCH 1.1 10"],
    ["DELETE", undefined, "DELETE 2.0 0"],
  ];
  for (const [method, bytes, expected] of cases) {
    const body = bytes === undefined ? {} : { body: "x".repeat(bytes) };
    const answer = await connection.fetch(new Request(`${origin}/`, { method, ...body }));
    assert.equal(await answer.text(), expected);
  }
  connection.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
