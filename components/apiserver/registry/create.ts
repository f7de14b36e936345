import { alreadyExists, ApiError, type Clock, notFound, type Random } from "../../base/mod.ts";
import type { KubeObject, ResourceDefinition } from "../../api/served.ts";
import { KeyExistsError, type Store } from "../../storage/mod.ts";
import { convertObject } from "./conversion.ts";
import { asJson } from "./encoding.ts";
import { type Ownership, ownFields } from "./field_ownership.ts";
import { generatedName, placeObject, stampNew } from "./metadata_rules.ts";
import { admissionRequest, type WritePipeline } from "./pipeline.ts";
import {
  groupResource,
  mayHaveHappened,
  ruledDefinition,
  storeError,
  type WriteContext,
  type Written,
} from "./write_context.ts";

const GENERATED_NAME_TRIES = 8;
/** Events are kept for an hour. */
const EVENT_LIFETIME = { timeToLiveSeconds: 3600 } as const;
const FOR_EVER = {} as const;

export interface WriteDependencies {
  readonly store: Store;
  readonly pipeline: WritePipeline;
  readonly clock: Clock;
  readonly random: Random;
  /** True for a value that should be written anew even though nothing in it changes. */
  readonly isStale?: (key: string) => boolean;
}

/** Creates `object`, which is decoded and has its defaults; it belongs to the registry from here on. */
export async function createObject(
  dependencies: WriteDependencies,
  context: WriteContext,
  object: KubeObject,
  ownership: Ownership = "tracked",
): Promise<Written> {
  const meta = placeObject(object, context);
  if (meta.resourceVersion !== undefined && meta.resourceVersion !== "") {
    throw new ApiError(500, "", "resourceVersion should not be set on objects to be created");
  }
  const { definition, resource } = context;
  const base = meta.name === undefined || meta.name === "" ? meta.generateName ?? "" : "";
  if ((meta.name ?? "") === "" && base === "") {
    throw new ApiError(
      422,
      "Invalid",
      `${
        kindName(context)
      } "" is invalid: metadata.name: Required value: name or generateName is required`,
      {
        ...(definition.group === "" ? {} : { group: definition.group }),
        kind: definition.kind,
        causes: [{
          reason: "FieldValueRequired",
          message: "Required value: name or generateName is required",
          field: "metadata.name",
        }],
      },
    );
  }
  const { clock, random, pipeline } = dependencies;
  if (ownership === "tracked") await ownFields(context, object, undefined, clock.now());
  const ruled = ruledDefinition(context);
  const next = convertObject(object, definition, ruled);
  const nextMeta = next.metadata ??= {};
  await pipeline.admit(admissionRequest(context, "CREATE", next, undefined));
  ruled.custom?.coerce(asJson(next));
  stampNew(nextMeta, clock.now(), random);
  if (base !== "") nextMeta.name = generatedName(base, random);
  let rollback = await pipeline.prepareCreate(context, next);
  if (context.dryRun) {
    await rollback();
    if (
      base === "" &&
      resource.cache.get(resource.key(context.namespace, nextMeta.name ?? "")) !== undefined
    ) {
      throw alreadyExists(groupResource(definition), nextMeta.name ?? "");
    }
    const stored = await resource.convert(next, ruled, resource.definition);
    const value = resource.encoding.encode(stored);
    return answer(context, stored, value, undefined, true, next);
  }
  for (let tries = 1;; tries++) {
    const pending = resource.convert(next, ruled, resource.definition);
    const stored = pending instanceof Promise ? await pending : pending;
    const value = resource.encoding.encode(stored);
    resource.cache.offer(value, stored);
    try {
      const revision = await dependencies.store.write({
        op: "create",
        key: resource.key(context.namespace, nextMeta.name ?? ""),
        value,
        ...lifetimeOf(definition),
      });
      return answer(context, stored, value, revision, true, next);
    } catch (error) {
      if (!mayHaveHappened(error)) await rollback();
      if (!(error instanceof KeyExistsError)) throw storeError(error);
      if (base === "" || tries === GENERATED_NAME_TRIES) {
        throw exists(context, nextMeta.name ?? "", base !== "");
      }
      // What hooks reserve bears the name, so another name reserves anew.
      nextMeta.name = generatedName(base, random);
      rollback = await pipeline.prepareCreate(context, next);
    }
  }
}

/** How long what is written lives, from each write on: events end, everything else stays. */
export function lifetimeOf(
  { group, kind }: ResourceDefinition,
): { readonly timeToLiveSeconds?: number } {
  const isEvent = kind === "Event" && (group === "" || group === "events.k8s.io");
  return isEvent ? EVENT_LIFETIME : FOR_EVER;
}

/**
 * The answer to a write: the bytes that a reader will get, in the version that was asked for. `told` is the object in
 * that version, where it is a custom resource's.
 */
export function answer(
  context: WriteContext,
  stored: KubeObject,
  value: Uint8Array,
  revision: number | undefined,
  created: boolean,
  told: KubeObject,
): Written {
  const { definition, resource } = context;
  if (revision !== undefined) {
    stored.metadata = { ...stored.metadata, resourceVersion: String(revision) };
  }
  const bytes = revision === undefined ? value : resource.encoding.render(value, revision);
  if (definition === resource.definition) return { object: stored, bytes, created };
  const object = definition.custom === undefined
    ? convertObject(stored, resource.definition, definition)
    : { ...told, metadata: { ...told.metadata, ...revisionOf(revision) } };
  return { object, bytes: new TextEncoder().encode(JSON.stringify(object)), created };
}

const revisionOf = (revision: number | undefined) =>
  revision === undefined ? {} : { resourceVersion: String(revision) };

function exists(context: WriteContext, name: string, generated: boolean): ApiError {
  const error = alreadyExists(groupResource(context.definition), name);
  if (!generated) return error;
  return new ApiError(
    error.code,
    error.reason,
    `${error.message}, the server was not able to generate a unique name for the object`,
    {
      ...error.details,
      retryAfterSeconds: 1,
    },
  );
}

function kindName({ definition }: WriteContext): string {
  return definition.group === "" ? definition.kind : `${definition.kind}.${definition.group}`;
}

/** 404 for the object that a context names. */
export const missing = (context: WriteContext): ApiError =>
  notFound(groupResource(context.definition), context.name);
