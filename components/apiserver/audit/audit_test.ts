import assert from "node:assert/strict";
import { FakeClock, silentLogger } from "../../base/mod.ts";
import { parseRequestInfo } from "../request_info.ts";
import { decideAudit } from "./audit_decision.ts";
import { completedRef, sourceAddresses, statusOf, withoutManagedFields } from "./audit_event.ts";
import { readAuditPolicy } from "./audit_policy.ts";
import { BatchBuffer } from "./batch_buffer.ts";
import { logBackend } from "./log_backend.ts";
import { RotatingFile } from "./rotating_file.ts";
import { webhookBackend } from "./webhook_backend.ts";
import { whenOver } from "./when_over.ts";

const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
const policy = readAuditPolicy(`${HEAD}
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: None
  users: ["system:kube-proxy"]
  verbs: [watch]
- level: None
  userGroups: ["system:authenticated"]
  nonResourceURLs: ["/api*", "/version"]
- level: Request
  resources:
  - group: ""
    resources: [configmaps]
    resourceNames: [controller]
  namespaces: [kube-system]
  omitManagedFields: false
- level: RequestResponse
  resources:
  - group: ""
    resources: ["pods/exec", "*/status"]
  - group: apps
- level: Request
  resources:
  - group: batch
    resources: ["jobs/*"]
  omitStages: [ResponseStarted]
- level: Metadata
  namespaces: [""]
- level: None
  verbs: [get]
- level: Metadata
`);

Deno.test("decideAudit takes the first rule that is about the request", () => {
  const check = (line: string, expected: string, username = "a", groups: string[] = []) => {
    const [method = "", url = ""] = line.split(" ");
    const [path = "", query = ""] = url.split("?");
    const info = parseRequestInfo(method, path, new URLSearchParams(query));
    const { level } = decideAudit(policy, { username, groups }, info);
    assert.equal(level, expected, `${line} of ${username}`);
  };
  check("GET /api/v1/pods?watch=true", "None", "system:kube-proxy");
  check("GET /api/v1/namespaces/a/pods", "Metadata", "system:kube-proxy");
  check("GET /version", "None", "a", ["system:authenticated"]);
  check("GET /apis", "None", "a", ["system:authenticated"]);
  check("GET /versions", "None", "a", ["system:authenticated"]);
  check("POST /versions", "Metadata", "a", ["system:authenticated"]);
  check("PUT /api/v1/namespaces/kube-system/configmaps/controller", "Request");
  check("PUT /api/v1/namespaces/kube-system/configmaps/other", "Metadata");
  check("PUT /api/v1/namespaces/a/configmaps/controller", "Metadata");
  check("POST /api/v1/namespaces/a/pods/b/exec", "RequestResponse");
  check("POST /api/v1/namespaces/a/pods/b/attach", "Metadata");
  check("PUT /api/v1/nodes/b/status", "RequestResponse");
  check("PUT /apis/apps/v1/namespaces/a/deployments/b/scale", "RequestResponse");
  check("PUT /apis/batch/v1/namespaces/a/jobs/b", "Request");
  check("PUT /apis/batch/v1/namespaces/a/jobs/b/status", "Request");
  check("GET /apis/batch/v1/namespaces/a/cronjobs/b", "None");
  check("GET /api/v1/nodes/b", "Metadata");
});

Deno.test("decideAudit joins what a rule and the policy leave out", () => {
  const decide = (path: string) =>
    decideAudit(policy, { username: "a", groups: [] }, parseRequestInfo("PUT", path, undefined));
  const job = decide("/apis/batch/v1/namespaces/a/jobs/b");
  assert.deepEqual([...job.omitStages].sort(), ["RequestReceived", "ResponseStarted"]);
  assert.equal(job.omitManagedFields, true);
  const map = decide("/api/v1/namespaces/kube-system/configmaps/controller");
  assert.equal(map.omitManagedFields, false);
});

Deno.test("readAuditPolicy says what is wrong", () => {
  const cases: [string, string][] = [
    ["kind: Policy\n", 'unknown group version field "" in policy'],
    ["[]", "policy: Invalid value: must be an object"],
    [HEAD, "loaded illegal policy with 0 rules"],
    [`${HEAD}rules: [{}]`, "rules[0].level: Required value"],
    [
      `${HEAD}rules: [{level: All}]`,
      'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"',
    ],
    [`${HEAD}rules: [{level: None, user: x}]`, 'rules[0]: unknown field "user"'],
    [
      `${HEAD}rules: [{level: None, nonResourceURLs: [version]}]`,
      `rules[0].nonResourceURLs: Invalid value: "version": non-resource URL rules must begin with a '/' character`,
    ],
    [
      `${HEAD}rules: [{level: None, nonResourceURLs: [/a*b]}]`,
      `rules[0].nonResourceURLs: Invalid value: "/a*b": non-resource URL wildcards '*' must be the final character of the rule`,
    ],
    [
      `${HEAD}rules: [{level: None, nonResourceURLs: [/a], namespaces: [b]}]`,
      "rules[0].nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs",
    ],
    [
      `${HEAD}rules: [{level: None, resources: [{resourceNames: [a]}]}]`,
      "rules[0].resources[0].resourceNames: Invalid value: using resourceNames requires at least one resource",
    ],
    [
      `${HEAD}rules: [{level: None, omitStages: [Never]}]`,
      'rules[0].omitStages: Invalid value: "Never": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
    ],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => readAuditPolicy(text), (error: Error) => error.message === message, text);
  }
});

Deno.test("sourceAddresses lists what a request came through", () => {
  const check = (headers: Record<string, string>, peer: string, expected: string[]) =>
    assert.deepEqual(sourceAddresses(new Headers(headers), peer), expected);
  check({}, "10.0.0.1:4000", ["10.0.0.1"]);
  check({}, "::ffff:10.0.0.1:4000", ["10.0.0.1"]);
  check({}, "in-process", []);
  check({ "x-forwarded-for": "1.2.3.4, nonsense,5.6.7.8" }, "10.0.0.1:1", [
    "1.2.3.4",
    "5.6.7.8",
    "10.0.0.1",
  ]);
  check({ "x-real-ip": "fd00::1" }, "fd00::1:80", ["fd00::1"]);
});

Deno.test("an event's parts", () => {
  const fields = { metadata: { name: "a", managedFields: [] } };
  assert.deepEqual(withoutManagedFields({ ...fields, items: [fields] }), {
    metadata: { name: "a" },
    items: [{ metadata: { name: "a" } }],
  });
  assert.deepEqual(
    completedRef({ resource: "pods", name: "a" }, { metadata: { name: "b", uid: "c" } }),
    {
      resource: "pods",
      name: "a",
      uid: "c",
    },
  );
  assert.deepEqual(
    statusOf(404, { kind: "Status", apiVersion: "v1", reason: "NotFound", code: 404 }),
    {
      metadata: {},
      reason: "NotFound",
      code: 404,
    },
  );
  assert.deepEqual(statusOf(200, { kind: "Pod" }), { metadata: {}, code: 200 });
});

Deno.test("RotatingFile puts full files aside and removes old ones", async () => {
  const directory = await Deno.makeTempDir();
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const limits = { maximumBytes: 10, maximumBackups: 2, maximumAgeDays: 1 };
  const file = new RotatingFile(`${directory}/audit.log`, limits, clock);
  const names = () => [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  for (let i = 0; i < 5; i++) {
    file.write(`line ${i}\n`);
    await clock.advance(1000);
  }
  assert.deepEqual(names(), [
    "audit-2026-01-01T00-00-03.000.log",
    "audit-2026-01-01T00-00-04.000.log",
    "audit.log",
  ]);
  assert.equal(await Deno.readTextFile(`${directory}/audit.log`), "line 4\n");
  file.close();
  await clock.advance(2 * 86_400_000);
  const again = new RotatingFile(`${directory}/audit.log`, limits, clock);
  again.write("x\n");
  assert.deepEqual(names(), ["audit.log"]);
  assert.equal(await Deno.readTextFile(`${directory}/audit.log`), "line 4\nx\n");
  again.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("BatchBuffer sends by number and by time, and drops what it has no room for", async () => {
  const clock = new FakeClock();
  const sent: string[][] = [];
  const gate: PromiseWithResolvers<void>[] = [];
  const limits = { bufferEvents: 4, batchEvents: 2, waitMilliseconds: 100 };
  const buffer = new BatchBuffer(limits, clock, (lines) => {
    sent.push([...lines]);
    const next = Promise.withResolvers<void>();
    gate.push(next);
    return next.promise;
  });
  assert.ok(buffer.add("a") && buffer.add("b"));
  assert.deepEqual(sent, [["a", "b"]]);
  for (const line of ["c", "d", "e", "f"]) assert.ok(buffer.add(line), line);
  assert.equal(buffer.add("g"), false);
  gate[0]?.resolve();
  await clock.advance(0);
  gate[1]?.resolve();
  await clock.advance(0);
  gate[2]?.resolve();
  await clock.advance(0);
  assert.deepEqual(sent, [["a", "b"], ["c", "d"], ["e", "f"]]);
  assert.ok(buffer.add("h"));
  await clock.advance(100);
  assert.deepEqual(sent.at(-1), ["h"]);
  const closing = buffer.close();
  gate[3]?.resolve();
  await closing;
  assert.equal(buffer.add("i"), false);
});

Deno.test("the webhook gets lists of events, again where it fails", async () => {
  const clock = new FakeClock();
  const bodies: string[] = [];
  let fails = 2;
  const backend = webhookBackend(
    {
      batch: { bufferEvents: 10, batchEvents: 2, waitMilliseconds: 1000 },
      initialBackoffMilliseconds: 100,
      post(body) {
        bodies.push(body);
        return fails-- > 0 ? Promise.reject(new Error("refused")) : Promise.resolve(new Response());
      },
    },
    clock,
    silentLogger,
  );
  assert.equal(backend.record('{"a":1}'), undefined);
  assert.equal(backend.record('{"a":2}'), undefined);
  await clock.advance(0);
  await clock.advance(100);
  await clock.advance(150);
  assert.equal(bodies.length, 3);
  assert.deepEqual(JSON.parse(bodies[2] ?? ""), {
    kind: "EventList",
    apiVersion: "audit.k8s.io/v1",
    metadata: {},
    items: [{ a: 1 }, { a: 2 }],
  });
  backend.record('{"a":3}');
  await backend.close();
  assert.deepEqual(JSON.parse(bodies[3] ?? "").items, [{ a: 3 }]);
});

Deno.test("the log tells of what it cannot write, and goes on when it can", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/logs/audit.log`;
  const backend = logBackend(
    {
      path,
      mode: "blocking-strict",
      rotation: { maximumBytes: 1, maximumBackups: 0, maximumAgeDays: 0 },
      batch: { bufferEvents: 1, batchEvents: 1, waitMilliseconds: 0 },
    },
    new FakeClock(),
    silentLogger,
  );
  assert.equal(backend.record("{}"), undefined);
  await Deno.remove(`${directory}/logs`, { recursive: true });
  await Deno.writeTextFile(`${directory}/logs`, "a file in its place");
  assert.notEqual(backend.record("{}"), undefined);
  await Deno.remove(`${directory}/logs`);
  assert.equal(backend.record("{}"), undefined);
  await backend.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("whenOver tells once, when a body is read, broken or left", async () => {
  const response = (start: (controller: ReadableStreamDefaultController) => void) =>
    new Response(new ReadableStream({ start }), { status: 200 });
  let count = 0;
  const over = () => void count++;
  const read = whenOver(
    response((controller) => {
      controller.enqueue(new TextEncoder().encode("a"));
      controller.close();
    }),
    over,
  );
  assert.equal(await read.text(), "a");
  assert.equal(count, 1);
  await whenOver(response(() => {}), over).body?.cancel();
  assert.equal(count, 2);
  const broken = whenOver(response((controller) => controller.error(new Error("x"))), over);
  await assert.rejects(() => broken.text());
  assert.equal(count, 3);
});
