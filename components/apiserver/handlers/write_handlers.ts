import { badRequest, type JsonObject } from "../../base/mod.ts";
import {
  decodeDeleteOptions,
  decodeObject,
  type KubeObject,
  mediaTypeOf,
  type ResourceDefinition,
  type SubresourceDefinition,
} from "../../api/served.ts";
import { trailOf } from "../audit/mod.ts";
import type { RequestInfo, UserInfo } from "../ports.ts";
import {
  createObject,
  type Deleted,
  deleteObject,
  type DeleteOptions,
  patchChange,
  readDeleteOptions,
  readPatch,
  type Registry,
  type ResourceStore,
  updateObject,
  type WriteContext,
  type Written,
} from "../registry/mod.ts";
import { readBody } from "./request_body.ts";
import type { Warnings } from "./warnings.ts";
import { readWriteOptions, type WriteOptions } from "./write_options.ts";

/** One request that has been let in. */
export interface ResourceRequest {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly definition: ResourceDefinition;
  readonly warnings: Warnings;
}

/** A request for a stored resource. */
export interface StoredRequest extends ResourceRequest {
  readonly resource: ResourceStore;
  readonly registry: Registry;
}

/** POST to a collection. */
export async function handleCreate(target: StoredRequest): Promise<Written> {
  const { request, definition, query } = target;
  const options = readWriteOptions(query, request.headers.get("user-agent"), "CreateOptions");
  const object = await readObject(target, definition, options);
  definition.applyDefaults(object);
  return createObject(target.registry.writes, writeContext(target, options), object);
}

/** PUT of an object or one of its subresources. */
export async function handleUpdate(target: StoredRequest): Promise<Written> {
  const { request, definition, query, info } = target;
  const options = readWriteOptions(query, request.headers.get("user-agent"), "UpdateOptions");
  const object = await readObject(target, definition, options);
  definition.applyDefaults(object);
  const { strategy } = definition;
  checkName(object, info);
  return updateObject(target.registry.writes, writeContext(target, options), {
    createsMissing: strategy.allowCreateOnUpdate && info.subresource === "",
    unconditional: strategy.allowUnconditionalUpdate || info.subresource === "finalize",
    // Made anew on a retry: what was decoded is changed on its way.
    make: () => structuredClone(object),
  });
}

/** 400 where a body is of another object than the path. */
export function checkName(
  { metadata = {} }: KubeObject,
  info: { readonly namespace: string; readonly name: string },
): void {
  const { name = "", namespace = "" } = metadata;
  if (name === "") {
    throw badRequest(
      `the name of the object (${info.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name !== info.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${info.name})`,
    );
  }
  if (info.namespace !== "" && namespace !== "" && namespace !== info.namespace) {
    throw badRequest(
      `the namespace of the object (${namespace}) does not match the namespace on the request (${info.namespace})`,
    );
  }
}

/** PATCH of an object or one of its subresources. */
export async function handlePatch(target: StoredRequest): Promise<Written> {
  const { request, query } = target;
  const contentType = request.headers.get("content-type");
  const patch = readPatch(contentType, await readBody(request), {
    strategic: target.definition.custom === undefined,
  });
  const options = readWriteOptions(
    query,
    request.headers.get("user-agent"),
    "PatchOptions",
    patch.type === "apply",
  );
  const context = writeContext(target, options);
  return updateObject(
    target.registry.writes,
    context,
    patchChange(context, patch, { ...options, now: target.registry.writes.clock.now() }),
  );
}

/** DELETE of one object. */
export async function handleDelete(
  target: StoredRequest,
): Promise<{ readonly deleted: Deleted; readonly code: number }> {
  const options = readDeleteOptions(await readOptionsBody(target), target.query);
  const deleted = await deleteObject(
    target.registry.writes,
    deleteContext(target, options),
    options,
  );
  // Only who asks by the older word is told so: other clients take 202 for an error.
  return { deleted, code: !deleted.removed && options.orphanDependents === false ? 202 : 200 };
}

/** The context of a DELETE, whose options admission sees as they are. */
export function deleteContext(target: StoredRequest, options: DeleteOptions): WriteContext {
  return {
    ...writeContext(target, { ...NO_OPTIONS, dryRun: options.dryRun }),
    options: () => {
      const { dryRun, ...given } = options;
      return { ...given, ...(dryRun ? { dryRun: ["All"] } : {}) } as JsonObject;
    },
  };
}

const NO_OPTIONS: WriteOptions = {
  dryRun: false,
  fieldValidation: "Ignore",
  fieldManager: "",
  force: false,
};

/** DeleteOptions of a body, which may be empty, JSON, YAML or protobuf. */
export async function readOptionsBody(
  { request }: ResourceRequest,
): Promise<JsonObject | undefined> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return undefined;
  return decodeDeleteOptions(bytes, request.headers.get("content-type")) as JsonObject;
}

/** The body of a subresource that is of another kind. */
export async function readSubresourceBody(
  target: ResourceRequest,
  subresource: SubresourceDefinition,
  options: WriteOptions,
): Promise<KubeObject> {
  const { request, warnings, definition } = target;
  const decoded = decodeObject(await readBody(request), request.headers.get("content-type"), {
    ...subresource.body,
    schema: subresource.schema ?? definition.schema,
  }, options);
  for (const warning of decoded.warnings) warnings.add(warning);
  return decoded.object;
}

export async function readObject(
  target: ResourceRequest,
  definition: ResourceDefinition,
  options: WriteOptions,
): Promise<KubeObject> {
  const contentType = target.request.headers.get("content-type");
  mediaTypeOf(contentType);
  const { object, warnings } = decodeObject(
    await readBody(target.request),
    contentType,
    definition,
    options,
  );
  for (const warning of warnings) target.warnings.add(warning);
  return object;
}

export function writeContext(target: StoredRequest, options: WriteOptions): WriteContext {
  const { definition, resource, info, user, warnings, request } = target;
  const trail = trailOf(request);
  return {
    definition,
    resource,
    namespace: info.namespace,
    name: info.name,
    subresource: info.subresource,
    verb: info.verb,
    user,
    dryRun: options.dryRun,
    fieldManager: options.fieldManager,
    warn: (text) => warnings.add(text),
    ...(trail === undefined ? {} : { annotate: trail.annotate }),
    options: () => optionsOf(target.query, options.dryRun),
  };
}

/** The query's part of CreateOptions and UpdateOptions. */
function optionsOf(query: URLSearchParams, dryRun: boolean): JsonObject {
  const options: JsonObject = {};
  for (const name of ["fieldManager", "fieldValidation"]) {
    const value = query.get(name);
    if (value !== null && value !== "") options[name] = value;
  }
  if (dryRun) options["dryRun"] = ["All"];
  return options;
}
