import assert from "node:assert/strict";
import type { Container, ContainerState as ApiState, PodSpec, PodStatus } from "../api/mod.ts";
import { testPod } from "./fake_node.ts";
import { podConditions, statusesByName } from "./pod_conditions.ts";
import { podPhase } from "./pod_phase.ts";
import { durationText, RestartBackoff } from "./restart_backoff.ts";
import { statusPatch } from "./status_patch.ts";

const c = (name: string): Container => ({ name, image: "x" });
const side = (name: string): Container => ({ ...c(name), restartPolicy: "Always" });
const running: ApiState = { running: {} };
const waiting: ApiState = { waiting: { reason: "ContainerCreating" } };
const ended = (exitCode: number): ApiState => ({ terminated: { exitCode } });

interface PhaseCase {
  readonly name: string;
  readonly spec: PodSpec;
  /** State, and for a waiting container its last one. */
  readonly states: Record<string, ApiState | [ApiState, ApiState]>;
  readonly ending?: boolean;
  readonly expected: string;
}

const phases: PhaseCase[] = [
  { name: "nothing known", spec: { containers: [c("a")] }, states: {}, expected: "Pending" },
  { name: "waiting", spec: { containers: [c("a")] }, states: { a: waiting }, expected: "Pending" },
  { name: "running", spec: { containers: [c("a")] }, states: { a: running }, expected: "Running" },
  {
    name: "one of two waits",
    spec: { containers: [c("a"), c("b")] },
    states: { a: running, b: waiting },
    expected: "Pending",
  },
  {
    name: "crash loop",
    spec: { containers: [c("a")] },
    states: { a: [waiting, ended(1)] },
    expected: "Running",
  },
  {
    name: "ended, restarts",
    spec: { containers: [c("a")] },
    states: { a: ended(0) },
    expected: "Running",
  },
  {
    name: "ended while deleted, 0",
    spec: { containers: [c("a")] },
    states: { a: ended(0) },
    ending: true,
    expected: "Succeeded",
  },
  {
    name: "ended while deleted, 137",
    spec: { containers: [c("a")] },
    states: { a: ended(137) },
    ending: true,
    expected: "Failed",
  },
  {
    name: "Never, all 0",
    spec: { restartPolicy: "Never", containers: [c("a"), c("b")] },
    states: { a: ended(0), b: ended(0) },
    expected: "Succeeded",
  },
  {
    name: "Never, one 1",
    spec: { restartPolicy: "Never", containers: [c("a"), c("b")] },
    states: { a: ended(0), b: ended(1) },
    expected: "Failed",
  },
  {
    name: "Never, one runs",
    spec: { restartPolicy: "Never", containers: [c("a"), c("b")] },
    states: { a: ended(1), b: running },
    expected: "Running",
  },
  {
    name: "OnFailure, one 1",
    spec: { restartPolicy: "OnFailure", containers: [c("a")] },
    states: { a: ended(1) },
    expected: "Running",
  },
  {
    name: "OnFailure, all 0",
    spec: { restartPolicy: "OnFailure", containers: [c("a")] },
    states: { a: ended(0) },
    expected: "Succeeded",
  },
  {
    name: "init runs",
    spec: { initContainers: [c("i")], containers: [c("a")] },
    states: { i: running, a: waiting },
    expected: "Pending",
  },
  {
    name: "init failed under Never",
    spec: { restartPolicy: "Never", initContainers: [c("i")], containers: [c("a")] },
    states: { i: ended(1), a: waiting },
    expected: "Failed",
  },
  {
    name: "init failed, tried again",
    spec: { initContainers: [c("i")], containers: [c("a")] },
    states: { i: [waiting, ended(1)], a: waiting },
    expected: "Pending",
  },
  {
    name: "sidecar does not decide",
    spec: { restartPolicy: "Never", initContainers: [side("s")], containers: [c("a")] },
    states: { s: ended(137), a: ended(0) },
    ending: true,
    expected: "Succeeded",
  },
  {
    name: "sidecar still runs",
    spec: { restartPolicy: "Never", initContainers: [side("s")], containers: [c("a")] },
    states: { s: running, a: ended(0) },
    expected: "Running",
  },
];

for (const { name, spec, states, ending, expected } of phases) {
  Deno.test(`podPhase: ${name} is ${expected}`, () => {
    const statuses = new Map(
      Object.entries(states).map(([name, given]) => {
        const [state, lastState] = Array.isArray(given) ? given : [given, {}];
        return [name, { name, state, lastState, started: state.running !== undefined }];
      }),
    );
    assert.equal(podPhase(testPod("p", spec), statuses, ending ?? false), expected);
  });
}

Deno.test("podConditions names what is not ready and keeps what others wrote", () => {
  const spec = {
    initContainers: [c("i")],
    containers: [c("a"), c("b")],
    readinessGates: [{ conditionType: "my/gate" }],
  };
  const condition = (phase: string, statuses: PodStatus["containerStatuses"], type: string) => {
    const pod = {
      ...testPod("p", spec, { generation: 3 }),
      status: { conditions: [{ type: "my/gate", status: "False" }] },
    };
    const conditions = podConditions({
      pod,
      phase,
      statuses: statusesByName(pod, [statuses ?? []]),
      sandboxReady: true,
      now: 0,
    });
    const found = conditions.find((each) => each.type === type);
    return `${found?.status} ${found?.reason ?? ""} ${found?.message ?? ""}`.trim();
  };
  const i = { name: "i", ready: true, state: ended(0) };
  const a = { name: "a", ready: true, state: running };
  const b = { name: "b", ready: false, state: running };
  assert.equal(
    condition("Pending", [{ ...i, ready: false }, { ...a, state: waiting }], "Initialized"),
    "False ContainersNotInitialized containers with incomplete status: [i]",
  );
  assert.equal(condition("Running", [i, a, b], "Initialized"), "True");
  assert.equal(
    condition("Running", [i, a, b], "Ready"),
    "False ContainersNotReady containers with unready status: [b]",
  );
  assert.equal(
    condition("Running", [i, a], "ContainersReady"),
    "False ContainersNotReady containers with unknown status: [b]",
  );
  assert.equal(condition("Running", [i, a, { ...b, ready: true }], "ContainersReady"), "True");
  assert.equal(
    condition("Running", [i, a, { ...b, ready: true }], "Ready"),
    'False ReadinessGatesNotReady the status of pod readiness gate "my/gate" is not "True", but False',
  );
  assert.equal(condition("Succeeded", [], "Ready"), "False PodCompleted");
  assert.equal(condition("Succeeded", [], "Initialized"), "True PodCompleted");
  assert.equal(condition("Running", [a], "my/gate"), "False");
});

Deno.test("podConditions moves a transition time only with the status", () => {
  const at = (status: string, now: number) => {
    const pod = {
      ...testPod("p", { containers: [c("a")] }),
      status: {
        conditions: [{
          type: "ContainersReady",
          status,
          lastTransitionTime: "2020-01-01T00:00:00Z",
        }],
      },
    };
    const statuses = statusesByName(pod, [[{ name: "a", ready: true, state: running }]]);
    return podConditions({ pod, phase: "Running", statuses, sandboxReady: true, now })
      .find(({ type }) => type === "ContainersReady")?.lastTransitionTime;
  };
  assert.equal(at("True", 0), "2020-01-01T00:00:00Z");
  assert.equal(at("False", 0), "1970-01-01T00:00:00Z");
});

const patches: [string, PodStatus, PodStatus, unknown][] = [
  ["nothing", { phase: "Running" }, { phase: "Running" }, undefined],
  ["a field", { phase: "Pending" }, { phase: "Running" }, { phase: "Running" }],
  [
    "one condition of two",
    { conditions: [{ type: "A", status: "True" }, { type: "B", status: "True", reason: "x" }] },
    { conditions: [{ type: "A", status: "True" }, { type: "B", status: "False" }] },
    { conditions: [{ type: "B", status: "False", reason: null }] },
  ],
  [
    "addresses as a whole",
    { podIPs: [{ ip: "1.1.1.1" }] },
    { podIPs: [{ ip: "2.2.2.2" }] },
    { podIPs: [{ $patch: "replace" }, { ip: "2.2.2.2" }] },
  ],
  [
    "the node's addresses as a whole",
    { hostIPs: [{ ip: "1.1.1.1" }] },
    { hostIPs: [{ ip: "2.2.2.2" }] },
    { hostIPs: [{ $patch: "replace" }, { ip: "2.2.2.2" }] },
  ],
  ["what is gone", { containerStatuses: [] }, {}, { containerStatuses: null }],
  ["nothing of others", { nominatedNodeName: "n", qosClass: "Burstable" }, {}, undefined],
];

for (const [name, before, after, expected] of patches) {
  Deno.test(`statusPatch writes ${name}`, () => {
    assert.deepEqual(statusPatch(before, after), expected);
  });
}

Deno.test("RestartBackoff doubles to its bound and forgets after a long good run", () => {
  const backoff = new RestartBackoff({ initialMilliseconds: 10_000, maximumMilliseconds: 300_000 });
  let now = 0;
  const delays: number[] = [];
  assert.equal(backoff.remaining("c", now, now), 0, "the first restart is at once");
  for (let i = 0; i < 7; i++) {
    backoff.next("c", now, now);
    delays.push(backoff.remaining("c", now, now) / 1000);
    now += backoff.delay("c");
  }
  assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300]);
  now += 601_000;
  assert.equal(backoff.remaining("c", now, now), 0);
  backoff.next("c", now, now);
  assert.equal(backoff.delay("c"), 10_000);
});

Deno.test("durationText writes durations as Go does", () => {
  const cases: [number, string][] = [[0, "0s"], [10_000, "10s"], [80_000, "1m20s"], [
    300_000,
    "5m0s",
  ], [3_600_000, "1h0m0s"]];
  for (const [milliseconds, text] of cases) assert.equal(durationText(milliseconds), text);
});
