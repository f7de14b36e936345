import { isJsonObject } from "../../base/mod.ts";
import {
  byteLength,
  dnsLabelProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from "../names.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "../object.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";

/** The rule of a kind's names: the texts of what a name breaks. */
export type NameRule = (name: string) => readonly string[];

const METADATA = Path.of("metadata");
const MAX_ANNOTATIONS_BYTES = 256 * 1024;
const STANDARD_FINALIZERS = ["kubernetes", "orphan", "foregroundDeletion"];
export const IMMUTABLE = "field is immutable";

/** The rules of metadata for a new object. */
export function validateMetadata(
  object: KubeObject,
  namespaced: boolean,
  nameRule: NameRule,
  errors: Errors,
  standardFinalizers = true,
): void {
  const metadata = object.metadata ?? {};
  const { name = "", generateName = "", namespace = "" } = metadata;
  if (generateName !== "") {
    const problems = nameRule(asFullName(generateName));
    errors.invalidAll(METADATA.child("generateName"), generateName, problems);
  }
  if (name === "") errors.required(METADATA.child("name"), "name or generateName is required");
  else errors.invalidAll(METADATA.child("name"), name, nameRule(name));
  if (namespaced) {
    if (namespace === "") errors.required(METADATA.child("namespace"));
    else errors.invalidAll(METADATA.child("namespace"), namespace, dnsLabelProblems(namespace));
  } else if (namespace !== "") {
    errors.forbidden(METADATA.child("namespace"), "not allowed on this type");
  }
  validateCommon(metadata, errors, standardFinalizers);
}

/** What is appended to a generated name makes a dash at its end harmless. */
function asFullName(prefix: string): string {
  return prefix.endsWith("-") && prefix.length > 1 ? `${prefix.slice(0, -1)}a` : prefix;
}

/** The rules of metadata for a changed object. */
export function validateMetadataUpdate(
  next: KubeObject,
  previous: KubeObject,
  errors: Errors,
  standardFinalizers = true,
): void {
  const [now, before] = [next.metadata ?? {}, previous.metadata ?? {}];
  for (
    const member of [
      "name",
      "namespace",
      "uid",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
    ] as const
  ) {
    const value = now[member];
    if (value !== before[member]) {
      errors.invalid(METADATA.child(member), value ?? null, IMMUTABLE);
    }
  }
  if ((now.generation ?? 0) < (before.generation ?? 0)) {
    errors.invalid(METADATA.child("generation"), now.generation ?? 0, "must not be decremented");
  }
  if (before.deletionTimestamp !== undefined) {
    const extra = (now.finalizers ?? []).filter((one) => !before.finalizers?.includes(one));
    if (extra.length > 0) {
      errors.forbidden(
        METADATA.child("finalizers"),
        "no new finalizers can be added if the object is being deleted, found new finalizers " +
          `[]string{${extra.map((one) => JSON.stringify(one)).join(", ")}}`,
      );
    }
  }
  validateCommon(now, errors, standardFinalizers);
}

/** `standardFinalizers`: those without a domain must be Kubernetes' own, as they must for all built-in kinds. */
function validateCommon(
  metadata: ObjectMeta,
  errors: Errors,
  standardFinalizers: boolean,
): void {
  validateLabels(metadata.labels, METADATA.child("labels"), errors);
  validateAnnotations(metadata.annotations, METADATA.child("annotations"), errors);
  if (metadata.ownerReferences !== undefined) {
    validateOwners(metadata.ownerReferences, METADATA.child("ownerReferences"), errors);
  }
  if (metadata.finalizers !== undefined) {
    const path = METADATA.child("finalizers");
    validateFinalizers(metadata.finalizers, path, errors);
    if (standardFinalizers) validateStandardFinalizers(metadata.finalizers, path, errors);
  }
}

export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: Path,
  errors: Errors,
): void {
  for (const key in labels) {
    const value = labels[key] ?? "";
    errors.invalidAll(path, key, qualifiedNameProblems(key));
    errors.invalidAll(path, value, labelValueProblems(value));
  }
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: Path,
  errors: Errors,
): void {
  let total = 0;
  for (const key in annotations) {
    const problems = qualifiedNameProblems(key.toLowerCase());
    errors.invalidAll(path, key, problems);
    total += byteLength(key) + byteLength(annotations[key] ?? "");
  }
  if (total > MAX_ANNOTATIONS_BYTES) errors.tooLong(path, MAX_ANNOTATIONS_BYTES);
}

function validateOwners(owners: readonly OwnerReference[], path: Path, errors: Errors): void {
  let controller: OwnerReference | undefined;
  for (const [i, owner] of owners.entries()) {
    const at = path.at(i);
    const { apiVersion = "", kind = "", name = "", uid = "" } = owner;
    const parts = apiVersion.split("/");
    if (parts.length > 2 || parts[parts.length - 1] === "") {
      errors.invalid(at.child("apiVersion"), apiVersion, "version must not be empty");
    }
    if (kind === "") errors.invalid(at.child("kind"), kind, "must not be empty");
    if (name === "") errors.invalid(at.child("name"), name, "must not be empty");
    if (uid === "") errors.invalid(at.child("uid"), uid, "must not be empty");
    if (apiVersion === "v1" && kind === "Event") {
      errors.invalid(at, owner, "/v1, Kind=Event is disallowed from being an owner");
    }
    if (owner.controller !== true) continue;
    if (controller !== undefined) {
      errors.invalid(
        path,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ` +
          `${ownerText(controller)} and ${ownerText(owner)}`,
      );
    }
    controller = owner;
  }
}

const ownerText = ({ kind, name }: OwnerReference): string => `${kind}/${name}`;

function validateFinalizers(finalizers: readonly string[], path: Path, errors: Errors): void {
  for (const finalizer of finalizers) {
    errors.invalidAll(path, finalizer, qualifiedNameProblems(finalizer));
  }
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    errors.invalid(
      path,
      finalizers,
      "finalizer foregroundDeletion and orphan cannot be both set",
    );
  }
}

function validateStandardFinalizers(
  finalizers: readonly string[],
  path: Path,
  errors: Errors,
): void {
  for (const [i, finalizer] of finalizers.entries()) {
    if (finalizer.includes("/") || STANDARD_FINALIZERS.includes(finalizer)) continue;
    errors.invalid(
      path.at(i),
      finalizer,
      "name is neither a standard finalizer name nor is it fully qualified",
    );
  }
}

/** True for a value that is absent, empty or zero, as Go would see it. */
export function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) {
    return true;
  }
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}
