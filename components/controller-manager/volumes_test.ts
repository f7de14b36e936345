import assert from "node:assert/strict";
import {
  type Event,
  type KubeObject,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  PODS,
  STORAGE_CLASSES,
  type StorageClass,
} from "../api/mod.ts";
import { plannedFinalizers, usesClaim } from "./claim_protection.ts";
import { Simulation } from "./simulation.ts";
import { findVolume } from "./volume_binder/match.ts";

const volume = (
  name: string,
  storage: string,
  spec: PersistentVolume["spec"] = {},
  phase = "Available",
): PersistentVolume => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name },
  spec: { capacity: { storage }, accessModes: ["ReadWriteOnce"], ...spec },
  status: { phase },
});

const claim = (spec: PersistentVolumeClaim["spec"] = {}): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "c", namespace: "d", uid: "u" },
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "5Gi" } },
    storageClassName: "",
    ...spec,
  },
});

Deno.test("findVolume() takes what is reserved, else the smallest that fits", () => {
  const reserved = { claimRef: { name: "c", namespace: "d" } };
  const cases: [string, PersistentVolume[], PersistentVolumeClaim["spec"], string | undefined][] = [
    ["smallest", [volume("l", "20Gi"), volume("m", "10Gi"), volume("s", "1Gi")], {}, "m"],
    ["too small", [volume("s", "1Gi")], {}, undefined],
    [
      "taken",
      [volume("m", "10Gi", { claimRef: { name: "x", namespace: "d", uid: "x" } })],
      {},
      undefined,
    ],
    ["reserved", [volume("m", "5Gi"), volume("l", "20Gi", reserved)], {}, "l"],
    ["not yet free", [volume("m", "10Gi", {}, "Released")], {}, undefined],
    ["other mode", [volume("m", "10Gi", { volumeMode: "Block" })], {}, undefined],
    ["other access", [volume("m", "10Gi")], { accessModes: ["ReadWriteMany"] }, undefined],
    ["other class", [volume("m", "10Gi", { storageClassName: "fast" })], {}, undefined],
    ["same class", [volume("m", "10Gi", { storageClassName: "fast" })], {
      storageClassName: "fast",
    }, "m"],
    ["selected", [volume("m", "10Gi")], { selector: { matchLabels: { a: "b" } } }, undefined],
  ];
  for (const [name, volumes, spec, expected] of cases) {
    assert.equal(findVolume(claim(spec), volumes)?.metadata?.name, expected, name);
  }
});

Deno.test("plannedFinalizers() puts a finalizer on, and takes it off when nobody needs it", () => {
  const object = (going: boolean, ...finalizers: string[]): KubeObject => ({
    metadata: { finalizers, ...(going ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
  });
  const cases: [KubeObject, boolean, string[] | undefined][] = [
    [object(false), false, ["p"]],
    [object(false, "p"), false, undefined],
    [object(true, "p", "q"), false, ["q"]],
    [object(true, "p"), true, undefined],
    [object(true), false, undefined],
  ];
  for (const [one, inUse, expected] of cases) {
    assert.deepEqual(plannedFinalizers(one, "p", inUse), expected);
  }
  const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "c" } }, {
    name: "e",
    ephemeral: {},
  }];
  const pod: Pod = { metadata: { name: "p" }, spec: { nodeName: "n", volumes } };
  assert.deepEqual(["c", "p-e", "v"].map((name) => usesClaim(pod, name)), [true, true, false]);
  assert.equal(usesClaim({ ...pod, spec: { volumes } }, "c"), false, "without a node");
});

Deno.test("a claim is bound, held by its pod, and leaves a released volume", async () => {
  const simulation = new Simulation([
    "persistentvolume-binder-controller",
    "persistentvolumeclaim-protection-controller",
    "persistentvolume-protection-controller",
    "ephemeral-volume-controller",
  ]);
  const { api, client } = simulation;
  simulation.kubelet = false;
  const { metadata: _, ...body } = claim();
  await client.create<KubeObject>(PERSISTENT_VOLUME_CLAIMS, {
    ...body,
    metadata: { name: "c", namespace: "d" },
  } as KubeObject);
  await simulation.pass(100);
  const claims = () => api.list<PersistentVolumeClaim>("persistentvolumeclaims");
  const volumes = () => api.list<PersistentVolume>("persistentvolumes");
  assert.equal(claims()[0]?.status?.phase, "Pending");
  assert.ok(api.list<Event>("events").some(({ reason }) => reason === "FailedBinding"));
  const { status: _s, ...fresh } = volume("v", "10Gi");
  await client.create(PERSISTENT_VOLUMES, fresh);
  await simulation.pass(100);
  assert.deepEqual([claims()[0]?.status?.phase, volumes()[0]?.status?.phase], ["Bound", "Bound"]);
  assert.equal(claims()[0]?.spec?.volumeName, "v");
  assert.deepEqual(claims()[0]?.status?.capacity, { storage: "10Gi" });
  assert.equal(volumes()[0]?.spec?.claimRef?.uid, claims()[0]?.metadata?.uid);
  await client.create(PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "d" },
    spec: {
      nodeName: "n1",
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "c", image: "a" }],
      volumes: [
        { name: "v", persistentVolumeClaim: { claimName: "c" } },
        { name: "e", ephemeral: { volumeClaimTemplate: { spec: claim().spec! } } },
      ],
    },
  });
  await simulation.pass(100);
  assert.ok(claims().some(({ metadata }) => metadata?.name === "p-e"));
  await client.delete(PERSISTENT_VOLUME_CLAIMS, "c", { namespace: "d" });
  await simulation.pass(100);
  assert.ok(claims().some(({ metadata }) => metadata?.name === "c"), "held by the pod");
  await client.delete(PODS, "p", { namespace: "d", graceSeconds: 0 });
  await simulation.pass(100);
  assert.ok(!claims().some(({ metadata }) => metadata?.name === "c"));
  assert.equal(volumes()[0]?.status?.phase, "Released");
  await client.delete(PERSISTENT_VOLUMES, "v");
  await simulation.pass(100);
  assert.deepEqual(volumes(), []);
  await simulation.end();
});

Deno.test("a claim that waits for its consumer is bound to what is reserved for it", async () => {
  const simulation = new Simulation(["persistentvolume-binder-controller"]);
  const { api, client } = simulation;
  simulation.kubelet = false;
  await client.create<StorageClass>(STORAGE_CLASSES, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: "local",
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  const { status: _s, ...fresh } = volume("v", "10Gi", { storageClassName: "local" });
  await client.create(PERSISTENT_VOLUMES, fresh);
  const { storageClassName: _c, ...spec } = claim().spec ?? {};
  await client.create<KubeObject>(PERSISTENT_VOLUME_CLAIMS, {
    ...claim(),
    metadata: { name: "c", namespace: "d" },
    spec,
  } as KubeObject);
  await simulation.pass(100);
  const [waiting] = api.list<PersistentVolumeClaim>("persistentvolumeclaims");
  assert.equal(waiting?.spec?.storageClassName, "local", "the default class");
  assert.equal(waiting?.status?.phase, "Pending");
  const told = (reason: string) =>
    api.list<Event>("events").find((event) => event.reason === reason);
  assert.match(JSON.stringify(told("WaitForFirstConsumer")), /waiting for first consumer/);
  await client.create<Pod>(PODS, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "d" },
    spec: {
      containers: [{ name: "c", image: "a" }],
      volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }],
    },
  });
  await simulation.pass(100);
  // What touches the claim makes the controller look again.
  api.change<PersistentVolumeClaim>("persistentvolumeclaims", "c", (claim) => {
    claim.metadata = { ...claim.metadata, labels: { touched: "yes" } };
  });
  await simulation.pass(100);
  assert.match(JSON.stringify(told("WaitForPodScheduled")), /waiting for pod p to be scheduled/);
  // The scheduler's part.
  const { name = "", namespace = "", uid = "" } = waiting?.metadata ?? {};
  await client.patch(PERSISTENT_VOLUMES, "v", {
    spec: { claimRef: { kind: "PersistentVolumeClaim", name, namespace, uid } },
  }, { type: "merge" });
  await simulation.pass(100);
  const [bound] = api.list<PersistentVolumeClaim>("persistentvolumeclaims");
  assert.deepEqual([bound?.status?.phase, bound?.spec?.volumeName], ["Bound", "v"]);
  assert.equal(api.list<PersistentVolume>("persistentvolumes")[0]?.status?.phase, "Bound");
  await simulation.end();
});
