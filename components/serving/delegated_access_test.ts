import assert from "node:assert/strict";
import { FakeClock, type JsonObject } from "../base/mod.ts";
import { Client } from "../client/mod.ts";
import { DelegatedAccess } from "./delegated_access.ts";

/** A server that knows one token, and lets its owner read metrics. */
function access() {
  const asked: string[] = [];
  const client = new Client({
    server: "http://api",
    userAgent: "test",
    fetch: async (request) => {
      const body = await request.json() as { kind: string; spec: JsonObject };
      asked.push(body.kind);
      const { spec } = body;
      const status = body.kind === "TokenReview"
        ? spec["token"] === "good"
          ? { authenticated: true, user: { username: "jane", groups: ["devs"] } }
          : { authenticated: false }
        : {
          allowed: spec["user"] === "jane" &&
            (spec["nonResourceAttributes"] as JsonObject)["path"] === "/metrics",
        };
      return Response.json({ ...body, status });
    },
  });
  const clock = new FakeClock();
  return { asked, clock, access: new DelegatedAccess(client, clock) };
}

const CASES: readonly (readonly [string, string, number | undefined, string])[] = [
  ["Bearer good", "/metrics", undefined, ""],
  ["Bearer good", "/configz", 403, 'forbidden: User "jane" cannot get path "/configz"'],
  ["Bearer bad", "/metrics", 401, "Unauthorized"],
  ["Basic x", "/metrics", 401, "Unauthorized"],
  ["", "/metrics", 403, 'forbidden: User "system:anonymous" cannot get path "/metrics"'],
];

for (const [authorization, path, code, message] of CASES) {
  Deno.test(`DelegatedAccess: ${authorization || "nobody"} asks for ${path}`, async () => {
    const request = new Request(`https://here${path}`, {
      headers: authorization === "" ? {} : { authorization },
    });
    const refusal = await access().access.refusal(request, { address: "127.0.0.1" });
    assert.equal(refusal?.code, code);
    assert.equal(refusal?.message ?? "", message);
  });
}

Deno.test("DelegatedAccess believes no certificate that nobody vouches for", async () => {
  const request = new Request("https://here/metrics");
  const peer = { address: "127.0.0.1", unverified: true } as const;
  assert.equal((await access().access.refusal(request, peer))?.code, 401);
});

Deno.test("DelegatedAccess remembers answers for ten seconds", async () => {
  const { access: delegated, asked, clock } = access();
  const ask = () =>
    delegated.refusal(
      new Request("https://here/metrics", { headers: { authorization: "Bearer good" } }),
      { address: "127.0.0.1" },
    );
  await ask();
  await ask();
  assert.deepEqual(asked, ["TokenReview", "SubjectAccessReview"]);
  await clock.advance(10_000);
  await ask();
  assert.equal(asked.length, 4);
});
