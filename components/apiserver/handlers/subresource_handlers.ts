import {
  badRequest,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  noSuchResource,
  notFound,
} from "../../base/mod.ts";
import {
  applyJsonPatch,
  applyMergePatch,
  fitObject,
  type KubeObject,
  type SubresourceDefinition,
} from "../../api/served.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import {
  admissionRequest,
  apiVersionOf,
  asJson,
  bindPod,
  evictPod,
  groupResource,
  isApply,
  patchChange,
  readDeleteOptions,
  readPatch,
  readScale,
  type Scale,
  scaleConfiguration,
  scaledObject,
  scaleFrom,
  updateObject,
  withScale,
} from "../registry/mod.ts";
import { readBody } from "./request_body.ts";
import {
  checkName,
  readSubresourceBody,
  type StoredRequest,
  writeContext,
} from "./write_handlers.ts";
import { readWriteOptions, type WriteOptions } from "./write_options.ts";

/** GET, PUT and PATCH of `scale`. */
export async function handleScale(target: StoredRequest): Promise<Scale> {
  const { request, query, info, definition, resource } = target;
  const subresource = definition.subresources.get("scale");
  if (subresource === undefined) throw noSuchResource();
  const paths = definition.custom?.scale;
  if (info.verb === "get") {
    const entry = await resource.get(info.namespace, info.name);
    if (entry === undefined) throw notFound(groupResource(definition), info.name);
    if (!resource.converts) return readScale(resource.decoded(entry, definition), paths);
    const own = resource.object(entry);
    return readScale(await resource.convert(own, resource.definition, definition), paths);
  }
  const contentType = request.headers.get("content-type");
  const options = readWriteOptions(
    query,
    request.headers.get("user-agent"),
    info.verb === "update" ? "UpdateOptions" : "PatchOptions",
    info.verb === "patch" && isApply(contentType),
  );
  const context = { ...writeContext(target, options), subresource: "scale" };
  let scale: (existing: KubeObject) => JsonObject;
  if (info.verb === "update") {
    const object = await readSubresourceBody(target, subresource, options);
    checkName(object, info);
    scale = () => asJson(object);
  } else {
    const patch = readPatch(contentType, await readBody(request), {
      strategic: definition.custom === undefined,
    });
    if (patch.type === "apply") {
      const applied = appliedScale(patch.value, target, subresource, options);
      const written = await updateObject(
        target.registry.writes,
        context,
        patchChange(context, { type: "apply", value: asJson(applied) }, {
          ...options,
          now: target.registry.writes.clock.now(),
        }),
      );
      return scaleFrom(written.object, paths);
    }
    scale = (existing) => {
      const current = asJson(scaleFrom(existing, paths));
      if (patch.type === "json") return applyJsonPatch(current, patch.value);
      if (!isJsonObject(patch.value)) throw badRequest("a patch of scale is an object");
      // A scale has no lists: merge and strategic merge do the same to it.
      return applyMergePatch(
        { ...current, metadata: { ...current["metadata"] as JsonObject, resourceVersion: "" } },
        patch.value,
      );
    };
  }
  const written = await updateObject(target.registry.writes, context, {
    createsMissing: false,
    unconditional: true,
    make: (existing) => scaledObject(existing!, scale(existing!), paths),
  });
  return scaleFrom(written.object, paths);
}

/** The configuration of the parent that an applied scale stands for: ownership is kept there. */
function appliedScale(
  value: JsonValue,
  { definition, info, warnings }: StoredRequest,
  subresource: SubresourceDefinition,
  options: WriteOptions,
): KubeObject {
  if (!isJsonObject(value)) throw badRequest("an applied scale is an object");
  const schema = subresource.schema ?? definition.schema;
  const fitted = fitObject(value, { ...subresource.body, schema }, options);
  for (const warning of fitted.warnings) warnings.add(warning);
  checkName(fitted.object, info);
  const { namespace, name } = info;
  const checked = withScale({ metadata: { name } }, asJson(fitted.object));
  const { replicas } = (checked as unknown as { spec: { replicas: number } }).spec;
  const resourceVersion = fitted.object.metadata?.resourceVersion;
  return {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { name, namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    ...scaleConfiguration(replicas, definition.custom?.scale),
  } as KubeObject;
}

/** POST of `pods/x/binding`, or of `bindings`. */
export async function handleBinding(target: StoredRequest): Promise<KubeObject> {
  const subresource = target.definition.subresources.get("binding");
  if (subresource === undefined) throw noSuchResource();
  const options = readWriteOptions(
    target.query,
    target.request.headers.get("user-agent"),
    "CreateOptions",
  );
  const binding = await readSubresourceBody(target, subresource, options);
  // The older path, `bindings`, names its pod in the body only.
  const info = target.info.name === ""
    ? { ...target.info, name: binding.metadata?.name ?? "" }
    : target.info;
  checkName(binding, info);
  return await bindPod(
    target.registry.writes,
    writeContext({ ...target, info }, options),
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
  const { pipeline } = target.registry.writes;
  const admitted = admissionRequest(context, "CREATE", eviction as KubeObject, undefined);
  await pipeline.admit(admitted);
  await pipeline.validate(admitted);
  return await evictPod(
    { ...target.registry.writes, reader, writer },
    context,
    deleteOptions,
  ) as KubeObject;
}
