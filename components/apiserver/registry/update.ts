import { conflict, equalJson, OBJECT_MODIFIED } from "../../base/mod.ts";
import type { KubeObject } from "../../api/mod.ts";
import { type Entry, RevisionMismatchError } from "../../storage/mod.ts";
import { convertObject } from "./conversion.ts";
import { answer, createObject, missing, type WriteDependencies } from "./create.ts";
import { checkFinalizers, checkRevision, keepSystemFields, placeObject } from "./metadata_rules.ts";
import { admissionRequest } from "./pipeline.ts";
import type { ResourceStore, StoredObject } from "./resource_store.ts";
import { groupResource, storeError, type WriteContext, type Written } from "./write_context.ts";

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
  /** How often it is made anew when another write came between, where it named no revision. */
  readonly retries: number;
  /** Server-side apply: `make` has set the ownership of fields. */
  readonly applies?: boolean;
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
      if (made.metadata !== undefined) delete made.metadata.resourceVersion;
      return createObject(dependencies, context, made, change.applies === true);
    }
    const result = await attempt(dependencies, context, change, entry);
    if (result.written !== undefined) return result.written;
    if (result.conditional || tries >= change.retries) {
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
  const existing = { ...previous, metadata: versionless };
  const made = await change.make(
    convertObject(existing, resource.definition, definition),
    resourceVersion,
  );
  const next = convertObject(made, definition, resource.definition);
  const meta = placeObject(next, context);
  const conditional = checkRevision(meta, previous.metadata ?? {}, definition, change);
  keepSystemFields(meta, previous.metadata ?? {});
  meta.resourceVersion = resourceVersion;
  await dependencies.pipeline.admit(admissionRequest(context, "UPDATE", next, previous));
  checkFinalizers(meta, previous.metadata ?? {}, definition);
  const rollback = await dependencies.pipeline.prepareUpdate(
    context,
    next,
    previous,
    change.applies === true,
  );
  const released = isReleased(next);
  if (!released && sameObject(next, previous)) {
    await rollback();
    return { written: unchanged(context, entry), conditional, current: undefined };
  }
  const value = resource.encoding.encode(next);
  if (context.dryRun) {
    await rollback();
    const object = convertObject(next, resource.definition, definition);
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
        written: answer(context, next, value, revision, false),
        conditional,
        current: undefined,
      };
    }
    resource.cache.offer(value, next);
    const revision = await dependencies.store.write({
      op: "update",
      key: entry.key,
      value,
      revision: entry.revision,
    });
    return {
      written: answer(context, next, value, revision, false),
      conditional,
      current: undefined,
    };
  } catch (error) {
    await rollback();
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

/** An update that changes nothing but the times of managed fields is none. */
function sameObject(next: KubeObject, previous: KubeObject): boolean {
  const { metadata: nextMeta = {}, ...nextRest } = next;
  const { metadata: previousMeta = {}, ...previousRest } = previous;
  const { managedFields: nextFields = [], ...nextKept } = nextMeta;
  const { managedFields: previousFields = [], ...previousKept } = previousMeta;
  const timeless = (fields: typeof nextFields) => fields.map(({ time: _time, ...field }) => field);
  return equalJson(nextKept, previousKept) && equalJson(nextRest, previousRest) &&
    equalJson(timeless(nextFields), timeless(previousFields));
}

function unchanged(context: WriteContext, entry: StoredObject): Written {
  const { resource, definition } = context;
  return {
    object: resource.decoded(entry, definition),
    bytes: resource.bytes(entry, definition),
    created: false,
  };
}
