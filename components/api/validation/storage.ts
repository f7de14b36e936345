import { equalJson } from "../../base/mod.ts";
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Volume,
} from "../generated/types.ts";
import { dnsSubdomainProblems } from "../names.ts";
import { compareQuantity, tryParseQuantity } from "../quantity.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { validateResourceValue } from "./pod/resources.ts";
import { validateVolumeSource } from "./pod/volume_sources.ts";
import { validateNodeSelector } from "./pod/scheduling.ts";
import { validateLabelSelector } from "./selector.ts";

const SPEC = Path.of("spec");
const MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const RECLAIM = ["Delete", "Recycle", "Retain"];
const VOLUME_MODES = ["Block", "Filesystem"];

function validateModes(modes: readonly string[] | undefined, path: Path, errors: Errors): void {
  const list = modes ?? [];
  if (list.length === 0) errors.required(path, "at least 1 access mode is required");
  for (const mode of list) {
    if (!MODES.includes(mode)) errors.notSupported(path, mode, MODES);
  }
  if (list.includes("ReadWriteOncePod") && list.length > 1) {
    errors.forbidden(path, "may not use ReadWriteOncePod with other access modes");
  }
}

export function validateClaim({ spec = {} }: PersistentVolumeClaim, errors: Errors): void {
  validateLabelSelector(spec.selector, SPEC.child("selector"), errors);
  validateModes(spec.accessModes, SPEC.child("accessModes"), errors);
  const storage = spec.resources?.requests?.["storage"];
  const at = SPEC.child("resources").key("storage");
  if (storage === undefined) errors.required(at);
  else {
    const quantity = validateResourceValue("storage", storage, at, errors);
    if (quantity !== undefined && quantity.nano === 0n) {
      errors.invalid(at, storage, "must be greater than zero");
    }
  }
  const { storageClassName, volumeMode } = spec;
  if (storageClassName) {
    const problems = dnsSubdomainProblems(storageClassName);
    errors.invalidAll(SPEC.child("storageClassName"), storageClassName, problems);
  }
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) {
    errors.notSupported(SPEC.child("volumeMode"), volumeMode, VOLUME_MODES);
  }
}

const CLAIM_FIXED =
  "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

export function validateClaimUpdate(
  next: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  errors: Errors,
): void {
  validateClaim(next, errors);
  const [now, before] = [next.spec ?? {}, old.spec ?? {}];
  const bound = old.status?.phase === "Bound";
  const fixed = (spec: PersistentVolumeClaimSpec): unknown => {
    const { volumeName, volumeAttributesClassName, resources, storageClassName, ...rest } = spec;
    return {
      ...rest,
      volumeName: before.volumeName ? volumeName : undefined,
      volumeAttributesClassName: bound ? undefined : volumeAttributesClassName,
      resources: bound ? { ...resources, requests: undefined } : resources,
      // A class may be given to a claim that has none yet.
      storageClassName: before.storageClassName === undefined ? undefined : storageClassName,
    };
  };
  if (!equalJson(fixed(now), fixed(before))) errors.forbidden(SPEC, CLAIM_FIXED);
  const [wanted, held] = [now, before].map(({ resources }) =>
    tryParseQuantity(String(resources?.requests?.["storage"] ?? "0"))
  );
  const capacity = tryParseQuantity(String(old.status?.capacity?.["storage"] ?? "0"));
  if (!bound || wanted === undefined || held === undefined || capacity === undefined) return;
  if (compareQuantity(wanted, held) < 0 && compareQuantity(wanted, capacity) <= 0) {
    errors.forbidden(
      SPEC.child("resources").child("requests").child("storage"),
      "field can not be less than status.capacity",
    );
  }
}

/** The members of a volume's spec that are no source of it. */
const NO_SOURCE = [
  "capacity",
  "accessModes",
  "claimRef",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "mountOptions",
  "volumeMode",
  "nodeAffinity",
  "volumeAttributesClassName",
];

export function validateVolume({ spec = {} }: PersistentVolume, errors: Errors): void {
  validateModes(spec.accessModes, SPEC.child("accessModes"), errors);
  const capacity = spec.capacity ?? {};
  const at = SPEC.child("capacity");
  if (Object.keys(capacity).length === 0) errors.required(at);
  else if (capacity["storage"] === undefined || Object.keys(capacity).length > 1) {
    errors.notSupported(at, capacity, ["storage"]);
  }
  for (const [name, text] of Object.entries(capacity)) {
    const quantity = validateResourceValue(name, text, at.key(name), errors);
    if (quantity !== undefined && quantity.nano === 0n) {
      errors.invalid(at.key(name), text, "must be greater than zero");
    }
  }
  const policy = spec.persistentVolumeReclaimPolicy ?? "";
  if (policy !== "" && !RECLAIM.includes(policy)) {
    errors.notSupported(SPEC.child("persistentVolumeReclaimPolicy"), policy, RECLAIM);
  }
  if (spec.nodeAffinity !== undefined) {
    const path = SPEC.child("nodeAffinity");
    if (spec.nodeAffinity.required === undefined) {
      errors.required(path.child("required"), "must specify required node constraints");
    } else validateNodeSelector(spec.nodeAffinity.required, path.child("required"), errors);
  }
  const sources = Object.keys(spec).filter((member) => !NO_SOURCE.includes(member));
  if (sources.length === 0) errors.required(SPEC, "must specify a volume type");
  for (const extra of sources.slice(1)) {
    errors.forbidden(SPEC.child(extra), "may not specify more than 1 volume type");
  }
  if (spec.hostPath !== undefined && !spec.hostPath.path) {
    errors.required(SPEC.child("hostPath").child("path"));
  }
  if (spec.local !== undefined) {
    if (!spec.local.path) errors.required(SPEC.child("local").child("path"));
    if (spec.nodeAffinity === undefined) {
      errors.required(SPEC.child("nodeAffinity"), "Local volume requires node affinity");
    }
  }
  validateVolumeSource(spec as Volume, SPEC, errors);
  if (spec.csi !== undefined && !spec.csi.volumeHandle) {
    errors.required(SPEC.child("csi").child("volumeHandle"));
  }
  if (spec.nfs?.path && !spec.nfs.path.startsWith("/")) {
    errors.invalid(SPEC.child("nfs").child("path"), spec.nfs.path, "must be an absolute path");
  }
  const { storageClassName, volumeMode } = spec;
  if (storageClassName) {
    const problems = dnsSubdomainProblems(storageClassName);
    errors.invalidAll(SPEC.child("storageClassName"), storageClassName, problems);
  }
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) {
    errors.notSupported(SPEC.child("volumeMode"), volumeMode, VOLUME_MODES);
  }
}

export function validateVolumeUpdate(
  next: PersistentVolume,
  old: PersistentVolume,
  errors: Errors,
): void {
  validateVolume(next, errors);
  const source = ({ spec = {} }: PersistentVolume) =>
    Object.fromEntries(Object.entries(spec).filter(([member]) => !NO_SOURCE.includes(member)));
  if (!equalJson(source(next), source(old))) {
    errors.forbidden(
      SPEC.child("persistentvolumesource"),
      "spec.persistentvolumesource is immutable after creation",
    );
  }
  if (next.spec?.volumeMode !== old.spec?.volumeMode) {
    errors.invalid(SPEC.child("volumeMode"), next.spec?.volumeMode ?? "", IMMUTABLE);
  }
  const affinity = old.spec?.nodeAffinity;
  if (affinity !== undefined && !equalJson(next.spec?.nodeAffinity, affinity)) {
    errors.invalid(SPEC.child("nodeAffinity"), next.spec?.nodeAffinity ?? null, IMMUTABLE);
  }
}
