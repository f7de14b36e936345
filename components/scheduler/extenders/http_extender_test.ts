import assert from "node:assert/strict";
import { FakeClock } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import type { ExtenderConfiguration } from "../config/mod.ts";
import { Simulation } from "../simulation.ts";
import { HttpExtender } from "./http_extender.ts";

const VERBS = {
  filterVerb: "filter",
  prioritizeVerb: "prioritize",
  bindVerb: "bind",
  preemptVerb: "preempt",
  weight: 3,
};
const POD: Pod = { metadata: { name: "p", namespace: "d", uid: "u" }, spec: { containers: [] } };

/** An extender that answers from a script and keeps what it was asked. */
function extender(
  answer: unknown,
  configuration: Partial<ExtenderConfiguration> = {},
  clock = new FakeClock(),
) {
  const asked: { url: string; body: unknown }[] = [];
  const made = new HttpExtender({
    configuration: { urlPrefix: "http://extender/v1", ...VERBS, ...configuration },
    clock,
    nodeOf: (name) => ({ metadata: { name } }),
    podOf: (uid) => ({ metadata: { uid, name: `pod-${uid}` } }),
    fetch: async (request) => {
      asked.push({ url: request.url, body: await request.json() });
      if (answer === "hang") {
        return await new Promise((_, reject) => {
          request.signal.addEventListener("abort", () => reject(request.signal.reason));
        });
      }
      return typeof answer === "number"
        ? new Response("no", { status: answer })
        : Response.json(answer);
    },
  });
  return { made, asked };
}

Deno.test("filter sends names or nodes, and reads what is left and why the others are not", async () => {
  const answer = {
    NodeNames: ["a"],
    FailedNodes: { b: "no gpu" },
    FailedAndUnresolvableNodes: { c: "wrong rack" },
  };
  const { asked, made } = extender(answer, { nodeCacheCapable: true });
  const result = await made.filter(POD, ["a", "b", "c"]);
  assert.deepEqual(asked, [{
    url: "http://extender/v1/filter",
    body: { Pod: POD, NodeNames: ["a", "b", "c"] },
  }]);
  assert.deepEqual(result, {
    feasible: ["a"],
    failed: new Map([["b", "no gpu"]]),
    unresolvable: new Map([["c", "wrong rack"]]),
  });
  const whole = extender({ Nodes: { items: [{ metadata: { name: "b" } }] } });
  assert.deepEqual((await whole.made.filter(POD, ["a", "b"])).feasible, ["b"]);
  assert.deepEqual(whole.asked[0]?.body, {
    Pod: POD,
    Nodes: { items: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }] },
  });
});

Deno.test("filter rejects for what is wrong", async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ Error: "broken" }, /^broken$/],
    [500, /failed filter with extender at URL http:\/\/extender\/v1, code 500/],
    [{ NodeNames: ["z"] }, /claims a filtered node "z" which is not found in the input node list/],
  ];
  for (const [answer, message] of cases) {
    const { made } = extender(answer, { nodeCacheCapable: true });
    await assert.rejects(made.filter(POD, ["a"]), (error: Error) => message.test(error.message));
  }
});

Deno.test("an extender that does not answer is left after its time", async () => {
  const clock = new FakeClock();
  const { made, asked } = extender("hang", { httpTimeout: "2s" }, clock);
  const answer = assert.rejects(made.filter(POD, ["a"]), /did not answer in time/);
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  await clock.advance(2_000);
  await answer;
});

Deno.test("prioritize multiplies by the weight and up to the plugins' points", async () => {
  const { made } = extender([{ Host: "a", Score: 10 }, { Host: "b", Score: 4 }]);
  assert.deepEqual([...await made.prioritize(POD, ["a", "b"])], [["a", 300], ["b", 120]]);
});

Deno.test("bind and preempt speak upstream's forms", async () => {
  const binder = extender({});
  await binder.made.bind(POD, "a");
  assert.deepEqual(binder.asked[0]?.body, {
    PodName: "p",
    PodNamespace: "d",
    PodUID: "u",
    Node: "a",
  });
  await assert.rejects(extender({ Error: "taken" }).made.bind(POD, "a"), /^Error: taken$/);
  const victims = new Map([["a", { uids: ["v"], violations: 1 }], ["b", {
    uids: [],
    violations: 0,
  }]]);
  const answer = { NodeNameToMetaVictims: { a: { Pods: [{ UID: "v" }], NumPDBViolations: 1 } } };
  const cached = extender(answer, { nodeCacheCapable: true });
  const left = await cached.made.preempt(POD, victims);
  assert.deepEqual([...left], [["a", { uids: ["v"], violations: 1 }]]);
  assert.deepEqual(cached.asked[0]?.body, {
    Pod: POD,
    NodeNameToMetaVictims: {
      a: { Pods: [{ UID: "v" }], NumPDBViolations: 1 },
      b: { Pods: [], NumPDBViolations: 0 },
    },
  });
  const whole = extender(answer);
  await whole.made.preempt(POD, new Map([["a", { uids: ["v"], violations: 0 }]]));
  assert.deepEqual(whole.asked[0]?.body, {
    Pod: POD,
    NodeNameToVictims: {
      a: { Pods: [{ metadata: { uid: "v", name: "pod-v" } }], NumPDBViolations: 0 },
    },
  });
});

Deno.test("an extender with managed resources is asked about pods that want them alone", () => {
  const { made } = extender({}, { managedResources: [{ name: "example.com/gpu" }] });
  const wants = (name: string): Pod => ({
    spec: { containers: [{ name: "c", resources: { limits: { [name]: "1" } } }] },
  });
  assert.equal(made.concerns(wants("example.com/gpu")), true);
  assert.equal(made.concerns(wants("cpu")), false);
  assert.equal(extender({}).made.concerns(POD), true);
});

const RUNS:
  readonly (readonly [string, unknown, Partial<ExtenderConfiguration>, string, RegExp])[] = [
    ["what it lets through", { NodeNames: ["n2"], FailedNodes: { n1: "no" } }, {}, "n2", /^$/],
    [
      "nothing",
      { NodeNames: [], FailedNodes: { n1: "no gpu", n2: "no gpu" } },
      {},
      "",
      /^0\/2 nodes are available: 2 no gpu\./,
    ],
    ["an error", { Error: "broken" }, {}, "", /^broken$/],
    ["an error that may be ignored", { Error: "broken" }, { ignorable: true }, "n", /^$/],
  ];

for (const [name, answer, more, node, message] of RUNS) {
  Deno.test(`a pod goes where its extender says: ${name}`, async () => {
    const { made } = extender(answer, {
      nodeCacheCapable: true,
      prioritizeVerb: "",
      bindVerb: "",
      preemptVerb: "",
      ...more,
    });
    const simulation = await Simulation.start({ extenders: [made] });
    try {
      simulation.node("n1", {});
      simulation.node("n2", {});
      await simulation.until(() => simulation.metric('scheduler_cache_size{type="nodes"}') === 2);
      simulation.pod("a", {});
      const said = () => simulation.api.pod("a")?.status?.conditions?.[0]?.message ?? "";
      await simulation.until(() => simulation.nodeOf("a") !== "" || said() !== "");
      assert.ok(
        simulation.nodeOf("a").startsWith(node) && (node !== "" || simulation.nodeOf("a") === ""),
      );
      assert.match(said(), message);
    } finally {
      await simulation.end();
    }
  });
}
