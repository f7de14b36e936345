import { equalJson } from "../../base/mod.ts";
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  VolumeAttachment,
} from "../generated/types.ts";
import { byteLength, dnsSubdomainProblems, qualifiedNameProblems } from "../names.ts";
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
const UPDATE_SECONDS_MINIMUM = 10;
const MESSAGE_MAXIMUM = 1024;
const ATTACHED_BYTES_MAXIMUM = 256 * 1024;
const TOKEN_SECONDS_MINIMUM = 600;
const TOKEN_SECONDS_MAXIMUM = 2 ** 32;

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
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < UPDATE_SECONDS_MINIMUM) {
    errors.invalid(
      SPEC.child("nodeAllocatableUpdatePeriodSeconds"),
      period,
      `must be greater than or equal to ${UPDATE_SECONDS_MINIMUM} seconds`,
    );
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

/** How many volumes a driver takes may change, and nothing else of it. */
export function validateDriversOfNodeUpdate(next: CSINode, old: CSINode, errors: Errors): void {
  validateDriversOfNode(next, errors);
  const before = new Map((old.spec?.drivers ?? []).map((driver) => [driver.name, driver]));
  for (const driver of next.spec?.drivers ?? []) {
    const known = before.get(driver.name);
    if (known === undefined) continue;
    const fixed = ({ allocatable: _, ...rest }: typeof driver) => rest;
    if (!equalJson(fixed(driver), fixed(known))) {
      errors.invalid(Path.of("CSINodeDriver"), driver, IMMUTABLE);
    }
  }
}

export function validateCapacity(capacity: CSIStorageCapacity, errors: Errors): void {
  const { storageClassName = "", nodeTopology } = capacity;
  const at = Path.of("storageClassName");
  errors.invalidAll(at, storageClassName, dnsSubdomainProblems(storageClassName));
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

export function validateAttachmentStatus(
  { status }: VolumeAttachment,
  _old: VolumeAttachment,
  errors: Errors,
): void {
  const at = Path.of("status");
  const held = status?.attachmentMetadata ?? {};
  const bytes = Object.entries(held).reduce(
    (sum, [key, value]) => sum + byteLength(key) + byteLength(value),
    0,
  );
  if (bytes > ATTACHED_BYTES_MAXIMUM) {
    errors.tooLong(at.child("attachmentMetadata"), ATTACHED_BYTES_MAXIMUM);
  }
  for (const member of ["attachError", "detachError"] as const) {
    if (byteLength(status?.[member]?.message ?? "") > MESSAGE_MAXIMUM) {
      errors.tooLong(at.child(member).child("message"), MESSAGE_MAXIMUM);
    }
  }
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
