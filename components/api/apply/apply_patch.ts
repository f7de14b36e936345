import {
  ApiError,
  badRequest,
  cloneJson,
  equalJson,
  isJsonObject,
  type JsonObject,
} from "../../base/mod.ts";
import type { KubeObject, ManagedFieldsEntry } from "../object.ts";
import type { StructSchema } from "../schema.ts";
import { applyConflict, type OwnershipConflict } from "./conflict.ts";
import { appliedFields, createdFields } from "./extract.ts";
import {
  difference,
  EMPTY_SET,
  type FieldSet,
  intersection,
  isEmptySet,
  isSubset,
  recursiveDifference,
  union,
} from "./field_set.ts";
import { refreshLastApplied, upgradableFields } from "./last_applied.ts";
import {
  capUpdateManagers,
  entryOf,
  fieldsOf,
  isManager,
  type ManagerIdentity,
  reduceEntries,
  sortEntries,
  timeText,
} from "./managers.ts";
import { mergeApplied } from "./merge.ts";
import {
  changesBetween,
  changesByVersion,
  completeAlike,
  ownedByVersion,
  pruneVersions,
  readableEntries,
  type VersionedSteps,
} from "./other_versions.ts";
import { resetSet } from "./track_update.ts";

/** Who owned an object's fields before somebody first applied to it, where nobody was tracked. */
const BEFORE_FIRST_APPLY = "before-first-apply";

/** One apply patch. */
export interface ApplyPatch {
  /** The stored object; undefined where the apply creates it. */
  readonly current: KubeObject | undefined;
  /** The configuration as the client sent it: without defaults. */
  readonly applied: KubeObject;
  readonly schema: StructSchema;
  readonly manager: string;
  /** Takes what others own instead of failing. */
  readonly force: boolean;
  /** Milliseconds. */
  readonly now: number;
  readonly apiVersion: string;
  readonly subresource: string;
  /** Paths that this door does not set, by the strategy. */
  readonly resetFields: readonly string[];
}

/** Server-side apply where all versions have the same fields. */
export const applyPatch = (patch: ApplyPatch): { readonly object: KubeObject } =>
  completeAlike(applySteps(patch), patch.schema);

/**
 * Server-side apply. Answers the new object with its managedFields, which shares nothing with `current`, or `current`
 * itself where nothing changes; neither argument is changed. Throws 400 for a configuration with managedFields, 409 for conflicts, 500 (as upstream) for one
 * that does not fit the schema.
 */
export function* applySteps(
  patch: ApplyPatch,
): VersionedSteps<{ readonly object: KubeObject }> {
  const { current, applied, schema, apiVersion } = patch;
  if (applied.metadata?.managedFields !== undefined) {
    throw badRequest("metadata.managedFields must be nil");
  }
  if (applied.apiVersion !== undefined && applied.apiVersion !== apiVersion) {
    throw badRequest(
      "Incorrect version specified in apply patch. " +
        `Specified patch version: ${applied.apiVersion}, expected: ${apiVersion}`,
    );
  }
  const live = (current ?? {}) as JsonObject;
  const identity: ManagerIdentity = { ...patch, operation: "Apply" };
  const before = trackedEntries(patch);
  const last = before.find((entry) => isManager(entry, identity));
  const all = before.filter((entry) => entry !== last);
  const reset = resetSet(patch.resetFields);
  const owned = recursiveDifference(appliedFields(applied as JsonObject, schema), reset);
  const merged = mergeChecked(live, patch);
  const object = yield* pruneLast(merged, patch, last, owned, all);
  const changes = object === live ? undefined : changesBetween(live, object, schema, reset);
  const seen = yield* changesByVersion(all, changes, {
    before: live,
    after: object,
    apiVersion,
    reset,
  });
  const others = readableEntries(all, seen);
  const changesFor = (entry: ManagedFieldsEntry) => seen.get(entry.apiVersion ?? apiVersion)!;
  checkConflicts(others, (entry) => changesFor(entry).changed, patch, live);
  const entries = reduceEntries(others, (fields, entry) => {
    const { changed, removed } = changesFor(entry);
    return difference(fields, union(changed, removed));
  });
  const isNoop = changes === undefined && last !== undefined && before === stored(patch) &&
    last.apiVersion === apiVersion && sameSet(fieldsOf(last), owned);
  if (isNoop && current !== undefined) return { object: current };
  // The time is that of the last change.
  const time = changes === undefined && last?.time !== undefined ? last.time : timeText(patch.now);
  if (!isEmptySet(owned)) entries.push(entryOf(identity, time, owned));
  // Defaults and admission change the result in place: it must share nothing with the stored object.
  const fresh = cloneJson({ ...object, metadata: withoutManagers(object["metadata"]) });
  const result = refreshLastApplied(fresh, live, applied as JsonObject, patch.manager);
  const metadata = {
    ...(result["metadata"] as KubeObject["metadata"]),
    managedFields: sortEntries(capUpdateManagers(entries)),
  };
  return { object: { ...result, metadata } as KubeObject };
}

function withoutManagers(metadata: JsonObject[string]): JsonObject {
  if (!isJsonObject(metadata)) return {};
  const { managedFields: _, ...rest } = metadata;
  return rest;
}

const stored = ({ current }: ApplyPatch): ManagedFieldsEntry[] | undefined =>
  current?.metadata?.managedFields;

const sameSet = (a: FieldSet, b: FieldSet): boolean => isSubset(a, b) && isSubset(b, a);

/** The entries before this apply. What nobody tracked belongs to a manager of a name of its own. */
function trackedEntries(patch: ApplyPatch): ManagedFieldsEntry[] {
  const { current, schema, apiVersion } = patch;
  const entries = stored(patch);
  if (entries !== undefined && entries.length > 0) return entries;
  if (current === undefined) return [];
  const fields = createdFields(current as JsonObject, schema);
  if (isEmptySet(fields)) return [];
  const identity: ManagerIdentity = {
    manager: BEFORE_FIRST_APPLY,
    operation: "Update",
    apiVersion,
    subresource: patch.subresource,
  };
  return [entryOf(identity, timeText(patch.now), fields)];
}

function mergeChecked(live: JsonObject, { applied, schema, apiVersion }: ApplyPatch): JsonObject {
  const problems: string[] = [];
  const merged = mergeApplied(live, applied as JsonObject, schema, problems);
  if (problems.length === 0) return merged;
  const { namespace, name } = applied.metadata ?? {};
  const kind = `${apiVersion}, Kind=${applied.kind ?? ""}`;
  // A core version reads `/v1`.
  const groupVersionKind = apiVersion.includes("/") ? kind : `/${kind}`;
  const text = problems.length === 1
    ? problems[0]
    : `errors:\n${problems.map((problem) => `  ${problem}`).join("\n")}`;
  throw new ApiError(
    500,
    "",
    `failed to create typed patch object (${namespace ?? ""}/${
      name ?? ""
    }; ${groupVersionKind}): ${text}`,
    {},
  );
}

function* pruneLast(
  merged: JsonObject,
  { schema, apiVersion }: ApplyPatch,
  last: ManagedFieldsEntry | undefined,
  owned: FieldSet,
  others: readonly ManagedFieldsEntry[],
): VersionedSteps<JsonObject> {
  if (last === undefined) return merged;
  const { apiVersion: lastVersion = apiVersion } = last;
  if (lastVersion === apiVersion && isSubset(fieldsOf(last), owned)) return merged;
  const all = ownedByVersion(others, apiVersion, owned);
  return yield* pruneVersions({ object: merged, schema }, apiVersion, last, all);
}

function checkConflicts(
  others: readonly ManagedFieldsEntry[],
  changed: (entry: ManagedFieldsEntry) => FieldSet,
  patch: ApplyPatch,
  live: JsonObject,
): void {
  if (patch.force) return;
  const conflicts: OwnershipConflict[] = [];
  for (const owner of others) {
    const fields = intersection(fieldsOf(owner), changed(owner));
    if (!isEmptySet(fields)) conflicts.push({ owner, fields });
  }
  if (conflicts.length === 0) return;
  const allowed = upgradableFields(live, patch.manager, patch.schema);
  const all = conflicts.reduce((set, { fields }) => union(set, fields), EMPTY_SET);
  if (!isSubset(all, allowed)) throw applyConflict(conflicts);
}

/**
 * True when two states of an object differ in nothing but the times of their managers: a write that changes no more
 * than that is none, and the stored object stays. Revisions are not looked at.
 */
export function onlyTimesDiffer(next: KubeObject, previous: KubeObject): boolean {
  if (next === previous) return true;
  const [left, right] = [
    next.metadata?.managedFields ?? [],
    previous.metadata?.managedFields ?? [],
  ];
  return left.length === right.length &&
    equalJson(withoutOwnership(next), withoutOwnership(previous)) &&
    left.every((entry, i) =>
      equalJson({ ...entry, time: undefined }, { ...right[i], time: undefined })
    );
}

function withoutOwnership(object: KubeObject): unknown {
  const { managedFields: _, resourceVersion: __, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}
