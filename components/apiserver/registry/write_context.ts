import { ApiError, internalError, type JsonObject, timedOut } from "../../base/mod.ts";
import type { KubeObject, ResourceDefinition } from "../../api/served.ts";
import { StoreFailedError, ValueTooLargeError } from "../../storage/mod.ts";
import type { Annotate, UserInfo } from "../ports.ts";
import type { ResourceStore } from "./resource_store.ts";

/** Whom and what a write is for: the same through admission, strategy and storage. */
export interface WriteContext {
  readonly definition: ResourceDefinition;
  readonly resource: ResourceStore;
  readonly namespace: string;
  /** Empty where the server chooses it or the body has it. */
  readonly name: string;
  readonly subresource: string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** What the request does, as authorization knows it. */
  readonly verb?: string;
  /** Who owns the fields that this write sets. */
  readonly fieldManager: string;
  /** Collects texts for the `Warning` header. */
  warn(text: string): void;
  /** Adds to the annotations of the request's audit event; absent where nothing is recorded. */
  readonly annotate?: Annotate;
  /** CreateOptions, UpdateOptions or DeleteOptions as the caller gave them. */
  readonly options?: () => JsonObject;
  /** A step of another request that is admitted as a whole. */
  readonly internal?: boolean;
}

/** What a write left: the object as the requested version has it. */
export interface Written {
  readonly object: KubeObject;
  readonly bytes: Uint8Array;
  readonly created: boolean;
}

/**
 * The version whose rules a write goes through: that of the request for a custom resource, and for an event, of which
 * the newer group asks for more; else the stored one.
 */
export function ruledDefinition({ definition, resource }: WriteContext): ResourceDefinition {
  const own = definition.custom !== undefined || definition.group === "events.k8s.io";
  return own ? definition : resource.definition;
}

/** `pods`, `deployments.apps` of a definition, for messages. */
export function groupResource(definition: ResourceDefinition) {
  return { group: definition.group, resource: definition.plural };
}

/**
 * Whether a failed write may have happened all the same: then what was reserved for it stays reserved, and is found
 * later if nobody has it.
 */
export const mayHaveHappened = (error: unknown): boolean =>
  error instanceof StoreFailedError && error.unknown;

const NOT_IN_TIME = "request did not complete within requested timeout - context deadline exceeded";

/** In etcd's words, which clients look for: a request that is small enough for the server may be too large to store. */
const TOO_LARGE = "etcdserver: request is too large";

/** Turns what a store throws into what a client is told; other errors pass. */
export function storeError(error: unknown): unknown {
  if (error instanceof ValueTooLargeError) {
    return new ApiError(413, "RequestEntityTooLarge", TOO_LARGE);
  }
  if (error instanceof StoreFailedError) {
    return error.timedOut ? timedOut(NOT_IN_TIME) : internalError(error.message);
  }
  return error;
}
