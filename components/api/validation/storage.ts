import { equalJson } from "../../base/mod.ts";
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  TypedObjectReference,
  Volume,
} from "../generated/types.ts";
import { dnsLabelProblems, dnsSubdomainProblems } from "../names.ts";
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

const CLAIM = "PersistentVolumeClaim";

/** What a claim is filled from. */
function validateSource(
  source: TypedObjectReference,
  path: Path,
  errors: Errors,
): void {
  const { name = "", kind = "", apiGroup = "", namespace = "" } = source;
  if (name === "") errors.required(path.child("name"));
  if (kind === "") errors.required(path.child("kind"));
  if (apiGroup === "" && kind !== CLAIM) errors.invalid(path, kind, "");
  if (apiGroup !== "") {
    errors.invalidAll(path.child("apiGroup"), apiGroup, dnsSubdomainProblems(apiGroup));
  }
  if (namespace !== "") {
    errors.invalidAll(path.child("namespace"), namespace, dnsLabelProblems(namespace));
  }
}

function validateSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, errors: Errors) {
  const at = SPEC.child("dataSource");
  if (dataSource !== undefined) validateSource(dataSource, at, errors);
  if (dataSourceRef === undefined) return;
  validateSource(dataSourceRef, SPEC.child("dataSourceRef"), errors);
  if (dataSource === undefined) return;
  if (dataSourceRef.namespace) {
    errors.invalid(
      SPEC,
      at.toString(),
      "may not be specified when dataSourceRef.namespace is specified",
    );
  } else if (
    (["name", "kind", "apiGroup"] as const).some((each) =>
      (dataSource[each] ?? "") !== (dataSourceRef[each] ?? "")
    )
  ) errors.invalid(SPEC, at.toString(), "must match dataSourceRef");
}

export function validateClaim({ spec = {} }: PersistentVolumeClaim, errors: Errors): void {
  validateSources(spec, errors);
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
  const { storageClassName, volumeMode, volumeAttributesClassName: attributes } = spec;
  if (storageClassName) {
    const problems = dnsSubdomainProblems(storageClassName);
    errors.invalidAll(SPEC.child("storageClassName"), storageClassName, problems);
  }
  if (attributes) {
    const problems = dnsSubdomainProblems(attributes);
    errors.invalidAll(SPEC.child("volumeAttributesClassName"), attributes, problems);
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

/** What is said of a claim's volume. */
export function validateClaimStatus(
  { status }: PersistentVolumeClaim,
  _old: PersistentVolumeClaim,
  errors: Errors,
): void {
  for (const member of ["capacity", "allocatedResources"] as const) {
    for (const [name, text] of Object.entries(status?.[member] ?? {})) {
      validateResourceValue(name, text, Path.of("status", member).key(name), errors);
    }
  }
  const states = status?.allocatedResourceStatuses ?? {};
  for (const [name, state] of Object.entries(states)) {
    if (RESIZE_STATES.includes(state)) continue;
    errors.notSupported(
      Path.of("status", "allocatedResourceStatuses").key(name),
      state,
      RESIZE_STATES,
    );
  }
}

const RESIZE_STATES = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
];

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

export function validateVolume(volume: PersistentVolume, errors: Errors): void {
  const { spec = {} } = volume;
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
  if (spec.hostPath !== undefined) {
    const { path = "" } = spec.hostPath;
    const place = SPEC.child("hostPath").child("path");
    if (path === "") errors.required(place);
    else validateInside(path, place, errors);
    if (policy === "Recycle" && path.replace(/\/+$/, "") === "" && path !== "") {
      errors.forbidden(
        SPEC.child("persistentVolumeReclaimPolicy"),
        "may not be 'recycle' for a hostPath mount of '/'",
      );
    }
  }
  if (spec.local !== undefined) {
    if (!spec.local.path) errors.required(SPEC.child("local").child("path"));
    else validateInside(spec.local.path, SPEC.child("local").child("path"), errors);
    if (spec.nodeAffinity === undefined) {
      errors.required(SPEC.child("nodeAffinity"), "Local volume requires node affinity");
    }
  }
  validateVolumeSource(spec as Volume, SPEC, errors);
  validateAttributes(volume, errors);
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

function validateInside(path: string, place: Path, errors: Errors): void {
  if (path.split("/").includes("..")) errors.invalid(place, path, "must not contain '..'");
}

/** Attributes are a driver's: only volumes of drivers have a class of them. */
function validateAttributes({ spec = {} }: PersistentVolume, errors: Errors): void {
  const { volumeAttributesClassName: name, csi } = spec;
  if (name === undefined) return;
  const at = SPEC.child("volumeAttributesClassName");
  if (name === "") errors.required(at, "an empty string is disallowed");
  else errors.invalidAll(at, name, dnsSubdomainProblems(name));
  if (csi === undefined) {
    errors.required(
      SPEC.child("csi"),
      "has to be specified when using volumeAttributesClassName",
    );
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
