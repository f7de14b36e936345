import assert from "node:assert/strict";
import type { Node, Pod } from "../../api/mod.ts";
import { openCore } from "../open_core.ts";
import { knownNode } from "../queue/mod.ts";
import { DecisionLog } from "./decision_log.ts";
import type { Explanation } from "./explanation.ts";
import { wouldFit } from "./would_fit.ts";

const node = (name: string, spec: Node["spec"] = {}): Node => ({
  metadata: { name, labels: { zone: "a" } },
  spec,
  status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110" } },
});
const pod = (cpu: string, spec: Partial<Pod["spec"]> = {}): Pod => ({
  metadata: { name: "p", namespace: "d", uid: "u" },
  spec: { containers: [{ name: "c", resources: { requests: { cpu } } }], ...spec },
});
const refused = (rejectedBy: string, reason: string): Explanation => ({
  pod: "d/p",
  node: null,
  nodes: { n1: { rejectedBy, reason } },
});

const CHANGES: readonly (readonly [Pod, Node, Explanation, string])[] = [
  [
    pod("1"),
    node("n1", { taints: [{ key: "a", value: "b", effect: "NoSchedule" }] }),
    refused("TaintToleration", "node(s) had untolerated taint(s)"),
    "a toleration of a=b:NoSchedule, or nodes without it (n1)",
  ],
  [
    pod("1", { nodeSelector: { zone: "b" } }),
    node("n1"),
    refused("NodeAffinity", "node(s) didn't match Pod's node affinity/selector"),
    "the label zone=b on nodes (n1)",
  ],
  [
    pod("9"),
    node("n1"),
    refused("NodeResourcesFit", "Insufficient cpu"),
    "nodes with more cpu: the pod asks for 9, more than they have (n1)",
  ],
  [
    pod("1500m"),
    node("n1"),
    refused("NodeResourcesFit", "Insufficient cpu"),
    "1500m of cpu that other pods do not take (n1)",
  ],
  [
    pod("1"),
    node("n1"),
    refused("NodeUnschedulable", "node(s) were unschedulable"),
    "kubectl uncordon of the node (n1)",
  ],
  [
    pod("1", { schedulingGates: [{ name: "x" }, { name: "y" }] }),
    node("n1"),
    { pod: "d/p", node: null, nodes: {} },
    "the removal of its scheduling gates: x, y",
  ],
  [pod("1"), node("n1"), { pod: "d/p", node: null, nodes: {} }, "a node"],
];

for (const [waiting, where, explanation, expected] of CHANGES) {
  Deno.test(`wouldFit: ${expected}`, () => {
    assert.deepEqual(wouldFit(waiting, explanation, () => knownNode(where)), [expected]);
  });
}

Deno.test("wouldFit names first what the most nodes wait for, and few of their names", () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`n${i}`, {
      rejectedBy: i === 0 ? "NodeUnschedulable" : "NodePorts",
      reason: "taken",
    }]),
  );
  assert.deepEqual(
    wouldFit(pod("1"), { pod: "d/p", node: null, nodes }, () => knownNode(node("n"))),
    [
      "NodePorts no longer refuses: taken (n1, n2, n3 and 2 more)",
      "kubectl uncordon of the node (n0)",
    ],
  );
});

Deno.test("DecisionLog keeps what nodes were when it was decided, and no more than its bound", () => {
  const core = openCore();
  core.putNode(node("n1"));
  core.putNode(node("n2", { unschedulable: true }));
  const log = new DecisionLog(core);
  const encoded = core.encode(1, pod("3"));
  log.record({ key: "d/p", uid: "u", handle: 1, node: "n1", encoded });
  core.assume(encoded, "n1");
  const found = log.explain("d/p");
  assert.equal(found?.node, "n1");
  assert.ok("scores" in found!.nodes["n1"]!, "its own room is not counted against it");
  assert.deepEqual(found?.nodes["n2"], {
    rejectedBy: "NodeUnschedulable",
    reason: "node(s) were unschedulable",
  });
  for (let i = 0; i < 3_000; i++) {
    log.record({ key: `d/${i}`, uid: String(i), handle: i, node: undefined, message: "no" });
  }
  assert.equal(log.size, 2_000);
  assert.equal(log.explain("d/p"), undefined);
  assert.deepEqual(log.explain("d/2999"), { pod: "d/2999", node: null, message: "no", nodes: {} });
  log.forget("d/2999", "another");
  assert.equal(log.size, 2_000);
  log.forget("d/2999");
  assert.equal(log.size, 1_999);
  core.end();
});
