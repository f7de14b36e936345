import {
  type CSIDriver,
  type CSINode,
  type CSIStorageCapacity,
  type NodeSelectorTerm,
  type StorageClass,
  tryParseQuantity,
} from "../../api/mod.ts";

/** What the scheduler keeps of a storage class. */
export interface ClassRecord {
  readonly name: string;
  /** Empty, or `kubernetes.io/no-provisioner`, where volumes are made by hand. */
  readonly provisioner: string;
  /** Claims wait for a pod. */
  readonly waits: boolean;
  /** Nodes that volumes may be made for; undefined for all. */
  readonly allowed: readonly NodeSelectorTerm[] | undefined;
}

export function classRecord(storageClass: StorageClass): ClassRecord {
  const terms = storageClass.allowedTopologies ?? [];
  return {
    name: storageClass.metadata?.name ?? "",
    provisioner: storageClass.provisioner ?? "",
    waits: storageClass.volumeBindingMode === "WaitForFirstConsumer",
    allowed: terms.length === 0 ? undefined : terms.map(({ matchLabelExpressions = [] }) => ({
      matchExpressions: matchLabelExpressions.map(({ key = "", values = [] }) => ({
        key,
        operator: "In",
        values,
      })),
    })),
  };
}

/** What the scheduler keeps of a CSI driver. */
export interface DriverRecord {
  readonly name: string;
  /** The driver says how much room its storage has. */
  readonly storageCapacity: boolean;
}

export function driverRecord(driver: CSIDriver): DriverRecord {
  return {
    name: driver.metadata?.name ?? "",
    storageCapacity: driver.spec?.storageCapacity === true,
  };
}

/** How many volumes a node's drivers attach at most, by driver; those without a limit are left out. */
export interface CsiNodeRecord {
  readonly name: string;
  readonly limits: ReadonlyMap<string, number>;
  /** Plugins that the node has handed over to drivers. */
  readonly migrated: readonly string[];
}

const MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins";

export function csiNodeRecord(node: CSINode): CsiNodeRecord {
  const limits = new Map<string, number>();
  for (const { name = "", allocatable } of node.spec?.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  }
  const migrated = node.metadata?.annotations?.[MIGRATED_PLUGINS] ?? "";
  return {
    name: node.metadata?.name ?? "",
    limits,
    migrated: migrated === "" ? [] : migrated.split(","),
  };
}

/** Room of one class in one part of the cluster. */
export interface CapacityRecord {
  /** `namespace/name`. */
  readonly key: string;
  readonly className: string;
  /** The largest volume that can be made, in billionths of bytes; undefined where the driver does not know. */
  readonly largest: bigint | undefined;
  /** Nodes that it is reached from; undefined for none. */
  readonly nodes: readonly NodeSelectorTerm[] | undefined;
}

export function capacityRecord(capacity: CSIStorageCapacity): CapacityRecord {
  const { name = "", namespace = "" } = capacity.metadata ?? {};
  const limit = capacity.maximumVolumeSize ?? capacity.capacity;
  const { matchLabels = {}, matchExpressions = [] } = capacity.nodeTopology ?? {};
  return {
    key: `${namespace}/${name}`,
    className: capacity.storageClassName ?? "",
    largest: limit === undefined ? undefined : tryParseQuantity(limit)?.nano,
    nodes: capacity.nodeTopology === undefined ? undefined : [{
      matchExpressions: [
        ...Object.entries(matchLabels).map(([key, value]) => ({
          key,
          operator: "In",
          values: [value],
        })),
        ...matchExpressions,
      ],
    }],
  };
}

/** Whether the capacity is everywhere: an empty selector takes every node, where an empty term takes none. */
export function isEverywhere({ nodes }: CapacityRecord): boolean {
  return nodes?.[0]?.matchExpressions?.length === 0;
}
