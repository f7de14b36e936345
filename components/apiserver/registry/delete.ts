import { conflict, type Status, timestamp } from "../../base/mod.ts";
import type { KubeObject } from "../../api/served.ts";
import { RevisionMismatchError } from "../../storage/mod.ts";
import { answer, lifetimeOf, missing, type WriteDependencies } from "./create.ts";
import type { DeleteOptions } from "./delete_options.ts";
import { admissionRequest } from "./pipeline.ts";
import type { StoredObject } from "./resource_store.ts";
import { currentEntry } from "./update.ts";
import { groupResource, ruledDefinition, storeError, type WriteContext } from "./write_context.ts";

/** What a DELETE answers: the object where it is still there, or where its kind is always shown; else a Status. */
export interface Deleted {
  readonly object?: KubeObject;
  readonly bytes?: Uint8Array;
  readonly status?: Status;
  /** False where grace or finalizers keep it for now. */
  readonly removed: boolean;
}

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/** Deletes an object, or marks it and lets its grace and its finalizers end it. */
export async function deleteObject(
  dependencies: WriteDependencies,
  context: WriteContext,
  options: DeleteOptions,
): Promise<Deleted> {
  const { resource } = context;
  let entry = await resource.get(context.namespace, context.name);
  for (;;) {
    if (entry === undefined) throw missing(context);
    const previous = resource.object(entry);
    checkPreconditions(context, previous, options);
    const seen = await resource.convert(previous, resource.definition, ruledDefinition(context));
    const { pipeline } = dependencies;
    await pipeline.admit(admissionRequest(context, "DELETE", undefined, seen));
    await pipeline.validate(admissionRequest(context, "DELETE", undefined, seen));
    try {
      return await attempt(dependencies, context, options, entry, previous, seen);
    } catch (error) {
      if (!(error instanceof RevisionMismatchError)) throw storeError(error);
      entry = currentEntry(resource, error.key, error.current);
    }
  }
}

async function attempt(
  dependencies: WriteDependencies,
  context: WriteContext,
  options: DeleteOptions,
  entry: StoredObject,
  previous: KubeObject,
  seen: KubeObject,
): Promise<Deleted> {
  const { resource } = context;
  const plan = planDelete(context, previous, options, dependencies.clock.now());
  const custom = context.definition.custom !== undefined &&
    context.definition !== resource.definition;
  if (plan.kind === "wait" && custom) {
    return { object: seen, bytes: new TextEncoder().encode(JSON.stringify(seen)), removed: false };
  }
  if (plan.kind === "wait") {
    return {
      object: resource.decoded(entry, context.definition),
      bytes: resource.bytes(entry, context.definition),
      removed: false,
    };
  }
  if (plan.kind === "mark") {
    const value = resource.encoding.encode(plan.next);
    const revision = context.dryRun ? entry.revision : await dependencies.store.write({
      op: "update",
      key: entry.key,
      value,
      revision: entry.revision,
      ...lifetimeOf(resource.definition),
    });
    const told = custom ? { ...seen, metadata: plan.next.metadata ?? {} } : plan.next;
    const { object, bytes } = answer(context, plan.next, value, revision, false, told);
    return { object, bytes, removed: false };
  }
  const revision = context.dryRun
    ? entry.revision
    : await dependencies.store.write({ op: "delete", key: entry.key, revision: entry.revision });
  if (!context.dryRun) await dependencies.pipeline.deleted(context, previous);
  if (resource.definition.strategy.returnDeletedObject) {
    const { object, bytes } = answer(
      context,
      { ...previous },
      resource.encoding.encode(previous),
      revision,
      false,
      seen,
    );
    return { object, bytes, removed: true };
  }
  return { status: deletedStatus(context, previous), removed: true };
}

type Plan = { kind: "remove" } | { kind: "wait" } | { kind: "mark"; next: KubeObject };

/** What a DELETE does to an object. Pure. */
export function planDelete(
  context: Pick<WriteContext, "resource">,
  object: KubeObject,
  options: DeleteOptions,
  now: number,
): Plan {
  const { strategy } = context.resource.definition;
  const previous = object.metadata?.deletionTimestamp === undefined
    ? strategy.prepareForDelete?.(object, now) ?? object
    : object;
  const meta = previous.metadata ?? {};
  const finalizers = finalizersFor(meta.finalizers ?? [], options, strategy.defaultPropagation);
  const held = finalizers.length > 0 || holdsNamespace(previous);
  const usual = strategy.defaultGraceSeconds(previous);
  // What has nothing to end (0) gets no grace, whoever asks for it; less than none means the shortest.
  const asked = positive(options.gracePeriodSeconds);
  const grace = usual === undefined || usual === 0 ? 0 : asked ?? usual;
  const sameFinalizers = finalizers.length === (meta.finalizers ?? []).length &&
    finalizers.every((finalizer, i) => finalizer === meta.finalizers?.[i]);

  if (meta.deletionTimestamp !== undefined) {
    const left = meta.deletionGracePeriodSeconds ?? 0;
    if (left > 0 && asked !== undefined && asked < left) {
      if (asked === 0 && !held) return { kind: "remove" };
      // A second delete can only shorten: counted from when the first one came.
      const began = Date.parse(meta.deletionTimestamp) - left * 1000;
      return {
        kind: "mark",
        next: marked(previous, finalizers, asked, Math.max(now, began + asked * 1000)),
      };
    }
    if (left <= 0 && !held) return { kind: "remove" };
    return sameFinalizers
      ? { kind: "wait" }
      : { kind: "mark", next: withFinalizers(previous, finalizers) };
  }
  if (grace === 0 && !held) return { kind: "remove" };
  return { kind: "mark", next: marked(previous, finalizers, grace, now + grace * 1000) };
}

const positive = (seconds: number | undefined): number | undefined =>
  seconds !== undefined && seconds < 0 ? 1 : seconds;

function marked(previous: KubeObject, finalizers: string[], grace: number, at: number): KubeObject {
  const next = withFinalizers(previous, finalizers) as KubeObject & {
    status?: Record<string, unknown>;
  };
  const meta = { ...next.metadata };
  meta.deletionTimestamp = timestamp(at);
  meta.deletionGracePeriodSeconds = grace;
  if (meta.generation !== undefined && previous.metadata?.deletionTimestamp === undefined) {
    meta.generation++;
  }
  next.metadata = meta;
  if (previous.kind === "Namespace") next.status = { ...next.status, phase: "Terminating" };
  return next;
}

function withFinalizers(previous: KubeObject, finalizers: string[]): KubeObject {
  const { finalizers: _old, ...meta } = previous.metadata ?? {};
  return { ...previous, metadata: finalizers.length === 0 ? meta : { ...meta, finalizers } };
}

/** The propagation policy is written down as a finalizer for the garbage collector. */
function finalizersFor(
  current: readonly string[],
  options: DeleteOptions,
  usual: "Background" | "Orphan",
): string[] {
  const asked = options.propagationPolicy;
  if (asked === undefined && (current.includes(ORPHAN) || current.includes(FOREGROUND))) {
    return [...current];
  }
  const policy = asked ?? usual;
  const others = current.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (policy === "Orphan") return [...others, ORPHAN];
  if (policy === "Foreground") return [...others, FOREGROUND];
  return others;
}

function holdsNamespace(object: KubeObject): boolean {
  const spec = (object as { spec?: { finalizers?: readonly string[] } }).spec;
  return object.kind === "Namespace" && (spec?.finalizers ?? []).length > 0;
}

function checkPreconditions(
  context: WriteContext,
  previous: KubeObject,
  options: DeleteOptions,
): void {
  const meta = previous.metadata ?? {};
  const { uid, resourceVersion } = options.preconditions ?? {};
  const refuse = (what: string, asked: string, is: string | undefined) =>
    conflict(
      groupResource(context.definition),
      context.name,
      `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${is}`,
    );
  if (uid !== undefined && uid !== meta.uid) throw refuse("UID", uid, meta.uid);
  if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion) {
    throw refuse("ResourceVersion", resourceVersion, meta.resourceVersion);
  }
}

function deletedStatus(context: WriteContext, previous: KubeObject): Status {
  const { definition } = context;
  const { name, uid } = previous.metadata ?? {};
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      ...(name === undefined ? {} : { name }),
      ...(definition.group === "" ? {} : { group: definition.group }),
      kind: definition.plural,
      ...(uid === undefined ? {} : { uid }),
    },
  };
}
