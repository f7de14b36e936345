import { createHash } from "node:crypto";
import type { StorageDefinition } from "../resource_definition.ts";

const HASHED_BYTES = 8;
const known = new WeakMap<StorageDefinition, string>();

/** The hash that discovery shows of what a kind is stored as: of `group/version/Kind`. */
export function storageVersionHash(storage: StorageDefinition): string {
  let hash = known.get(storage);
  if (hash === undefined) {
    const { group, version, kind } = storage;
    const digest = createHash("sha256").update(`${group}/${version}/${kind}`).digest();
    hash = digest.subarray(0, HASHED_BYTES).toString("base64");
    known.set(storage, hash);
  }
  return hash;
}
