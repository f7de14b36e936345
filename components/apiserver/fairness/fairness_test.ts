import assert from "node:assert/strict";
import { FakeClock, MetricRegistry } from "../../base/mod.ts";
import type { FlowSchema, PriorityLevelConfiguration } from "../../api/served.ts";
import type { UserInfo } from "../ports.ts";
import { parseRequestInfo } from "../request_info.ts";
import { allocateSeats } from "./allocation.ts";
import { lendSeats } from "./borrowing.ts";
import { table } from "./debug_dump.ts";
import { DroppedRequests } from "./dropped_requests.ts";
import { withCondition } from "./fairness_objects.ts";
import { planFairness } from "./fairness_plan.ts";
import type { Place } from "./gate.ts";
import { InFlightGate } from "./in_flight_gate.ts";
import { PriorityAndFairness } from "./priority_and_fairness.ts";
import { SeatDemand } from "./seat_demand.ts";
import { dealHand } from "./shuffle_shard.ts";
import { estimateWork } from "./work_estimate.ts";

const NONE = new URLSearchParams();
const user = (username: string, ...groups: string[]): UserInfo => ({
  username,
  groups: [...groups, "system:authenticated"],
});
const info = (method: string, path: string, query = "") =>
  parseRequestInfo(method, path, new URLSearchParams(query));

/** A level with one seat and queues, and a schema that leads everybody there. */
function level(
  name: string,
  queuing: { queues: number; handSize: number; queueLengthLimit: number } | undefined,
  extra: Record<string, unknown> = {},
): PriorityLevelConfiguration {
  return {
    metadata: { name, uid: `uid-of-${name}` },
    spec: {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: 1,
        limitResponse: queuing === undefined ? { type: "Reject" } : { type: "Queue", queuing },
        borrowingLimitPercent: 0,
        ...extra,
      },
    },
  };
}

function schema(name: string, of: string, subject: object, more: object = {}): FlowSchema {
  return {
    metadata: { name, uid: `uid-of-${name}` },
    spec: {
      matchingPrecedence: 50,
      priorityLevelConfiguration: { name: of },
      distinguisherMethod: { type: "ByUser" },
      rules: [{
        subjects: [subject as never],
        resourceRules: [{
          verbs: ["*"],
          apiGroups: ["*"],
          resources: ["*"],
          clusterScope: true,
          namespaces: ["*"],
        }],
        nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/version", "/debug/*"] }],
      }],
      ...more,
    },
  };
}

const EVERYBODY = { kind: "Group", group: { name: "*" } };

function open(
  schemas: FlowSchema[],
  levels: PriorityLevelConfiguration[],
  seats = 2,
) {
  const clock = new FakeClock();
  const metrics = new MetricRegistry();
  const fairness = new PriorityAndFairness({
    clock,
    metrics,
    seats,
    waitMaximumMilliseconds: 15_000,
    counts: { objects: () => 0, watchers: () => 0 },
  });
  fairness.configure(schemas, levels);
  const enter = (who: UserInfo, path = "/api/v1/pods", query = "") => {
    const request = new Request("http://server");
    return fairness.enter(info("GET", path, query), who, new URLSearchParams(query), request);
  };
  const now = (entering: Place | Promise<Place>): Place => {
    assert.ok(!(entering instanceof Promise), "it waits");
    return entering;
  };
  return { clock, metrics, fairness, enter, now };
}

Deno.test("dealHand deals different cards, always the same to the same flow", () => {
  for (const [deck, hand] of [[1, 1], [8, 8], [64, 6], [128, 6], [10_000_000, 2]] as const) {
    const dealt = dealHand("schema", "alice", deck, hand);
    assert.equal(new Set(dealt).size, hand);
    assert.ok(dealt.every((card) => card >= 0 && card < deck));
    assert.deepEqual(dealHand("schema", "alice", deck, hand), dealt);
  }
  const flows = Array.from({ length: 200 }, (_, i) => dealHand("s", `user-${i}`, 128, 6).join());
  assert.equal(new Set(flows).size, 200);
  const counts = new Array(16).fill(0);
  for (let i = 0; i < 1600; i++) counts[dealHand("s", `${i}`, 16, 1)[0] ?? 0]++;
  assert.ok(Math.min(...counts) > 50 && Math.max(...counts) < 160);
});

Deno.test("allocateSeats gives everybody the same part of what they want, within bounds", () => {
  const check = (
    total: number,
    classes: [number, number, number][],
    expected: number[],
  ) => {
    const { seats } = allocateSeats(
      total,
      classes.map(([lowerBound, upperBound, target]) => ({ lowerBound, upperBound, target })),
    );
    assert.deepEqual(seats.map((each) => Math.round(each * 100) / 100), expected);
  };
  check(10, [[0, 10, 5], [0, 10, 5]], [5, 5]);
  check(9, [[0, 10, 20], [0, 10, 10]], [6, 3]);
  check(10, [[4, 10, 1], [0, 10, 10]], [4, 6]);
  check(10, [[0, 2, 10], [0, 10, 10]], [2, 8]);
  check(3, [[2, 9, 5], [2, 9, 5]], [2, 2]);
  check(99, [[0, 9, 5], [0, 8, 5]], [9, 8]);
});

Deno.test("lendSeats lends what is not used, down to the minimum", () => {
  const borrower = (nominal: number, minimum: number, high: number, smoothed: number) => ({
    exempt: false,
    nominal,
    minimum,
    maximum: nominal + 100,
    highWatermark: high,
    smoothed,
  });
  const idle = borrower(50, 10, 0, 0);
  const busy = borrower(50, 50, 200, 200);
  const { loans } = lendSeats([idle, busy]);
  assert.deepEqual(loans.map(({ limit }) => limit), [10, 90]);
  const back = lendSeats([borrower(50, 10, 60, 55), busy]);
  assert.deepEqual(back.loans.map(({ limit }) => limit), [50, 50]);
  const exempt = { ...borrower(0, 0, 30, 20), exempt: true };
  const beside = lendSeats([exempt, idle, busy]);
  assert.deepEqual(beside.loans.map(({ limit }) => limit), [30, 10, 60]);
});

Deno.test("SeatDemand weighs by time", () => {
  const demand = new SeatDemand(0);
  demand.add(4, 0);
  demand.add(-4, 5000);
  const { average, deviation, highWatermark } = demand.endPeriod(10_000);
  assert.deepEqual([average, deviation, highWatermark], [2, 2, 4]);
  assert.equal(demand.smoothed, 4);
  assert.equal(demand.endPeriod(20_000).highWatermark, 0);
  assert.ok(demand.smoothed > 3.9);
});

Deno.test("DroppedRequests doubles the wait under load and shortens it after", () => {
  const dropped = new DroppedRequests();
  let now = 1_000_000;
  const seconds = (count: number, each: number) => {
    for (let i = 0; i < count; i++, now += 1000) for (let n = 0; n < each; n++) dropped.add(now);
    return dropped.retryAfterSeconds;
  };
  assert.equal(seconds(1, 2), 1);
  assert.equal(seconds(3, 10), 2);
  assert.equal(seconds(200, 100), 32);
  now += 60_000;
  assert.equal(seconds(1, 1), 31);
});

Deno.test("planFairness shares seats out and orders schemas", () => {
  const plan = planFairness(
    [
      schema("b", "one", EVERYBODY),
      schema("a", "one", EVERYBODY),
      schema("first", "one", EVERYBODY, { matchingPrecedence: 2 }),
      schema("dangling", "nowhere", EVERYBODY),
    ],
    [level("one", { queues: 4, handSize: 9, queueLengthLimit: 2 })],
    60,
  );
  assert.deepEqual(plan.schemas.map(({ name }) => name), [
    "exempt",
    "first",
    "a",
    "b",
    "catch-all",
  ]);
  const one = plan.levels.get("one");
  assert.deepEqual([one?.nominal, one?.minimum, one?.maximum], [10, 10, 10]);
  assert.equal(one?.queues?.handSize, 4);
  assert.equal(plan.levels.get("catch-all")?.nominal, 50);
});

Deno.test("PriorityAndFairness finds the schema of a request", () => {
  const account = { kind: "ServiceAccount", serviceAccount: { namespace: "a", name: "*" } };
  const { enter, now } = open(
    [
      schema("alice", "one", { kind: "User", user: { name: "alice" } }),
      schema("writers", "one", { kind: "Group", group: { name: "writers" } }),
      schema("accounts", "one", account),
      schema("only-b", "one", EVERYBODY, {
        matchingPrecedence: 60,
        rules: [{
          subjects: [EVERYBODY],
          resourceRules: [{
            verbs: ["get"],
            apiGroups: ["apps"],
            resources: ["deployments/scale"],
            namespaces: ["b"],
          }],
        }],
      }),
    ],
    [level("one", undefined)],
    200,
  );
  const check = (who: UserInfo, path: string, expected: string) => {
    const place = now(enter(who, path));
    const header = place.headers?.find(([name]) => name === "x-kubernetes-pf-flowschema-uid");
    assert.equal(header?.[1], expected, `${who.username} ${path}`);
    place.leave();
  };
  for (let round = 0; round < 2; round++) {
    check(user("alice"), "/api/v1/pods", "uid-of-alice");
    check(user("bob", "writers"), "/version", "uid-of-writers");
    check(user("bob", "writers"), "/debug/a/b", "uid-of-writers");
    check(user("bob", "writers"), "/metrics", "");
    check(user("system:serviceaccount:a:x"), "/api/v1/pods", "uid-of-accounts");
    check(user("system:serviceaccount:ab:x"), "/api/v1/pods", "");
    check(user("eve"), "/apis/apps/v1/namespaces/b/deployments/d/scale", "uid-of-only-b");
    check(user("eve"), "/apis/apps/v1/namespaces/c/deployments/d/scale", "");
    check(user("eve"), "/apis/apps/v1/namespaces/b/deployments/d", "");
    check(user("admin", "system:masters"), "/api/v1/pods", "");
  }
  const eve = user("eve");
  check(eve, "/apis/apps/v1/namespaces/c/deployments/d/scale", "");
  check(eve, "/apis/apps/v1/namespaces/b/deployments/d/scale", "uid-of-only-b");
});

Deno.test("a request waits for its turn, and goes when there is room", async () => {
  const queuing = { queues: 8, handSize: 2, queueLengthLimit: 2 };
  const { enter, now, fairness } = open(
    [schema("all", "one", EVERYBODY)],
    [level("one", queuing)],
  );
  const first = now(enter(user("a")));
  const waiting = enter(user("b"));
  assert.ok(waiting instanceof Promise);
  assert.deepEqual([...fairness.levels].find(({ plan }) => plan.name === "one")?.waiting, 1);
  first.leave();
  first.leave();
  const second = await waiting;
  assert.equal(second.retryAfterSeconds, undefined);
  second.leave();
  assert.equal(now(enter(user("c"))).retryAfterSeconds, undefined);
  fairness.close();
});

Deno.test("one user's many requests do not keep another's out", async () => {
  const { enter, now, fairness, clock } = open(
    [schema("all", "one", EVERYBODY)],
    [level("one", { queues: 64, handSize: 1, queueLengthLimit: 50 })],
  );
  const order: string[] = [];
  let current = now(enter(user("greedy")));
  const wait = (name: string) => {
    const entering = enter(user(name));
    assert.ok(entering instanceof Promise);
    void entering.then((place) => {
      order.push(name);
      current = place;
    });
  };
  for (let i = 0; i < 10; i++) wait("greedy");
  wait("modest");
  for (let i = 0; i < 11; i++) {
    await clock.advance(10);
    current.leave();
    await clock.advance(0);
  }
  assert.equal(order.length, 11);
  assert.ok(order.indexOf("modest") <= 1, order.join());
  fairness.close();
});

Deno.test("a full queue, a full level, a long wait and a client that has gone are turned away", async () => {
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 1 };
  const { enter, now, fairness, clock, metrics } = open(
    [
      schema("all", "one", { kind: "User", user: { name: "a" } }),
      schema("rejects", "two", EVERYBODY, { matchingPrecedence: 70 }),
    ],
    [level("one", queuing), level("two", undefined)],
    3,
  );
  const place = now(enter(user("a")));
  const waits = enter(user("a")) as Promise<Place>;
  assert.equal(now(enter(user("a"))).retryAfterSeconds, 1);
  const other = now(enter(user("b")));
  assert.equal(now(enter(user("b"))).retryAfterSeconds, 1);
  await clock.advance(15_000);
  assert.equal((await waits).retryAfterSeconds, 1);
  const gone = new AbortController();
  const request = new Request("http://server", { signal: gone.signal });
  const left = fairness.enter(info("GET", "/api/v1/pods"), user("a"), NONE, request);
  gone.abort();
  assert.equal((await left).retryAfterSeconds, 1);
  place.leave();
  other.leave();
  const text = metrics.text();
  for (
    const line of [
      `rejected_requests_total{priority_level="one",flow_schema="all",reason="queue-full"} 1`,
      `rejected_requests_total{priority_level="one",flow_schema="all",reason="time-out"} 1`,
      `rejected_requests_total{priority_level="one",flow_schema="all",reason="cancelled"} 1`,
      `rejected_requests_total{priority_level="two",flow_schema="rejects",reason="concurrency-limit"} 1`,
      `dispatched_requests_total{priority_level="one",flow_schema="all"} 1`,
      `current_executing_requests{priority_level="one",flow_schema="all"} 0`,
      `current_inqueue_requests{priority_level="one",flow_schema="all"} 0`,
      `nominal_limit_seats{priority_level="two"} 1`,
    ]
  ) assert.ok(text.includes(`apiserver_flowcontrol_${line}\n`), line);
  fairness.close();
});

Deno.test("an idle level lends its seats, and takes them back", async () => {
  const queuing = { queues: 64, handSize: 4, queueLengthLimit: 50 };
  const more = { borrowingLimitPercent: undefined, lendablePercent: 100 };
  const { enter, fairness, clock } = open(
    [
      schema("a", "one", { kind: "User", user: { name: "a" } }),
      schema("b", "two", EVERYBODY, { matchingPrecedence: 70 }),
    ],
    [level("one", queuing, more), level("two", queuing, more)],
    70,
  );
  const limits = () =>
    [...fairness.levels].filter(({ plan }) => plan.name.length === 3).map(({ limit }) => limit);
  assert.deepEqual(limits(), [1, 1]);
  const busy = Array.from({ length: 40 }, () => enter(user("a")));
  await clock.advance(10_000);
  assert.deepEqual(limits(), [20, 1]);
  for (let i = 0; i < 40; i++) (await busy[i])?.leave();
  const back = Array.from({ length: 10 }, () => enter(user("b")));
  await clock.advance(10_000);
  assert.deepEqual(limits(), [10, 10]);
  for (const place of back) (await place).leave();
  fairness.close();
});

Deno.test("a change of configuration loses nobody who waits", async () => {
  const queuing = { queues: 8, handSize: 2, queueLengthLimit: 2 };
  const schemas = [schema("all", "one", EVERYBODY)];
  const { enter, now, fairness } = open(schemas, [level("one", queuing)]);
  const first = now(enter(user("a")));
  const waits = enter(user("b")) as Promise<Place>;
  fairness.configure(schemas, [level("one", { ...queuing, queues: 2 })]);
  fairness.configure(schemas, [level("one", undefined)]);
  fairness.configure([], []);
  const gone = [...fairness.levels].find(({ plan }) => plan.name === "one");
  assert.equal(gone?.quiescing, true);
  first.leave();
  (await waits).leave();
  fairness.configure([], []);
  assert.equal([...fairness.levels].some(({ plan }) => plan.name === "one"), false);
  fairness.close();
});

Deno.test("long-running requests take no seat; a watch takes one until it has begun", () => {
  const { enter, now, fairness } = open(
    [schema("all", "one", EVERYBODY)],
    [level("one", undefined)],
  );
  const log = now(enter(user("a"), "/api/v1/namespaces/a/pods/b/log"));
  assert.equal(log.headers, undefined);
  const watch = now(enter(user("a"), "/api/v1/pods", "watch=true"));
  assert.equal(now(enter(user("a"))).retryAfterSeconds, 1);
  watch.leave();
  assert.equal(now(enter(user("a"))).retryAfterSeconds, undefined);
  fairness.close();
});

Deno.test("estimateWork", () => {
  const counts = (objects: number, watchers: number) => ({
    objects: () => objects,
    watchers: () => watchers,
  });
  const check = (
    line: string,
    objects: number,
    watchers: number,
    expected: [number, number, number],
  ) => {
    const [method = "", url = ""] = line.split(" ");
    const [path = "", query = ""] = url.split("?");
    const parsed = new URLSearchParams(query);
    const work = estimateWork(
      parseRequestInfo(method, path, parsed),
      parsed,
      counts(objects, watchers),
      20,
    );
    const milliseconds = Math.round(work.finalMilliseconds * 1000) / 1000;
    assert.deepEqual([work.seats, work.finalSeats, milliseconds], expected, line);
  };
  check("GET /api/v1/pods", 10, 0, [1, 0, 0]);
  check("GET /api/v1/pods", 450, 0, [5, 0, 0]);
  check("GET /api/v1/pods", 100_000, 0, [20, 0, 0]);
  check("GET /api/v1/pods?limit=150", 100_000, 0, [2, 0, 0]);
  check("GET /api/v1/pods?limit=150&labelSelector=a", 100_000, 0, [5, 0, 0]);
  check("GET /api/v1/pods?limit=-3", 450, 0, [5, 0, 0]);
  check("GET /api/v1/pods?fieldSelector=metadata.name=x", 450, 0, [1, 0, 0]);
  check("GET /api/v1/pods?watch=true", 450, 0, [5, 0, 0]);
  check("GET /api/v1/pods?watch=true&resourceVersion=7", 450, 0, [1, 0, 0]);
  check("GET /version", 450, 50, [1, 0, 0]);
  check("POST /api/v1/namespaces/a/pods", 450, 9, [1, 0, 0]);
  check("POST /api/v1/namespaces/a/pods", 450, 95, [1, 10, 0.12]);
  check("PUT /api/v1/namespaces/a/pods/b", 450, 1000, [1, 20, 0.6]);
  check("POST /api/v1/namespaces/a/serviceaccounts/b/token", 450, 95, [1, 0, 0]);
});

Deno.test("withCondition says whether the level exists, and changes its time only with that", () => {
  const at = Date.UTC(2026, 0, 1);
  const first = withCondition(schema("s", "one", EVERYBODY), new Set(), at);
  assert.deepEqual(first?.status?.conditions, [{
    type: "Dangling",
    status: "True",
    lastTransitionTime: "2026-01-01T00:00:00Z",
    reason: "NotFound",
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "one" but there is no such object',
  }]);
  assert.equal(withCondition(first!, new Set(), at + 5000), undefined);
  const second = withCondition(first!, new Set(["one"]), at + 5000);
  assert.equal(second?.status?.conditions?.[0]?.lastTransitionTime, "2026-01-01T00:00:05Z");
  assert.equal(second?.status?.conditions?.[0]?.reason, "Found");
});

Deno.test("InFlightGate bounds reads and writes apart, but neither watches nor masters", () => {
  const gate = new InFlightGate({ readOnly: 1, mutating: 1 });
  const who = user("a");
  const read = gate.enter(info("GET", "/api/v1/pods"), who);
  assert.equal(gate.enter(info("GET", "/version"), who).retryAfterSeconds, 1);
  assert.equal(gate.enter(info("POST", "/api/v1/pods"), who).retryAfterSeconds, undefined);
  assert.equal(gate.enter(info("DELETE", "/api/v1/pods/a"), who).retryAfterSeconds, 1);
  assert.equal(
    gate.enter(info("GET", "/version"), user("b", "system:masters")).retryAfterSeconds,
    undefined,
  );
  assert.equal(gate.enter(info("GET", "/api/v1/pods", "watch=1"), who).headers, undefined);
  read.leave();
  read.leave();
  assert.deepEqual({ ...gate.count }, { readOnly: 1, mutating: 1 });
});

Deno.test("table pads cells to their column", () => {
  assert.equal(table(["A", "Longer name"], [["x", 1]]), "A,      Longer name\nx,      1\n");
});
