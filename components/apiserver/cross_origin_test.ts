import assert from "node:assert/strict";
import { withCrossOrigin } from "./cross_origin.ts";

const PEER = { address: "test" };
const handle = (request: Request) =>
  Promise.resolve(new Response(request.method, { headers: { date: "now" } }));

const CASES: readonly (readonly [string, string, string | undefined, number, boolean])[] = [
  ["an origin that is let in", "GET", "https://app.test", 200, true],
  ["what a browser asks ahead", "OPTIONS", "https://app.test", 204, true],
  ["another origin", "GET", "https://evil.test", 200, false],
  [
    "an origin that only ends like it",
    "GET",
    "https://evil.test/https://app.test.evil",
    200,
    false,
  ],
  ["another origin asking ahead", "OPTIONS", "https://evil.test", 200, false],
  ["no page at all", "OPTIONS", undefined, 200, false],
];
for (const [name, method, origin, status, allowed] of CASES) {
  Deno.test(`withCrossOrigin of ${name}`, async () => {
    const guarded = withCrossOrigin(handle, ["^https://app\\.test(:[0-9]+)?$"]);
    const headers = origin === undefined ? {} : { origin };
    const answer = await guarded(new Request("https://api.test/api", { method, headers }), PEER);
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get("access-control-allow-origin"), allowed ? origin : null);
    assert.equal(answer.headers.get("access-control-allow-credentials"), allowed ? "true" : null);
  });
}

Deno.test("withCrossOrigin changes nothing without origins, and takes no bad pattern", () => {
  assert.equal(withCrossOrigin(handle, []), handle);
  assert.throws(() => withCrossOrigin(handle, ["("]), /invalid CORS allowed origin/);
});
