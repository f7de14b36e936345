import type { JsonObject } from "../../base/mod.ts";
import type { KubeObject, ManagedFieldsEntry } from "../object.ts";
import type { StructSchema } from "../schema.ts";
import { createdFields } from "./extract.ts";
import {
  difference,
  EMPTY_SET,
  type FieldSet,
  isEmptySet,
  recursiveDifference,
  setOfPaths,
  union,
} from "./field_set.ts";
import {
  areReadable,
  capUpdateManagers,
  entryOf,
  fieldsOf,
  isManager,
  isReset,
  type ManagerIdentity,
  reduceEntries,
  sortEntries,
  timeText,
} from "./managers.ts";
import {
  changesBetween,
  changesByVersion,
  completeAlike,
  readableEntries,
  type VersionedSteps,
} from "./other_versions.ts";

/** One write that is no apply: POST, PUT, or any patch but an apply patch. */
export interface TrackUpdate {
  /** The stored object; undefined for a create. */
  readonly previous: KubeObject | undefined;
  /** The object as the client wants it, before admission; its managedFields may ask for changes of them. */
  readonly next: KubeObject;
  readonly schema: StructSchema;
  readonly manager: string;
  readonly apiVersion: string;
  /** Milliseconds. */
  readonly now: number;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** Paths that this door does not set, by the strategy. */
  readonly resetFields: readonly string[];
}

/** The managedFields after a write, where all versions have the same fields. Undefined: the object is not tracked. */
export const trackUpdate = (write: TrackUpdate): ManagedFieldsEntry[] | undefined =>
  completeAlike(trackSteps(write), write.schema);

/** The managedFields after a write. Undefined: the object is not tracked. Changes no argument. */
export function* trackSteps(
  write: TrackUpdate,
): VersionedSteps<ManagedFieldsEntry[] | undefined> {
  const { previous, next, schema, subresource, apiVersion } = write;
  const current = currentEntries(previous, next, subresource);
  // An object that is there without entries has had its tracking dropped.
  if (current.length === 0 && previous !== undefined) return undefined;
  const reset = resetSet(write.resetFields);
  const [before, after] = [(previous ?? {}) as JsonObject, next as JsonObject];
  const changes = previous === undefined
    ? { changed: recursiveDifference(createdFields(after, schema), reset), removed: EMPTY_SET }
    : changesBetween(before, after, schema, reset);
  if (changes === undefined) return current;
  const { changed } = changes;
  const identity: ManagerIdentity = { ...write, operation: "Update" };
  const seen = yield* changesByVersion(current, changes, { before, after, apiVersion, reset });
  const entries = reduceEntries(readableEntries(current, seen), (fields, entry) => {
    const { changed, removed } = seen.get(entry.apiVersion ?? apiVersion) ?? changes;
    return difference(fields, isManager(entry, identity) ? removed : union(changed, removed));
  });
  if (isEmptySet(changed)) return entries;
  const time = timeText(write.now);
  const at = entries.findIndex((entry) => isManager(entry, identity));
  const own = entries[at];
  if (own === undefined) entries.push(entryOf(identity, time, changed));
  else entries[at] = entryOf(identity, time, union(fieldsOf(own), changed));
  return sortEntries(capUpdateManagers(entries));
}

/** The client's entries where it sends good ones to the main resource, else the stored ones. */
export function currentEntries(
  previous: KubeObject | undefined,
  next: KubeObject,
  subresource: string,
): ManagedFieldsEntry[] {
  const stored = previous?.metadata?.managedFields ?? [];
  const sent = next.metadata?.managedFields;
  if (subresource !== "" || sent === undefined || sent === stored) return stored;
  if (!Array.isArray(sent) || sent.length === 0) return stored;
  if (isReset(sent)) return [];
  return areReadable(sent) ? sent : stored;
}

const resetSets = new WeakMap<readonly string[], FieldSet>();

/** The set of a strategy's reset fields, read once. */
export function resetSet(paths: readonly string[]): FieldSet {
  let set = resetSets.get(paths);
  if (set === undefined) {
    set = setOfPaths(paths);
    resetSets.set(paths, set);
  }
  return set;
}
