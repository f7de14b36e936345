import type { Container, EnvVarSource } from "../../generated/types.ts";
import {
  configKeyProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  envNameProblems,
} from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

const FIELD_PATHS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const RESOURCES = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

/** The environment of a container. */
export function validateEnvironment(container: Container, path: Path, errors: Errors): void {
  for (const [i, { name = "", value, valueFrom }] of (container.env ?? []).entries()) {
    const at = path.child("env").at(i);
    if (name === "") errors.required(at.child("name"));
    else errors.invalidAll(at.child("name"), name, envNameProblems(name));
    if (valueFrom !== undefined) {
      validateSource(valueFrom, value ?? "", at.child("valueFrom"), errors);
    }
  }
  for (const [i, { prefix, configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
    const at = path.child("envFrom").at(i);
    if (prefix) errors.invalidAll(at.child("prefix"), prefix, envNameProblems(prefix));
    if (configMapRef !== undefined) {
      validateRefName(configMapRef.name, at.child("configMapRef").child("name"), errors);
    }
    if (secretRef !== undefined) {
      if (configMapRef !== undefined) {
        errors.invalid(at, "", "may not have more than one field specified at a time");
      }
      validateRefName(secretRef.name, at.child("secretRef").child("name"), errors);
    }
    if (configMapRef === undefined && secretRef === undefined) {
      errors.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
    }
  }
}

function validateRefName(name: string | undefined, path: Path, errors: Errors): void {
  if (name === undefined || name === "") return errors.required(path);
  errors.invalidAll(path, name, dnsSubdomainProblems(name));
}

function validateSource(source: EnvVarSource, value: string, path: Path, errors: Errors): void {
  let sources = 0;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef !== undefined) {
    sources++;
    validateFieldRef(fieldRef, FIELD_PATHS, path.child("fieldRef"), errors);
  }
  if (resourceFieldRef !== undefined) {
    sources++;
    validateResourceRef(resourceFieldRef, path.child("resourceFieldRef"), errors);
  }
  for (
    const [member, ref] of [
      ["configMapKeyRef", configMapKeyRef],
      ["secretKeyRef", secretKeyRef],
    ] as const
  ) {
    if (ref === undefined) continue;
    sources++;
    const at = path.child(member);
    validateRefName(ref.name, at.child("name"), errors);
    if (!ref.key) errors.required(at.child("key"));
    else errors.invalidAll(at.child("key"), ref.key, configKeyProblems(ref.key));
  }
  if (fileKeyRef !== undefined) {
    sources++;
    validateFileKey(fileKeyRef, path.child("fileKeyRef"), errors);
  }
  if (sources === 0) {
    errors.invalid(
      path,
      "",
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
    );
  } else if (value !== "") {
    errors.invalid(path, "", "may not be specified when `value` is not empty");
  } else if (sources > 1) {
    errors.invalid(path, "", "may not have more than one field specified at a time");
  }
}

/** A variable out of a file that another container has written. */
function validateFileKey(
  { key = "", path: file = "", volumeName = "" }: NonNullable<EnvVarSource["fileKeyRef"]>,
  path: Path,
  errors: Errors,
): void {
  if (key === "") errors.required(path.child("key"));
  else errors.invalidAll(path.child("key"), key, envNameProblems(key));
  if (volumeName === "") errors.required(path.child("volumeName"));
  else errors.invalidAll(path.child("volumeName"), volumeName, dnsLabelProblems(volumeName));
  if (file === "") errors.required(path.child("path"));
  else if (file.startsWith("/")) {
    errors.invalid(path.child("path"), file, "must be a relative path");
  } else if (file.split("/").includes("..")) {
    errors.invalid(path.child("path"), file, "must not contain '..'");
  }
}

/** A field of the pod itself, as variables and files of the downward API read it. */
export function validateFieldRef(
  ref: { apiVersion?: string; fieldPath?: string },
  known: readonly string[],
  path: Path,
  errors: Errors,
): void {
  const { apiVersion = "", fieldPath = "" } = ref;
  if (apiVersion === "") return errors.required(path.child("apiVersion"));
  if (fieldPath === "") return errors.required(path.child("fieldPath"));
  const [, map, key] = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (map !== undefined && key !== undefined) return;
  if (!known.includes(fieldPath)) {
    if (!FIELD_PATHS.includes(fieldPath) && !fieldPath.startsWith("metadata.")) {
      return errors.invalid(
        path.child("fieldPath"),
        fieldPath,
        `error converting fieldPath: field label not supported: ${fieldPath}`,
      );
    }
    errors.notSupported(path.child("fieldPath"), fieldPath, [...known].sort());
  }
}

export const DOWNWARD_FILE_PATHS = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

/** A request or limit of a container, as variables and files of the downward API read it. */
export function validateResourceRef(
  ref: { resource?: string },
  path: Path,
  errors: Errors,
): void {
  const { resource = "" } = ref;
  if (resource === "") return errors.required(path.child("resource"));
  if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    errors.notSupported(path.child("resource"), resource, RESOURCES);
  }
}
