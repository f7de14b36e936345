import { equalJson } from "../../base/mod.ts";
import type {
  StorageClass,
  TopologySelectorTerm,
  VolumeAttributesClass,
} from "../generated/types.ts";
import { byteLength, qualifiedNameProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";

const PARAMETERS_MAXIMUM = 512;
const PARAMETERS_BYTES_MAXIMUM = 256 * 1024;
const RECLAIM = ["Delete", "Retain"];
const MODES = ["Immediate", "WaitForFirstConsumer"];

export function validateStorageClass(storage: StorageClass, errors: Errors): void {
  const { provisioner = "", reclaimPolicy = "", volumeBindingMode } = storage;
  validateProvisioner(provisioner, Path.of("provisioner"), errors);
  validateParameters(storage.parameters ?? {}, errors);
  if (reclaimPolicy !== "" && !RECLAIM.includes(reclaimPolicy)) {
    errors.notSupported(Path.of("reclaimPolicy"), reclaimPolicy, RECLAIM);
  }
  if (volumeBindingMode === undefined) errors.required(Path.of("volumeBindingMode"));
  else if (!MODES.includes(volumeBindingMode)) {
    errors.notSupported(Path.of("volumeBindingMode"), volumeBindingMode, MODES);
  }
  validateTopologies(storage.allowedTopologies ?? [], errors);
}

function validateProvisioner(name: string, path: Path, errors: Errors): void {
  if (name === "") errors.required(path);
  else errors.invalidAll(path, name, qualifiedNameProblems(name.toLowerCase()));
}

function validateParameters(parameters: Readonly<Record<string, string>>, errors: Errors): void {
  const at = Path.of("parameters");
  const entries = Object.entries(parameters);
  if (entries.length > PARAMETERS_MAXIMUM) return errors.tooLong(at, PARAMETERS_MAXIMUM);
  let total = 0;
  for (const [name, value] of entries) {
    if (name === "") errors.invalid(at, name, "field can not be empty.");
    total += byteLength(name) + byteLength(value);
  }
  if (total > PARAMETERS_BYTES_MAXIMUM) errors.tooLong(at, PARAMETERS_BYTES_MAXIMUM);
}

function validateTopologies(terms: readonly TopologySelectorTerm[], errors: Errors): void {
  const known: Record<string, string[]>[] = [];
  for (const [i, { matchLabelExpressions = [] }] of terms.entries()) {
    const path = Path.of("allowedTopologies").at(i).child("matchLabelExpressions");
    const term: Record<string, string[]> = {};
    for (const [j, { key = "", values = [] }] of matchLabelExpressions.entries()) {
      const at = path.at(j);
      if (values.length === 0) errors.required(at.child("values"));
      for (const [k, value] of values.entries()) {
        if (values.indexOf(value) < k) errors.duplicate(at.child("values").at(k), value);
      }
      errors.invalidAll(at.child("key"), key, qualifiedNameProblems(key));
      if (Object.hasOwn(term, key)) errors.duplicate(at.child("key"), key);
      term[key] = [...new Set(values)].sort();
    }
    if (known.some((other) => equalJson(other, term))) errors.duplicate(path, "");
    known.push(term);
  }
}

export function validateStorageClassUpdate(
  next: StorageClass,
  old: StorageClass,
  errors: Errors,
): void {
  validateStorageClass(next, errors);
  for (const member of ["parameters", "provisioner", "reclaimPolicy"] as const) {
    if (!equalJson(next[member], old[member])) {
      errors.forbidden(Path.of(member), `updates to ${member} are forbidden.`);
    }
  }
  const mode = next.volumeBindingMode;
  if (mode !== old.volumeBindingMode) {
    errors.invalid(Path.of("volumeBindingMode"), mode ?? null, IMMUTABLE);
  }
}

export function validateAttributesClass(
  { driverName = "", parameters = {} }: VolumeAttributesClass,
  errors: Errors,
): void {
  validateProvisioner(driverName, Path.of("driverName"), errors);
  if (Object.keys(parameters).length === 0) {
    errors.required(Path.of("parameters"), "must contain at least one attribute/value pair");
  }
  validateParameters(parameters, errors);
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
