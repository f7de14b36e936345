import {
  badRequest,
  isJsonObject,
  type JsonObject,
  noSuchResource,
  notFound,
} from "../../base/mod.ts";
import { applyJsonPatch, applyMergePatch, type KubeObject } from "../../api/mod.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import {
  asJson,
  bindPod,
  evictPod,
  groupResource,
  readDeleteOptions,
  readPatch,
  scaleOf,
  updateObject,
  withScale,
} from "../registry/mod.ts";
import { readBody } from "./request_body.ts";
import { readSubresourceBody, type StoredRequest, writeContext } from "./write_handlers.ts";
import { readWriteOptions } from "./write_options.ts";

const UPDATE_RETRIES = 20;

/** GET, PUT and PATCH of `scale`. */
export async function handleScale(target: StoredRequest): Promise<KubeObject> {
  const { request, query, info, definition, resource } = target;
  const subresource = definition.subresources.get("scale");
  if (subresource === undefined) throw noSuchResource();
  if (info.verb === "get") {
    const entry = await resource.get(info.namespace, info.name);
    if (entry === undefined) throw notFound(groupResource(definition), info.name);
    return scaleOf(resource.decoded(entry, definition));
  }
  const agent = request.headers.get("user-agent");
  const options = readWriteOptions(
    query,
    agent,
    info.verb === "update" ? "UpdateOptions" : "PatchOptions",
  );
  const context = writeContext(target, options);
  let scale: (existing: KubeObject) => JsonObject;
  if (info.verb === "update") {
    const body = asJson(await readSubresourceBody(target, subresource, options));
    scale = () => body;
  } else {
    const contentType = request.headers.get("content-type");
    const patch = readPatch(contentType, await readBody(request), { strategic: true });
    scale = (existing) => {
      const current = asJson(scaleOf(existing));
      if (patch.type === "json") return applyJsonPatch(current, patch.value);
      if (!isJsonObject(patch.value)) throw badRequest("a patch of scale is an object");
      // A scale has no lists: merge, strategic merge and apply do the same to it.
      return applyMergePatch(
        { ...current, metadata: { ...current["metadata"] as JsonObject, resourceVersion: "" } },
        patch.value,
      );
    };
  }
  const written = await updateObject(target.registry.writes, { ...context, subresource: "scale" }, {
    createsMissing: false,
    unconditional: true,
    retries: UPDATE_RETRIES,
    make: (existing) => withScale(existing!, scale(existing!)),
  });
  return scaleOf(written.object);
}

/** POST of `pods/x/binding`. */
export async function handleBinding(target: StoredRequest): Promise<KubeObject> {
  const subresource = target.definition.subresources.get("binding");
  if (subresource === undefined) throw noSuchResource();
  const options = readWriteOptions(
    target.query,
    target.request.headers.get("user-agent"),
    "CreateOptions",
  );
  const binding = await readSubresourceBody(target, subresource, options);
  return await bindPod(
    target.registry.writes,
    writeContext(target, options),
    binding,
  ) as KubeObject;
}

/** POST of `pods/x/eviction`. */
export async function handleEviction(
  target: StoredRequest,
  reader: ObjectReader,
  writer: ObjectWriter,
): Promise<KubeObject> {
  const subresource = target.definition.subresources.get("eviction");
  if (subresource === undefined) throw noSuchResource();
  const options = readWriteOptions(
    target.query,
    target.request.headers.get("user-agent"),
    "CreateOptions",
  );
  const eviction = asJson(await readSubresourceBody(target, subresource, options));
  const asked = eviction["deleteOptions"];
  const deleteOptions = readDeleteOptions(isJsonObject(asked) ? asked : {}, new URLSearchParams());
  const context = writeContext(target, {
    ...options,
    dryRun: options.dryRun || deleteOptions.dryRun,
  });
  return await evictPod(
    { ...target.registry.writes, reader, writer },
    context,
    deleteOptions,
  ) as KubeObject;
}
