import type {
  Container,
  DownwardAPIVolumeFile,
  KeyToPath,
  Volume,
  VolumeMount,
  VolumeProjection,
} from "../../generated/types.ts";
import { dnsLabelProblems } from "../../names.ts";
import { tryParseQuantity } from "../../quantity.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateVolumeSource } from "./volume_sources.ts";
import { DOWNWARD_FILE_PATHS, validateFieldRef, validateResourceRef } from "./env.ts";

/** The volumes of a pod by name. */
export type Volumes = ReadonlyMap<string, Volume>;

export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  path: Path,
  errors: Errors,
): Volumes {
  const byName = new Map<string, Volume>();
  for (const [i, volume] of (volumes ?? []).entries()) {
    const at = path.at(i);
    const before = errors.list.length;
    validateSource(volume, at, errors);
    const { name = "" } = volume;
    if (name === "") errors.required(at.child("name"));
    else {
      errors.invalidAll(at.child("name"), name, dnsLabelProblems(name));
      if (byName.has(name)) errors.duplicate(at.child("name"), name);
    }
    if (errors.list.length === before || name !== "") byName.set(name, volume);
  }
  return byName;
}

function validateSource(volume: Volume, path: Path, errors: Errors): void {
  const sources = Object.keys(volume).filter((member) =>
    member !== "name" && volume[member as keyof Volume] !== undefined
  );
  if (sources.length === 0) return errors.required(path, "must specify a volume type");
  for (const extra of sources.slice(1)) {
    errors.forbidden(path.child(extra), "may not specify more than 1 volume type");
  }
  const { emptyDir, hostPath, secret, configMap, persistentVolumeClaim, nfs, projected } = volume;
  if (emptyDir?.sizeLimit !== undefined) {
    const limit = tryParseQuantity(String(emptyDir.sizeLimit));
    if (limit === undefined || limit.nano < 0n) {
      errors.forbidden(
        path.child("emptyDir").child("sizeLimit"),
        "SizeLimit field must be a valid resource quantity",
      );
    }
  }
  if (hostPath !== undefined) {
    if (!hostPath.path) errors.required(path.child("hostPath").child("path"));
    else if (hasBackstep(hostPath.path)) {
      errors.invalid(path.child("hostPath").child("path"), hostPath.path, "must not contain '..'");
    }
  }
  if (secret !== undefined) {
    if (!secret.secretName) errors.required(path.child("secret").child("secretName"));
    validateMode(secret.defaultMode, path.child("secret").child("defaultMode"), errors);
    validateItems(secret.items, path.child("secret").child("items"), errors);
  }
  if (configMap !== undefined) {
    if (!configMap.name) errors.required(path.child("configMap").child("name"));
    validateMode(configMap.defaultMode, path.child("configMap").child("defaultMode"), errors);
    validateItems(configMap.items, path.child("configMap").child("items"), errors);
  }
  validateVolumeSource(volume, path, errors);
  if (persistentVolumeClaim !== undefined && !persistentVolumeClaim.claimName) {
    errors.required(path.child("persistentVolumeClaim").child("claimName"));
  }
  if (nfs !== undefined) {
    if (nfs.path && !nfs.path.startsWith("/")) {
      errors.invalid(path.child("nfs").child("path"), nfs.path, "must be an absolute path");
    }
  }
  if (volume.downwardAPI !== undefined) {
    const at = path.child("downwardAPI");
    validateMode(volume.downwardAPI.defaultMode, at.child("defaultMode"), errors);
    validateFiles(volume.downwardAPI.items, at, errors);
  }
  if (projected !== undefined) {
    const at = path.child("projected");
    validateMode(projected.defaultMode, at.child("defaultMode"), errors);
    validateProjections(projected.sources ?? [], at, errors);
  }
}

function validateProjections(
  sources: readonly VolumeProjection[],
  path: Path,
  errors: Errors,
): void {
  const paths = new Set<string>();
  for (const [i, source] of sources.entries()) {
    const at = path.child("sources").at(i);
    const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
    if (secret !== undefined) {
      if (!secret.name) errors.required(at.child("secret").child("name"));
      validateItems(secret.items, at.child("secret").child("items"), errors, paths);
    }
    if (configMap !== undefined) {
      if (!configMap.name) errors.required(at.child("configMap").child("name"));
      validateItems(configMap.items, at.child("configMap").child("items"), errors, paths);
    }
    if (downwardAPI !== undefined) {
      validateFiles(downwardAPI.items, at.child("downwardAPI"), errors);
    }
    if (token !== undefined) {
      const tokenPath = at.child("serviceAccountToken");
      const { expirationSeconds: seconds, path: file = "" } = token;
      if (seconds !== undefined && seconds < 600) {
        errors.invalid(
          tokenPath.child("expirationSeconds"),
          seconds,
          "may not specify a duration less than 10 minutes",
        );
      }
      if (seconds !== undefined && seconds > 2 ** 32) {
        errors.invalid(
          tokenPath.child("expirationSeconds"),
          seconds,
          "may not specify a duration larger than 2^32 seconds",
        );
      }
      if (file === "") errors.required(tokenPath.child("path"));
      else validateLocalPath(file, tokenPath.child("path"), errors);
    }
    const count = Object.values(source).filter((each) => each !== undefined).length;
    if (count > 1) errors.forbidden(at, "may not specify more than 1 volume type");
  }
}

function validateMode(mode: number | undefined, path: Path, errors: Errors): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    errors.invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive");
  }
}

function validateItems(
  items: readonly KeyToPath[] | undefined,
  path: Path,
  errors: Errors,
  seen?: Set<string>,
): void {
  for (const [i, { key, path: file = "", mode }] of (items ?? []).entries()) {
    const at = path.at(i);
    if (!key) errors.required(at.child("key"));
    if (file === "") errors.required(at.child("path"));
    else validateLocalPath(file, at.child("path"), errors);
    validateMode(mode, at.child("mode"), errors);
    if (seen?.has(file)) errors.invalid(at.child("path"), file, "conflicting duplicate paths");
    seen?.add(file);
  }
}

function validateFiles(
  files: readonly DownwardAPIVolumeFile[] | undefined,
  path: Path,
  errors: Errors,
): void {
  for (const { path: file = "", fieldRef, resourceFieldRef, mode } of files ?? []) {
    if (file === "") errors.required(path.child("path"));
    else validateLocalPath(file, path.child("path"), errors);
    if (fieldRef !== undefined) {
      validateFieldRef(fieldRef, DOWNWARD_FILE_PATHS, path.child("fieldRef"), errors);
      if (resourceFieldRef !== undefined) {
        errors.invalid(
          path,
          "resource",
          "fieldRef and resourceFieldRef can not be specified simultaneously",
        );
      }
    } else if (resourceFieldRef !== undefined) {
      validateResourceRef(resourceFieldRef, path.child("resourceFieldRef"), errors);
    } else errors.required(path, "one of fieldRef and resourceFieldRef is required");
    validateMode(mode, path.child("mode"), errors);
  }
}

const hasBackstep = (text: string): boolean => text.split("/").includes("..");

/** A relative path that stays inside. */
export function validateLocalPath(text: string, path: Path, errors: Errors): void {
  if (text.startsWith("/")) errors.invalid(path, text, "must be a relative path");
  if (hasBackstep(text)) errors.invalid(path, text, "must not contain '..'");
}

/** Where a container sees volumes. */
export function validateMounts(
  container: Container,
  volumes: Volumes,
  path: Path,
  errors: Errors,
): void {
  const mountPaths = new Set<string>();
  const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
  const deviceNames = new Set((container.volumeDevices ?? []).map(({ name }) => name));
  const devicePaths = new Set((container.volumeDevices ?? []).map(({ devicePath }) => devicePath));
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const at = path.child("volumeMounts").at(i);
    const { name = "", mountPath = "", subPath, subPathExpr, mountPropagation } = mount;
    if (name === "") errors.required(at.child("name"));
    else if (!volumes.has(name)) errors.notFound(at.child("name"), name);
    if (mountPath === "") errors.required(at.child("mountPath"));
    if (mountPaths.has(mountPath)) {
      errors.invalid(at.child("mountPath"), mountPath, "must be unique");
    }
    if (devicePaths.has(mountPath)) {
      errors.invalid(
        at.child("mountPath"),
        mountPath,
        "must not already exist as a path in volumeDevices",
      );
    }
    if (name !== "" && deviceNames.has(name)) {
      errors.invalid(at.child("name"), name, "must not already exist in volumeDevices");
    }
    mountPaths.add(mountPath);
    validateReadOnly(mount, at, errors);
    if (subPath) validateLocalPath(subPath, at.child("subPath"), errors);
    if (subPathExpr) {
      if (subPath) {
        errors.invalid(
          at.child("subPathExpr"),
          subPathExpr,
          "subPathExpr and subPath are mutually exclusive",
        );
      }
      validateLocalPath(subPathExpr, at.child("subPathExpr"), errors);
    }
    if (mountPropagation === "Bidirectional" && container.securityContext?.privileged !== true) {
      errors.forbidden(
        at.child("mountPropagation"),
        "Bidirectional mount propagation is available only to privileged containers",
      );
    }
  }
  const devices = new Set<string>();
  for (const [i, { name = "", devicePath = "" }] of (container.volumeDevices ?? []).entries()) {
    const at = path.child("volumeDevices").at(i);
    if (name === "") errors.required(at.child("name"));
    else {
      const volume = volumes.get(name);
      if (volume === undefined) errors.notFound(at.child("name"), name);
      else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
        errors.invalid(
          at.child("name"),
          name,
          "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
        );
      }
    }
    if (devicePath !== "" && mountPaths.has(devicePath)) {
      errors.invalid(
        at.child("devicePath"),
        devicePath,
        "must not already exist as a path in volumeMounts",
      );
    }
    if (name !== "" && mounted.has(name)) {
      errors.invalid(at.child("name"), name, "must not already exist in volumeMounts");
    }
    if (devicePath === "") errors.required(at.child("devicePath"));
    else if (devices.has(devicePath)) {
      errors.invalid(at.child("devicePath"), devicePath, "must be unique");
    } else if (hasBackstep(devicePath)) {
      errors.invalid(at.child("devicePath"), devicePath, "can not contain backsteps ('..')");
    }
    devices.add(devicePath);
  }
}

const RECURSIVE = ["Disabled", "Enabled", "IfPossible"];

/** Read-only to its depths is only a mount that is read-only at all, and that nothing is mounted into later. */
function validateReadOnly(mount: VolumeMount, path: Path, errors: Errors): void {
  const { mountPropagation, readOnly, recursiveReadOnly: recursive } = mount;
  if (recursive === undefined || recursive === "Disabled") return;
  const at = path.child("recursiveReadOnly");
  if (!RECURSIVE.includes(recursive)) return errors.notSupported(at, recursive, RECURSIVE);
  if (readOnly !== true) {
    errors.forbidden(at, "may only be specified when readOnly is true");
  }
  if (mountPropagation !== undefined && mountPropagation !== "None") {
    errors.forbidden(at, "may only be specified when mountPropagation is None or not specified");
  }
}
