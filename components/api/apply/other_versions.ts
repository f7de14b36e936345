import type { JsonObject } from "../../base/mod.ts";
import type { ManagedFieldsEntry } from "../object.ts";
import type { StructSchema } from "../schema.ts";
import { compareObjects } from "./compare.ts";
import { createdFields } from "./extract.ts";
import {
  difference,
  EMPTY_SET,
  type FieldSet,
  isEmptySet,
  recursiveDifference,
  union,
} from "./field_set.ts";
import { fieldsOf } from "./managers.ts";
import { pruneApplied } from "./prune.ts";

/** Asks for an object of one `apiVersion` as another has it. The object is not changed. */
export interface VersionWish {
  readonly object: JsonObject;
  readonly from: string;
  readonly to: string;
}

/** An object as one version has it. */
export interface VersionedObject {
  readonly object: JsonObject;
  readonly schema: StructSchema;
}

/**
 * Work that asks for objects of other versions on its way, where managers have written such. A wish is answered with
 * undefined where the version is there no more.
 */
export type VersionedSteps<T> = Generator<VersionWish, T, VersionedObject | undefined>;

export type GrantWish = (
  wish: VersionWish,
) => VersionedObject | undefined | Promise<VersionedObject | undefined>;

/** Does the work; a promise only where it asks for something. */
export function completeSteps<T>(steps: VersionedSteps<T>, grant: GrantWish): T | Promise<T> {
  const first = steps.next();
  return first.done === true ? first.value : completeRest(steps, first.value, grant);
}

async function completeRest<T>(
  steps: VersionedSteps<T>,
  first: VersionWish,
  grant: GrantWish,
): Promise<T> {
  for (let wish = first;;) {
    const next = steps.next(await grant(wish));
    if (next.done === true) return next.value;
    wish = next.value;
  }
}

/** The same where all versions have the same fields, those of `schema`. */
export function completeAlike<T>(steps: VersionedSteps<T>, schema: StructSchema): T {
  for (let next = steps.next();;) {
    if (next.done === true) return next.value;
    next = steps.next({ object: next.value.object, schema });
  }
}

/** What a write sets and removes, as one version sees it. */
export interface FieldChanges {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** The changes between two states, without the fields that are not set by this door. */
export function changesBetween(
  before: JsonObject,
  after: JsonObject,
  schema: StructSchema,
  reset: FieldSet,
): FieldChanges | undefined {
  const changes = compareObjects(before, after, schema);
  if (changes === undefined) return undefined;
  return {
    changed: recursiveDifference(changes.changed, reset),
    removed: recursiveDifference(changes.removed, reset),
  };
}

const NONE: FieldChanges = { changed: EMPTY_SET, removed: EMPTY_SET };

/**
 * The changes as every version of `entries` sees them, by version. A version that is not in the answer is there no
 * more: what its managers own can no longer be told.
 */
export function* changesByVersion(
  entries: readonly ManagedFieldsEntry[],
  own: FieldChanges | undefined,
  states: {
    readonly before: JsonObject;
    readonly after: JsonObject;
    readonly apiVersion: string;
    readonly reset: FieldSet;
  },
): VersionedSteps<ReadonlyMap<string, FieldChanges>> {
  const { before, after, apiVersion: from, reset } = states;
  const found = new Map([[from, own ?? NONE]]);
  for (const { apiVersion: to = from } of entries) {
    if (found.has(to)) continue;
    const old = yield { object: before, from, to };
    if (old === undefined) continue;
    if (own === undefined) found.set(to, NONE);
    else {
      const next = yield { object: after, from, to };
      if (next === undefined) continue;
      found.set(to, changesBetween(old.object, next.object, old.schema, reset) ?? NONE);
    }
  }
  return found;
}

/** The entries of versions that are still there. */
export const readableEntries = (
  entries: readonly ManagedFieldsEntry[],
  known: ReadonlyMap<string, FieldChanges>,
): ManagedFieldsEntry[] =>
  entries.filter(({ apiVersion }) => apiVersion === undefined || known.has(apiVersion));

/**
 * Removes what a manager applied before in any version, and applies no more, as far as nobody owns it: `owned` says
 * what everybody owns, by version, the manager itself included.
 */
export function* pruneVersions(
  merged: VersionedObject,
  apiVersion: string,
  last: ManagedFieldsEntry,
  owned: ReadonlyMap<string, FieldSet>,
): VersionedSteps<JsonObject> {
  const { apiVersion: lastVersion = apiVersion } = last;
  const start = yield* at(merged.object, merged.schema, apiVersion, lastVersion);
  if (start === undefined) return merged.object;
  let whole = start.object;
  let left = pruneApplied(
    whole,
    start.schema,
    fieldsOf(last),
    owned.get(lastVersion) ?? EMPTY_SET,
  );
  if (left === whole) return merged.object;
  let from = lastVersion;
  for (const [to, fields] of owned) {
    if (to === lastVersion) continue;
    const all = yield* at(whole, start.schema, from, to);
    const some = yield* at(left, start.schema, from, to);
    if (all === undefined || some === undefined) continue;
    [whole, from] = [all.object, to];
    const gone = difference(
      createdFields(whole, all.schema),
      createdFields(some.object, all.schema),
    );
    left = isEmptySet(gone) ? whole : pruneApplied(whole, all.schema, gone, fields);
  }
  const back = yield* at(left, merged.schema, from, apiVersion);
  return back?.object ?? merged.object;
}

function* at(
  object: JsonObject,
  schema: StructSchema,
  from: string,
  to: string,
): VersionedSteps<VersionedObject | undefined> {
  return from === to ? { object, schema } : yield { object, from, to };
}

/** What all of these own together, by the version in which they wrote it. */
export function ownedByVersion(
  entries: readonly ManagedFieldsEntry[],
  apiVersion: string,
  own: FieldSet,
): ReadonlyMap<string, FieldSet> {
  const owned = new Map([[apiVersion, own]]);
  for (const entry of entries) {
    const { apiVersion: version = apiVersion } = entry;
    owned.set(version, union(owned.get(version) ?? EMPTY_SET, fieldsOf(entry)));
  }
  return owned;
}
