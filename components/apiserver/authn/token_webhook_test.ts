import assert from "node:assert/strict";
import { FakeClock, isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { TokenCache } from "./mod.ts";
import { tokenWebhook } from "./token_webhook.ts";

/** A webhook that answers one thing after the other, the last again and again. */
function setUp(...answers: (JsonValue | Error | number)[]) {
  const clock = new FakeClock();
  const asked: JsonObject[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    asked.push(await request.json());
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    if (typeof answer === "number") return new Response("", { status: answer });
    return Response.json(isJsonObject(answer ?? null) ? { status: answer } : answer);
  };
  const webhook = tokenWebhook({
    endpoint: { url: "https://hook/", fetch },
    version: "v1",
    apiAudiences: ["own"],
    clock,
  });
  return { asked, clock, webhook };
}

/** Lets pauses pass until the answer is there. */
async function settled<T>(clock: FakeClock, pending: Promise<T>): Promise<T> {
  let done = false;
  const result = pending.finally(() => done = true);
  result.catch(() => {});
  for (let i = 0; i < 100 && !done; i++) await clock.advance(100);
  return await result;
}

const JANE = { username: "jane", uid: "7", groups: ["a"], extra: { k: ["v"] } };

Deno.test("a webhook says whose a token is", async () => {
  const { asked, webhook } = setUp({ authenticated: true, user: JANE });
  const answer = await webhook.authenticateToken("t", ["own", "other"]);
  assert.deepEqual(answer, { user: JANE, audiences: ["own"] });
  assert.deepEqual(asked, [{
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    metadata: {},
    spec: { token: "t", audiences: ["own", "other"] },
  }]);
});

Deno.test("a webhook knows not every token, and not for everybody", async () => {
  const unknown: JsonObject[] = [
    {},
    { authenticated: false, user: JANE },
    { authenticated: true },
    { authenticated: true, user: JANE, audiences: ["third"] },
  ];
  for (const status of unknown) {
    assert.equal(await setUp(status).webhook.authenticateToken("t", ["own"]), undefined);
  }
});

Deno.test("what passes by itself is tried again, the rest is an error", async () => {
  const flaky = setUp(new Error("refused"), 503, { authenticated: true, user: JANE });
  const pending = flaky.webhook.authenticateToken("t", ["own"]);
  assert.ok(await settled(flaky.clock, pending));
  assert.equal(flaky.asked.length, 3);
  const down = setUp(500);
  await assert.rejects(settled(down.clock, down.webhook.authenticateToken("t", ["own"])), {
    code: 500,
  });
  assert.equal(down.asked.length, 5);
  const wrong = setUp(404);
  await assert.rejects(wrong.webhook.authenticateToken("t", ["own"]), { code: 500 });
  await assert.rejects(setUp(["x"]).webhook.authenticateToken("t", ["own"]), { code: 500 });
});

Deno.test("good answers are remembered as long as is said", async () => {
  const { asked, clock, webhook } = setUp({ authenticated: true, user: JANE });
  const cached = new TokenCache(webhook, clock, 5000);
  for (let i = 0; i < 3; i++) await cached.authenticateToken("t", ["own"]);
  assert.equal(asked.length, 1);
  await clock.advance(6000);
  await cached.authenticateToken("t", ["own"]);
  assert.equal(asked.length, 2);
});
