import {
  compareQuantity,
  labelSelectorMatcher,
  parseQuantity,
  type PersistentVolume,
  type PersistentVolumeClaim,
  tryParseQuantity,
} from "../../api/mod.ts";

const OLD_CLASS = "volume.beta.kubernetes.io/storage-class";

/** The class of a claim or a volume; empty for none. */
export function classOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata?.annotations?.[OLD_CLASS] ?? object.spec?.storageClassName ?? "";
}

/** True where a volume names the claim: by uid, or by name alone as an administrator does beforehand. */
export function isReservedFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  if (reference === undefined) return false;
  const { name, namespace, uid = "" } = reference;
  return name === claim.metadata?.name && namespace === claim.metadata?.namespace &&
    (uid === "" || uid === claim.metadata?.uid);
}

const capacityOf = (volume: PersistentVolume) =>
  tryParseQuantity(volume.spec?.capacity?.["storage"] ?? "0") ?? parseQuantity("0");

/** True where a volume can be what a claim asks for, whoever it belongs to. */
export function satisfies(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const wanted = tryParseQuantity(claim.spec?.resources?.requests?.["storage"] ?? "0");
  if (wanted === undefined || compareQuantity(capacityOf(volume), wanted) < 0) return false;
  if ((volume.spec?.volumeMode ?? "Filesystem") !== (claim.spec?.volumeMode ?? "Filesystem")) {
    return false;
  }
  if (classOf(volume) !== classOf(claim)) return false;
  const modes = volume.spec?.accessModes ?? [];
  if (!(claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode))) return false;
  if (
    (volume.spec?.volumeAttributesClassName ?? "") !== (claim.spec?.volumeAttributesClassName ?? "")
  ) return false;
  const selector = claim.spec?.selector;
  return selector === undefined || labelSelectorMatcher(selector).matches(volume.metadata?.labels);
}

/** The volume to bind a claim to: one that is reserved for it, else the smallest that is free and large enough. */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
): PersistentVolume | undefined {
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (volume.metadata?.deletionTimestamp !== undefined) continue;
    if (isReservedFor(volume, claim)) {
      if (satisfies(volume, claim)) return volume;
      continue;
    }
    if (volume.spec?.claimRef !== undefined || volume.status?.phase !== "Available") continue;
    if (!satisfies(volume, claim)) continue;
    const order = best === undefined ? -1 : compareQuantity(capacityOf(volume), capacityOf(best));
    if (
      order < 0 || (order === 0 && (volume.metadata?.name ?? "") < (best?.metadata?.name ?? ""))
    ) {
      best = volume;
    }
  }
  return best;
}
