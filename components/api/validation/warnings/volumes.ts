import type {
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  StorageClass,
  Volume,
} from "../../generated/types.ts";
import { tryParseQuantity } from "../../quantity.ts";
import { Path } from "../path.ts";
import { oldLabel, termWarnings } from "./labels.ts";

/** Types of volumes that are gone or going: by member, with the name that upstream's paths have. */
const OLD_VOLUMES: Readonly<Record<string, readonly [name: string, text: string]>> = {
  photonPersistentDisk: ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  gitRepo: ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  scaleIO: ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  flocker: ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  storageos: ["storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  quobyte: ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  glusterfs: ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  cephfs: ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  rbd: ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
};
const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const MOUNT_ANNOTATION = "volume.beta.kubernetes.io/mount-options";
const ANNOTATIONS = Path.of("metadata", "annotations");
const SPEC = Path.of("spec");

/** A volume, in a pod or of its own, by its type. */
export function sourceWarnings(source: Volume, path: Path): string[] {
  return Object.entries(OLD_VOLUMES).flatMap(([member, [name, text]]) =>
    source[member as keyof Volume] === undefined ? [] : [`${path.child(name)}: ${text}`]
  );
}

/** Amounts of bytes that are no whole number. */
export function fractionWarnings(
  amounts: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
  path: Path,
): string[] {
  return names.flatMap((name) => {
    const text = amounts?.[name];
    const quantity = text === undefined ? undefined : tryParseQuantity(String(text));
    if (quantity === undefined || quantity.nano % 1_000_000_000n === 0n) return [];
    return [
      `${path.key(name)}: fractional byte value ${
        JSON.stringify(text)
      } is invalid, must be an integer`,
    ];
  });
}

export function claimSpecWarnings(
  spec: PersistentVolumeClaimSpec | undefined,
  path: Path,
): string[] {
  return (["requests", "limits"] as const).flatMap((member) =>
    fractionWarnings(
      spec?.resources?.[member],
      ["storage"],
      path.child("resources").child(member),
    )
  );
}

const CLASS_TEXT = `${
  ANNOTATIONS.key(CLASS_ANNOTATION)
}: deprecated since v1.8; use "storageClassName" attribute instead`;

export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  return [
    ...metadata?.annotations?.[CLASS_ANNOTATION] === undefined ? [] : [CLASS_TEXT],
    ...claimSpecWarnings(spec, SPEC),
  ];
}

export function volumeWarnings({ metadata, spec = {} }: PersistentVolume): string[] {
  const found: string[] = [];
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const at = SPEC.child("nodeAffinity").child("required").child("nodeSelectorTerms");
  for (const [i, term] of terms.entries()) found.push(...termWarnings(term, at.at(i)));
  if (metadata?.annotations?.[CLASS_ANNOTATION] !== undefined) found.push(CLASS_TEXT);
  if (metadata?.annotations?.[MOUNT_ANNOTATION] !== undefined) {
    found.push(
      `${
        ANNOTATIONS.key(MOUNT_ANNOTATION)
      }: deprecated since v1.31; use "mountOptions" attribute instead`,
    );
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    found.push(
      `${
        SPEC.child("persistentVolumeReclaimPolicy")
      }: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.`,
    );
  }
  found.push(...sourceWarnings(spec as Volume, SPEC));
  return found;
}

export function storageClassWarnings({ allowedTopologies = [] }: StorageClass): string[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key = "" }, j) => {
      const text = oldLabel(key);
      const at = Path.of("allowedTopologies").at(i).child("matchLabelExpressions").at(j);
      return text === undefined ? [] : [`${at}: ${text}`];
    })
  );
}

export function capacityWarnings({ nodeTopology = {} }: CSIStorageCapacity): string[] {
  const at = Path.of("nodeTopology");
  return [
    ...(nodeTopology.matchExpressions ?? []).flatMap(({ key = "" }, i) => {
      const text = oldLabel(key);
      return text === undefined ? [] : [`${at.child("matchExpressions").at(i)}: ${key} is ${text}`];
    }),
    ...Object.keys(nodeTopology.matchLabels ?? {}).flatMap((key) => {
      const text = oldLabel(key);
      return text === undefined ? [] : [`${at.child("matchLabels").child(key)}: ${text}`];
    }),
  ];
}
