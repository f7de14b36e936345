import { equalJson } from "../../base/mod.ts";
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  VolumeAttachment,
  VolumeAttributesClass,
} from "../generated/types.ts";
import { dnsSubdomainProblems, qualifiedNameProblems } from "../names.ts";
import { tryParseQuantity } from "../quantity.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { validateLabelSelector } from "./selector.ts";

const SPEC = Path.of("spec");
const DRIVER_NAME_MAXIMUM = 63;
const NODE_ID_MAXIMUM = 256;
const MODES = ["Ephemeral", "Persistent"];
const GROUP_POLICIES = ["File", "None", "ReadWriteOnceWithFSType"];
const TOKEN_SECONDS_MINIMUM = 600;
const TOKEN_SECONDS_MAXIMUM = 2 ** 32;
const PARAMETERS_MAXIMUM = 512;

/** The name of a driver, wherever it is named. */
export function validateDriverName(name: string, path: Path, errors: Errors): void {
  if (name === "") return errors.required(path);
  if (name.length > DRIVER_NAME_MAXIMUM) errors.tooLong(path, DRIVER_NAME_MAXIMUM);
  errors.invalidAll(path, name, dnsSubdomainProblems(name.toLowerCase()));
}

export function validateDriver({ metadata, spec = {} }: CSIDriver, errors: Errors): void {
  validateDriverName(metadata?.name ?? "", Path.of("metadata", "name"), errors);
  for (const member of ["attachRequired", "podInfoOnMount", "storageCapacity"] as const) {
    if (spec[member] === undefined) errors.required(SPEC.child(member));
  }
  const { fsGroupPolicy: policy, tokenRequests = [], volumeLifecycleModes = [] } = spec;
  if (policy !== undefined && !GROUP_POLICIES.includes(policy)) {
    errors.notSupported(SPEC.child("fsGroupPolicy"), policy, GROUP_POLICIES);
  }
  const audiences = new Set<string>();
  for (const [i, { audience = "", expirationSeconds: seconds }] of tokenRequests.entries()) {
    const at = SPEC.child("tokenRequests").at(i);
    if (audiences.has(audience)) errors.duplicate(at.child("audience"), audience);
    audiences.add(audience);
    if (seconds === undefined) continue;
    const place = at.child("expirationSeconds");
    if (seconds < TOKEN_SECONDS_MINIMUM) {
      errors.invalid(place, seconds, "may not specify a duration less than 10 minutes");
    }
    if (seconds > TOKEN_SECONDS_MAXIMUM) {
      errors.invalid(place, seconds, "may not specify a duration larger than 2^32 seconds");
    }
  }
  for (const mode of volumeLifecycleModes) {
    if (!MODES.includes(mode)) {
      errors.notSupported(SPEC.child("volumeLifecycleModes"), mode, MODES);
    }
  }
}

export function validateDriverUpdate(next: CSIDriver, old: CSIDriver, errors: Errors): void {
  validateDriver(next, errors);
  for (const member of ["attachRequired", "volumeLifecycleModes"] as const) {
    if (!equalJson(next.spec?.[member], old.spec?.[member])) {
      errors.invalid(SPEC.child(member), next.spec?.[member] ?? null, IMMUTABLE);
    }
  }
}

export function validateDriversOfNode({ spec }: CSINode, errors: Errors): void {
  const names = new Set<string>();
  for (const [i, driver] of (spec?.drivers ?? []).entries()) {
    const at = SPEC.child("drivers").at(i);
    const { name = "", nodeID = "", allocatable, topologyKeys = [] } = driver;
    validateDriverName(name, at.child("name"), errors);
    if (nodeID === "") errors.required(at.child("nodeID"));
    else if (nodeID.length > NODE_ID_MAXIMUM) {
      errors.invalid(
        at.child("nodeID"),
        nodeID,
        `must be ${NODE_ID_MAXIMUM} characters or less`,
      );
    }
    if ((allocatable?.count ?? 0) < 0) {
      errors.invalid(
        at.child("allocatable").child("count"),
        allocatable?.count,
        "must be greater than or equal to 0",
      );
    }
    const keys = new Set<string>();
    for (const key of topologyKeys) {
      if (key === "") errors.required(at.child("topologyKeys"));
      else if (keys.has(key)) errors.duplicate(at.child("topologyKeys"), key);
      else errors.invalidAll(at.child("topologyKeys"), key, qualifiedNameProblems(key));
      keys.add(key);
    }
    if (names.has(name)) errors.duplicate(at.child("name"), name);
    names.add(name);
  }
}

export function validateCapacity(capacity: CSIStorageCapacity, errors: Errors): void {
  const { storageClassName = "", nodeTopology } = capacity;
  const at = Path.of("storageClassName");
  if (storageClassName === "") errors.required(at);
  else errors.invalidAll(at, storageClassName, dnsSubdomainProblems(storageClassName));
  validateLabelSelector(nodeTopology, Path.of("nodeTopology"), errors);
  for (const member of ["capacity", "maximumVolumeSize"] as const) {
    const text = capacity[member];
    const quantity = text === undefined ? undefined : tryParseQuantity(String(text));
    if (quantity !== undefined && quantity.nano < 0n) {
      errors.invalid(Path.of(member), text, "must be greater than or equal to 0");
    }
  }
}

export function validateCapacityUpdate(
  next: CSIStorageCapacity,
  old: CSIStorageCapacity,
  errors: Errors,
): void {
  validateCapacity(next, errors);
  for (const member of ["nodeTopology", "storageClassName"] as const) {
    if (!equalJson(next[member], old[member])) {
      errors.invalid(Path.of(member), next[member] ?? null, IMMUTABLE);
    }
  }
}

export function validateAttachment({ spec = {} }: VolumeAttachment, errors: Errors): void {
  const { attacher = "", nodeName = "", source = {} } = spec;
  validateDriverName(attacher, SPEC.child("attacher"), errors);
  const at = SPEC.child("source");
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source;
  if (inline === undefined && name === undefined) {
    errors.required(at, "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  } else if (inline !== undefined && name !== undefined) {
    errors.forbidden(at, "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  } else if (name === "") {
    errors.required(
      at.child("persistentVolumeName"),
      "must specify non empty persistentVolumeName",
    );
  }
  errors.invalidAll(SPEC.child("nodeName"), nodeName, dnsSubdomainProblems(nodeName));
}

export function validateAttachmentUpdate(
  next: VolumeAttachment,
  old: VolumeAttachment,
  errors: Errors,
): void {
  validateAttachment(next, errors);
  if (!equalJson(next.spec, old.spec)) {
    errors.invalid(SPEC, next.spec ?? null, IMMUTABLE);
  }
}

export function validateAttributesClass(
  { driverName = "", parameters = {} }: VolumeAttributesClass,
  errors: Errors,
): void {
  validateDriverName(driverName, Path.of("driverName"), errors);
  const names = Object.keys(parameters);
  const at = Path.of("parameters");
  if (names.length === 0) errors.required(at, "must contain at least one attribute/value pair");
  if (names.length > PARAMETERS_MAXIMUM) errors.tooMany(at, names.length, PARAMETERS_MAXIMUM);
  if (names.includes("")) errors.invalid(at, "", "field must not be empty.");
}

export function validateAttributesClassUpdate(
  next: VolumeAttributesClass,
  old: VolumeAttributesClass,
  errors: Errors,
): void {
  for (const member of ["driverName", "parameters"] as const) {
    if (!equalJson(next[member], old[member])) {
      errors.forbidden(Path.of(member), `updates to ${member} are forbidden.`);
    }
  }
}
