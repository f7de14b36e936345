import {
  type NodeSelectorTerm,
  type PersistentVolume,
  QUANTITY_ZERO,
  tryParseQuantity,
} from "../../api/mod.ts";
import { classNameOf } from "./claim_record.ts";
import { attachmentPoint, type VolumeAttachmentPoint } from "./migrated_plugin.ts";

type Labels = Readonly<Record<string, string>>;

/** Whom a volume is kept for. */
export interface VolumeReservation {
  readonly namespace: string;
  readonly name: string;
  /** Empty where an administrator named a claim that may not exist yet. */
  readonly uid: string;
}

/** What the scheduler keeps of a volume. */
export interface VolumeRecord {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly deleting: boolean;
  readonly available: boolean;
  readonly reservedFor: VolumeReservation | undefined;
  readonly className: string;
  /** Bytes, in billionths. */
  readonly capacity: bigint;
  readonly accessModes: readonly string[];
  readonly volumeMode: string;
  readonly attributesClass: string;
  readonly labels: Labels;
  /** Nodes that can reach it; undefined for all. */
  readonly nodeTerms: readonly NodeSelectorTerm[] | undefined;
  /** Undefined where nothing attaches it. */
  readonly attachment: VolumeAttachmentPoint | undefined;
}

const NO_LABELS: Labels = {};

export function volumeRecord(volume: PersistentVolume): VolumeRecord {
  const { name = "", uid = "", resourceVersion = "", labels, annotations } = volume.metadata ?? {};
  const spec = volume.spec ?? {};
  const reference = spec.claimRef;
  return {
    name,
    uid,
    resourceVersion,
    deleting: volume.metadata?.deletionTimestamp !== undefined,
    available: volume.status?.phase === "Available",
    reservedFor: reference === undefined ? undefined : {
      namespace: reference.namespace ?? "",
      name: reference.name ?? "",
      uid: reference.uid ?? "",
    },
    className: classNameOf(annotations, spec.storageClassName),
    capacity: (tryParseQuantity(spec.capacity?.["storage"] ?? "0") ?? QUANTITY_ZERO).nano,
    accessModes: spec.accessModes ?? [],
    volumeMode: spec.volumeMode ?? "Filesystem",
    attributesClass: spec.volumeAttributesClassName ?? "",
    labels: labels ?? NO_LABELS,
    nodeTerms: spec.nodeAffinity?.required?.nodeSelectorTerms,
    attachment: attachmentPoint(spec),
  };
}
