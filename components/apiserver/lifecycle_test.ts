import assert from "node:assert/strict";
import { ApiError, FakeClock, MetricRegistry, seededRandom, silentLogger } from "../base/mod.ts";
import { type AppOptions, createApp } from "./app.ts";
import { InFlightGate } from "./fairness/in_flight_gate.ts";
import { Lifecycle } from "./lifecycle.ts";
import { ServerMetrics } from "./metrics/mod.ts";
import { timeoutOf } from "./request_deadline.ts";

const PEER = { address: "test", user: { username: "a", groups: ["system:authenticated"] } };

function open(resources: AppOptions["resources"]) {
  const clock = new FakeClock();
  const registry = new MetricRegistry();
  const lifecycle = new Lifecycle(clock);
  const app = createApp({
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: new ServerMetrics(registry, () => true),
    authenticator: { authenticate: (_request, peer) => Promise.resolve(peer.user) },
    authorizer: { authorize: () => ({ allowed: true, reason: "" }) },
    gate: new InFlightGate(),
    resources,
    endpoints: () => Promise.resolve(new Response("ok")),
    lifecycle,
    timeoutMilliseconds: 60_000,
  });
  const get = (path: string) => app.handle(new Request(`http://server${path}`), PEER);
  return { clock, registry, lifecycle, app, get };
}

const forever = () => new Promise<Response>(() => {});

Deno.test("timeoutOf takes what is asked for, at most the server's own", () => {
  const cases: [string, number][] = [
    ["", 60_000],
    ["timeout=5s", 5000],
    ["timeout=0s", 60_000],
    ["timeout=-5s", 60_000],
    ["timeout=5m", 60_000],
    ["timeout=", 60_000],
  ];
  for (const [query, expected] of cases) {
    assert.equal(timeoutOf(new URLSearchParams(query), 60_000), expected, query);
  }
  assert.throws(
    () => timeoutOf(new URLSearchParams("timeout=soon"), 60_000),
    (error: ApiError) =>
      error.code === 400 &&
      error.message ===
        'invalid timeout specified in the request URL - time: invalid duration "soon"',
  );
});

Deno.test("a request that takes too long is answered with 504, and its late answer is dropped", async () => {
  let cancelled = false;
  const late = Promise.withResolvers<Response>();
  const { clock, registry, get, app } = open((_request, query) =>
    query.has("late") ? late.promise : forever()
  );
  const pods = get("/api/v1/pods");
  const hurried = get("/api/v1/pods?timeout=2s&late");
  await clock.advance(2000);
  const answer = await hurried;
  assert.equal(answer.status, 504);
  const status = await answer.json();
  assert.equal(status.message, "Timeout: request did not complete within the allotted timeout");
  assert.equal(status.reason, "Timeout");
  late.resolve(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
  await clock.advance(59_000);
  assert.equal((await pods).status, 504);
  assert.ok(cancelled);
  const text = registry.text();
  assert.match(text, /apiserver_request_terminations_total\{verb="LIST",.*code="504"\} 2/);
  assert.match(text, /apiserver_request_post_timeout_total\{.*status="ok"\} 1/);
  app.close();
  assert.equal(clock.pending, 0);
});

Deno.test("requests that last have no deadline", async () => {
  const { clock, get, app } = open(forever);
  let done = false;
  void get("/api/v1/pods?watch=true").then(() => done = true);
  await clock.advance(120_000);
  assert.equal(done, false);
  app.close();
});

Deno.test("a server that ends finishes what it has, and takes nothing new", async () => {
  const running = Promise.withResolvers<Response>();
  const { clock, lifecycle, get, app } = open(() => running.promise);
  const pods = get("/api/v1/pods");
  await clock.advance(0);
  const stopped = lifecycle.stop(5000, 60_000);
  assert.equal(lifecycle.stopping, true);
  const other = get("/version");
  assert.equal((await other).status, 200);
  assert.equal(lifecycle.watches.aborted, false);
  await clock.advance(5000);
  assert.equal(lifecycle.watches.aborted, true);
  for (const path of ["/api/v1/pods", "/api/v1/pods?watch=true", "/version"]) {
    const refused = await get(path);
    assert.deepEqual(
      [refused.status, refused.headers.get("retry-after"), refused.headers.get("connection")],
      [503, "1", "close"],
      path,
    );
  }
  assert.equal((await get("/readyz")).status, 200);
  running.resolve(new Response("[]"));
  assert.equal((await pods).status, 200);
  assert.equal(await stopped, true);
  app.close();
});

Deno.test("a server that ends does not wait for ever", async () => {
  const { clock, lifecycle, get, app } = open(forever);
  void get("/api/v1/pods");
  await clock.advance(0);
  const stopped = lifecycle.stop(0, 10_000);
  await clock.advance(10_000);
  assert.equal(await stopped, false);
  app.close();
});
