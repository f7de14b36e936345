import assert from "node:assert/strict";
import type { Container, PodSpec } from "../api/mod.ts";
import { CONTAINER_HASH_LABEL, containerHash, SANDBOX_ATTEMPT_LABEL } from "./labels.ts";
import { testPod } from "./fake_node.ts";
import { type PodRuntime, podRuntime } from "./pod_containers.ts";
import { type FailedProbe, type Gate, planPod } from "./pod_plan.ts";
import type { ContainerState, Sandbox } from "./runtime.ts";
import { planRemoval, planTermination } from "./termination_plan.ts";

const sandbox = (attempt = 0, ready = true): Sandbox => ({
  id: `s${attempt}`,
  ready,
  ips: ["10.1.0.1"],
  createdAt: attempt,
  labels: { [SANDBOX_ATTEMPT_LABEL]: String(attempt) },
});

/** `name`, `name:state`, `name:exited=code`, each with an optional `@sandbox` and `#attempt`. */
function instance(text: string): ContainerState {
  const [, name = "", state = "running", code, where = "0", attempt = "0"] =
    /^(\w+):?(\w+)?=?(\d+)?@?(\d+)?#?(\d+)?$/.exec(text) ?? [];
  return {
    id: `${name}${attempt}`,
    sandboxId: `s${where}`,
    name,
    attempt: Number(attempt),
    state: state as ContainerState["state"],
    createdAt: Number(attempt),
    image: "x",
    imageId: "x",
    labels: {},
    logPath: "",
    ...(code === undefined ? {} : { exitCode: Number(code), finishedAt: 1 }),
  };
}

interface Case {
  readonly name: string;
  readonly spec: PodSpec;
  readonly sandboxes?: readonly Sandbox[];
  readonly containers?: readonly string[];
  readonly unstarted?: readonly string[];
  readonly failed?: Record<string, FailedProbe>;
  readonly gate?: Gate;
  /** Actions as short texts. */
  readonly expected: readonly string[] | "finished";
}

const c = (name: string, more: Container = {}): Container => ({ name, image: "x", ...more });
const side = (name: string) => c(name, { restartPolicy: "Always" });
const liveness: FailedProbe = { probe: "liveness", graceSeconds: 7 };

const cases: Case[] = [
  {
    name: "a new pod gets a sandbox",
    spec: { containers: [c("a")] },
    sandboxes: [],
    expected: ["runSandbox 0"],
  },
  {
    name: "then its containers start",
    spec: { containers: [c("a"), c("b")] },
    expected: ["start a 0", "start b 0"],
  },
  {
    name: "what runs is left alone",
    spec: { containers: [c("a")] },
    containers: ["a"],
    expected: [],
  },
  {
    name: "what ended starts again",
    spec: { containers: [c("a")] },
    containers: ["a:exited=0"],
    expected: ["start a 1"],
  },
  {
    name: "not under Never",
    spec: { restartPolicy: "Never", containers: [c("a")] },
    containers: ["a:exited=1"],
    expected: "finished",
  },
  {
    name: "under OnFailure only what failed",
    spec: { restartPolicy: "OnFailure", containers: [c("a"), c("b")] },
    containers: ["a:exited=0", "b:exited=1"],
    expected: ["start b 1"],
  },
  {
    name: "a rule of the container's own restarts it",
    spec: {
      restartPolicy: "Never",
      containers: [c("a", {
        restartPolicy: "Never",
        restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
      })],
    },
    containers: ["a:exited=42"],
    expected: ["start a 1"],
  },
  {
    name: "init containers come first",
    spec: { initContainers: [c("i"), c("j")], containers: [c("a")] },
    expected: ["start i 0"],
  },
  {
    name: "one after the other",
    spec: { initContainers: [c("i"), c("j")], containers: [c("a")] },
    containers: ["i:exited=0"],
    expected: ["start j 0"],
  },
  {
    name: "while one runs all wait",
    spec: { initContainers: [c("i")], containers: [c("a")] },
    containers: ["i"],
    expected: [],
  },
  {
    name: "then the main ones",
    spec: { initContainers: [c("i")], containers: [c("a")] },
    containers: ["i:exited=0"],
    expected: ["start a 0"],
  },
  {
    name: "a failed one is tried again",
    spec: { initContainers: [c("i")], containers: [c("a")] },
    containers: ["i:exited=1"],
    expected: ["start i 1"],
  },
  {
    name: "under Never it ends the pod",
    spec: { restartPolicy: "Never", initContainers: [c("i")], containers: [c("a")] },
    containers: ["i:exited=1"],
    expected: "finished",
  },
  {
    name: "a sidecar must have started before the next",
    spec: { initContainers: [side("s"), c("i")], containers: [c("a")] },
    containers: ["s"],
    unstarted: ["s"],
    expected: [],
  },
  {
    name: "a started sidecar lets the next begin",
    spec: { initContainers: [side("s"), c("i")], containers: [c("a")] },
    containers: ["s"],
    expected: ["start i 0"],
  },
  {
    name: "a sidecar starts again beside the main ones",
    spec: { initContainers: [side("s")], containers: [c("a")] },
    containers: ["s:exited=0", "a"],
    expected: ["start s 1"],
  },
  {
    name: "also under Never",
    spec: { restartPolicy: "Never", initContainers: [side("s")], containers: [c("a")] },
    containers: ["s:exited=1", "a"],
    expected: ["start s 1"],
  },
  {
    name: "but not when the main ones are done",
    spec: { restartPolicy: "Never", initContainers: [side("s")], containers: [c("a")] },
    containers: ["s", "a:exited=0"],
    expected: "finished",
  },
  {
    name: "removed init containers are not run again",
    spec: { initContainers: [c("i")], containers: [c("a")] },
    containers: ["a"],
    expected: [],
  },
  {
    name: "a lost sandbox is made again",
    spec: { containers: [c("a")] },
    sandboxes: [sandbox(0, false)],
    containers: ["a:exited=137"],
    expected: ["runSandbox 1"],
  },
  {
    name: "after what still runs in it is ended",
    spec: { containers: [c("a")] },
    sandboxes: [sandbox(0, false)],
    containers: ["a"],
    expected: ["kill a 30"],
  },
  {
    name: "under Never the pod is over",
    spec: { restartPolicy: "Never", containers: [c("a"), c("b")] },
    sandboxes: [sandbox(0, false)],
    containers: ["a:exited=0"],
    expected: "finished",
  },
  {
    name: "a new sandbox runs init containers anew",
    spec: { initContainers: [c("i")], containers: [c("a")] },
    sandboxes: [sandbox(1), sandbox(0, false)],
    containers: ["i:exited=0@0", "a:exited=137@0"],
    expected: ["start i 1"],
  },
  {
    name: "ephemeral containers start beside init ones",
    spec: { initContainers: [c("i")], containers: [c("a")], ephemeralContainers: [c("e")] },
    containers: ["i"],
    expected: ["start e 0"],
  },
  {
    name: "and only once",
    spec: { containers: [c("a")], ephemeralContainers: [c("e")] },
    containers: ["a", "e:exited=0"],
    expected: [],
  },
  {
    name: "a failed liveness probe kills with its own grace",
    spec: { containers: [c("a")] },
    containers: ["a"],
    failed: { a: liveness },
    expected: ["kill a 7"],
  },
  {
    name: "a container that the spec lacks goes",
    spec: { containers: [c("a")] },
    containers: ["a", "old"],
    expected: ["kill old 30"],
  },
  {
    name: "back-off holds a start",
    spec: { containers: [c("a")] },
    containers: ["a:exited=1"],
    gate: { waitMilliseconds: 5000, tried: true, waiting: { reason: "CrashLoopBackOff" } },
    expected: [],
  },
  {
    name: "what was created and never ran is replaced",
    spec: { containers: [c("a")] },
    containers: ["a:created#2"],
    expected: ["start a 2"],
  },
  {
    name: "and counts as a restart where it failed",
    spec: { containers: [c("a")] },
    containers: ["a:created#2"],
    gate: { waitMilliseconds: 0, tried: true },
    expected: ["start a 3"],
  },
  {
    name: "old dead instances go, the last two stay",
    spec: { containers: [c("a")] },
    containers: ["a#3", "a:exited=1#2", "a:exited=1#1"],
    expected: ["remove a1"],
  },
];

for (const { name, spec, expected, ...given } of cases) {
  Deno.test(`planPod: ${name}`, () => {
    const pod = testPod("p", spec);
    const runtime = podRuntime(
      given.sandboxes ?? [sandbox()],
      (given.containers ?? []).map(instance),
    );
    const plan = planPod({
      pod,
      runtime,
      started: ({ name }) => !(given.unstarted ?? []).includes(name),
      failedProbe: ({ name }) => given.failed?.[name],
      gate: () => given.gate ?? { waitMilliseconds: 0, tried: false },
    });
    assert.equal(plan.finished, expected === "finished");
    if (expected !== "finished") assert.deepEqual(texts(plan.actions), expected);
    if ((given.gate?.waitMilliseconds ?? 0) > 0) assert.equal(plan.againMilliseconds, 5000);
  });
}

Deno.test("planPod kills a container whose image changed", () => {
  const old = { ...instance("a"), labels: { [CONTAINER_HASH_LABEL]: containerHash(c("a")) } };
  const runtime = podRuntime([sandbox()], [old]);
  const plan = (image: string) =>
    planPod({
      pod: testPod("p", { containers: [c("a", { image })] }),
      runtime,
      started: () => true,
      failedProbe: () => undefined,
      gate: () => ({ waitMilliseconds: 0, tried: false }),
    }).actions;
  assert.deepEqual(plan("x"), []);
  assert.deepEqual(texts(plan("y")), ["kill a 30"]);
});

Deno.test("planPod counts on from the status when the runtime has forgotten", () => {
  const pod = {
    ...testPod("p", { containers: [c("a")] }),
    status: { containerStatuses: [{ name: "a", restartCount: 4, containerID: "x://1" }] },
  };
  const plan = planPod({
    pod,
    runtime: podRuntime([sandbox()], []),
    started: () => true,
    failedProbe: () => undefined,
    gate: () => ({ waitMilliseconds: 0, tried: false }),
  });
  assert.deepEqual(texts(plan.actions), ["start a 5"]);
});

const stopping: [string, PodSpec, string[], number, string[]][] = [
  [
    "main containers stop together, sidecars wait",
    { initContainers: [side("s")], containers: [c("a"), c("b")] },
    ["s", "a", "b"],
    30,
    ["kill a 30", "kill b 30"],
  ],
  [
    "then sidecars, the last first",
    { initContainers: [side("s"), side("t")], containers: [c("a")] },
    ["s", "t", "a:exited=0"],
    20,
    ["kill t 20"],
  ],
  [
    "one after the other",
    { initContainers: [side("s"), side("t")], containers: [c("a")] },
    ["s", "t:exited=0", "a:exited=0"],
    20,
    ["kill s 20"],
  ],
  [
    "without grace nobody waits",
    { initContainers: [side("s"), side("t")], containers: [c("a")] },
    ["s", "t", "a:exited=0"],
    0,
    ["kill s 0", "kill t 0"],
  ],
  ["the sandbox comes last", { containers: [c("a")] }, ["a:exited=0"], 30, ["stopSandbox s0"]],
];

for (const [name, spec, containers, grace, expected] of stopping) {
  Deno.test(`planTermination: ${name}`, () => {
    const { actions } = planTermination({
      pod: testPod("p", spec),
      runtime: podRuntime([sandbox()], containers.map(instance)),
      deadline: grace * 1000,
      now: 0,
      preStopBegun: new Set(),
    });
    assert.deepEqual(texts(actions), expected);
  });
}

Deno.test("planTermination begins the preStop hooks of sidecars at once", () => {
  const lifecycle = { preStop: { sleep: { seconds: 1 } } };
  const { actions } = planTermination({
    pod: testPod("p", {
      initContainers: [{ ...side("s"), lifecycle }],
      containers: [c("a")],
    }),
    runtime: podRuntime([sandbox()], ["s", "a"].map(instance)),
    deadline: 9000,
    now: 0,
    preStopBegun: new Set(),
  });
  assert.deepEqual(texts(actions), ["kill a 9", "preStop s"]);
});

Deno.test("planRemoval removes containers before their sandbox", () => {
  const runtime = (containers: string[]): PodRuntime =>
    podRuntime([sandbox(0, false)], containers.map(instance));
  assert.deepEqual(texts(planRemoval(runtime(["a:exited=0"])).actions), ["remove a0"]);
  assert.deepEqual(texts(planRemoval(runtime([])).actions), ["removeSandbox s0"]);
});

function texts(actions: ReturnType<typeof planPod>["actions"]): string[] {
  return actions.map((action) => {
    switch (action.kind) {
      case "runSandbox":
        return `runSandbox ${action.attempt}`;
      case "stopSandbox":
      case "removeSandbox":
        return `${action.kind} ${action.sandboxId}`;
      case "start":
        return `start ${action.container.name} ${action.attempt}`;
      case "kill":
        return `kill ${action.instance.name} ${action.graceSeconds}`;
      case "preStop":
        return `preStop ${action.instance.name}`;
      case "removeContainer":
        return `remove ${action.containerId}`;
    }
  });
}
