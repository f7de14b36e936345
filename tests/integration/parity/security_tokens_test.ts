/** Tokens that are forged, run out, or outlive what they stand for. */
import assert from "node:assert/strict";
import { SignJWT } from "jose";
import type { JsonObject } from "../../../components/base/mod.ts";
import { ParityServer } from "./parity_server.ts";
import { asAdmin, sendAs, whoIs } from "./security_peer.ts";

const DAY = 86_400_000;

async function requestToken(server: ParityServer, spec: JsonObject = {}): Promise<string> {
  const answer = await asAdmin(
    server,
    "POST /api/v1/namespaces/ns/serviceaccounts/sa/token",
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec },
  );
  return (answer["status"] as { token: string }).token;
}

async function setUp(): Promise<ParityServer> {
  const server = await ParityServer.open();
  await server.openNamespace("ns");
  await makeAccount(server);
  return server;
}

const makeAccount = (server: ParityServer) =>
  asAdmin(server, "POST /api/v1/namespaces/ns/serviceaccounts", { metadata: { name: "sa" } });

const makePod = async (server: ParityServer): Promise<string> => {
  const pod = await asAdmin(server, "POST /api/v1/namespaces/ns/pods", {
    metadata: { name: "p" },
    spec: { serviceAccountName: "sa", containers: [{ name: "c", image: "i" }] },
  });
  return (pod["metadata"] as { uid: string }).uid;
};

const encode = (part: unknown) =>
  new TextEncoder().encode(typeof part === "string" ? part : JSON.stringify(part))
    .toBase64({ alphabet: "base64url", omitPadding: true });
const decode = (part = "") =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: "base64url" })));

const SA = "system:serviceaccount:ns:sa";

Deno.test("security: forged tokens are refused", async (test) => {
  await using server = await setUp();
  const token = await requestToken(server);
  assert.equal(await whoIs(server, { token }), SA);
  const [head, body, signature] = token.split(".");
  const header = decode(head);
  const claims = decode(body);
  const admin = { ...claims, sub: "system:serviceaccount:kube-system:admin" };
  const { body: jwks } = await sendAs(server, { token }, "GET /openid/v1/jwks");
  const [jwk] = jwks["keys"] as JsonObject[];
  const secrets = [JSON.stringify(jwk), String(jwk?.["n"] ?? jwk?.["x"]), ""];
  const confused = await Promise.all(
    secrets.filter((one) => one !== "").map((secret) =>
      new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: header.kid })
        .sign(new TextEncoder().encode(secret))
    ),
  );
  const cases: [string, string][] = [
    ["unsigned", `${encode({ ...header, alg: "none" })}.${encode(claims)}.`],
    ["unsigned in capitals", `${encode({ ...header, alg: "NONE" })}.${encode(claims)}.`],
    ["another's claims", `${head}.${encode(admin)}.${signature}`],
    ["another's head", `${encode({ ...header, kid: "../../../dev/null" })}.${body}.${signature}`],
    ["no signature", `${head}.${body}.`],
    ["a key of its own", `${encode({ ...header, jwk, kid: "mine" })}.${body}.${signature}`],
    ...confused.map((one, i): [string, string] => [`the public key as a secret ${i}`, one]),
    ["no token", "x"],
    ["dots", "..."],
    ["long", "a".repeat(200_000)],
    ["unreadable", "\u00ff.\u00ff.\u00ff"],
  ];
  for (const [name, forged] of cases) {
    await test.step(name, async () => {
      assert.equal(await whoIs(server, { token: forged }), 401);
    });
  }
});

Deno.test("security: tokens end", async () => {
  await using server = await setUp();
  const short = await requestToken(server, { expirationSeconds: 600 });
  const day = await requestToken(server, { expirationSeconds: 2 * DAY / 1000 });
  assert.equal(await whoIs(server, { token: short }), SA);
  await server.clock.advance(601_000);
  assert.equal(await whoIs(server, { token: short }), 401);
  assert.equal(await whoIs(server, { token: day }), SA);
});

Deno.test("security: tokens for others are not ours", async () => {
  await using server = await setUp();
  const token = await requestToken(server, { audiences: ["vault"] });
  assert.equal(await whoIs(server, { token }), 401);
  const review = async (audiences: string[]) => {
    const { status } = await asAdmin(
      server,
      "POST /apis/authentication.k8s.io/v1/tokenreviews",
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token, audiences },
      },
    );
    return status as { authenticated?: boolean; audiences?: string[] };
  };
  assert.deepEqual((await review(["vault", "other"])).audiences, ["vault"]);
  assert.notEqual((await review(["other"])).authenticated, true);
  assert.notEqual((await review([])).authenticated, true);
});

Deno.test("security: a token ends with its pod", async () => {
  await using server = await setUp();
  const uid = await makePod(server);
  const spec = { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "p", uid } };
  const token = await requestToken(server, spec);
  assert.equal(await whoIs(server, { token }), SA);
  await asAdmin(server, "DELETE /api/v1/namespaces/ns/pods/p?gracePeriodSeconds=0");
  await server.clock.advance(11_000);
  assert.equal(await whoIs(server, { token }), 401);
  await makePod(server);
  await server.clock.advance(11_000);
  assert.equal(await whoIs(server, { token }), 401, "another pod of that name");
});

Deno.test("security: a token ends with its account", async () => {
  await using server = await setUp();
  const token = await requestToken(server);
  assert.equal(await whoIs(server, { token }), SA);
  await asAdmin(server, "DELETE /api/v1/namespaces/ns/serviceaccounts/sa");
  await server.clock.advance(11_000);
  assert.equal(await whoIs(server, { token }), 401);
  await makeAccount(server);
  await server.clock.advance(11_000);
  assert.equal(await whoIs(server, { token }), 401, "another account of that name");
});

Deno.test("security: tokens are given only to who may ask for them", async () => {
  await using server = await setUp();
  const token = await requestToken(server);
  const ask = (account: string, spec: JsonObject = {}) =>
    sendAs(server, { token }, `POST /api/v1/namespaces/${account}/token`, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec,
    });
  for (const account of ["ns/serviceaccounts/sa", "kube-system/serviceaccounts/default"]) {
    assert.equal((await ask(account)).code, 403, account);
  }
});

Deno.test("security: a WebSocket's token is a token like others", async () => {
  await using server = await setUp();
  const token = await requestToken(server);
  const protocol = (written: string) => ({
    headers: {
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-protocol":
        `base64url.bearer.authorization.k8s.io.${written}, v4.channel.k8s.io`,
    },
  });
  const ask = async (written: string) =>
    (await sendAs(server, protocol(written), "GET /api/v1/namespaces/ns/pods?watch=true")).code;
  assert.equal(await ask(encode(token)), 403);
  assert.equal(await ask(encode("x")), 401);
  assert.equal(await ask("*"), 401);
});

Deno.test("security: a token in a Secret is as good as its Secret", async () => {
  await using server = await setUp();
  const { signing } = server.pki.serviceAccountKeys;
  const account = await asAdmin(server, "GET /api/v1/namespaces/ns/serviceaccounts/sa");
  const { uid } = account["metadata"] as { uid: string };
  const claim = (name: string) => `kubernetes.io/serviceaccount/${name}`;
  const token = await new SignJWT({
    iss: "kubernetes/serviceaccount",
    sub: SA,
    [claim("namespace")]: "ns",
    [claim("secret.name")]: "s",
    [claim("service-account.name")]: "sa",
    [claim("service-account.uid")]: uid,
  }).setProtectedHeader({ alg: signing.algorithm, kid: signing.keyId }).sign(signing.privateKey);
  assert.equal(await whoIs(server, { token }), 401, "no Secret has it");
  const secret = "/api/v1/namespaces/ns/secrets/s";
  await asAdmin(server, "POST /api/v1/namespaces/ns/secrets", {
    metadata: { name: "s", annotations: { "kubernetes.io/service-account.name": "sa" } },
    type: "kubernetes.io/service-account-token",
    stringData: { token },
  });
  assert.equal(await whoIs(server, { token }), SA);
  // It is written down beside the request, not before its answer.
  let day: string | undefined;
  for (let turn = 0; day === undefined && turn < 10_000; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    const { metadata } = await asAdmin(server, `GET ${secret}`);
    const { labels } = metadata as { labels?: Record<string, string> };
    day = labels?.["kubernetes.io/legacy-token-last-used"];
  }
  assert.equal(day, "2026-01-01");
  const changes: JsonObject[] = [
    { metadata: { labels: { "kubernetes.io/legacy-token-invalid-since": "2026-01-01" } } },
    {
      metadata: { labels: { "kubernetes.io/legacy-token-invalid-since": null } },
      data: { token: btoa("another") },
    },
  ];
  for (const change of changes) {
    await asAdmin(server, `PATCH ${secret}`, change);
    await server.clock.advance(11_000);
    assert.equal(await whoIs(server, { token }), 401, JSON.stringify(change));
  }
  await asAdmin(server, `PATCH ${secret}`, { data: { token: btoa(token) } });
  assert.equal(await whoIs(server, { token }), SA);
  await asAdmin(server, `DELETE ${secret}`);
  await server.clock.advance(11_000);
  assert.equal(await whoIs(server, { token }), 401, "its Secret is gone");
});
