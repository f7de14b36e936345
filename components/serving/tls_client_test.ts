import assert from "node:assert/strict";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { directDial } from "./dial.ts";
import { TlsClient, type TlsClientOptions } from "./tls_client.ts";

/** A certificate that is its own authority, as `openssl req -x509` makes them: for `hook.ns.svc`, a hundred years. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBjjCCATOgAwIBAgIULHm1duiZ4ez7Fz1E7Hq6qBMQKz8wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEaG9vazAgFw0yNjExMjgxMDE3NDJaGA8yMTI2MTEwNDEwMTc0
MlowDzENMAsGA1UEAwwEaG9vazBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCkJ
s+0pHUUMzfKFLY/08+1Y3nNxSkZgqS6CGmJvu5UJMO4NEOlrSafqpzkAirXon3XM
3ck7YKLh6UtsoXSMDX+jazBpMB0GA1UdDgQWBBRTwkKuNB8PR6GkihQejL3TMsc0
9TAfBgNVHSMEGDAWgBRTwkKuNB8PR6GkihQejL3TMsc09TAPBgNVHRMBAf8EBTAD
AQH/MBYGA1UdEQQPMA2CC2hvb2subnMuc3ZjMAoGCCqGSM49BAMCA0kAMEYCIQDz
DkMS7wCcuj8yjGQ8eVidoHm4SlOoFfx/UxGpWBt5WQIhAL7AuR5pq5wYVwjLQYHr
rYvwCevq6clOjIeC3/HGI8Y3
-----END CERTIFICATE-----
`;
/** Protects nothing but these tests. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcNfMtbYwM6bT6diE
P8Mk6wkX4NXRn+47YAaakc6Zx2GhRANCAAQpCbPtKR1FDM3yhS2P9PPtWN5zcUpG
YKkughpib7uVCTDuDRDpa0mn6qc5AIq16J91zN3JO2Ci4elLbKF0jA1/
-----END PRIVATE KEY-----
`;

async function withServer(body: (port: number, server: https.Server) => Promise<void>) {
  const server = https.createServer({ cert: CERTIFICATE, key: KEY }, (request, response) => {
    if (request.url === "/never") return;
    response.end(`${request.method} ${request.url}`);
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as AddressInfo).port, server);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function clientOf(port: number, options: Partial<TlsClientOptions>): TlsClient {
  return new TlsClient({
    connect: () => directDial.connect({ host: "127.0.0.1", port }),
    serverName: "hook.ns.svc",
    now: () => Date.now(),
    ...options,
  });
}

const GET = { method: "GET", path: "/a?b", headers: { host: "hook.ns.svc" } };

Deno.test("TlsClient takes a certificate that is trusted itself, for its own names only", async () => {
  const refused = "tls: failed to verify certificate: x509: ";
  const cases: [string, Partial<TlsClientOptions>, string | undefined][] = [
    ["trusted", { authorities: CERTIFICATE }, undefined],
    ["not trusted", {}, `${refused}certificate signed by unknown authority`],
    ["not asked", { insecure: true }, undefined],
    [
      "of another name",
      { authorities: CERTIFICATE, serverName: "other.ns.svc" },
      `${refused}certificate is valid for hook.ns.svc, not other.ns.svc`,
    ],
  ];
  await withServer(async (port) => {
    for (const [name, options, message] of cases) {
      const client = clientOf(port, options);
      const answer = client.request(GET);
      if (message === undefined) assert.equal((await answer).status, 200, name);
      else await assert.rejects(answer, { message }, name);
      client.close();
    }
  });
});

Deno.test("TlsClient ends a request with its signal, and goes on", async () => {
  await withServer(async (port) => {
    const client = clientOf(port, { authorities: CERTIFICATE });
    const given = new AbortController();
    const pending = client.request({ ...GET, path: "/never", signal: given.signal });
    const rejected = assert.rejects(pending, { message: "enough" });
    given.abort(new Error("enough"));
    await rejected;
    const { body } = await client.request(GET);
    let text = "";
    for await (const chunk of body) text += String(chunk);
    assert.equal(text, "GET /a?b");
    client.close();
  });
});

Deno.test("TlsClient says why it has no connection", async () => {
  const client = clientOf(0, { connect: () => Promise.reject(new Error("no way there")) });
  await assert.rejects(client.request(GET), { message: "no way there" });
  client.close();
});
