import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { FakeClock, type JsonObject } from "../../../base/mod.ts";
import { authenticationConfiguration, JwtTokens, oidcConfiguration } from "./mod.ts";

const URL = "https://issuer.example";
const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
const other = await generateKeyPair("RS256", { extractable: true });

/** An issuer on the net: its documents, how often they were asked for, and what goes wrong. */
class Issuer {
  asked: string[] = [];
  shown = "";
  documents = new Map<string, unknown>();
  failing = false;

  async publish(kid = "one", key = publicKey): Promise<this> {
    this.documents.set(`${URL}/.well-known/openid-configuration`, {
      issuer: URL,
      jwks_uri: `${URL}/keys`,
    });
    this.documents.set(`${URL}/keys`, {
      keys: [{ ...await exportJWK(key), kid, alg: "RS256", use: "sig" }],
    });
    return this;
  }

  readonly fetch = (request: Request): Promise<Response> => {
    this.asked.push(request.url);
    this.shown = request.headers.get("authorization") ?? "";
    if (this.failing) return Promise.reject(new Error("connection refused"));
    const document = this.documents.get(request.url);
    if (document === undefined) return Promise.resolve(new Response("", { status: 404 }));
    const text = typeof document === "string" ? document : JSON.stringify(document);
    return Promise.resolve(new Response(text));
  };
}

const USERNAME = { username: { claim: "sub", prefix: "x:" } };

function configuration(mappings: JsonObject = USERNAME, more: JsonObject = {}) {
  return authenticationConfiguration({
    jwt: [{ issuer: { url: URL, audiences: ["api"] }, claimMappings: mappings, ...more }],
  }, ["https://own"]);
}

function tokensOf(issuer: Issuer, config = configuration(), clock = new FakeClock()) {
  const tokens = new JwtTokens({ apiAudiences: ["own"], outbound: () => issuer.fetch, clock });
  tokens.configure(config.jwt);
  return { tokens, clock };
}

function sign(claims: JsonObject, { kid = "one", key = privateKey, alg = "RS256" } = {}) {
  const now = new FakeClock().now() / 1000;
  return new SignJWT({ iss: URL, aud: "api", sub: "jane", exp: now + 3600, ...claims })
    .setProtectedHeader({ alg, kid }).sign(key);
}

async function userOf(config: ReturnType<typeof configuration>, claims: JsonObject) {
  const { tokens } = tokensOf(await new Issuer().publish(), config);
  try {
    return (await tokens.authenticateToken(await sign(claims), ["own"]))?.user;
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("a token of a known issuer is its user, and its keys are fetched once", async () => {
  const issuer = await new Issuer().publish();
  const { tokens } = tokensOf(issuer);
  for (let i = 0; i < 3; i++) {
    const answer = await tokens.authenticateToken(await sign({ n: i }), ["own", "b"]);
    assert.deepEqual(answer, { user: { username: "x:jane", groups: [] }, audiences: ["own"] });
  }
  assert.deepEqual(issuer.asked, [`${URL}/.well-known/openid-configuration`, `${URL}/keys`]);
  assert.equal(await tokens.authenticateToken(await sign({}), ["b"]), undefined);
  assert.equal(
    await tokens.authenticateToken(await sign({ iss: "https://x" }), ["own"]),
    undefined,
  );
  assert.equal(await tokens.authenticateToken("no.jwt", ["own"]), undefined);
});

Deno.test("tokens that are not an issuer's, or no longer, are refused", async () => {
  const now = new FakeClock().now() / 1000;
  const none = [{ alg: "none" }, { iss: URL, aud: "api", sub: "root", exp: now + 60 }]
    .map((part) =>
      new TextEncoder().encode(JSON.stringify(part)).toBase64({
        alphabet: "base64url",
        omitPadding: true,
      })
    ).join(".") + ".";
  const jwk = JSON.stringify(await exportJWK(publicKey));
  const confused = await new SignJWT({ iss: URL, aud: "api", sub: "root", exp: now + 60 })
    .setProtectedHeader({ alg: "HS256", kid: "one" }).sign(new TextEncoder().encode(jwk));
  const cases: [string, string, string][] = [
    [
      "another key of that name",
      await sign({}, { key: other.privateKey }),
      "failed to verify signature",
    ],
    ["a key that nobody published", await sign({}, { kid: "two" }), "failed to verify signature"],
    ["expired", await sign({ exp: now - 1 }), "token is expired"],
    ["without an end", await sign({ exp: undefined as never }), "exp"],
    ["not yet", await sign({ nbf: now + 400 }), "nbf"],
    [
      "for another audience",
      await sign({ aud: ["other"] }),
      'expected audience in ["api"] got ["other"]',
    ],
    ["unsigned", none, "alg"],
    ["signed with the public key as a secret", confused, "alg"],
  ];
  for (const [name, token, message] of cases) {
    const { tokens } = tokensOf(await new Issuer().publish());
    await assert.rejects(tokens.authenticateToken(token, ["own"]), (error: Error) => {
      assert.equal((error as Error & { code: number }).code, 401, name);
      assert.ok(error.message.includes(message), `${name}: ${error.message}`);
      return true;
    });
  }
  const { tokens } = tokensOf(await new Issuer().publish());
  assert.ok(await tokens.authenticateToken(await sign({ nbf: now + 200 }), ["own"]));
});

Deno.test("new keys are found, but not asked for at every wrong token", async () => {
  const issuer = await new Issuer().publish();
  const { tokens, clock } = tokensOf(issuer);
  assert.ok(await tokens.authenticateToken(await sign({}), ["own"]));
  await issuer.publish("two", other.publicKey);
  const fresh = await sign({}, { kid: "two", key: other.privateKey });
  await assert.rejects(tokens.authenticateToken(fresh, ["own"]));
  assert.equal(issuer.asked.length, 2);
  await clock.advance(11_000);
  assert.ok(await tokens.authenticateToken(fresh, ["own"]));
  assert.equal(issuer.asked.length, 4);
  await assert.rejects(tokens.authenticateToken(await sign({}), ["own"]));
  assert.equal(issuer.asked.length, 4);
});

Deno.test("known keys serve while the issuer is away, and are forgotten once it withdraws them", async () => {
  const issuer = await new Issuer().publish();
  const { tokens, clock } = tokensOf(issuer);
  const far = clock.now() / 1000 + 20_000;
  const ask = async (n: number) => tokens.authenticateToken(await sign({ exp: far, n }), ["own"]);
  assert.ok(await ask(1));
  issuer.failing = true;
  await clock.advance(3_601_000);
  assert.ok(await ask(2));
  issuer.failing = false;
  await issuer.publish("two", other.publicKey);
  await clock.advance(11_000);
  await ask(3).catch(() => {});
  await clock.advance(11_000);
  await assert.rejects(ask(4), { code: 401 });
});

Deno.test("an issuer that cannot be reached is tried again later", async () => {
  const issuer = await new Issuer().publish();
  issuer.failing = true;
  const { tokens, clock } = tokensOf(issuer);
  const token = await sign({});
  await assert.rejects(tokens.authenticateToken(token, ["own"]), {
    code: 401,
    message: /is not initialized: connection refused/,
  });
  issuer.failing = false;
  await assert.rejects(tokens.authenticateToken(token, ["own"]));
  await clock.advance(11_000);
  assert.ok(await tokens.authenticateToken(token, ["own"]));
});

Deno.test("documents of another issuer, and endless ones, are not taken", async () => {
  const wrong = await new Issuer().publish();
  wrong.documents.set(`${URL}/.well-known/openid-configuration`, {
    issuer: "https://evil",
    jwks_uri: `${URL}/keys`,
  });
  const large = await new Issuer().publish();
  large.documents.set(`${URL}/keys`, { keys: [], padding: "x".repeat(2_000_000) });
  for (const [issuer, message] of [[wrong, /did not match/], [large, /more than/]] as const) {
    const { tokens } = tokensOf(issuer);
    await assert.rejects(tokens.authenticateToken(await sign({}), ["own"]), { message });
  }
});

Deno.test("claims become users by mappings and expressions", async () => {
  const groups = { groups: { claim: "roles", prefix: "g:" } };
  const cases: [JsonObject, JsonObject, JsonObject, unknown][] = [
    [{ ...USERNAME, ...groups }, {}, { roles: ["a", "b"] }, {
      username: "x:jane",
      groups: ["g:a", "g:b"],
    }],
    [{ ...USERNAME, ...groups }, {}, { roles: "a" }, { username: "x:jane", groups: ["g:a"] }],
    [
      { ...USERNAME, ...groups },
      {},
      { roles: [1] },
      "oidc: groups claim must be a string or a list of strings",
    ],
    [
      {
        username: { expression: "claims.sub + ':external'" },
        groups: { expression: "claims.roles.filter(r, r != 'b')" },
        uid: { claim: "oid" },
        extra: [{ key: "example.com/tenant", valueExpression: "claims.tenant" }],
      },
      {},
      { roles: ["a", "b"], oid: "7", tenant: "t" },
      {
        username: "jane:external",
        groups: ["a"],
        uid: "7",
        extra: { "example.com/tenant": ["t"] },
      },
    ],
    [
      { username: { claim: "email", prefix: "" } },
      {},
      { email: "j@e.com", email_verified: false },
      "oidc: email not verified",
    ],
    [
      { username: { claim: "upn", prefix: "" } },
      {},
      {},
      'oidc: parse username claims "upn": claim not present',
    ],
    [
      USERNAME,
      { claimValidationRules: [{ claim: "hd", requiredValue: "e.com" }] },
      { hd: "o.com" },
      "oidc: required claim hd value does not match. Got = o.com, want = e.com",
    ],
    [
      USERNAME,
      { claimValidationRules: [{ expression: "claims.hd == 'e.com'", message: "who are you" }] },
      { hd: "o.com" },
      "oidc: who are you",
    ],
    [
      { username: { claim: "sub", prefix: "" } },
      {
        userValidationRules: [{
          expression: "!user.username.startsWith('system:')",
          message: "reserved",
        }],
      },
      { sub: "system:admin" },
      "oidc: reserved",
    ],
    [
      { username: { expression: "claims.missing" } },
      {},
      {},
      "oidc: error evaluating username expression: no such key: missing",
    ],
  ];
  for (const [mappings, more, claims, expected] of cases) {
    assert.deepEqual(await userOf(configuration(mappings, more), claims), expected);
  }
});

Deno.test("configurations are refused where they are wrong", () => {
  const issuer = { url: URL, audiences: ["a"] };
  const good = { issuer, claimMappings: USERNAME };
  const cases: [JsonObject[], RegExp][] = [
    [
      [{ ...good, issuer: { ...issuer, url: "http://x" } }],
      /jwt\[0\].issuer.url: .*scheme must be https/,
    ],
    [
      [{ ...good, issuer: { ...issuer, url: "https://own" } }],
      /must not overlap with disallowed issuers/,
    ],
    [[good, good], /jwt\[1\].issuer.url: Duplicate value/],
    [[{ ...good, issuer: { url: URL } }], /at least one jwt\[0\].issuer.audiences is required/],
    [[{ ...good, issuer: { ...issuer, audiences: ["a", "b"] } }], /must be MatchAny/],
    [
      [{ ...good, claimMappings: { username: { claim: "sub" } } }],
      /prefix is required when claim is set/,
    ],
    [[{ ...good, claimMappings: { username: {} } }], /claim or expression is required/],
    [
      [{ ...good, claimMappings: { username: { expression: "1 +" } } }],
      /username.expression: Invalid value.*compilation failed/s,
    ],
    [[{ ...good, claimMappings: { username: { expression: "1" } } }], /must evaluate to/],
    [
      [{ ...good, claimMappings: { username: { expression: "claims.email" } } }],
      /email_verified must be used/,
    ],
    [[{
      ...good,
      claimMappings: { ...USERNAME, extra: [{ key: "k8s.io/a", valueExpression: "''" }] },
    }], /reserved/],
    [[{ ...good, claimValidationRules: [{}] }], /claim or expression is required/],
    [[{ ...good, unknown: 1 }], /unknown field "jwt\[0\].unknown"/],
  ];
  for (const [jwt, message] of cases) {
    assert.throws(() => authenticationConfiguration({ jwt }, ["https://own"]), {
      name: "ConfigurationError",
      message,
    });
  }
  const open = authenticationConfiguration({
    anonymous: { enabled: true, conditions: [{ path: "/livez" }] },
  }, []);
  assert.deepEqual(open.anonymous, { enabled: true, paths: new Set(["/livez"]) });
});

Deno.test("the older flags stand for a configuration", async () => {
  const flags = { issuerUrl: URL, clientId: "api" };
  const plain = oidcConfiguration(flags, []);
  assert.deepEqual(await userOf(plain, {}), { username: `${URL}#jane`, groups: [] });
  const full = oidcConfiguration({
    ...flags,
    usernameClaim: "email",
    groupsClaim: "groups",
    groupsPrefix: "o:",
    requiredClaims: new Map([["hd", "e.com"]]),
  }, []);
  assert.deepEqual(await userOf(full, { email: "j@e.com", groups: ["a"], hd: "e.com" }), {
    username: "j@e.com",
    groups: ["o:a"],
  });
  const none = oidcConfiguration({ ...flags, usernamePrefix: "-" }, []);
  assert.deepEqual(await userOf(none, {}), { username: "jane", groups: [] });
});

Deno.test("a claim that lies elsewhere is fetched, and believed if it is signed", async () => {
  const CLAIMS = "https://claims.example";
  const groups = configuration({ ...USERNAME, groups: { claim: "roles", prefix: "" } });
  const issuer = await new Issuer().publish();
  const { documents } = issuer;
  documents.set(`${CLAIMS}/.well-known/openid-configuration`, {
    issuer: CLAIMS,
    jwks_uri: `${CLAIMS}/keys`,
  });
  documents.set(`${CLAIMS}/keys`, {
    keys: [{ ...await exportJWK(other.publicKey), kid: "theirs", alg: "RS256", use: "sig" }],
  });
  const elsewhere = { kid: "theirs", key: other.privateKey };
  const told = (name: string, claims: JsonObject, by = elsewhere) =>
    sign({ iss: CLAIMS, ...claims }, by).then((token) =>
      void documents.set(`${CLAIMS}/${name}`, token)
    );
  await told("good", { roles: ["a", "b"] });
  await told("forged", { roles: ["a"] }, { kid: "theirs", key: privateKey });
  await told("others", { roles: ["a"], aud: "somebody" });
  await told("empty", {});
  documents.set(`${CLAIMS}/nonsense`, "no token");
  const at = (endpoint: string, more: JsonObject = {}) => ({
    _claim_names: { roles: "src" },
    _claim_sources: { src: { endpoint, ...more } },
  });
  const { tokens } = tokensOf(issuer, groups);
  const ask = async (claims: JsonObject) => {
    try {
      return (await tokens.authenticateToken(await sign(claims), ["own"]))?.user.groups;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const FAILED = "oidc: could not expand distributed claims: ";
  const cases: [JsonObject, unknown][] = [
    [at(`${CLAIMS}/good`, { access_token: "secret" }), ["a", "b"]],
    // What is in the token itself counts, and so does nothing at all.
    [{ ...at(`${CLAIMS}/forged`), roles: ["own"] }, ["own"]],
    [{ _claim_names: { other: "src" }, _claim_sources: {} }, []],
    [{ _claim_names: { roles: "src" }, _claim_sources: { src: { JWT: "x" } } }, []],
    [{ _claim_names: { roles: "src" } }, `${FAILED}oidc: no claim sources`],
    [{ _claim_names: "roles" }, `${FAILED}oidc: error parsing distributed claim names`],
    [
      { _claim_names: { roles: "src" }, _claim_sources: {} },
      `${FAILED}id token _claim_names contained a source src missing in _claims_sources`,
    ],
    [
      at(`${CLAIMS}/forged`),
      `${FAILED}verify distributed claim token: oidc: verify token: failed to verify signature: ` +
      "failed to verify id token signature",
    ],
    [at(`${CLAIMS}/others`), `${FAILED}oidc: expected audience in ["api"] got ["somebody"]`],
    [
      at(`${CLAIMS}/empty`),
      `${FAILED}jwt returned by distributed claim endpoint "${CLAIMS}/empty" did not contain claim: roles`,
    ],
    [
      at(`${CLAIMS}/nonsense`),
      `${FAILED}getting untrusted issuer from endpoint ${CLAIMS}/nonsense failed for claim "roles"`,
    ],
    [
      at(`${CLAIMS}/none`),
      `${FAILED}while getting distributed claim "roles": error while getting distributed claim JWT: 404`,
    ],
    [
      at("http://169.254.169.254/"),
      `${FAILED}while getting distributed claim "roles": http://169.254.169.254/ is not asked by https`,
    ],
  ];
  for (const [claims, expected] of cases) {
    assert.deepEqual(await ask(claims), expected, JSON.stringify(claims));
    if (Array.isArray(expected) && expected.length === 2) {
      assert.ok(issuer.asked.includes(`${CLAIMS}/good`));
    }
  }
  await ask({ ...at(`${CLAIMS}/good`, { access_token: "secret" }), n: 1 });
  assert.equal(issuer.shown, "Bearer secret");
});
