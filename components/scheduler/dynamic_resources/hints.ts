import { equalJson } from "../../base/mod.ts";
import type { Pod, ResourceClaim } from "../../api/mod.ts";
import type { ClusterEvent } from "../queue/cluster_event.ts";
import type { QueueingHint } from "../queue/queueing_hint.ts";
import { claimNames } from "./pod_resource_claims.ts";

/** What may help pods that wait for devices. `before` and `after` of claims are whole claims, of pods whole pods. */

function claimHelps(pod: Pod, { before, after }: ClusterEvent): boolean {
  const [was, is] = [before as ResourceClaim | undefined, after as ResourceClaim | undefined];
  const names = claimNames(pod);
  if (typeof names === "string") return false;
  // Devices are free again, for whoever asks for them.
  if (was?.status?.allocation !== undefined && is?.status?.allocation === undefined) return true;
  if (is === undefined || is.metadata?.namespace !== pod.metadata?.namespace) return false;
  if (!names.some(({ name }) => name === is.metadata?.name)) return false;
  // Drivers put finalizers on, which changes nothing.
  return was === undefined || !equalJson(was.status ?? {}, is.status ?? {});
}

function isItself(pod: Pod, { after }: ClusterEvent): boolean {
  const changed = after as Pod | undefined;
  return changed?.metadata?.uid === pod.metadata?.uid && typeof claimNames(changed!) !== "string";
}

export const dynamicResourcesHints: readonly QueueingHint[] = [
  { resource: "Node", actions: ["Add", "UpdateNodeLabel", "UpdateNodeAllocatable"] },
  { resource: "ResourceClaim", actions: ["Add", "Update", "Delete"], helps: claimHelps },
  { resource: "Pod", actions: ["UpdatePodGeneratedResourceClaim"], helps: isItself },
  { resource: "DeviceClass", actions: ["Add", "Update"] },
  { resource: "ResourceSlice", actions: ["Add", "Update"] },
];
