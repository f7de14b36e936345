import type { ManagedFieldsEntry } from "../object.ts";
import { EMPTY_SET, type FieldSet, isEmptySet, isFieldSet, union } from "./field_set.ts";

/** Update managers that one object keeps; older ones become one. */
const MAX_UPDATE_MANAGERS = 10;
const OLD_MANAGERS = "ancient-changes";

/** Who writes, as one entry of `managedFields` is known by. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
}

/** The same manager: an applier stays itself when it applies another version. */
export function isManager(entry: ManagedFieldsEntry, identity: ManagerIdentity): boolean {
  return (entry.manager ?? "") === identity.manager &&
    entry.operation === identity.operation &&
    (entry.subresource ?? "") === identity.subresource &&
    (identity.operation === "Apply" || entry.apiVersion === identity.apiVersion);
}

export function fieldsOf(entry: ManagedFieldsEntry): FieldSet {
  return (entry.fieldsV1 ?? EMPTY_SET) as FieldSet;
}

export function entryOf(
  identity: ManagerIdentity,
  time: string,
  fields: FieldSet,
): ManagedFieldsEntry {
  return {
    manager: identity.manager,
    operation: identity.operation,
    apiVersion: identity.apiVersion,
    time,
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...(identity.subresource === "" ? {} : { subresource: identity.subresource }),
  };
}

/** Seconds, as managedFields shows times. */
export function timeText(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

/** True for the list of one empty entry, by which a client drops all tracking. */
export function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  return entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0;
}

/** True when every entry can be worked with. */
export function areReadable(entries: readonly ManagedFieldsEntry[]): boolean {
  return entries.every((entry) =>
    (entry.operation === "Apply" || entry.operation === "Update") &&
    (entry.fieldsV1 === undefined || isFieldSet(entry.fieldsV1))
  );
}

/** Puts entries into upstream's order: appliers first, each kind by time, then by name. */
export function sortEntries(entries: ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  return entries.sort((a, b) =>
    order(a.operation, b.operation) || order(a.time, b.time) || order(a.manager, b.manager) ||
    order(a.apiVersion, b.apiVersion) || order(a.subresource, b.subresource)
  );
}

function order(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Merges the oldest update managers of a version into one, so that no more than ten remain. */
export function capUpdateManagers(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  const updaters = entries.filter(({ operation }) => operation === "Update");
  let excess = updaters.length - MAX_UPDATE_MANAGERS;
  if (excess <= 0) return [...entries];
  updaters.sort((a, b) => order(a.time, b.time) || order(a.manager, b.manager));
  const merged = new Set<ManagedFieldsEntry>();
  const buckets = new Map<string, ManagedFieldsEntry>();
  const firsts = new Map<string, ManagedFieldsEntry>();
  for (const entry of updaters) {
    if (excess <= 0) break;
    const version = entry.apiVersion ?? "";
    const first = firsts.get(version);
    if (first === undefined) {
      firsts.set(version, entry);
      continue;
    }
    const bucket = buckets.get(version) ?? first;
    merged.add(first).add(entry);
    buckets.set(version, {
      manager: OLD_MANAGERS,
      operation: "Update",
      apiVersion: version,
      ...(entry.time === undefined ? {} : { time: entry.time }),
      fieldsType: "FieldsV1",
      fieldsV1: union(fieldsOf(bucket), fieldsOf(entry)),
    });
    excess--;
  }
  return [...entries.filter((entry) => !merged.has(entry)), ...buckets.values()];
}

/** Every entry put through `reduce`; entries that own nothing any more go. */
export function reduceEntries(
  entries: readonly ManagedFieldsEntry[],
  reduce: (fields: FieldSet, entry: ManagedFieldsEntry) => FieldSet,
): ManagedFieldsEntry[] {
  const kept: ManagedFieldsEntry[] = [];
  for (const entry of entries) {
    const before = fieldsOf(entry);
    const fields = reduce(before, entry);
    if (isEmptySet(fields)) continue;
    kept.push(fields === before ? entry : { ...entry, fieldsV1: fields });
  }
  return kept;
}
