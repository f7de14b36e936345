import assert from "node:assert/strict";
import { FakeClock } from "../../base/mod.ts";
import type { Pod, ResourceClaim } from "../../api/mod.ts";
import { Client } from "../../client/mod.ts";
import type { Cycle } from "../framework/mod.ts";
import { ClaimWriter } from "./claim_writer.ts";
import {
  aClaim,
  allocated,
  cacheOf,
  pluginOf,
  podFor,
  request,
  SELECTORS,
  slice,
} from "./fake_devices.ts";
import { dynamicResourcesHints } from "./hints.ts";

const POD = podFor("a");
const KEY = "d/a";

interface Write {
  readonly method: string;
  readonly path: string;
  readonly body: ResourceClaim;
}

/** A plugin whose writes are answered with what they write, at a higher revision; `refuse` says how many are not. */
function pluginFor(claims: readonly ResourceClaim[], refuse = 0) {
  const cache = cacheOf({ claims, slices: [slice("n1", ["d0", "d1"])] });
  const clock = new FakeClock();
  const writes: Write[] = [];
  let revision = 10;
  const client = new Client({
    server: "http://api",
    userAgent: "test",
    fetch: async (input) => {
      const path = new URL(input.url).pathname;
      if (input.method === "GET") return Response.json(claims[0]);
      const body = await input.json() as ResourceClaim;
      writes.push({ method: input.method, path, body });
      if (writes.length <= refuse) {
        const status = { kind: "Status", status: "Failure", reason: "Conflict", code: 409 };
        return Response.json({ ...status, message: "modified" }, { status: 409 });
      }
      const metadata = { ...body.metadata, resourceVersion: String(revision++) };
      return Response.json({ ...body, metadata });
    },
  });
  const writer = new ClaimWriter({ client, clock, cache, bindingTimeoutSeconds: 600 });
  return { cache, clock, plugin: pluginOf(cache, writer, clock), writes };
}

const cycleOf = (pod: Pod): Cycle => ({ pod, profile: "", state: new Map() });

/** Places the pod on a node, as far as it is promised. */
function placed({ plugin }: ReturnType<typeof pluginFor>, node = "n1"): Cycle {
  const cycle = cycleOf(POD);
  assert.equal(plugin.begin(cycle, SELECTORS).verdict.code, "Success");
  assert.equal(plugin.filter(cycle, [node]).size, 0);
  assert.equal(plugin.reserve(cycle, node).code, "Success");
  return cycle;
}

Deno.test("an allocation is protected, written and known before the watch shows it", async () => {
  const world = pluginFor([aClaim("a", [request("r")])]);
  const { cache, clock, plugin, writes } = world;
  const cycle = placed(world);
  assert.equal(cache.isPromised("uid-a"), true);
  assert.equal(cache.allocated.isAlone("gpu.example.com/n1/d0"), true);
  assert.equal((await plugin.preBind(cycle, "n1")).code, "Success");
  const base = "/apis/resource.k8s.io/v1/namespaces/d/resourceclaims/a";
  assert.deepEqual(writes.map(({ method, path }) => `${method} ${path}`), [
    `PUT ${base}`,
    `PUT ${base}/status`,
  ]);
  assert.deepEqual(writes[0]?.body.metadata?.finalizers, [
    "resource.kubernetes.io/delete-protection",
  ]);
  const { allocation, reservedFor } = writes[1]?.body.status ?? {};
  assert.deepEqual(reservedFor, [{ resource: "pods", name: "p", uid: "uid-p" }]);
  assert.equal(Date.parse(allocation?.allocationTimestamp ?? ""), clock.now());
  assert.equal(cache.isPromised("uid-a"), false);
  assert.equal(cache.claim(KEY)?.status?.reservedFor?.length, 1);
  // The watch is behind: what was written still counts.
  cache.putClaim(KEY, { ...aClaim("a", [request("r")]) });
  assert.equal(cache.allocated.isAlone("gpu.example.com/n1/d0"), true);
});

Deno.test("two pods that are decided at once do not get one device", () => {
  const claims = ["a", "b", "c"].map((name) => aClaim(name, [request("r")]));
  const { cache, plugin } = pluginFor(claims);
  const cycles = ["a", "b", "c"].map((name) => cycleOf(podFor(name)));
  for (const cycle of cycles) {
    plugin.begin(cycle, SELECTORS);
    assert.equal(plugin.filter(cycle, ["n1"]).size, 0);
  }
  assert.deepEqual(cycles.map((cycle) => plugin.reserve(cycle, "n1").code), [
    "Success",
    "Success",
    "UnschedulableAndUnresolvable",
  ]);
  assert.deepEqual(
    ["d0", "d1"].map((one) => cache.allocated.isAlone(`gpu.example.com/n1/${one}`)),
    [
      true,
      true,
    ],
  );
});

Deno.test("a write is tried again on a conflict; what fails is taken back", async () => {
  const world = pluginFor([aClaim("a", [request("r")])], 1);
  const cycle = placed(world);
  assert.equal((await world.plugin.preBind(cycle, "n1")).code, "Success");
  assert.equal(world.writes.length, 3);

  const broken = pluginFor([aClaim("a", [request("r")])], 99);
  const attempt = placed(broken);
  const verdict = await broken.plugin.preBind(attempt, "n1");
  assert.equal(verdict.code, "Error");
  await broken.plugin.unreserve(attempt);
  assert.equal(broken.cache.isPromised("uid-a"), false);
  assert.equal(broken.cache.allocated.isAlone("gpu.example.com/n1/d0"), false);
});

Deno.test("a pod whose binding fails is taken off its claim", async () => {
  const world = pluginFor([aClaim("a", [request("r")])]);
  const cycle = placed(world);
  await world.plugin.preBind(cycle, "n1");
  await world.plugin.unreserve(cycle);
  const last = world.writes.at(-1);
  assert.equal(last?.method, "PATCH");
  assert.deepEqual(last?.body, {
    metadata: { uid: "uid-a" },
    status: { reservedFor: [{ $patch: "delete", uid: "uid-p" }] },
  });
});

Deno.test("devices that keep a pod from every node are given back, unless others have them", async () => {
  const one = allocated("a", "n2", "d0");
  const used = {
    ...one,
    status: { ...one.status, reservedFor: [{ resource: "pods", name: "q", uid: "uid-q" }] },
  };
  for (
    const [claim, text, count] of [
      [one, "deallocation of ResourceClaim completed", 1],
      [used, "still not schedulable", 0],
    ] as const
  ) {
    const { plugin, writes } = pluginFor([claim]);
    const cycle = cycleOf(POD);
    plugin.begin(cycle, SELECTORS);
    const refused = plugin.filter(cycle, ["n1", "n3"]);
    assert.deepEqual([...refused.values()].flatMap(({ reasons }) => reasons), [
      "resourceclaim not available on the node",
      "resourceclaim not available on the node",
    ]);
    assert.deepEqual((await plugin.postFilter(cycle)).verdict.reasons, [text]);
    assert.equal(writes.length, count);
    if (count > 0) assert.deepEqual(writes[0]?.body.status, {});
  }
});

Deno.test("a pod waits until its devices are prepared", async () => {
  const results = [{
    request: "r",
    driver: "gpu.example.com",
    pool: "n1",
    device: "d0",
    bindingConditions: ["Ready"],
    bindingFailureConditions: ["Broken"],
  }];
  const claim = (type?: string): ResourceClaim => ({
    ...aClaim("a", [request("r")]),
    metadata: { name: "a", namespace: "d", uid: "uid-a", resourceVersion: type ? "20" : "1" },
    status: {
      allocation: { devices: { results }, allocationTimestamp: "2026-01-01T00:00:00Z" },
      reservedFor: [{ resource: "pods", name: "p", uid: "uid-p" }],
      ...(type === undefined ? {} : {
        devices: [{
          driver: "gpu.example.com",
          pool: "n1",
          device: "d0",
          conditions: [{
            type,
            status: "True",
            reason: "Why",
            message: "because",
            lastTransitionTime: "2026-01-01T00:00:00Z",
          }],
        }],
      }),
    },
  });
  const cases: [string, string | undefined, string][] = [
    ["prepared", "Ready", ""],
    ["broken", "Broken", 'claim a binding failed: reason=Why, message="because"'],
    ["neither", undefined, "device binding timeout"],
  ];
  for (const [name, type, expected] of cases) {
    const { cache, clock, plugin } = pluginFor([claim()]);
    await clock.advance(Date.parse("2026-01-01T00:00:00Z") - clock.now());
    const cycle = cycleOf(POD);
    plugin.begin(cycle, SELECTORS);
    const bound = plugin.preBind(cycle, "n1");
    if (type !== undefined) cache.putClaim(KEY, claim(type));
    else await clock.advance(600_000);
    assert.equal((await bound).reasons.join(), expected, name);
  }
});

Deno.test("what may help pods that DynamicResources has refused", () => {
  const free = aClaim("a", [request("r")]);
  const taken = allocated("a", "n1", "d0");
  const other = aClaim("b", [request("r")]);
  const finalized = { ...free, metadata: { ...free.metadata, finalizers: ["x"] } };
  const cases: [string, ResourceClaim | undefined, ResourceClaim | undefined, boolean][] = [
    ["its claim comes", undefined, free, true],
    ["another claim comes", undefined, other, false],
    ["a finalizer is put on", free, finalized, false],
    ["its claim's status changes", free, taken, true],
    ["another claim is allocated", other, allocated("b", "n1", "d0"), false],
    ["another claim gives its devices back", allocated("b", "n1", "d0"), other, true],
    ["another claim goes with its devices", allocated("b", "n1", "d0"), undefined, true],
    ["a claim without devices goes", other, undefined, false],
  ];
  for (const [name, before, after, expected] of cases) {
    const action = before === undefined ? "Add" : after === undefined ? "Delete" : "Update";
    const found = dynamicResourcesHints.some((hint) =>
      hint.resource === "ResourceClaim" && hint.actions.includes(action) &&
      hint.helps?.(POD, { resource: "ResourceClaim", action, before, after }) === true
    );
    assert.equal(found, expected, name);
  }
});
