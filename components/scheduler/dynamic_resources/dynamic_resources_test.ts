import assert from "node:assert/strict";
import type { Device, DeviceClass, Pod, ResourceClaim, ResourceSlice } from "../../api/mod.ts";
import type { Cycle } from "../framework/mod.ts";
import {
  aClaim,
  allocated,
  cacheOf,
  DRIVER,
  GPU,
  NODES,
  pluginOf,
  podFor,
  request,
  SELECTORS,
  slice,
  type World,
} from "./fake_devices.ts";

/** `request=pool/device` of each claim that a node would give devices to, or why it does not. */
function decide(world: World, pod: Pod): string | Record<string, string> {
  const cache = cacheOf(world);
  const answers: Record<string, string> = {};
  for (const node of NODES.names) {
    const plugin = pluginOf(cache);
    const cycle: Cycle = { pod, profile: "default-scheduler", state: new Map() };
    const { verdict } = plugin.begin(cycle, SELECTORS);
    if (verdict.code === "Skip") return "skip";
    if (verdict.code !== "Success") return `${verdict.code}: ${verdict.reasons}`;
    let refused: ReturnType<typeof plugin.filter>;
    try {
      refused = plugin.filter(cycle, [node]);
    } catch (error) {
      return `${error}`;
    }
    const reason = refused.get(node);
    if (reason !== undefined) {
      assert.equal(reason.code, "UnschedulableAndUnresolvable");
      answers[node] = reason.reasons.join(", ");
      continue;
    }
    assert.equal(plugin.reserve(cycle, node).code, "Success");
    const attempt = cycle.state.get(plugin.name) as {
      promised: Map<string, ResourceClaim["status"] & object>;
    };
    answers[node] = [...attempt.promised.values()].map((one) => {
      const { devices } = one as { devices?: { results?: Record<string, unknown>[] } };
      return (devices?.results ?? []).map((r) => `${r["request"]}=${r["pool"]}/${r["device"]}`)
        .join(" ");
    }).join("; ");
    plugin.unreserve(cycle);
  }
  return answers;
}

const NO = "cannot allocate all claims";

Deno.test("a pod is refused for what its claims are", () => {
  const fromTemplate: Pod = {
    ...podFor(),
    spec: { resourceClaims: [{ name: "g", resourceClaimTemplateName: "t" }] },
  };
  const made = (resourceClaimName?: string): Pod => ({
    ...fromTemplate,
    status: {
      resourceClaimStatuses: [{
        name: "g",
        ...(resourceClaimName === undefined ? {} : { resourceClaimName }),
      }],
    },
  });
  const going = aClaim("a", [request("r")]);
  const full = allocated("a", "n1", "d0");
  const reservedFor = Array.from({ length: 256 }, (_, i) => ({
    resource: "pods",
    name: `x${i}`,
    uid: `x${i}`,
  }));
  const unresolvable = (text: string) => `UnschedulableAndUnresolvable: ${text}`;
  const cases: [string, ResourceClaim[], Pod, string][] = [
    ["no claims", [], podFor(), "skip"],
    ["none there", [], podFor("a"), unresolvable('could not find ResourceClaim "d/a"')],
    [
      "not made yet",
      [],
      fromTemplate,
      unresolvable('pod "d/p": ResourceClaim not created yet'),
    ],
    ["none needed", [], made(), "skip"],
    [
      "another pod's",
      [aClaim("a", [request("r")])],
      made("a"),
      unresolvable("ResourceClaim d/a was not created for pod d/p (pod is not owner)"),
    ],
    [
      "going",
      [{ ...going, metadata: { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }],
      podFor("a"),
      unresolvable('resourceclaim "a" is being deleted'),
    ],
    [
      "as many pods as may have it",
      [{ ...full, status: { ...full.status, reservedFor } }],
      podFor("a"),
      unresolvable("resourceclaim in use"),
    ],
    [
      "no such class",
      [aClaim("a", [request("r", { deviceClassName: "x" })])],
      podFor("a"),
      unresolvable("request r: device class x does not exist"),
    ],
    [
      "no such class of an alternative",
      [aClaim("a", [{ name: "r", firstAvailable: [{ name: "s", deviceClassName: "x" }] }])],
      podFor("a"),
      unresolvable("request r/s: device class x does not exist"),
    ],
    [
      "too many devices",
      [aClaim("a", [request("r", { count: 33 })])],
      podFor("a"),
      "AllocationError: claim d/a: number of requested devices 33 exceeds the claim limit of 32",
    ],
  ];
  for (const [name, claims, pod, expected] of cases) {
    assert.equal(decide({ claims, slices: [] }, pod), expected, name);
  }
  const cache = cacheOf({ claims: [aClaim("a", [request("r")])], slices: [] });
  cache.promise("uid-a", {});
  const plugin = pluginOf(cache);
  const cycle: Cycle = { pod: podFor("a"), profile: "", state: new Map() };
  assert.deepEqual(plugin.begin(cycle, SELECTORS).verdict.reasons, [
    "resource claim d/a is in the process of being allocated",
  ]);
  assert.deepEqual(plugin.preEnqueue(fromTemplate).reasons, [
    'pod "d/p": ResourceClaim not created yet',
  ]);
  assert.equal(plugin.preEnqueue(podFor("a")).code, "Success");
});

const attributes = (
  values: Record<string, string | number | boolean>,
): NonNullable<Device["attributes"]> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string"
        ? { string: value }
        : typeof value === "number"
        ? { int: value }
        : { bool: value },
    ]),
  );

Deno.test("devices are chosen in order, by count, selectors and constraints", () => {
  const two = [slice("n1", ["d0", "d1"]), slice("n2", ["d0"])];
  const big = (name: string, memory: string): Device => ({
    name,
    capacity: { memory: { value: memory } },
    attributes: { version: { version: "1.2.0" }, ...attributes({ kind: name }) },
  });
  const numa = (name: string, node: number): Device => ({ name, attributes: attributes({ node }) });
  const select = (expression: string) =>
    aClaim("a", [request("r", { selectors: [{ cel: { expression } }] })]);
  const sizes = [slice("n1", [big("s", "1Gi"), big("m", "4Gi"), big("l", "16Gi")])];
  const only = (value: string) => ({ n1: value, n2: NO, n3: NO });
  const cases: [string, ResourceClaim[], ResourceSlice[], string | Record<string, string>][] = [
    ["one", [aClaim("a", [request("r")])], two, { n1: "r=n1/d0", n2: "r=n2/d0", n3: NO }],
    ["two", [aClaim("a", [request("r", { count: 2 })])], two, only("r=n1/d0 r=n1/d1")],
    [
      "two requests",
      [aClaim("a", [request("x"), request("y")])],
      two,
      only("x=n1/d0 y=n1/d1"),
    ],
    [
      "two claims",
      [aClaim("a", [request("r")]), aClaim("b", [request("r")])],
      two,
      only("r=n1/d0; r=n1/d1"),
    ],
    [
      "what others have",
      [aClaim("a", [request("r")]), allocated("other", "n1", "d0")],
      two,
      { n1: "r=n1/d1", n2: "r=n2/d0", n3: NO },
    ],
    [
      "all",
      [aClaim("a", [request("r", { allocationMode: "All" })])],
      two,
      { n1: "r=n1/d0 r=n1/d1", n2: "r=n2/d0", n3: NO },
    ],
    [
      "all, of which others have one",
      [
        aClaim("a", [request("r", { allocationMode: "All" })]),
        allocated("other", "n1", "d0"),
      ],
      two,
      { n1: NO, n2: "r=n2/d0", n3: NO },
    ],
    [
      "administration sees what others have",
      [
        aClaim("a", [request("r", { allocationMode: "All", adminAccess: true })]),
        allocated("other", "n1", "d0"),
      ],
      two,
      { n1: "r=n1/d0 r=n1/d1", n2: "r=n2/d0", n3: NO },
    ],
    [
      "an attribute of the driver",
      [select(`device.attributes["${DRIVER}"].kind == "m"`)],
      sizes,
      only("r=n1/m"),
    ],
    [
      "a capacity",
      [select(`device.capacity["${DRIVER}"].memory.isGreaterThan(quantity("4Gi"))`)],
      sizes,
      only("r=n1/l"),
    ],
    [
      "a version",
      [select(`device.attributes["${DRIVER}"].version.isLessThan(semver("2.0.0"))`)],
      sizes,
      only("r=n1/s"),
    ],
    [
      "a domain that no device has",
      [select(`"x" in device.attributes["other.example.com"]`)],
      sizes,
      { n1: NO, n2: NO, n3: NO },
    ],
    [
      "an attribute that no device has",
      [select(`device.attributes["${DRIVER}"].nothing`)],
      sizes,
      "AllocationError: claim d/a: selector #0: CEL runtime error: no such key: nothing",
    ],
    [
      "the same attribute",
      [
        aClaim("a", [request("r", { count: 2 })], [{ matchAttribute: `${DRIVER}/node` }]),
      ],
      [slice("n1", [numa("d0", 0), numa("d1", 1), numa("d2", 0), "d3"])],
      only("r=n1/d0 r=n1/d2"),
    ],
    [
      "the same attribute of two requests of three",
      [
        aClaim("a", [request("x"), request("y"), request("z")], [
          { matchAttribute: `${DRIVER}/node`, requests: ["x", "z"] },
        ]),
      ],
      [slice("n1", [numa("d0", 0), numa("d1", 1), numa("d2", 0)])],
      only("x=n1/d0 y=n1/d1 z=n1/d2"),
    ],
    [
      "other attributes",
      [
        aClaim("a", [request("r", { count: 2 })], [{ distinctAttribute: `${DRIVER}/node` }]),
      ],
      [slice("n1", [numa("d0", 0), numa("d1", 0), numa("d2", 1)])],
      only("r=n1/d0 r=n1/d2"),
    ],
  ];
  for (const [name, claims, slices, expected] of cases) {
    const wanted = claims.filter(({ metadata }) => metadata?.name !== "other");
    const pod = podFor(...wanted.map(({ metadata }) => metadata?.name ?? ""));
    assert.deepEqual(decide({ claims, slices }, pod), expected, name);
  }
});

Deno.test("pools count in their newest generation, and whole", () => {
  const one = aClaim("a", [request("r")]);
  const all = aClaim("a", [request("r", { allocationMode: "All" })]);
  const shared = (name: string, spec: ResourceSlice["spec"]): ResourceSlice => ({
    metadata: { name },
    spec: {
      driver: DRIVER,
      pool: { name: "net", generation: 1, resourceSliceCount: 1 },
      devices: [{ name: "d0" }],
      ...spec,
    },
  });
  const selector = {
    nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }],
  };
  const only = (value: string) => ({ n1: value, n2: NO, n3: NO });
  const cases: [string, ResourceClaim, ResourceSlice[], string | Record<string, string>][] = [
    [
      "an older generation",
      one,
      [slice("n1", ["old"]), slice("n1", ["new"], { generation: 2 })],
      only("r=n1/new"),
    ],
    [
      "a newer one that has nothing for the node",
      one,
      [slice("n1", ["old"], { pool: "p" }), slice("n2", ["new"], { pool: "p", generation: 2 })],
      { n1: NO, n2: "r=p/new", n3: NO },
    ],
    ["a part of a pool", one, [slice("n1", ["d0"], { of: 2 })], { n1: NO, n2: NO, n3: NO }],
    [
      "a part of a pool beside a whole one",
      one,
      [slice("n1", ["d0"], { pool: "a", of: 2 }), slice("n1", ["d0"], { pool: "b" })],
      only("r=b/d0"),
    ],
    [
      "all of a part",
      all,
      [slice("n1", ["d0"], { of: 2 })],
      `AllocationError: claim d/a, request r: asks for all devices, but resource pool ${DRIVER}/n1 is currently being updated`,
    ],
    [
      "a device twice",
      one,
      [slice("n1", ["d0", "d0"])],
      { n1: "invalid resource pools were encountered", n2: NO, n3: NO },
    ],
    [
      "pools and slices by name",
      aClaim("a", [request("r", { count: 3 })]),
      [
        slice("n1", ["z"], { pool: "b", of: 2, name: "s2" }),
        slice("n1", ["y"], { pool: "b", of: 2, name: "s1" }),
        slice("n1", ["x"], { pool: "a" }),
      ],
      only("r=a/x r=b/y r=b/z"),
    ],
    [
      "pools with conditions of binding last",
      aClaim("a", [request("r", { count: 2 })]),
      [
        slice("n1", [{ name: "x", bindingConditions: ["Ready"] }], { pool: "a" }),
        slice("n1", ["y"], { pool: "b" }),
      ],
      only("r=b/y r=a/x"),
    ],
    [
      "every node",
      one,
      [shared("s", { allNodes: true })],
      { n1: "r=net/d0", n2: "r=net/d0", n3: "r=net/d0" },
    ],
    ["nodes of one zone", one, [shared("s", { nodeSelector: selector })], only("r=net/d0")],
    [
      "each device for itself",
      one,
      [
        shared("s", {
          perDeviceNodeSelection: true,
          devices: [{ name: "x", nodeName: "n2" }, { name: "y", nodeSelector: selector }],
        }),
      ],
      { n1: "r=net/y", n2: "r=net/x", n3: NO },
    ],
  ];
  for (const [name, claim, slices, expected] of cases) {
    assert.deepEqual(decide({ claims: [claim], slices }, podFor("a")), expected, name);
  }
});

Deno.test("taints, counters and shares of devices", () => {
  const one = aClaim("a", [request("r")]);
  const taint = (effect: string): Device => ({ name: "d0", taints: [{ key: "bad", effect }] });
  const tolerates = (toleration: object) =>
    aClaim("a", [request("r", { tolerations: [toleration] })]);
  const part = (name: string, memory: string): Device => ({
    name,
    consumesCounters: [{ counterSet: "card", counters: { memory: { value: memory } } }],
  });
  const counters = (sets: Record<string, string>): ResourceSlice => ({
    metadata: { name: "counters" },
    spec: {
      driver: DRIVER,
      pool: { name: "n1", generation: 1, resourceSliceCount: 2 },
      sharedCounters: [{
        name: "card",
        counters: Object.fromEntries(
          Object.entries(sets).map(([name, value]) => [name, { value }]),
        ),
      }],
    },
  });
  const parts = [
    slice("n1", [part("half0", "4Gi"), part("half1", "4Gi"), part("whole", "8Gi")], { of: 2 }),
    counters({ memory: "8Gi" }),
  ];
  const shares = (policy: object = {}): ResourceSlice[] => [
    slice("n1", [{
      name: "d0",
      allowMultipleAllocations: true,
      capacity: { memory: { value: "8Gi", requestPolicy: policy } },
    }]),
  ];
  const asks = (memory: string, count = 1) =>
    aClaim("a", [request("r", { count, capacity: { requests: { memory } } })]);
  const only = (value: string) => ({ n1: value, n2: NO, n3: NO });
  const cases: [string, ResourceClaim[], ResourceSlice[], Record<string, string>][] = [
    ["a taint", [one], [slice("n1", [taint("NoSchedule")])], only(NO)],
    ["a stronger one", [one], [slice("n1", [taint("NoExecute")])], only(NO)],
    ["one that says something", [one], [slice("n1", [taint("None")])], only("r=n1/d0")],
    [
      "tolerated",
      [tolerates({ operator: "Exists" })],
      [slice("n1", [taint("NoSchedule")])],
      only("r=n1/d0"),
    ],
    [
      "another one tolerated",
      [tolerates({ key: "other", operator: "Exists" })],
      [slice("n1", [taint("NoSchedule")])],
      only(NO),
    ],
    [
      "parts of a card",
      [aClaim("a", [request("r", { count: 2 })])],
      parts,
      only("r=n1/half0 r=n1/half1"),
    ],
    [
      "three parts are more than the card",
      [aClaim("a", [request("r", { count: 3 })])],
      parts,
      only(NO),
    ],
    [
      "a part is taken",
      [one, allocated("other", "n1", "half0")],
      parts,
      only("r=n1/half1"),
    ],
    ["the card is taken", [one, allocated("other", "n1", "whole")], parts, only(NO)],
    [
      "a counter that is not there",
      [one],
      [slice("n1", [part("d0", "1")], { of: 2 }), counters({ cores: "1" })],
      only("invalid resource pools were encountered"),
    ],
    ["a share", [asks("4Gi")], shares(), only("r=n1/d0")],
    ["two shares of one device", [asks("4Gi", 2)], shares(), only("r=n1/d0 r=n1/d0")],
    ["three shares are too many", [asks("4Gi", 3)], shares(), only(NO)],
    ["more than there is", [asks("9Gi")], shares(), only(NO)],
    ["rounded up to what is given", [asks("3Gi", 3)], shares({ validValues: ["4Gi"] }), only(NO)],
    [
      "rounded up by steps",
      [asks("3Gi", 2)],
      shares({ validRange: { min: "2Gi", step: "2Gi" } }),
      only("r=n1/d0 r=n1/d0"),
    ],
    [
      "more than one may have",
      [asks("6Gi")],
      shares({ validRange: { min: "1Gi", max: "4Gi" } }),
      only(NO),
    ],
    [
      "the default of the device",
      [aClaim("a", [request("r", { count: 2 })])],
      shares({ default: "1Gi" }),
      only("r=n1/d0 r=n1/d0"),
    ],
    [
      "a capacity that it does not have",
      [aClaim("a", [request("r", { capacity: { requests: { cores: "1" } } })])],
      shares(),
      only(NO),
    ],
    ["a capacity of a device for one", [asks("4Gi")], [
      slice("n1", [
        { name: "small", capacity: { memory: { value: "1Gi" } } },
        { name: "large", capacity: { memory: { value: "8Gi" } } },
      ]),
    ], only("r=n1/large")],
  ];
  for (const [name, claims, slices, expected] of cases) {
    assert.deepEqual(decide({ claims, slices }, podFor("a")), expected, name);
  }
});

Deno.test("the first alternative that a node has; nodes with better ones score higher", () => {
  const slow: DeviceClass = {
    metadata: { name: "slow" },
    spec: { selectors: [{ cel: { expression: `device.driver == "slow.example.com"` } }] },
  };
  const claim = aClaim("a", [{
    name: "r",
    firstAvailable: [
      { name: "two", deviceClassName: "gpu", count: 2 },
      { name: "one", deviceClassName: "gpu" },
      { name: "slow", deviceClassName: "slow" },
    ],
  }]);
  const slices = [
    slice("n1", ["d0"]),
    slice("n2", ["d0", "d1"]),
    { ...slice("n3", ["d0"]), spec: { ...slice("n3", ["d0"]).spec, driver: "slow.example.com" } },
  ];
  const world = { claims: [claim], classes: [GPU, slow], slices };
  assert.deepEqual(decide(world, podFor("a")), {
    n1: "r/one=n1/d0",
    n2: "r/two=n2/d0 r/two=n2/d1",
    n3: "r/slow=n3/d0",
  });
  const plugin = pluginOf(cacheOf(world));
  const cycle: Cycle = { pod: podFor("a"), profile: "", state: new Map() };
  plugin.begin(cycle, SELECTORS);
  assert.equal(plugin.filter(cycle, NODES.names).size, 0);
  assert.deepEqual(plugin.score(cycle, NODES.names), [87, 100, 75]);
});

Deno.test("a search that has no end in sight is given up", () => {
  // Every pair shares one attribute, no four do: all combinations would have to be tried.
  const devices = Array.from({ length: 64 }, (_, i): Device => ({
    name: `d${i}`,
    attributes: attributes({ a: i >> 1 }),
  }));
  const claim = aClaim(
    "a",
    Array.from({ length: 30 }, (_, i) => request(`r${i}`)),
    Array.from({ length: 10 }, (_, i) => ({
      matchAttribute: `${DRIVER}/a`,
      requests: [`r${3 * i}`, `r${3 * i + 1}`, `r${29 - i}`],
    })),
  );
  assert.deepEqual(decide({ claims: [claim], slices: [slice("n1", devices)] }, podFor("a")), {
    n1: "timed out trying to allocate devices",
    n2: NO,
    n3: NO,
  });
});
