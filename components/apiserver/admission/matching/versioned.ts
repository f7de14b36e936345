import { badRequest, internalError, isJsonObject, type JsonObject } from "../../../base/mod.ts";
import { fitObject, type KubeObject, type ResourceDefinition } from "../../../api/served.ts";
import type { AdmissionRequest } from "../../ports.ts";
import { asJson, convertObject, scaledObject, scaleFrom } from "../../registry/mod.ts";
import { isWhole } from "./attributes.ts";
import type { Invocation } from "./invocation.ts";

/** The objects of a request as one version has them. Never changed. */
export interface Versioned {
  readonly object: () => KubeObject | null;
  readonly oldObject: () => KubeObject | null;
}

/** The objects of a request in the versions in which they are asked for. */
export class RequestVersions {
  /** Those that somebody had to be asked for. */
  readonly #asked = new Map<ResourceDefinition, Promise<Versioned>>();

  constructor(readonly request: AdmissionRequest) {}

  /** A promise only where it takes time; it rejects with 500. */
  at(invocation: Invocation): Versioned | Promise<Versioned> {
    const { request } = this;
    if (!mustAsk(request, invocation)) {
      return {
        object: () => versionedObject(request.object, request, invocation),
        oldObject: () => versionedObject(request.oldObject, request, invocation),
      };
    }
    const { definition } = invocation;
    let asked = this.#asked.get(definition);
    if (asked === undefined) this.#asked.set(definition, asked = askVersions(request, definition));
    return asked;
  }

  /**
   * Takes a changed object back into the request, with the defaults of what the change brought. Throws 500 for what is
   * no object of its kind.
   */
  async takeBack(changed: JsonObject, at: Invocation): Promise<void> {
    await takeBack(changed, this.request, at);
    this.#asked.clear();
  }
}

/** Bodies of subresources are of one version only. */
function mustAsk(
  { versions, definition, subresource }: AdmissionRequest,
  at: Invocation,
): boolean {
  return versions?.converts === true && at.definition !== definition && isWhole(subresource);
}

async function askVersions(
  { object, oldObject, definition, versions }: AdmissionRequest,
  to: ResourceDefinition,
): Promise<Versioned> {
  const ask = async (each: KubeObject | undefined) =>
    each === undefined ? null : await versions!.convert(each, definition, to);
  try {
    const [now, before] = await Promise.all([ask(object), ask(oldObject)]);
    return { object: () => now, oldObject: () => before };
  } catch (error) {
    throw internalError(error instanceof Error ? error.message : String(error));
  }
}

function versionedObject(
  object: KubeObject | undefined,
  { definition, subresource, operation }: AdmissionRequest,
  invocation: Invocation,
): KubeObject | null {
  if (object === undefined) return null;
  const { group, version, kind } = invocation.kind;
  const apiVersion = group === "" ? version : `${group}/${version}`;
  // What `scale` writes is a Scale.
  if (isScale(subresource, operation)) return scaleFrom(object, definition.custom?.scale);
  // Bodies of other subresources are of one version only.
  if (!isWhole(subresource)) return { ...object, apiVersion, kind };
  return { ...convertObject(object, definition, invocation.definition), apiVersion, kind };
}

async function takeBack(
  changed: JsonObject,
  request: AdmissionRequest,
  at: Invocation,
): Promise<void> {
  const { definition, subresource, object, operation, versions } = request;
  if (object === undefined) return;
  let next: KubeObject;
  if (isScale(subresource, operation)) {
    next = scaledObject(object, changed, definition.custom?.scale);
    if (next.metadata !== undefined) {
      next.metadata.resourceVersion = object.metadata?.resourceVersion ?? "";
    }
  } else if (!isWhole(subresource)) {
    next = changed as unknown as KubeObject;
  } else if (mustAsk(request, at)) {
    try {
      next = await versions!.convert(decoded(changed, at.definition), at.definition, definition);
    } catch (error) {
      throw internalError(error instanceof Error ? error.message : String(error));
    }
  } else {
    next = convertObject(decoded(changed, at.definition), at.definition, definition);
  }
  checkPlace(next, object);
  replace(asJson(object), asJson(next));
}

/** An object may not leave the namespace of its request. */
function checkPlace(next: KubeObject, previous: KubeObject): void {
  if ((next.metadata?.namespace ?? "") === (previous.metadata?.namespace ?? "")) return;
  throw badRequest(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
}

function decoded(changed: JsonObject, definition: ResourceDefinition): KubeObject {
  try {
    const { object } = fitObject(changed, definition, { fieldValidation: "Ignore" });
    definition.custom?.coerce(asJson(object));
    definition.applyDefaults(object);
    return object;
  } catch (error) {
    throw internalError(error instanceof Error ? error.message : String(error));
  }
}

function isScale(
  subresource: string,
  operation: AdmissionRequest["operation"],
): boolean {
  return subresource === "scale" && operation === "UPDATE";
}

/** Others hold the object itself, and its metadata, so what they have becomes another. */
function replace(target: JsonObject, source: JsonObject): void {
  const [kept, next] = [target["metadata"], source["metadata"]];
  become(target, source);
  if (!isJsonObject(kept) || !isJsonObject(next)) return;
  become(kept, next);
  target["metadata"] = kept;
}

function become(target: JsonObject, source: JsonObject): void {
  if (target === source) return;
  for (const member of Object.keys(target)) if (!(member in source)) delete target[member];
  Object.assign(target, source);
}
