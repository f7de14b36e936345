import assert from "node:assert/strict";
import { eventLabel, type EventResource } from "../queue/cluster_event.ts";
import type { QueueingHint } from "../queue/queueing_hint.ts";
import { claimRecord } from "./claim_record.ts";
import { aClaim, aClass, aPod, aVolume, podWith } from "./fake_volumes.ts";
import {
  nodeVolumeLimitsHints,
  volumeBindingHints,
  volumeRestrictionsHints,
  volumeZoneHints,
} from "./hints.ts";
import { capacityRecord, classRecord, csiNodeRecord, driverRecord } from "./storage_records.ts";
import { podVolumes } from "./used_volumes.ts";
import { volumeRecord } from "./volume_record.ts";

/** Whether a change of a resource helps a pod that these hints are for. */
function helps(
  hints: readonly QueueingHint[],
  resource: EventResource,
  before: unknown,
  after: unknown,
  pod = podWith("a"),
): boolean {
  const action = before === undefined ? "Add" : after === undefined ? "Delete" : "Update";
  const event = {
    resource,
    action,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  } as const;
  return hints.some((hint) =>
    hint.resource === resource && hint.actions.includes(action) &&
    (hint.helps === undefined || hint.helps(pod, event))
  );
}

const own = claimRecord(aClaim("a"));
const other = claimRecord(aClaim("b"));
const waits = classRecord(aClass("wait"));
const topology = (...values: string[]) =>
  classRecord(aClass("wait", {
    allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values }] }],
  }));
const room = (capacity: string, zone = "a") =>
  capacityRecord({ capacity, nodeTopology: { matchLabels: { zone } } });
const limits = (...counts: number[]) =>
  csiNodeRecord({
    spec: {
      drivers: counts.map((count, i) => ({ name: `d${i}`, nodeID: "n", allocatable: { count } })),
    },
  });
const counting = (storageCapacity: boolean) => driverRecord({ spec: { storageCapacity } });
const zoned = (zone: string) =>
  volumeRecord(aVolume("v", { labels: { "topology.kubernetes.io/zone": zone } }));
const gone = (pod: Parameters<typeof podVolumes>[0]) => ({ volumes: podVolumes(pod) });
const disk = aPod([{ name: "v", gcePersistentDisk: { pdName: "x" } }]);

type Case = readonly [string, EventResource, unknown, unknown, boolean, typeof disk?];

const TABLE: Readonly<Record<string, readonly [readonly QueueingHint[], readonly Case[]]>> = {
  VolumeBinding: [volumeBindingHints, [
    ["a class comes", "StorageClass", undefined, waits, true],
    ["a class reaches other nodes", "StorageClass", topology("a"), topology("a", "b"), true],
    ["a class is labelled", "StorageClass", topology("a"), topology("a"), false],
    ["its claim changes", "PersistentVolumeClaim", own, own, true],
    ["another claim comes", "PersistentVolumeClaim", undefined, other, false],
    ["a volume comes", "PersistentVolume", undefined, zoned("a"), true],
    ["a driver stops counting", "CSIDriver", counting(true), counting(false), true],
    ["a driver begins to count", "CSIDriver", counting(false), counting(true), false],
    ["room comes", "CSIStorageCapacity", undefined, room("1Gi"), true],
    ["more room", "CSIStorageCapacity", room("1Gi"), room("2Gi"), true],
    ["less room", "CSIStorageCapacity", room("2Gi"), room("1Gi"), false],
    ["room elsewhere", "CSIStorageCapacity", room("1Gi"), room("1Gi", "b"), true],
    ["drivers of a node come", "CSINode", undefined, limits(1), true],
    ["a limit changes", "CSINode", limits(1), limits(2), false],
    ["a pod goes", "AssignedPod", gone(podWith("a")), undefined, false],
  ]],
  VolumeZone: [volumeZoneHints, [
    ["a class that waits", "StorageClass", undefined, waits, true],
    [
      "a class that does not",
      "StorageClass",
      undefined,
      classRecord(aClass("now", { volumeBindingMode: "Immediate" })),
      false,
    ],
    ["a volume moves", "PersistentVolume", zoned("a"), zoned("b"), true],
    ["a volume stays", "PersistentVolume", zoned("a"), zoned("a"), false],
    ["its claim", "PersistentVolumeClaim", own, own, true],
    ["another claim", "PersistentVolumeClaim", other, other, false],
  ]],
  NodeVolumeLimits: [nodeVolumeLimitsHints, [
    ["a higher limit", "CSINode", limits(1, 1), limits(1, 2), true],
    ["a lower limit", "CSINode", limits(2), limits(1), false],
    ["a limit falls", "CSINode", limits(1, 1), limits(1), true],
    ["a pod with volumes goes", "AssignedPod", gone(podWith("b")), undefined, true],
    ["a pod without goes", "AssignedPod", gone(aPod([])), undefined, false],
    ["something is detached", "VolumeAttachment", {}, undefined, true],
    ["its claim comes", "PersistentVolumeClaim", undefined, own, true],
  ]],
  VolumeRestrictions: [volumeRestrictionsHints, [
    ["the holder of its claim goes", "AssignedPod", gone(podWith("a")), undefined, true],
    ["the holder of another goes", "AssignedPod", gone(podWith("b")), undefined, false],
    ["the holder of its disk goes", "AssignedPod", gone(disk), undefined, true, disk],
    ["a pod without volumes goes", "AssignedPod", gone(aPod([])), undefined, false, disk],
  ]],
};

for (const [plugin, [hints, cases]] of Object.entries(TABLE)) {
  Deno.test(`what may help pods that ${plugin} has refused`, () => {
    for (const [name, resource, before, after, expected, pod] of cases) {
      const label = eventLabel({ resource, action: before === undefined ? "Add" : "Update" });
      assert.equal(helps(hints, resource, before, after, pod), expected, `${name} (${label})`);
    }
  });
}
