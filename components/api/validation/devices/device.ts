import { equalJson } from "../../../base/mod.ts";
import type { Counter, Device, DeviceAttribute } from "../../generated/types.ts";
import { byteLength, dnsSubdomainProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateNodeSelector } from "../pod/scheduling.ts";
import { validateCapacity } from "./capacity.ts";
import {
  QUALIFIED_NAME_MAXIMUM,
  shownKey,
  validateItems,
  validateLabelName,
  validateQualifiedName,
} from "./names.ts";
import { validateBinding, validateDeviceTaint } from "./taint.ts";

const MEMBERS_MAXIMUM = 32;
const TAINTS_MAXIMUM = 16;
const CONSUMPTIONS_MAXIMUM = 2;
const COUNTERS_MAXIMUM = 32;
const VALUE_BYTES_MAXIMUM = 64;
const COUNTER_NAME_MAXIMUM = 63;
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

/** One device of a slice; `old` is what the slice said of it before. */
export function validateDevice(
  device: Device,
  old: Device | undefined,
  perDevice: boolean,
  path: Path,
  errors: Errors,
): void {
  const { name = "", attributes = {}, capacity = {}, taints, consumesCounters } = device;
  validateLabelName(name, path.child("name"), errors);
  const members = Object.keys(attributes).length + Object.keys(capacity).length;
  if (members > MEMBERS_MAXIMUM) {
    errors.invalid(
      path,
      members,
      `the total number of attributes and capacities must not exceed ${MEMBERS_MAXIMUM}`,
    );
  }
  for (const [key, attribute] of Object.entries(attributes)) {
    const at = path.child("attributes");
    validateQualifiedName(key, at, errors);
    validateAttribute(attribute, at.key(shownKey(key, QUALIFIED_NAME_MAXIMUM)), errors);
  }
  if (old === undefined || !equalJson(old.capacity, device.capacity)) {
    for (const [key, value] of Object.entries(capacity)) {
      const at = path.child("capacity");
      validateQualifiedName(key, at, errors);
      const place = at.key(shownKey(key, QUALIFIED_NAME_MAXIMUM));
      validateCapacity(value, device.allowMultipleAllocations === true, place, errors);
    }
  }
  if (old === undefined || !equalJson(old.taints, taints)) {
    validateItems(taints, TAINTS_MAXIMUM, path.child("taints"), errors, (taint, at) => {
      validateDeviceTaint(taint, at, errors);
    });
  }
  validateItems(
    consumesCounters,
    CONSUMPTIONS_MAXIMUM,
    path.child("consumesCounters"),
    errors,
    ({ counterSet = "", counters }, at) => {
      if (counterSet === "") errors.required(at.child("counterSet"));
      else validateLabelName(counterSet, at.child("counterSet"), errors);
      validateCounters(counters, at.child("counters"), errors);
    },
    ({ counterSet = "" }) => counterSet,
  );
  validatePlace(device, perDevice, path, errors);
  validateBinding(device, path, errors);
}

export function validateCounters(
  counters: Readonly<Record<string, Counter>> | undefined,
  path: Path,
  errors: Errors,
): void {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return errors.required(path);
  if (names.length > COUNTERS_MAXIMUM) return errors.tooMany(path, names.length, COUNTERS_MAXIMUM);
  for (const name of names) {
    validateLabelName(name, path, errors);
    const value = counters?.[name]?.value;
    if (value !== undefined) continue;
    errors.required(path.key(shownKey(name, COUNTER_NAME_MAXIMUM)).child("value"));
  }
}

function validateAttribute(attribute: DeviceAttribute, path: Path, errors: Errors): void {
  const given = Object.values(attribute).filter((value) => value !== undefined).length;
  const { string: text, version } = attribute;
  if (text !== undefined && byteLength(text) > VALUE_BYTES_MAXIMUM) {
    errors.tooLong(path.child("string"), VALUE_BYTES_MAXIMUM);
  }
  if (version !== undefined) {
    const at = path.child("version");
    // Long texts are not matched: they are refused in any case.
    if (byteLength(version) > VALUE_BYTES_MAXIMUM) errors.tooLong(at, VALUE_BYTES_MAXIMUM);
    else if (!SEMVER.test(version)) {
      errors.invalid(at, version, "must be a string compatible with semver.org spec 2.0.0");
    }
  }
  if (given === 1) return;
  errors.invalid(path, given === 0 ? "" : attribute, "exactly one value must be specified");
}

const PLACES =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in " +
  "the ResourceSlice spec";

function validatePlace(device: Device, perDevice: boolean, path: Path, errors: Errors): void {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!perDevice) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return;
    return errors.invalid(
      path,
      null,
      "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the " +
        "ResourceSlice spec",
    );
  }
  const given: string[] = [];
  if (nodeName === "") errors.invalid(path.child("nodeName"), "", "must not be empty");
  else if (nodeName !== undefined) {
    given.push("`nodeName`");
    errors.invalidAll(path.child("nodeName"), nodeName, dnsSubdomainProblems(nodeName));
  }
  if (nodeSelector !== undefined) {
    given.push("`nodeSelector`");
    validateNodeSelector(nodeSelector, path.child("nodeSelector"), errors);
  }
  if (allNodes === true) given.push("`allNodes`");
  else if (allNodes === false) {
    errors.invalid(path.child("allNodes"), false, "must be either unset or set to true");
  }
  if (given.length === 0) errors.required(path, PLACES);
  else if (given.length > 1) errors.invalid(path, `{${given.join(", ")}}`, PLACES);
}
