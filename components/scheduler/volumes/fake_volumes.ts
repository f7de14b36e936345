import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from "../../api/mod.ts";
import type { Cycle } from "../framework/mod.ts";
import { claimRecord } from "./claim_record.ts";
import { capacityRecord, classRecord, csiNodeRecord, driverRecord } from "./storage_records.ts";
import { VolumeCache } from "./volume_cache.ts";
import { volumeRecord } from "./volume_record.ts";

/** Objects of tests, short to write. */
export interface World {
  readonly claims?: readonly PersistentVolumeClaim[];
  readonly volumes?: readonly PersistentVolume[];
  readonly classes?: readonly StorageClass[];
  readonly drivers?: readonly CSIDriver[];
  readonly csiNodes?: readonly CSINode[];
  readonly capacities?: readonly CSIStorageCapacity[];
}

export function cacheOf(world: World): VolumeCache {
  const cache = new VolumeCache();
  for (const claim of world.claims ?? []) {
    const record = claimRecord(claim);
    cache.putClaim(record.key, record);
  }
  for (const volume of world.volumes ?? []) {
    const record = volumeRecord(volume);
    cache.putVolume(record.name, record);
  }
  for (const one of world.classes ?? []) cache.putClass(one.metadata?.name ?? "", classRecord(one));
  for (const one of world.drivers ?? []) {
    cache.putDriver(one.metadata?.name ?? "", driverRecord(one));
  }
  for (const one of world.csiNodes ?? []) {
    cache.putCsiNode(one.metadata?.name ?? "", csiNodeRecord(one));
  }
  for (const one of world.capacities ?? []) {
    const record = capacityRecord(one);
    cache.putCapacity(record.key, record);
  }
  return cache;
}

export interface ClaimCase {
  readonly size?: string;
  readonly class?: string;
  /** The volume that it is bound to. */
  readonly volume?: string;
  readonly modes?: string[];
  readonly node?: string;
  readonly spec?: PersistentVolumeClaim["spec"];
  readonly metadata?: PersistentVolumeClaim["metadata"];
  readonly phase?: string;
}

export function aClaim(name: string, options: ClaimCase = {}): PersistentVolumeClaim {
  const { size = "1Gi", class: className = "wait", volume, modes, node, phase } = options;
  return {
    metadata: {
      name,
      namespace: "d",
      uid: `uid-${name}`,
      resourceVersion: "1",
      annotations: {
        ...(volume === undefined ? {} : { "pv.kubernetes.io/bind-completed": "yes" }),
        ...(node === undefined ? {} : { "volume.kubernetes.io/selected-node": node }),
      },
      ...options.metadata,
    },
    spec: {
      accessModes: modes ?? ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      storageClassName: className,
      ...(volume === undefined ? {} : { volumeName: volume }),
      ...options.spec,
    },
    status: { phase: phase ?? (volume === undefined ? "Pending" : "Bound") },
  };
}

export interface VolumeCase {
  readonly size?: string;
  readonly class?: string;
  readonly labels?: Record<string, string>;
  /** Nodes that reach it, by their label `host`. */
  readonly on?: string[];
  readonly spec?: PersistentVolume["spec"];
  readonly phase?: string;
}

export function aVolume(name: string, options: VolumeCase = {}): PersistentVolume {
  const { size = "1Gi", class: className = "wait", labels, on, spec, phase } = options;
  return {
    metadata: { name, uid: `uid-${name}`, resourceVersion: "1", ...(labels ? { labels } : {}) },
    spec: {
      capacity: { storage: size },
      accessModes: ["ReadWriteOnce"],
      storageClassName: className,
      ...(on === undefined ? {} : {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{
              matchExpressions: [{ key: "host", operator: "In", values: on }],
            }],
          },
        },
      }),
      ...spec,
    },
    status: { phase: phase ?? "Available" },
  };
}

export function aClass(name: string, options: StorageClass = {}): StorageClass {
  return {
    metadata: { name },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
    ...options,
  };
}

export function aPod(volumes: NonNullable<Pod["spec"]>["volumes"], name = "p"): Pod {
  return {
    metadata: { name, namespace: "d", uid: `uid-${name}` },
    spec: { containers: [{ name: "c" }], ...(volumes === undefined ? {} : { volumes }) },
  };
}

/** A pod that mounts claims by their names. */
export function podWith(...claims: string[]): Pod {
  return aPod(claims.map((claimName, i) => ({
    name: `v${i}`,
    persistentVolumeClaim: { claimName },
  })));
}

export function aCycle(pod: Pod): Cycle {
  return { pod, profile: "default-scheduler", state: new Map() };
}
