import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { FakeClock, seededRandom } from "../../base/mod.ts";
import { openPki } from "../../pki/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import { LEGACY_ISSUER, ServiceAccountTokens, TokenCache } from "./mod.ts";

const ISSUER = "https://kubernetes.default.svc.cluster.local";
const AUDIENCE = "api";

async function setup() {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const [pki, stranger] = await Promise.all([
    openPki(undefined, { clock, random }),
    openPki(undefined, { clock, random }),
  ]);
  const reader = new FakeObjects();
  reader.put("", "serviceaccounts", { metadata: { name: "sa", namespace: "ns" } });
  reader.put("", "pods", { metadata: { name: "p", namespace: "ns" } });
  reader.put("", "nodes", { metadata: { name: "n" } });
  const tokens = new ServiceAccountTokens({
    keys: pki.serviceAccountKeys,
    issuers: [ISSUER],
    apiAudiences: [AUDIENCE],
    reader,
    clock,
  });
  const seconds = clock.now() / 1000;
  const claims = (change: Record<string, unknown> = {}) => ({
    iss: ISSUER,
    aud: [AUDIENCE],
    iat: seconds,
    nbf: seconds,
    exp: seconds + 3600,
    jti: "id",
    sub: "system:serviceaccount:ns:sa",
    "kubernetes.io": { namespace: "ns", serviceaccount: { name: "sa", uid: "uid-of-sa" } },
    ...change,
  });
  const sign = (payload: Record<string, unknown>, { signing } = pki.serviceAccountKeys) =>
    new SignJWT(payload).setProtectedHeader({ alg: signing.algorithm, kid: signing.keyId })
      .sign(signing.privateKey);
  return { clock, reader, tokens, claims, sign, pki, stranger, seconds };
}

Deno.test("ServiceAccountTokens answers the account of a good token", async () => {
  const { tokens, sign, claims } = await setup();
  const bound = {
    namespace: "ns",
    serviceaccount: { name: "sa", uid: "uid-of-sa" },
    pod: { name: "p", uid: "uid-of-p" },
    node: { name: "n", uid: "uid-of-n" },
  };
  const token = await sign(claims({ "kubernetes.io": bound, aud: ["other", AUDIENCE] }));
  assert.deepEqual(await tokens.authenticateToken(token, [AUDIENCE]), {
    audiences: [AUDIENCE],
    user: {
      username: "system:serviceaccount:ns:sa",
      uid: "uid-of-sa",
      groups: ["system:serviceaccounts", "system:serviceaccounts:ns"],
      extra: {
        "authentication.kubernetes.io/pod-name": ["p"],
        "authentication.kubernetes.io/pod-uid": ["uid-of-p"],
        "authentication.kubernetes.io/node-name": ["n"],
        "authentication.kubernetes.io/node-uid": ["uid-of-n"],
        "authentication.kubernetes.io/credential-id": ["JTI=id"],
      },
    },
  });
});

Deno.test("ServiceAccountTokens refuses what is wrong", async (t) => {
  const { tokens, sign, claims, seconds, stranger, pki } = await setup();
  const account = { name: "sa", uid: "uid-of-sa" };
  const bound = (extra: Record<string, unknown>) =>
    claims({ "kubernetes.io": { namespace: "ns", serviceaccount: account, ...extra } });
  const parts = (await sign(claims())).split(".");
  const base64url = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
  const spki = new Uint8Array(
    await crypto.subtle.exportKey("spki", pki.serviceAccountKeys.signing.publicKey),
  );
  const cases: [string, Promise<string> | string][] = [
    ["expired", sign(claims({ exp: seconds - 1 }))],
    ["not yet valid", sign(claims({ nbf: seconds + 60 }))],
    ["another audience", sign(claims({ aud: ["other"] }))],
    ["no audience", sign(claims({ aud: [] }))],
    ["a stranger's key", sign(claims(), stranger.serviceAccountKeys)],
    [
      "a stranger's key under our name",
      new SignJWT(claims()).setProtectedHeader({
        alg: "ES256",
        kid: pki.serviceAccountKeys.signing.keyId,
      }).sign(stranger.serviceAccountKeys.signing.privateKey),
    ],
    ["no signature", `${parts[0]}.${parts[1]}.`],
    ["algorithm none", `${base64url({ alg: "none" })}.${parts[1]}.`],
    [
      "our public key as HMAC secret",
      new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(spki),
    ],
    [
      "changed claims",
      `${parts[0]}.${base64url(claims({ exp: seconds + 1e6 }))}.${parts[2]}`,
    ],
    ["incomplete claims", sign(claims({ "kubernetes.io": { namespace: "ns" } }))],
    ["no account", sign(bound({ serviceaccount: { name: "x", uid: "uid-of-x" } }))],
    ["another account's uid", sign(bound({ serviceaccount: { name: "sa", uid: "old" } }))],
    ["another pod's uid", sign(bound({ pod: { name: "p", uid: "old" } }))],
    ["no pod", sign(bound({ pod: { name: "x", uid: "uid-of-x" } }))],
    ["no secret", sign(bound({ secret: { name: "x", uid: "uid-of-x" } }))],
    ["no node", sign(bound({ node: { name: "x", uid: "uid-of-x" } }))],
  ];
  for (const [name, token] of cases) {
    await t.step(name, async () => {
      await assert.rejects(tokens.authenticateToken(await token, [AUDIENCE]), {
        name: "ApiError",
        code: 401,
      });
    });
  }
  for (const token of ["", "x", "a.b.c", "....", await sign(claims({ iss: "https://other" }))]) {
    await t.step(`not ours: ${token.slice(0, 12)}`, async () => {
      assert.equal(await tokens.authenticateToken(token, [AUDIENCE]), undefined);
    });
  }
});

Deno.test("a token outlives the deletion of its pod by a minute, and its removal not at all", async () => {
  const { tokens, sign, claims, reader, clock } = await setup();
  const token = await sign(claims({
    "kubernetes.io": {
      namespace: "ns",
      serviceaccount: { name: "sa", uid: "uid-of-sa" },
      pod: { name: "p", uid: "uid-of-p" },
    },
  }));
  const deletionTimestamp = new Date(clock.now()).toISOString();
  reader.put("", "pods", { metadata: { name: "p", namespace: "ns", deletionTimestamp } });
  assert.ok(await tokens.authenticateToken(token, [AUDIENCE]));
  await clock.advance(61_000);
  await assert.rejects(tokens.authenticateToken(token, [AUDIENCE]), { code: 401 });
  reader.put("", "pods", { metadata: { name: "p", namespace: "ns" } });
  assert.ok(await tokens.authenticateToken(token, [AUDIENCE]));
  reader.remove("", "pods", "ns", "p");
  await assert.rejects(tokens.authenticateToken(token, [AUDIENCE]), { code: 401 });
});

Deno.test("a token from a Secret lives as long as the Secret holds it", async () => {
  const { tokens, sign, reader } = await setup();
  const token = await sign({
    iss: LEGACY_ISSUER,
    sub: "system:serviceaccount:ns:sa",
    "kubernetes.io/serviceaccount/namespace": "ns",
    "kubernetes.io/serviceaccount/secret.name": "s",
    "kubernetes.io/serviceaccount/service-account.name": "sa",
    "kubernetes.io/serviceaccount/service-account.uid": "uid-of-sa",
  });
  await assert.rejects(tokens.authenticateToken(token, [AUDIENCE]), { code: 401 });
  const data = (text: string) => ({ token: new TextEncoder().encode(text).toBase64() });
  const metadata = { name: "s", namespace: "ns" };
  reader.put("", "secrets", Object.assign({ metadata }, { data: data(token) }));
  const answer = await tokens.authenticateToken(token, [AUDIENCE]);
  assert.equal(answer?.user.username, "system:serviceaccount:ns:sa");
  reader.put("", "secrets", Object.assign({ metadata }, { data: data("rotated") }));
  await assert.rejects(tokens.authenticateToken(token, [AUDIENCE]), { code: 401 });
});

Deno.test("TokenCache asks once in ten seconds, and each time for what was refused", async () => {
  const { tokens, sign, claims, clock } = await setup();
  let asked = 0;
  const cache = new TokenCache({
    authenticateToken(token, audiences) {
      asked++;
      return tokens.authenticateToken(token, audiences);
    },
  }, clock);
  const good = await sign(claims());
  for (const _ of [1, 2, 3]) assert.ok(await cache.authenticateToken(good, [AUDIENCE]));
  assert.equal(asked, 1);
  await clock.advance(10_000);
  assert.ok(await cache.authenticateToken(good, [AUDIENCE]));
  assert.equal(asked, 2);
  for (const _ of [1, 2]) {
    await assert.rejects(cache.authenticateToken(good, ["other"]), { code: 401 });
  }
  assert.equal(asked, 4);
});
