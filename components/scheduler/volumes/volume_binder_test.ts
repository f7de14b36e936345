import assert from "node:assert/strict";
import { FakeClock } from "../../base/mod.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/mod.ts";
import { Client } from "../../client/mod.ts";
import type { NodeBinding } from "./binding_plan.ts";
import { claimRecord } from "./claim_record.ts";
import { FakeNodes } from "./fake_nodes.ts";
import { aClaim, aVolume, cacheOf } from "./fake_volumes.ts";
import { UsedVolumes } from "./used_volumes.ts";
import { VolumeBinder } from "./volume_binder.ts";
import { volumeRecord } from "./volume_record.ts";

const POD = { name: "p", uid: "uid-p" };
const CLAIM = aClaim("a");
const VOLUME = aVolume("v", { on: ["n1"] });

/** A binder over one claim and one volume, with what it writes. */
function binderOf(refuse = false) {
  const cache = cacheOf({ claims: [CLAIM], volumes: [VOLUME] });
  const used = new UsedVolumes();
  const clock = new FakeClock();
  const writes: { readonly path: string; readonly body: unknown }[] = [];
  const client = new Client({
    server: "http://api",
    userAgent: "test",
    fetch: async (request) => {
      writes.push({ path: new URL(request.url).pathname, body: await request.json() });
      if (!refuse) return Response.json({});
      const status = { kind: "Status", status: "Failure", reason: "Conflict", code: 409 };
      return Response.json({ ...status, message: "it has been modified" }, { status: 409 });
    },
  });
  const nodes = new FakeNodes({ n1: { host: "n1" }, n2: { host: "n2" } });
  const options = { client, clock, cache, used, nodes, bindTimeoutSeconds: 600 };
  return { binder: new VolumeBinder(options), cache, clock, used, writes };
}

const claim = claimRecord(CLAIM);
const MATCH: NodeBinding = { matches: [{ claim, volume: volumeRecord(VOLUME) }], provisions: [] };
const PROVISION: NodeBinding = { matches: [], provisions: [claim] };
const signal = new AbortController().signal;

/** What the watch shows next. */
const nextVolume = (spec: PersistentVolume["spec"]) =>
  volumeRecord({
    ...VOLUME,
    metadata: { ...VOLUME.metadata, resourceVersion: "2" },
    spec: { ...VOLUME.spec, ...spec },
  });
const nextClaim = (annotations: Record<string, string>, spec: PersistentVolumeClaim["spec"] = {}) =>
  claimRecord({
    ...CLAIM,
    metadata: { ...CLAIM.metadata, resourceVersion: "2", annotations },
    spec: { ...CLAIM.spec, ...spec },
  });
const BOUND = nextClaim({ "pv.kubernetes.io/bind-completed": "yes" }, { volumeName: "v" });
const OURS = { name: "a", namespace: "d", uid: "uid-a" };

Deno.test("a volume is reserved for its claim, and the pod waits until both are bound", async () => {
  const { binder, cache, writes } = binderOf();
  binder.assume(MATCH, "n1");
  const bound = binder.bind(POD, MATCH, "n1", signal);
  cache.putVolume("v", nextVolume({ claimRef: OURS }));
  cache.putClaim("d/a", BOUND);
  await bound;
  assert.deepEqual(writes, [{
    path: "/api/v1/persistentvolumes/v",
    body: {
      metadata: {
        resourceVersion: "1",
        annotations: { "pv.kubernetes.io/bound-by-controller": "yes" },
      },
      spec: {
        claimRef: {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          ...OURS,
          resourceVersion: "1",
        },
      },
    },
  }]);
});

Deno.test("a provisioner is told the node, and the pod waits for its volume", async () => {
  const { binder, cache, writes } = binderOf();
  binder.assume(PROVISION, "n1");
  assert.equal(cache.claim("d/a")?.selectedNode, "n1");
  const bound = binder.bind(POD, PROVISION, "n1", signal);
  cache.putClaim("d/a", nextClaim({ "volume.kubernetes.io/selected-node": "n1" }));
  cache.putClaim("d/a", BOUND);
  await bound;
  assert.deepEqual(writes, [{
    path: "/api/v1/namespaces/d/persistentvolumeclaims/a",
    body: {
      metadata: {
        resourceVersion: "1",
        annotations: { "volume.kubernetes.io/selected-node": "n1" },
      },
    },
  }]);
});

Deno.test("binding ends where it cannot come to its end", async () => {
  type World = ReturnType<typeof binderOf>;
  const selected = { "volume.kubernetes.io/selected-node": "n1" };
  const cases: [string, NodeBinding, string, (world: World) => unknown, string][] = [
    [
      "nothing comes",
      MATCH,
      "n1",
      ({ clock }) => clock.advance(600_000),
      "context deadline exceeded",
    ],
    [
      "the pod goes",
      MATCH,
      "n1",
      ({ used }) => used.remove("uid-p"),
      'pod does not exist any more: pod "p" not found',
    ],
    [
      "the volume goes",
      MATCH,
      "n1",
      ({ cache }) => cache.putVolume("v", undefined),
      'failed to check binding: persistentvolume "v" not found',
    ],
    [
      "the claim goes",
      MATCH,
      "n1",
      ({ cache }) => cache.putClaim("d/a", undefined),
      'failed to check binding: persistentvolumeclaim "a" not found',
    ],
    [
      "the reservation is undone",
      MATCH,
      "n1",
      ({ cache }) => cache.putVolume("v", nextVolume({})),
      'ClaimRef got reset for pv "v"',
    ],
    [
      "the volume has moved",
      MATCH,
      "n2",
      ({ cache }) => cache.putVolume("v", nextVolume({ claimRef: OURS })),
      'pv "v" node affinity doesn\'t match node "n2": no matching NodeSelectorTerms',
    ],
    [
      "the provisioner gives up",
      PROVISION,
      "n1",
      ({ cache }) => {
        cache.putClaim("d/a", nextClaim(selected));
        cache.putClaim("d/a", nextClaim({}));
      },
      'provisioning failed for PVC "a"',
    ],
    [
      "the volume is made elsewhere",
      PROVISION,
      "n2",
      ({ cache }) =>
        cache.putClaim(
          "d/a",
          nextClaim({ "volume.kubernetes.io/selected-node": "n2" }, { volumeName: "v" }),
        ),
      'pv "v" node affinity doesn\'t match node "n2": no matching NodeSelectorTerms',
    ],
  ];
  for (const [name, binding, node, happens, message] of cases) {
    const world = binderOf();
    world.binder.assume(binding, node);
    const ended = assert.rejects(
      world.binder.bind(POD, binding, node, signal),
      { message: `binding volumes: ${message}` },
      name,
    );
    // The write comes first, then the wait.
    while (world.writes.length === 0) await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await happens(world);
    await ended;
  }
});

Deno.test("a write that is refused promises nothing any more", async () => {
  const { binder, cache } = binderOf(true);
  binder.assume(MATCH, "n1");
  assert.equal(cache.volume("v")?.reservedFor?.name, "a");
  await assert.rejects(binder.bind(POD, MATCH, "n1", signal), { reason: "Conflict" });
  binder.forget(MATCH, "n1");
  assert.equal(cache.volume("v")?.reservedFor, undefined);
});
