import { equalJson } from "../../../base/mod.ts";
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
} from "../../generated/types.ts";
import { byteLength } from "../../names.ts";
import { validateConditions } from "../conditions.ts";
import type { Errors } from "../errors.ts";
import { IMMUTABLE } from "../metadata.ts";
import { isCidr } from "../network.ts";
import { Path } from "../path.ts";
import { validateNodeSelector } from "../pod/scheduling.ts";
import { validateDriverName } from "../storage_drivers.ts";
import {
  CONFIGURATIONS_MAXIMUM,
  requestNames,
  validateReference,
  validateReferences,
} from "./claim.ts";
import { validateItems, validateLabelName, validatePoolName } from "./names.ts";
import { validateOpaque, validateRaw } from "./selector.ts";
import { validateBinding, validateDeviceTolerations } from "./taint.ts";

const STATUS = Path.of("status");
const RESERVED_MAXIMUM = 256;
const RESULTS_MAXIMUM = 32;
const CONDITIONS_MAXIMUM = 8;
const DATA_BYTES_MAXIMUM = 10 * 1024;
const INTERFACE_NAME_MAXIMUM = 256;
const HARDWARE_ADDRESS_MAXIMUM = 128;
const ADDRESSES_MAXIMUM = 16;

interface Allocated {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}

function idOf({ driver = "", pool = "", device = "", shareID }: Allocated): string {
  const id = `${driver}/${pool}/${device}`;
  return shareID === undefined ? id : `${id}/${shareID}`;
}

export function validateClaimStatus(next: ResourceClaim, old: ResourceClaim, errors: Errors): void {
  const { reservedFor = [], allocation, devices } = next.status ?? {};
  const path = STATUS.child("reservedFor");
  validateItems(reservedFor, RESERVED_MAXIMUM, path, errors, (consumer, at) => {
    for (const member of ["resource", "name", "uid"] as const) {
      if (!consumer[member]) errors.required(at.child(member));
    }
  }, ({ uid = "" }) => uid);
  const allocated = new Set((allocation?.devices?.results ?? []).map(idOf));
  validateItems(
    devices,
    Infinity,
    STATUS.child("devices"),
    errors,
    (device, at) => validateDeviceStatus(device, allocated, at, errors),
    idOf,
  );
  if (reservedFor.length > 0) {
    const before = new Set(old.status?.reservedFor?.map(({ uid }) => uid));
    if (allocation === undefined) {
      errors.forbidden(path, "may not be specified when `allocated` is not set");
    } else if (
      next.metadata?.deletionTimestamp !== undefined &&
      reservedFor.some(({ uid }) => !before.has(uid))
    ) {
      errors.forbidden(
        path,
        "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set",
      );
    }
  }
  if (allocation === undefined) return;
  const at = STATUS.child("allocation");
  if (old.status?.allocation === undefined) validateAllocation(allocation, next, at, errors);
  else if (!equalJson(allocation, old.status.allocation)) {
    errors.invalid(at, allocation, IMMUTABLE);
  }
}

function validateAllocation(
  { devices = {}, nodeSelector }: AllocationResult,
  claim: ResourceClaim,
  path: Path,
  errors: Errors,
): void {
  const known = requestNames(claim.spec?.devices);
  const results = path.child("devices").child("results");
  validateItems(devices.results, RESULTS_MAXIMUM, results, errors, (result, at) => {
    validateResult(result, known, at, errors);
  });
  const config = path.child("devices").child("config");
  validateItems(devices.config, 2 * CONFIGURATIONS_MAXIMUM, config, errors, (one, at) => {
    const { source = "", requests, opaque } = one;
    const sources = ["FromClaim", "FromClass"];
    if (source === "") errors.required(at.child("source"));
    else if (!sources.includes(source)) errors.notSupported(at.child("source"), source, sources);
    validateReferences(requests, known, at.child("requests"), errors);
    validateOpaque(opaque, at, errors);
  });
  if (nodeSelector !== undefined) {
    validateNodeSelector(nodeSelector, path.child("nodeSelector"), errors);
  }
}

function validateResult(
  result: DeviceRequestAllocationResult,
  known: ReadonlySet<string>,
  path: Path,
  errors: Errors,
): void {
  validateReference(result.request ?? "", known, path.child("request"), errors);
  validateIdentity(result, path, errors);
  validateBinding(result, path, errors);
  validateDeviceTolerations(result.tolerations, path.child("tolerations"), errors);
  validateShare(result.shareID, path.child("shareID"), errors);
}

function validateIdentity(device: Allocated, path: Path, errors: Errors): void {
  validateDriverName(device.driver ?? "", path.child("driver"), errors);
  validatePoolName(device.pool ?? "", path.child("pool"), errors);
  validateLabelName(device.device ?? "", path.child("device"), errors);
}

function validateShare(id: string | undefined, path: Path, errors: Errors): void {
  if (id === undefined) return;
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id)) {
    errors.invalid(
      path,
      id,
      "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal " +
        "characters",
    );
  }
}

function validateDeviceStatus(
  device: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
  path: Path,
  errors: Errors,
): void {
  validateIdentity(device, path, errors);
  validateShare(device.shareID, path.child("shareID"), errors);
  if (!allocated.has(idOf(device))) {
    errors.invalid(path, idOf(device), "must be an allocated device in the claim");
  }
  const { conditions = [], data, networkData } = device;
  const at = path.child("conditions");
  if (conditions.length > CONDITIONS_MAXIMUM) {
    errors.tooMany(at, conditions.length, CONDITIONS_MAXIMUM);
  }
  validateConditions(conditions, at, errors);
  if (data !== undefined) validateRaw(data, DATA_BYTES_MAXIMUM, path.child("data"), errors);
  if (networkData !== undefined) validateNetwork(networkData, path.child("networkData"), errors);
}

function validateNetwork(
  { interfaceName = "", hardwareAddress = "", ips }: NetworkDeviceData,
  path: Path,
  errors: Errors,
): void {
  if (byteLength(interfaceName) > INTERFACE_NAME_MAXIMUM) {
    errors.tooLong(path.child("interfaceName"), INTERFACE_NAME_MAXIMUM);
  }
  if (byteLength(hardwareAddress) > HARDWARE_ADDRESS_MAXIMUM) {
    errors.tooLong(path.child("hardwareAddress"), HARDWARE_ADDRESS_MAXIMUM);
  }
  validateItems(ips, ADDRESSES_MAXIMUM, path.child("ips"), errors, (address, at) => {
    if (isCidr(address)) return;
    errors.invalid(
      at,
      address,
      "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)",
    );
  }, (address) => address);
}

/** What was said of devices that are no longer allocated goes with them. */
export function dropFreedDevices(next: ResourceClaim, previous: ResourceClaim): void {
  const { status } = next;
  if (status?.devices === undefined || previous.status?.allocation === undefined) return;
  const freed = new Set((previous.status.allocation.devices?.results ?? []).map(idOf));
  for (const result of status.allocation?.devices?.results ?? []) freed.delete(idOf(result));
  status.devices = status.devices.filter((device) => !freed.has(idOf(device)));
  if (status.devices.length === 0) delete status.devices;
}
