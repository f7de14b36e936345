import assert from "node:assert/strict";
import { FakeClock, seededRandom } from "../../base/mod.ts";
import { CertificateAuthority, decodePem, generateKeyPair, openPki } from "../../pki/mod.ts";
import { RequestAuthenticator, staticTokens } from "./mod.ts";
import { FRONT_PROXY_HEADERS, requestHeaders } from "./request_headers.ts";

const clock = new FakeClock();
const random = seededRandom(1);
const pki = await openPki(undefined, { clock, random });

async function certificate(authority: CertificateAuthority, commonName: string) {
  const { publicKey } = await generateKeyPair();
  const pem = await authority.sign(
    { subject: { commonName, organizations: ["ops"] }, usages: ["client"] },
    publicKey,
  );
  return decodePem(pem)[0]!.bytes;
}

function chain(names = ["front-proxy-client"], anonymous = true) {
  return new RequestAuthenticator({
    tokens: staticTokens(new Map([["t", { username: "token", groups: [] }]]), ["api"]),
    apiAudiences: ["api"],
    anonymous: { enabled: anonymous, paths: new Set(["/livez"]) },
    clientAuthority: pki.authority.certificate,
    frontProxies: {
      ...FRONT_PROXY_HEADERS,
      authority: pki.frontProxyAuthority.certificate,
      allowedNames: names,
    },
    clock,
  });
}

const ask = (
  authenticator: RequestAuthenticator,
  certificate: Uint8Array | undefined,
  headers: Record<string, string> = {},
  path = "/api",
) =>
  authenticator.authenticate(new Request(`http://x${path}`, { headers }), {
    address: "a:1",
    ...(certificate === undefined ? {} : { certificate }),
  });

const JANE = {
  "x-remote-user": "jane",
  "x-remote-uid": "7",
  "x-remote-group": "devs, ops",
  "x-remote-extra-scopes": "a, b",
  "x-remote-extra-example.com%2fx": "c",
};

Deno.test("a front proxy says for whom it asks", async () => {
  const proxy = await certificate(pki.frontProxyAuthority, "front-proxy-client");
  assert.deepEqual(await ask(chain(), proxy, JANE), {
    username: "jane",
    uid: "7",
    groups: ["devs", "ops", "system:authenticated"],
    extra: { scopes: ["a", "b"], "example.com/x": ["c"] },
  });
  const token = await ask(chain(), proxy, { authorization: "Bearer t" });
  assert.equal(token.username, "token");
});

Deno.test("nobody else's headers count", async () => {
  const client = await certificate(pki.authority, "john");
  const john = await ask(chain(), client, JANE);
  assert.deepEqual([john.username, ...john.groups], ["john", "ops", "system:authenticated"]);
  // A client that bears a proxy's name is no proxy: another authority signed it.
  const named = await ask(chain(), await certificate(pki.authority, "front-proxy-client"), JANE);
  assert.equal(named.username, "front-proxy-client");
  const anonymous = await ask(chain(), undefined, JANE, "/livez");
  assert.equal(anonymous.username, "system:anonymous");
});

Deno.test("the proxies' authority signs no clients", async () => {
  const forged = await certificate(pki.frontProxyAuthority, "system:admin");
  await assert.rejects(ask(chain(), forged), { code: 401 });
  await assert.rejects(ask(chain(), forged, JANE), { code: 401 });
  await assert.rejects(ask(chain([]), forged), { code: 401 });
  assert.equal((await ask(chain([]), forged, JANE)).username, "jane");
  const stranger = await CertificateAuthority.create(
    "other",
    await generateKeyPair(),
    clock,
    random,
  );
  await assert.rejects(ask(chain([]), await certificate(stranger, "jane"), JANE, "/livez"), {
    code: 401,
  });
});

Deno.test("anonymous access is for the paths that it is given for", async () => {
  const cases: [string, boolean][] = [
    ["/livez", true],
    ["/livez?verbose", true],
    ["/livez/ping", false],
    ["/%6civez", false],
    ["/api", false],
  ];
  for (const [path, open] of cases) {
    const asked = ask(chain(), undefined, {}, path).then(() => true, () => false);
    assert.equal(await asked, open, path);
  }
});

Deno.test("headers of other names, the first that is there", async () => {
  const proxies = requestHeaders({
    authority: pki.frontProxyAuthority.certificate,
    allowedNames: [],
    usernameHeaders: ["X-Login", "X-Remote-User"],
    uidHeaders: ["X-Id"],
    groupHeaders: ["X-Team", "X-Club"],
    extraPrefixes: ["X-More-", "X-Also-"],
  }, clock);
  const proxy = await certificate(pki.frontProxyAuthority, "any");
  const userOf = (headers: Record<string, string>) =>
    proxies.authenticate(new Request("http://x/", { headers }), {
      address: "a:1",
      certificate: proxy,
    });
  assert.deepEqual(
    await userOf({
      "x-remote-user": "second",
      "x-login": "first",
      "x-id": "7",
      "x-club": "chess",
      "x-team": "devs, ops",
      "x-more-a": "1",
      "x-also-a": "2",
      "x-remote-extra-a": "3",
      "x-remote-group": "system:masters",
    }),
    { username: "first", uid: "7", groups: ["devs", "ops", "chess"], extra: { a: ["2", "1"] } },
  );
  assert.equal((await userOf({ "x-remote-user": "second" }))?.username, "second");
  assert.equal(await userOf({ "x-user": "other" }), undefined);
});
