import type {
  ConfigMap,
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  SecretVolumeSource,
} from "../../api/mod.ts";
import { type DownwardFacts, fieldValue, resourceValue } from "../downward_api.ts";
import { addFile, type FileSet } from "./file_set.ts";

export const DEFAULT_MODE = 0o644;

/** The files of a ConfigMap volume. An absent object gives none if it is optional. Pure. */
export function configMapFiles(
  source: ConfigMapVolumeSource,
  object: ConfigMap | undefined,
  defaultMode: number,
): FileSet {
  if (object === undefined) return absent("configmap", source.name, source.optional);
  const entries = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(object.data ?? {})) {
    entries.set(key, new TextEncoder().encode(value));
  }
  for (const [key, value] of Object.entries(object.binaryData ?? {})) {
    entries.set(key, bytesOf(value));
  }
  return chosen(entries, source.items, source.optional, defaultMode, "configmap");
}

/** The files of a Secret volume. Pure. */
export function secretFiles(
  source: SecretVolumeSource,
  object: Secret | undefined,
  defaultMode: number,
): FileSet {
  if (object === undefined) return absent("secret", source.secretName, source.optional);
  const entries = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(object.data ?? {})) entries.set(key, bytesOf(value));
  return chosen(entries, source.items, source.optional, defaultMode, "secret");
}

/** The files of a downward API volume. Pure. */
export function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
  facts: DownwardFacts,
): FileSet {
  const files: FileSet = new Map();
  for (const { path = "", mode, fieldRef, resourceFieldRef } of items) {
    let text: string | undefined;
    if (fieldRef !== undefined) text = fieldValue(pod, fieldRef.fieldPath ?? "", facts);
    else if (resourceFieldRef !== undefined) {
      text = resourceValue(pod, {}, resourceFieldRef, facts);
    }
    if (text === undefined) throw new Error(`unsupported fieldPath: ${fieldRef?.fieldPath}`);
    addFile(files, path, { bytes: new TextEncoder().encode(text), mode: mode ?? defaultMode });
  }
  return files;
}

function absent(kind: string, name: string | undefined, optional: boolean | undefined): FileSet {
  if (optional === true) return new Map();
  throw new Error(`${kind} "${name ?? ""}" not found`);
}

function chosen(
  entries: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  optional: boolean | undefined,
  defaultMode: number,
  kind: string,
): FileSet {
  const files: FileSet = new Map();
  if (items === undefined || items.length === 0) {
    for (const [key, bytes] of entries) addFile(files, key, { bytes, mode: defaultMode });
    return files;
  }
  for (const { key = "", path = "", mode } of items) {
    const bytes = entries.get(key);
    if (bytes !== undefined) addFile(files, path, { bytes, mode: mode ?? defaultMode });
    else if (optional !== true) {
      throw new Error(`${kind} references non-existent ${kind} key: ${key}`);
    }
  }
  return files;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
