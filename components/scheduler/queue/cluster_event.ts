/** What changed, in upstream's words: the resource and how. */
export type EventResource =
  | "Pod"
  | "AssignedPod"
  | "Node"
  | "PersistentVolumeClaim"
  | "PersistentVolume"
  | "StorageClass"
  | "CSINode"
  | "CSIDriver"
  | "CSIStorageCapacity"
  | "VolumeAttachment"
  | "ResourceClaim"
  | "ResourceSlice"
  | "DeviceClass"
  | "Namespace"
  | "Workload"
  | "*";

export type EventAction =
  | "Add"
  | "Delete"
  /** Any change that has no name of its own. */
  | "Update"
  | "UpdateNodeAllocatable"
  | "UpdateNodeLabel"
  | "UpdateNodeTaint"
  | "UpdateNodeDeclaredFeature"
  | "UpdateNodeCondition"
  | "UpdateNodeAnnotation"
  | "UpdatePodLabel"
  | "UpdatePodScaleDown"
  | "UpdatePodToleration"
  | "UpdatePodSchedulingGatesEliminated"
  | "UpdatePodGeneratedResourceClaim";

/** One change of the cluster. `before` is missing for additions, `after` for deletions. */
export interface ClusterEvent {
  readonly resource: EventResource;
  readonly action: EventAction;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The event as metrics and logs name it: `NodeAdd`, `AssignedPodDelete`, `PodUpdateLabel`. */
export function eventLabel({ resource, action }: ClusterEvent): string {
  if (action.startsWith("Update") && action.length > 6) {
    const part = action.replace(/^Update(Node|Pod)/, "");
    return `${resource}Update${part}`;
  }
  return `${resource}${action}`;
}
