import assert from "node:assert/strict";
import { type Clock, FakeClock, silentLogger, systemClock } from "../../base/mod.ts";
import { readConfiguration } from "../config/mod.ts";
import { Simulation } from "../simulation.ts";
import { ANSWER_MAXIMUM_MILLISECONDS } from "./plugin_host.ts";
import { descriptionProblem, loadPlugins } from "./user_plugins.ts";

const here = (path: string) => new URL(path, import.meta.url).pathname;
const EXAMPLES = here("../../../deploy/scheduler-plugins/");

function configuration(plugin: string, args = "{}") {
  return readConfiguration(`
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- plugins: {multiPoint: {enabled: [{name: ${plugin}, weight: 10}]}}
  pluginConfig: [{name: ${plugin}, args: ${args}}]
`);
}

async function withPlugin(
  file: string,
  name: string,
  run: (simulation: Simulation) => Promise<void>,
  { args, clock = systemClock }: { readonly args?: string; readonly clock?: Clock } = {},
): Promise<void> {
  const loaded = await loadPlugins([file], clock, silentLogger);
  const simulation = await Simulation.start({
    configuration: configuration(name, args),
    plugins: loaded.plugins,
    onNode: loaded.onNode,
  });
  try {
    await run(simulation);
  } finally {
    await simulation.end();
    loaded.end();
  }
}

/** Workers answer in their own time: there is no end to how busy a machine may be. */
async function until(holds: () => boolean, between: () => Promise<void> = () => Promise.resolve()) {
  while (!holds()) {
    await between();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

Deno.test("PodGroup binds all pods of a group or none", async () => {
  await withPlugin(`${EXAMPLES}pod_group.ts`, "PodGroup", async (simulation) => {
    simulation.node("n1", { cpu: "8" });
    const member = (name: string) =>
      simulation.pod(name, {
        metadata: {
          labels: { "example.com/pod-group": "g" },
          annotations: { "example.com/pod-group-size": "3" },
        },
      });
    member("a");
    member("b");
    simulation.pod("single", {});
    await until(() => simulation.nodeOf("single") === "n1");
    await until(() => simulation.api.pod("b")?.status?.nominatedNodeName === "n1");
    assert.deepEqual(["a", "b"].map((name) => simulation.nodeOf(name)), ["", ""]);
    member("c");
    await until(() => ["a", "b", "c"].every((name) => simulation.nodeOf(name) === "n1"));
  });
});

Deno.test("PodGroup gives the room back when its pods have waited long enough", async () => {
  await withPlugin(
    `${EXAMPLES}pod_group.ts`,
    "PodGroup",
    async (simulation) => {
      simulation.node("n1", { cpu: "2" });
      simulation.pod("alone", {
        cpu: "2",
        metadata: {
          labels: { "example.com/pod-group": "g" },
          annotations: { "example.com/pod-group-size": "2" },
        },
      });
      await until(() => simulation.api.pod("alone")?.status?.nominatedNodeName === "n1");
      simulation.pod("other", { cpu: "2" });
      await until(() => simulation.nodeOf("other") === "n1", () => simulation.clock.advance(1_000));
      const why = /rejected due to timeout after waiting 5s at plugin PodGroup/;
      // Its condition may tell of a later attempt already; what was written stays written.
      await until(() => simulation.api.writes.some((write) => why.test(write)));
    },
    { args: "{waitSeconds: 5}" },
  );
});

Deno.test("LowPower, in WebAssembly, prefers nodes that draw less, and refuses those that do not say", async () => {
  await withPlugin(`${EXAMPLES}low_power.wasm`, "LowPower", async (simulation) => {
    simulation.node("n1", { labels: { "example.com/watts": "800" } });
    simulation.node("n2", { labels: { "example.com/watts": "200" } });
    simulation.node("n3", {});
    await until(() => simulation.metric('scheduler_cache_size{type="nodes"}') === 3);
    const annotations = { "example.com/needs-watts-label": "true" };
    simulation.pod("a", { metadata: { annotations } });
    await until(() => simulation.nodeOf("a") !== "");
    assert.equal(simulation.nodeOf("a"), "n2");
    const { nodes = {} } = simulation.scheduler.explain("d", "a") ?? {};
    assert.deepEqual(nodes["n3"], {
      rejectedBy: "LowPower",
      reason: "node(s) did not say what power they draw",
    });
    const scores = (name: string) => "scores" in nodes[name]! ? nodes[name].scores["LowPower"] : -1;
    assert.deepEqual([scores("n1"), scores("n2")], [200, 800]);
  });
});

const FAULTS: readonly (readonly [string, RegExp])[] = [
  ["throw", /running Filter plugin "Fake": no idea/],
  ["nonsense", /running Filter plugin "Fake": no verdict was answered/],
  [
    "overrate",
    /plugin "Fake" returns an invalid score 1000, it should in the range of \[0, 100\] after normalizing/,
  ],
];

Deno.test("a plugin that throws or answers nonsense harms its pod alone", async () => {
  await withPlugin(here("./fake_plugin.ts"), "Fake", async (simulation) => {
    simulation.node("n1", {});
    simulation.node("n2", {});
    for (const [does] of FAULTS) simulation.pod(does, { metadata: { labels: { does } } });
    simulation.pod("untouched", {});
    simulation.pod("refused", { metadata: { labels: { does: "refuse" } } });
    await until(() => simulation.nodeOf("untouched") !== "");
    await until(() => simulation.nodeOf("refused") === "n2");
    for (const [does, message] of FAULTS) {
      const condition = () => simulation.api.pod(does)?.status?.conditions?.[0];
      await until(() => condition() !== undefined);
      assert.equal(condition()?.reason, "SchedulerError");
      assert.match(condition()?.message ?? "", message);
      assert.equal(simulation.nodeOf(does), "");
    }
  });
});

Deno.test("a plugin whose promise never resolves harms its pod alone", async () => {
  const clock = new FakeClock();
  await withPlugin(here("./fake_plugin.ts"), "Fake", async (simulation) => {
    simulation.node("n1", {});
    simulation.node("n2", {});
    simulation.pod("stuck", { metadata: { labels: { does: "wait" } } });
    simulation.pod("untouched", {});
    await until(() => simulation.nodeOf("untouched") !== "");
    const condition = () => simulation.api.pod("stuck")?.status?.conditions?.[0];
    await until(() => condition() !== undefined, () => clock.advance(100));
    assert.match(
      condition()?.message ?? "",
      new RegExp(`it did not answer within ${ANSWER_MAXIMUM_MILLISECONDS / 1000} s`),
    );
    simulation.pod("next", { metadata: { labels: { does: "refuse" } } });
    await until(() => simulation.nodeOf("next") === "n2");
  }, { clock });
});

Deno.test("a plugin in an endless loop harms its pod alone, and is given up in the end", async () => {
  // The runtime does not end such a worker: it lives in a process that is ended.
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "-q", here("./fake_endless_program.ts")],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.deepEqual(new TextDecoder().decode(stdout).trim().split("\n"), [
    "it did not answer within 5 s",
    "not on n1",
    "it did not answer within 5 s",
    "not on n1",
    "it did not answer within 5 s",
    "it has been stuck 3 times and is given up",
  ]);
});

Deno.test("a pod is kept out of the queue as long as the plugin says so", async () => {
  await withPlugin(here("./fake_plugin.ts"), "Fake", async (simulation) => {
    simulation.node("n1", {});
    simulation.pod("out", { metadata: { labels: { does: "keepOut" } } });
    simulation.pod("in", { metadata: { labels: { does: "nothing" } } });
    await until(() => simulation.nodeOf("in") === "n1");
    assert.equal(simulation.nodeOf("out"), "");
    const out = simulation.api.pod("out")!;
    simulation.api.put("pods", {
      ...out,
      metadata: { ...out.metadata, generation: 2, labels: { does: "nothing" } },
    });
    await until(() => simulation.nodeOf("out") === "n1");
  });
});

Deno.test("loadPlugins refuses what is no plugin, and names that are taken", async () => {
  const cases = [
    [here("./own_plugin.ts"), /its default export has no name, points and create/],
    [here("./absent.ts"), /plugin .*absent\.ts/],
  ] as const;
  for (const [file, message] of cases) {
    await assert.rejects(loadPlugins([file], systemClock, silentLogger), message);
  }
  const file = here("./fake_plugin.ts");
  await assert.rejects(
    loadPlugins([file, file], systemClock, silentLogger),
    /a plugin named Fake already exists/,
  );
});

Deno.test("descriptionProblem says what is wrong with what a module says of itself", () => {
  const cases = [
    [{ points: ["filter"] }, undefined],
    [{ points: ["filter", "sort"] }, 'there is no point "sort"'],
    [{ points: [], events: "Node" }, "its events are not a list of resource and actions"],
    [
      { points: [], events: [{ resource: "Node" }] },
      "its events are not a list of resource and actions",
    ],
    [
      { points: [], podSelector: { matchExpressions: [{ key: "a", operator: "Like" }] } },
      'its podSelector: "Like" is not a valid label selector operator',
    ],
  ] as const;
  for (const [description, expected] of cases) {
    assert.equal(descriptionProblem({ name: "x", ...description } as never), expected);
  }
});
