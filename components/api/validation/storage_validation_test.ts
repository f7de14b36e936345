import assert from "node:assert/strict";
import { created, type Json, prepared, statusUpdated, updated } from "./validation_suite.ts";

const CLASS = "storage.k8s.io/v1 StorageClass";
const ATTRIBUTES = "storage.k8s.io/v1 VolumeAttributesClass";
const DRIVER = "storage.k8s.io/v1 CSIDriver";
const NODE = "storage.k8s.io/v1 CSINode";
const CAPACITY = "storage.k8s.io/v1 CSIStorageCapacity";
const ATTACHMENT = "storage.k8s.io/v1 VolumeAttachment";
const CLAIM = "v1 PersistentVolumeClaim";
const VOLUME = "v1 PersistentVolume";
const storage = (more: Json): Json => ({ provisioner: "a.b/c", ...more });
const topology = (...terms: Json[]): Json =>
  storage({ allowedTopologies: terms.map((term) => ({ matchLabelExpressions: [term] })) });
const claim = (more: Json): Json => ({
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...more },
});
const volume = (more: Json): Json => ({
  spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, ...more },
});
const driverOf = (more: Json): Json => ({
  metadata: { name: "n1" },
  spec: { drivers: [{ name: "a.csi", nodeID: "1", topologyKeys: ["zone"], ...more }] },
});
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const TERM = "allowedTopologies[0].matchLabelExpressions[0]";
const SNAPSHOT = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "s" };
const many = Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`k${i}`, "v"]));

const CASES: readonly (readonly [string, Json, readonly string[]])[] = [
  [CLASS, storage({ parameters: { "": "v" } }), [
    'parameters: Invalid value: "": field can not be empty.',
  ]],
  [CLASS, storage({ parameters: many }), ["parameters: Too long: may not be more than 512 bytes"]],
  [CLASS, storage({ parameters: { a: "x".repeat(256 * 1024) } }), [
    "parameters: Too long: may not be more than 262144 bytes",
  ]],
  [CLASS, topology({ key: "zone", values: [] }), [`${TERM}.values: Required value`]],
  [CLASS, topology({ key: "zone", values: ["a", "b", "a"] }), [
    `${TERM}.values[2]: Duplicate value: "a"`,
  ]],
  [CLASS, topology({ key: "zone", values: ["a", "b"] }, { key: "zone", values: ["b", "a"] }), [
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
  ]],
  [CLASS, topology({ key: "", values: ["a"] }), [
    `${TERM}.key: Invalid value: "": name part must be non-empty`,
    `${TERM}.key: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must ` +
    "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " +
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ]],
  [CLASS, topology({ key: "zone", values: ["a"] }, { key: "zone", values: ["b"] }), []],
  [CLASS, storage({ reclaimPolicy: "Recycle" }), [
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
  ]],
  [ATTRIBUTES, { driverName: "", parameters: { a: "b" } }, ["driverName: Required value"]],
  [ATTRIBUTES, { driverName: "a.csi", parameters: many }, [
    "parameters: Too long: may not be more than 512 bytes",
  ]],
  [DRIVER, { metadata: { name: "a.csi" }, spec: { nodeAllocatableUpdatePeriodSeconds: 9 } }, [
    "spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds",
  ]],
  [CAPACITY, { capacity: "-1", storageClassName: "s" }, [
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ]],
  [CAPACITY, {}, [`storageClassName: Invalid value: "": ${SUBDOMAIN}`]],
  [CLAIM, claim({ dataSource: { kind: "PersistentVolumeClaim", name: "" } }), [
    "spec.dataSource.name: Required value",
    "spec.dataSourceRef.name: Required value",
  ]],
  [CLAIM, claim({ dataSource: SNAPSHOT, dataSourceRef: { ...SNAPSHOT, name: "t" } }), [
    'spec: Invalid value: "spec.dataSource": must match dataSourceRef',
  ]],
  [CLAIM, claim({ dataSourceRef: { apiGroup: "A", kind: "K", name: "n" } }), [
    `spec.dataSource.apiGroup: Invalid value: "A": ${SUBDOMAIN}`,
    `spec.dataSourceRef.apiGroup: Invalid value: "A": ${SUBDOMAIN}`,
  ]],
  [CLAIM, claim({ volumeAttributesClassName: "A" }), [
    `spec.volumeAttributesClassName: Invalid value: "A": ${SUBDOMAIN}`,
  ]],
  [VOLUME, volume({ hostPath: { path: "/a/../b" } }), [
    "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
  ]],
  [VOLUME, volume({ hostPath: { path: "/" }, persistentVolumeReclaimPolicy: "Recycle" }), [
    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  ]],
  [VOLUME, volume({ hostPath: { path: "/a" }, volumeAttributesClassName: "" }), [
    "spec.volumeAttributesClassName: Required value: an empty string is disallowed",
    "spec.csi: Required value: has to be specified when using volumeAttributesClassName",
  ]],
];
for (const [kind, object, problems] of CASES) {
  Deno.test(`new ${kind}: ${problems[0] ?? "good"}`, () => {
    assert.deepEqual(created(kind, object), problems);
  });
}

const set = (member: string, value: unknown) => (object: Json) => object[member] = value;
const UPDATES: readonly (readonly [string, Json, (object: Json) => void, readonly string[]])[] = [
  [CLASS, storage({}), set("parameters", { a: "b" }), [
    "parameters: Forbidden: updates to parameters are forbidden.",
  ]],
  [CLASS, storage({}), set("reclaimPolicy", "Retain"), [
    "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
  ]],
  [CLASS, storage({}), set("volumeBindingMode", "WaitForFirstConsumer"), [
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ]],
  [CLASS, storage({}), set("allowVolumeExpansion", true), []],
  [NODE, driverOf({}), set("spec", driverOf({ allocatable: { count: 5 } })["spec"]), []],
  [NODE, driverOf({}), set("spec", driverOf({ nodeID: "2" })["spec"]), [
    'CSINodeDriver: Invalid value: {"name":"a.csi","nodeID":"2","topologyKeys":["zone"]}: field is immutable',
  ]],
];
for (const [kind, before, change, problems] of UPDATES) {
  Deno.test(`changed ${kind}: ${problems[0] ?? "good"}`, () => {
    assert.deepEqual(updated(kind, before, change), problems);
  });
}

Deno.test("errors of attaching are short", () => {
  const before = { spec: { attacher: "a", nodeName: "n", source: { persistentVolumeName: "p" } } };
  const found = statusUpdated(ATTACHMENT, before, (next) => {
    next["status"] = { attached: false, attachError: { message: "x".repeat(1025) } };
  });
  assert.deepEqual(found, [
    "status.attachError.message: Too long: may not be more than 1024 bytes",
  ]);
});

const SOURCES: readonly (readonly [Json, Json | undefined, Json | undefined])[] = [
  [{ dataSource: SNAPSHOT }, SNAPSHOT, SNAPSHOT],
  [{ dataSourceRef: SNAPSHOT }, SNAPSHOT, SNAPSHOT],
  // The old member knows two kinds only.
  [{ dataSource: { apiGroup: "a.b", kind: "K", name: "n" } }, undefined, undefined],
  [{ dataSourceRef: { ...SNAPSHOT, namespace: "other" } }, undefined, undefined],
];
for (const [spec, dataSource, dataSourceRef] of SOURCES) {
  Deno.test(`both members say what a claim is filled from: ${JSON.stringify(spec)}`, () => {
    const { spec: made } = prepared(CLAIM, claim(spec)) as unknown as { spec: Json };
    assert.deepEqual(made["dataSource"], dataSource);
    assert.deepEqual(made["dataSourceRef"], dataSourceRef);
  });
}
