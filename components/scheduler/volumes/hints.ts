import { equalJson } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import type { ClusterEvent } from "../queue/cluster_event.ts";
import type { QueueingHint } from "../queue/queueing_hint.ts";
import type { ClaimRecord } from "./claim_record.ts";
import { podDisks } from "./disks.ts";
import { mountsClaims, podClaims } from "./pod_claims.ts";
import type {
  CapacityRecord,
  ClassRecord,
  CsiNodeRecord,
  DriverRecord,
} from "./storage_records.ts";
import type { PodVolumes } from "./used_volumes.ts";
import type { VolumeRecord } from "./volume_record.ts";

/**
 * What may help pods that plugins of volumes have refused. `before` and `after` are the records of `volumes/`; of a pod
 * that had its node, what it mounts is its projection's `volumes`.
 */

/** The changed claim is one of the pod's. */
function isOwnClaim(pod: Pod, { after, before }: ClusterEvent): boolean {
  const claim = (after ?? before) as ClaimRecord;
  return claim.namespace === pod.metadata?.namespace &&
    podClaims(pod).some(({ key }) => key === claim.key);
}

function widensTopology(_pod: Pod, { before, after }: ClusterEvent): boolean {
  if (before === undefined) return true;
  return !equalJson((before as ClassRecord).allowed, (after as ClassRecord).allowed);
}

function stopsCounting(_pod: Pod, { before, after }: ClusterEvent): boolean {
  return (before as DriverRecord).storageCapacity && !(after as DriverRecord).storageCapacity;
}

function hasMoreRoom(_pod: Pod, { before, after }: ClusterEvent): boolean {
  if (before === undefined) return true;
  const [was = 0n, is = 0n] = [
    (before as CapacityRecord).largest,
    (after as CapacityRecord).largest,
  ];
  return is > was || !equalJson((before as CapacityRecord).nodes, (after as CapacityRecord).nodes);
}

/** Topology of nodes' drivers is in their labels, which are an event of the node. */
const isAddition = (_pod: Pod, { before }: ClusterEvent): boolean => before === undefined;

function attachesMore(_pod: Pod, { before, after }: ClusterEvent): boolean {
  if (before === undefined) return true;
  const limits = (after as CsiNodeRecord).limits;
  for (const [driver, was] of (before as CsiNodeRecord).limits) {
    const is = limits.get(driver);
    if (is === undefined || is > was) return true;
  }
  return false;
}

const volumesOf = (event: ClusterEvent): PodVolumes | undefined =>
  (event.before as { readonly volumes?: PodVolumes } | undefined)?.volumes;

const mountedClaims = (_pod: Pod, event: ClusterEvent): boolean =>
  (volumesOf(event)?.claims.length ?? 0) > 0;

/** The pod that is gone had a disk or a claim that this one waits for. */
function heldTheSame(pod: Pod, event: ClusterEvent): boolean {
  const volumes = volumesOf(event);
  if (volumes === undefined) return false;
  return podClaims(pod).some(({ key }) => volumes.claims.includes(key)) ||
    podDisks(pod).some(({ key }) => volumes.disks.some((disk) => disk.key === key));
}

const ZONE_LABEL =
  /^(topology\.kubernetes\.io|failure-domain\.beta\.kubernetes\.io)\/(zone|region)$/;

const zonesOf = (volume: VolumeRecord | undefined) =>
  Object.entries(volume?.labels ?? {}).filter(([key]) => ZONE_LABEL.test(key)).sort();

function movesZone(_pod: Pod, { before, after }: ClusterEvent): boolean {
  if (before === undefined) return true;
  return !equalJson(zonesOf(before as VolumeRecord), zonesOf(after as VolumeRecord));
}

const waitsForPods = (_pod: Pod, { after }: ClusterEvent): boolean => (after as ClassRecord).waits;

export const volumeBindingHints: readonly QueueingHint[] = [
  { resource: "StorageClass", actions: ["Add", "Update"], helps: widensTopology },
  { resource: "PersistentVolumeClaim", actions: ["Add", "Update"], helps: isOwnClaim },
  { resource: "PersistentVolume", actions: ["Add", "Update"] },
  { resource: "Node", actions: ["Add", "UpdateNodeLabel"] },
  { resource: "CSINode", actions: ["Add", "Update"], helps: isAddition },
  { resource: "CSIDriver", actions: ["Update"], helps: stopsCounting },
  { resource: "CSIStorageCapacity", actions: ["Add", "Update"], helps: hasMoreRoom },
];

export const volumeZoneHints: readonly QueueingHint[] = [
  { resource: "StorageClass", actions: ["Add"], helps: waitsForPods },
  { resource: "Node", actions: ["Add", "UpdateNodeLabel"] },
  { resource: "PersistentVolumeClaim", actions: ["Add", "Update"], helps: isOwnClaim },
  { resource: "PersistentVolume", actions: ["Add", "Update"], helps: movesZone },
];

export const nodeVolumeLimitsHints: readonly QueueingHint[] = [
  { resource: "CSINode", actions: ["Add", "Update"], helps: attachesMore },
  { resource: "AssignedPod", actions: ["Delete"], helps: mountedClaims },
  { resource: "PersistentVolumeClaim", actions: ["Add"], helps: isOwnClaim },
  { resource: "VolumeAttachment", actions: ["Delete"], helps: mountsClaims },
];

export const volumeRestrictionsHints: readonly QueueingHint[] = [
  { resource: "AssignedPod", actions: ["Delete"], helps: heldTheSame },
  { resource: "Node", actions: ["Add"] },
  { resource: "PersistentVolumeClaim", actions: ["Add", "Update"], helps: isOwnClaim },
];
