import assert from "node:assert/strict";
import type { Pod } from "../../api/mod.ts";
import type { ClusterEvent } from "./cluster_event.ts";
import { DEFAULT_HINTS } from "./default_hints.ts";
import { HintTable } from "./hint_table.ts";
import { type KnownNode, knownNode, nodeEvents } from "./known_node.ts";
import { assignedPodEvents, type KnownPod } from "./known_pod.ts";
import { podChanges } from "./pod_changes.ts";

const TABLE = new HintTable(
  Object.entries(DEFAULT_HINTS).map(([plugin, hints]) => ({ plugin, hints })),
);

const NODE: KnownNode = {
  name: "n1",
  labels: { zone: "a", "kubernetes.io/hostname": "n1" },
  taints: [],
  unschedulable: false,
  allocatable: { cpu: "2", memory: "4Gi", pods: "10" },
  declaredFeatures: [],
};
const OTHER: KnownPod = {
  namespace: "d",
  labels: { app: "web" },
  node: "n1",
  terminating: false,
  requests: new Map([["cpu", 500]]),
};
const TAINT = { key: "k", effect: "NoSchedule" };
const term = (app: string) => ({
  topologyKey: "zone",
  labelSelector: { matchLabels: { app } },
});
const affinity = (kind: "podAffinity" | "podAntiAffinity", app: string) => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
});
const spread = (app: string) => ({
  topologySpreadConstraints: [{
    ...term(app),
    maxSkew: 1,
    whenUnsatisfiable: "DoNotSchedule",
  }],
});
const asks = (cpu: string) => ({
  containers: [{ name: "c", resources: { requests: { cpu } } }],
});
const port = (hostPort: number) => ({ containers: [{ name: "c", ports: [{ hostPort }] }] });

function pod(spec: Record<string, unknown> = {}): Pod {
  return { metadata: { name: "p", namespace: "d" }, spec } as Pod;
}
const node = (change: Partial<KnownNode>): KnownNode => ({ ...NODE, ...change });
const other = (change: Partial<KnownPod>): KnownPod => ({ ...OTHER, ...change });
const added = (change: Partial<KnownNode> = {}) => nodeEvents(undefined, node(change));
const changed = (before: Partial<KnownNode>, after: Partial<KnownNode>) =>
  nodeEvents(node(before), node(after));

const CASES: readonly (readonly [string, Pod, readonly ClusterEvent[], boolean])[] = [
  ["NodeUnschedulable", pod(), added(), true],
  ["NodeUnschedulable", pod(), added({ unschedulable: true }), false],
  ["NodeUnschedulable", pod(), changed({ unschedulable: true }, {}), true],
  ["NodeUnschedulable", pod(), changed({}, { unschedulable: true }), false],
  ["NodeName", pod({ nodeName: "n1" }), added(), true],
  ["NodeName", pod({ nodeName: "n2" }), added(), false],
  ["TaintToleration", pod(), changed({ taints: [TAINT] }, {}), true],
  ["TaintToleration", pod(), changed({}, { taints: [TAINT] }), false],
  ["TaintToleration", pod(), added({ taints: [TAINT] }), false],
  [
    "TaintToleration",
    pod({ tolerations: [{ operator: "Exists" }] }),
    added({ taints: [TAINT] }),
    true,
  ],
  ["TaintToleration", pod(), changed({ labels: {} }, {}), false],
  ["NodeAffinity", pod({ nodeSelector: { zone: "a" } }), added(), true],
  ["NodeAffinity", pod({ nodeSelector: { zone: "b" } }), added(), false],
  ["NodeAffinity", pod({ nodeSelector: { zone: "a" } }), changed({ labels: {} }, {}), true],
  [
    "NodeAffinity",
    pod({ nodeSelector: { zone: "a" } }),
    changed({ labels: { zone: "a" } }, {}),
    false,
  ],
  ["NodePorts", pod(port(80)), added(), true],
  [
    "NodePorts",
    pod(port(80)),
    assignedPodEvents(other({ hostPorts: [{ ip: "", protocol: "TCP", port: 80 }] }), undefined),
    true,
  ],
  [
    "NodePorts",
    pod(port(80)),
    assignedPodEvents(other({ hostPorts: [{ ip: "", protocol: "TCP", port: 81 }] }), undefined),
    false,
  ],
  ["NodeResourcesFit", pod(asks("1")), added(), true],
  ["NodeResourcesFit", pod(asks("3")), added(), false],
  [
    "NodeResourcesFit",
    pod(asks("1")),
    changed({ allocatable: { cpu: "1", pods: "10" } }, {}),
    true,
  ],
  [
    "NodeResourcesFit",
    pod(asks("1")),
    changed({ allocatable: { cpu: "2", memory: "1Gi", pods: "10" } }, {}),
    false,
  ],
  ["NodeResourcesFit", pod(asks("1")), assignedPodEvents(OTHER, undefined), true],
  ["NodeResourcesFit", pod(asks("1")), assignedPodEvents(undefined, OTHER), false],
  [
    "NodeResourcesFit",
    pod(asks("1")),
    assignedPodEvents(OTHER, other({ requests: new Map([["cpu", 100]]) })),
    true,
  ],
  [
    "NodeResourcesFit",
    pod({ containers: [{ name: "c", resources: { requests: { memory: "1" } } }] }),
    assignedPodEvents(OTHER, other({ requests: new Map([["cpu", 100]]) })),
    false,
  ],
  ["PodTopologySpread", pod(spread("web")), assignedPodEvents(undefined, OTHER), true],
  ["PodTopologySpread", pod(spread("db")), assignedPodEvents(undefined, OTHER), false],
  [
    "PodTopologySpread",
    pod(spread("web")),
    assignedPodEvents(undefined, other({ namespace: "e" })),
    false,
  ],
  ["PodTopologySpread", pod(spread("web")), added(), true],
  ["PodTopologySpread", pod(spread("web")), added({ labels: {} }), false],
  [
    "PodTopologySpread",
    pod(spread("web")),
    changed({}, { labels: { ...NODE.labels, x: "y" } }),
    false,
  ],
  ["PodTopologySpread", pod(spread("web")), nodeEvents(NODE, undefined), true],
  [
    "InterPodAffinity",
    pod(affinity("podAffinity", "web")),
    assignedPodEvents(undefined, OTHER),
    true,
  ],
  [
    "InterPodAffinity",
    pod(affinity("podAffinity", "db")),
    assignedPodEvents(undefined, OTHER),
    false,
  ],
  [
    "InterPodAffinity",
    pod(affinity("podAffinity", "web")),
    assignedPodEvents(OTHER, undefined),
    false,
  ],
  [
    "InterPodAffinity",
    pod(affinity("podAntiAffinity", "web")),
    assignedPodEvents(OTHER, undefined),
    true,
  ],
  ["InterPodAffinity", pod(), assignedPodEvents(other({ keepsAway: true }), undefined), true],
  ["InterPodAffinity", pod(affinity("podAffinity", "web")), changed({ labels: {} }, {}), true],
  [
    "InterPodAffinity",
    pod(affinity("podAffinity", "web")),
    changed({ labels: { zone: "a" } }, {}),
    false,
  ],
];

for (const [plugin, waiting, events, expected] of CASES) {
  const text = events.map(({ resource, action }) => `${resource} ${action}`).join(", ");
  Deno.test(`${plugin}: ${text} ${expected ? "helps" : "does not help"} ${JSON.stringify(waiting.spec)}`, () => {
    const helped = events.some((event) =>
      TABLE.helps(waiting, new Set([plugin]), event) !== undefined
    );
    assert.equal(helped, expected);
  });
}

Deno.test("a heartbeat of a node is no event", () => {
  const beat = (time: string) =>
    knownNode({
      metadata: { name: "n1", labels: { a: "b" }, resourceVersion: time },
      status: { conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: time }] },
    });
  assert.deepEqual(nodeEvents(beat("1"), beat("2")), []);
});

Deno.test("a condition of a pod is no event; what changes its needs is", () => {
  const cases: readonly (readonly [Pod, Pod, readonly string[]])[] = [
    [pod(), { ...pod(), status: { conditions: [{ type: "PodScheduled", status: "False" }] } }, []],
    [pod(asks("2")), pod(asks("1")), ["UpdatePodScaleDown"]],
    [pod(asks("1")), pod(asks("2")), []],
    [pod(), pod({ tolerations: [{ operator: "Exists" }] }), ["UpdatePodToleration"]],
    [pod({ schedulingGates: [{ name: "x" }] }), pod(), ["UpdatePodSchedulingGatesEliminated"]],
  ];
  for (const [before, after, expected] of cases) {
    assert.deepEqual(podChanges(before, after).map(({ action }) => action), expected);
  }
});
