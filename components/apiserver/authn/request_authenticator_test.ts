import assert from "node:assert/strict";
import { FakeClock, seededRandom } from "../../base/mod.ts";
import { decodePem, openPki } from "../../pki/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import type { Peer, UserInfo } from "../ports.ts";
import { bearerToken, bootstrapTokens, RequestAuthenticator, staticTokens } from "./mod.ts";
import { FRONT_PROXY_HEADERS } from "./request_headers.ts";

const PEER: Peer = { address: "127.0.0.1:1" };
const ADMIN: UserInfo = { username: "admin", groups: ["system:masters"] };

const PKI = await openPki(undefined, { clock: new FakeClock(), random: seededRandom(1) });

function authenticator(anonymous = true, clock = new FakeClock()) {
  return new RequestAuthenticator({
    tokens: staticTokens(new Map([["secret", ADMIN]]), ["api"]),
    apiAudiences: ["api"],
    anonymous: { enabled: anonymous },
    clientAuthority: PKI.authority.certificate,
    frontProxies: {
      ...FRONT_PROXY_HEADERS,
      authority: PKI.frontProxyAuthority.certificate,
      allowedNames: ["front-proxy-client"],
    },
    clock,
  });
}

const request = (headers: Record<string, string> = {}) => new Request("http://x/api", { headers });
const bearer = (token: string) => request({ authorization: `Bearer ${token}` });

Deno.test("RequestAuthenticator knows tokens, callers of this process and nobody", async () => {
  const chain = authenticator();
  assert.deepEqual(await chain.authenticate(bearer("secret"), PEER), {
    username: "admin",
    groups: ["system:masters", "system:authenticated"],
  });
  const inside = await chain.authenticate(request(), { ...PEER, user: ADMIN });
  assert.equal(inside.username, "admin");
  assert.deepEqual(await chain.authenticate(request(), PEER), {
    username: "system:anonymous",
    groups: ["system:unauthenticated"],
  });
  await assert.rejects(chain.authenticate(bearer("wrong"), PEER), {
    code: 401,
    message: "Unauthorized",
  });
  await assert.rejects(authenticator(false).authenticate(request(), PEER), { code: 401 });
});

Deno.test("RequestAuthenticator takes a certificate before a token, until it expires", async () => {
  const clock = new FakeClock();
  const { certificate } = await PKI.client("c", {
    commonName: "jane",
    organizations: ["devs", "ops"],
  });
  const peer = { ...PEER, certificate: decodePem(certificate)[0]!.bytes };
  const chain = authenticator(true, clock);
  const user = await chain.authenticate(bearer("secret"), peer);
  assert.equal(user.username, "jane");
  assert.deepEqual(user.groups, ["devs", "ops", "system:authenticated"]);
  assert.match(
    user.extra?.["authentication.kubernetes.io/credential-id"]?.[0] ?? "",
    /^X509SHA256=[0-9a-f]{64}$/,
  );
  await clock.advance(366 * 86_400_000);
  await assert.rejects(chain.authenticate(request(), peer), { code: 401 });
  const broken = { ...PEER, certificate: new Uint8Array([0x30, 0x03, 1]) };
  await assert.rejects(chain.authenticate(request(), broken), { code: 401 });
});

Deno.test("bearerToken reads the header and the WebSocket subprotocol", async (t) => {
  const encoded = new TextEncoder().encode("tök/en").toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
  const protocol = `base64url.bearer.authorization.k8s.io.${encoded}`;
  const cases: [Record<string, string>, string | undefined][] = [
    [{}, undefined],
    [{ authorization: "Bearer abc" }, "abc"],
    [{ authorization: "bearer  abc " }, "abc"],
    [{ authorization: "Bearer" }, undefined],
    [{ authorization: "Basic abc" }, undefined],
    [{ "sec-websocket-protocol": protocol }, undefined],
    [
      { upgrade: "websocket", "sec-websocket-protocol": `v4.channel.k8s.io, ${protocol}` },
      "tök/en",
    ],
    [{ upgrade: "websocket", "sec-websocket-protocol": "v4.channel.k8s.io" }, undefined],
  ];
  for (const [headers, token] of cases) {
    await t.step(JSON.stringify(headers), () => {
      assert.equal(bearerToken(new Headers(headers)), token);
    });
  }
});

Deno.test("bootstrapTokens checks the Secret that the token names", async (t) => {
  const clock = new FakeClock();
  const good: Record<string, string> = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-authentication": "true",
    "auth-extra-groups": "system:bootstrappers:workers,system:masters",
  };
  const ask = async (data: Record<string, string>, type = "bootstrap.kubernetes.io/token") => {
    const objects = new FakeObjects();
    const encoded = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, new TextEncoder().encode(value).toBase64()]),
    );
    const metadata = { name: "bootstrap-token-abcdef", namespace: "kube-system" };
    objects.put("", "secrets", Object.assign({ metadata }, { type, data: encoded }));
    const tokens = bootstrapTokens(objects, clock, ["api"]);
    return (await tokens.authenticateToken("abcdef.0123456789abcdef", ["api"]))?.user;
  };
  assert.deepEqual(await ask(good), {
    username: "system:bootstrap:abcdef",
    groups: ["system:bootstrappers", "system:bootstrappers:workers"],
  });
  const later = new Date(clock.now() + 1000).toISOString();
  assert.ok(await ask({ ...good, expiration: later }));
  const cases: [string, Record<string, string>][] = [
    ["another secret", { "token-secret": "0123456789abcdeX" }],
    ["expired", { expiration: new Date(clock.now()).toISOString() }],
    ["a time that is none", { expiration: "tomorrow" }],
    ["not for authentication", { "usage-bootstrap-authentication": "false" }],
  ];
  for (const [name, change] of cases) {
    await t.step(name, () => assert.rejects(ask({ ...good, ...change }), { code: 401 }));
  }
  await t.step("another type", () => assert.rejects(ask(good, "Opaque"), { code: 401 }));
});
