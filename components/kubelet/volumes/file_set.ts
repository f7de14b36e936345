import { SetupError } from "../pod_setup.ts";

/** One file of a volume made of data. */
export interface VolumeFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
  /** The user that shall own it, where that is not root. */
  readonly owner?: number;
}

/** Files by relative path. */
export type FileSet = Map<string, VolumeFile>;

const PATH_MAXIMUM_CHARACTERS = 4096;

/** Adds a file; throws `SetupError` for a path that would leave the volume or hide its machinery. */
export function addFile(files: FileSet, path: string, file: VolumeFile): void {
  const parts = path.split("/");
  const bad = path === "" || path.startsWith("/") || path.length > PATH_MAXIMUM_CHARACTERS ||
    parts.some((part) => part === ".." || part === "" || part === ".") ||
    parts[0]?.startsWith("..") === true;
  if (bad) throw new SetupError("CreateContainerConfigError", `invalid path: ${path}`);
  files.set(parts.join("/"), file);
}
