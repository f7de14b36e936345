import { conflict, OBJECT_MODIFIED } from "../../base/mod.ts";
import { type KubeObject, onlyTimesDiffer, subresourceStrategyFor } from "../../api/served.ts";
import { type Entry, RevisionMismatchError } from "../../storage/mod.ts";
import { convertObject } from "./conversion.ts";
import { answer, createObject, lifetimeOf, missing, type WriteDependencies } from "./create.ts";
import { type Ownership, ownFields } from "./field_ownership.ts";
import { checkFinalizers, checkRevision, keepSystemFields, placeObject } from "./metadata_rules.ts";
import { admissionRequest } from "./pipeline.ts";
import type { ResourceStore, StoredObject } from "./resource_store.ts";
import { asJson } from "./encoding.ts";
import {
  groupResource,
  mayHaveHappened,
  ruledDefinition,
  storeError,
  type WriteContext,
  type Written,
} from "./write_context.ts";

/**
 * A change that names no revision is made anew when another write came between. Each time one of those that contend
 * gets through, so this is far more than as many as contend for one object.
 */
const RETRIES_MAXIMUM = 1000;

/** A change of one object, given what stands there now, both in the requested version. */
export interface Change {
  /**
   * Makes the new object; must not change `existing`, which is shared. Undefined `existing`: it would be created.
   * `existing` has no resourceVersion: one in what is made is the caller's, and must be `resourceVersion`.
   */
  make(existing: KubeObject | undefined, resourceVersion: string): KubeObject | Promise<KubeObject>;
  /** Whether a missing object is created from `make(undefined)`. */
  readonly createsMissing: boolean;
  /** Whether the change may be made without naming a revision. */
  readonly unconditional: boolean;
  /** `tracked` where not given. */
  readonly ownership?: Ownership;
}

/** Changes an object: make, admit, prepare, validate, write; again when another write came between. */
export async function updateObject(
  dependencies: WriteDependencies,
  context: WriteContext,
  change: Change,
): Promise<Written> {
  const { resource, definition } = context;
  const key = resource.key(context.namespace, context.name);
  let entry: StoredObject | undefined = await resource.get(context.namespace, context.name);
  for (let tries = 0;; tries++) {
    if (entry === undefined) {
      if (!change.createsMissing) throw missing(context);
      const made = await change.make(undefined, "");
      checkNothingNamed(context, made, change.ownership);
      if (made.metadata !== undefined) delete made.metadata.resourceVersion;
      return createObject(dependencies, context, made, change.ownership);
    }
    const result = await attempt(dependencies, context, change, entry);
    if (result.written !== undefined) return result.written;
    if (result.conditional || tries >= RETRIES_MAXIMUM) {
      throw conflict(groupResource(definition), context.name, OBJECT_MODIFIED);
    }
    entry = currentEntry(resource, key, result.current);
  }
}

/** The entry that a refused write was told of. */
export function currentEntry(
  resource: ResourceStore,
  key: string,
  current: Entry | undefined,
): StoredObject | undefined {
  return current === undefined ? undefined : resource.entry(key, current.value, current.revision);
}

interface Attempt {
  readonly written?: Written;
  readonly conditional: boolean;
  readonly current: Entry | undefined;
}

async function attempt(
  dependencies: WriteDependencies,
  context: WriteContext,
  change: Change,
  entry: StoredObject,
): Promise<Attempt> {
  const { resource, definition } = context;
  const previous = resource.object(entry);
  const { resourceVersion = "", ...versionless } = previous.metadata ?? {};
  const pending = resource.convert(
    { ...previous, metadata: versionless },
    resource.definition,
    definition,
  );
  const existing = pending instanceof Promise ? await pending : pending;
  const made = await change.make(existing, resourceVersion);
  const madeMeta = placeObject(made, context);
  const conditional = checkRevision(madeMeta, previous.metadata ?? {}, definition, change);
  keepSystemFields(madeMeta, previous.metadata ?? {});
  madeMeta.resourceVersion = resourceVersion;
  if ((change.ownership ?? "tracked") === "tracked") {
    // Where a subresource writes one part of the object, the rest of what was sent is nobody's wish.
    subresourceStrategyFor(definition, context.subresource)?.prepareForUpdate(made, existing);
    const owning = ownFields(context, made, existing, dependencies.clock.now());
    if (owning !== undefined) await owning;
  }
  const ruled = ruledDefinition(context);
  const next = convertObject(made, definition, ruled);
  const before = ruled.custom === undefined && ruled === resource.definition
    ? previous
    : { ...existing, metadata: { ...existing.metadata, resourceVersion } };
  const meta = next.metadata ??= {};
  await dependencies.pipeline.admit(admissionRequest(context, "UPDATE", next, before));
  ruled.custom?.coerce(asJson(next));
  checkFinalizers(meta, previous.metadata ?? {}, definition);
  const rollback = await dependencies.pipeline.prepareUpdate(context, next, before);
  const released = isReleased(next);
  const isStale = dependencies.isStale?.(entry.key) === true;
  if (!released && !isStale && onlyTimesDiffer(next, before)) {
    await rollback();
    return { written: unchanged(context, entry, existing), conditional, current: undefined };
  }
  const converted = resource.convert(next, ruled, resource.definition);
  const stored = converted instanceof Promise ? await converted : converted;
  const value = resource.encoding.encode(stored);
  if (context.dryRun) {
    await rollback();
    const object = ruled.custom === undefined
      ? convertObject(stored, resource.definition, definition)
      : next;
    const bytes = resource.encoding.render(value, entry.revision);
    return {
      written: {
        object,
        bytes: definition === resource.definition
          ? bytes
          : new TextEncoder().encode(JSON.stringify(object)),
        created: false,
      },
      conditional,
      current: undefined,
    };
  }
  try {
    if (released) {
      const revision = await dependencies.store.write({
        op: "delete",
        key: entry.key,
        revision: entry.revision,
      });
      await dependencies.pipeline.deleted(context, next);
      return {
        written: answer(context, stored, value, revision, false, next),
        conditional,
        current: undefined,
      };
    }
    resource.cache.offer(value, stored);
    const revision = await dependencies.store.write({
      op: "update",
      key: entry.key,
      value,
      revision: entry.revision,
      ...lifetimeOf(definition),
    });
    await dependencies.pipeline.updated(context, next, before);
    return {
      written: answer(context, stored, value, revision, false, next),
      conditional,
      current: undefined,
    };
  } catch (error) {
    if (!mayHaveHappened(error)) await rollback();
    if (error instanceof RevisionMismatchError) return { conditional, current: error.current };
    throw storeError(error);
  }
}

/** Nothing holds an object any more that was to go once its finalizers had done their work. */
function isReleased(object: KubeObject): boolean {
  const meta = object.metadata ?? {};
  if (meta.deletionTimestamp === undefined || (meta.finalizers ?? []).length > 0) return false;
  if ((meta.deletionGracePeriodSeconds ?? 0) > 0) return false;
  const finalizers = (object as { spec?: { finalizers?: unknown } }).spec?.finalizers;
  return object.kind !== "Namespace" || !Array.isArray(finalizers) || finalizers.length === 0;
}

/** Who names the object that is to be changed by its uid does not want another one created. */
function checkNothingNamed(
  context: WriteContext,
  made: KubeObject,
  ownership: Ownership | undefined,
): void {
  const uid = made.metadata?.uid ?? "";
  if (uid === "") return;
  throw conflict(
    groupResource(context.definition),
    context.name,
    ownership === "stated"
      ? `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
      : `Precondition failed: UID in precondition: ${uid}, UID in object meta: `,
  );
}

function unchanged(context: WriteContext, entry: StoredObject, existing: KubeObject): Written {
  const { resource, definition } = context;
  if (definition.custom !== undefined && definition !== resource.definition) {
    const metadata = { ...existing.metadata, resourceVersion: String(entry.revision) };
    const object = { ...existing, metadata };
    return { object, bytes: new TextEncoder().encode(JSON.stringify(object)), created: false };
  }
  return {
    object: resource.decoded(entry, definition),
    bytes: resource.bytes(entry, definition),
    created: false,
  };
}
