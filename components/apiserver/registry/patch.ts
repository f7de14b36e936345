import {
  ApiError,
  badRequest,
  cloneJson,
  conflict,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  OBJECT_MODIFIED,
} from "../../base/mod.ts";
import {
  applyJsonPatch,
  applyMergePatch,
  applySteps,
  applyStrategicPatch,
  completeSteps,
  type FieldValidation,
  fitObject,
  type KubeObject,
  nestsTooDeep,
  readYaml,
  type ResourceDefinition,
} from "../../api/served.ts";
import { apiVersionOf, asJson } from "./encoding.ts";
import { versionsFor } from "./field_ownership.ts";
import { goText, patchedObject } from "./patched_object.ts";
import type { Change } from "./update.ts";
import { groupResource, type WriteContext } from "./write_context.ts";

const TYPES = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
} as const;
type PatchType = typeof TYPES[keyof typeof TYPES];

export interface PatchBody {
  readonly type: PatchType;
  readonly value: JsonValue;
  /** Complaints about members that the text of a configuration gives twice. */
  readonly duplicates?: readonly string[];
}

/** True where a patch is a configuration to apply. */
export const isApply = (contentType: string | null): boolean =>
  TYPES[mediaTypeIn(contentType) as keyof typeof TYPES] === "apply";

const mediaTypeIn = (contentType: string | null): string =>
  (contentType ?? "").split(";")[0]!.trim();

/** Reads a patch; 415 for a type that the resource does not take. */
export function readPatch(
  contentType: string | null,
  bytes: Uint8Array,
  options: { readonly strategic: boolean },
): PatchBody {
  const bare = mediaTypeIn(contentType);
  const type = TYPES[bare as keyof typeof TYPES];
  if (type === undefined || (type === "strategic" && !options.strategic)) {
    const accepted = Object.keys(TYPES).filter((name) =>
      options.strategic || !name.includes("strategic")
    );
    throw new ApiError(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${
        accepted.join(", ")
      }`,
    );
  }
  const text = new TextDecoder().decode(bytes);
  if (type === "apply") {
    const { value, error, duplicates } = readYaml(text);
    if (error !== undefined) throw badRequest(`error decoding YAML: ${error}`);
    return { type, value, duplicates };
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : error}`);
  }
  if (nestsTooDeep(value)) throw badRequest("error decoding patch: exceeded max depth");
  return { type, value };
}

/** The change that a patch makes. `now` in milliseconds. */
export function patchChange(
  context: WriteContext,
  patch: PatchBody,
  options: {
    readonly force: boolean;
    readonly fieldValidation: FieldValidation;
    readonly now: number;
  },
): Change {
  const { definition } = context;
  if (patch.type === "apply") {
    return {
      // Subresources make no objects.
      createsMissing: context.subresource === "",
      unconditional: true,
      ownership: "stated",
      make: async (existing, resourceVersion) => {
        const applied = appliedConfiguration(patch, context, options.fieldValidation);
        placeApplied(applied, context);
        if (existing !== undefined) checkAppliedRevision(applied, resourceVersion, context);
        const { resetFields } = definition.strategy;
        const steps = applySteps({
          current: existing,
          applied,
          schema: definition.schema,
          manager: context.fieldManager,
          force: options.force,
          now: options.now,
          apiVersion: apiVersionOf(definition),
          subresource: context.subresource,
          resetFields: context.subresource === "status" ? resetFields.status : resetFields.main,
        });
        const applying = completeSteps(steps, versionsFor(context));
        const { object } = applying instanceof Promise ? await applying : applying;
        const copy = object === existing ? structuredClone(object) : object;
        // What the configuration holds is of the declared fields, but its values are as they were written.
        const { object: next } = fitObject(asJson(copy), definition, { fieldValidation: "Ignore" });
        definition.applyDefaults(next);
        return next;
      },
    };
  }
  return {
    createsMissing: false,
    unconditional: true,
    make: (existing, resourceVersion) => {
      const document = () => patchedDocument(patch, existing!, resourceVersion, definition);
      const shown = () =>
        patch.type === "strategic" ? goText(patch.value) : JSON.stringify(document());
      const { fieldValidation } = options;
      const { object, warnings } = patchedObject(document(), definition, fieldValidation, shown);
      for (const warning of warnings) context.warn(warning);
      definition.applyDefaults(object);
      return object;
    },
  };
}

/** The document that a patch makes of an object; shares nothing with either. */
function patchedDocument(
  patch: PatchBody,
  existing: KubeObject,
  resourceVersion: string,
  { schema }: ResourceDefinition,
): JsonObject {
  const value = cloneJson(patch.value);
  switch (patch.type) {
    case "json":
      // It copies the document itself.
      return withoutSame(
        applyJsonPatch(withRevision(asJson(existing), resourceVersion), value),
        resourceVersion,
      );
    case "merge":
      return applyMergePatch(asJson(cloneJson(existing)), value);
    default:
      return applyStrategicPatch(asJson(cloneJson(existing)), value, schema);
  }
}

/** The configuration as it was sent: what the schema does not know of it is for apply to refuse. */
function appliedConfiguration(
  { value, duplicates = [] }: PatchBody,
  { definition, warn }: WriteContext,
  fieldValidation: FieldValidation,
): KubeObject {
  if (!isJsonObject(value)) throw badRequest("an applied configuration is an object");
  const { kind } = value;
  if (kind !== definition.kind) {
    throw badRequest(
      `the kind in the data (${
        goText(kind)
      }) does not match the expected kind (${definition.kind})`,
    );
  }
  if (duplicates.length > 0 && fieldValidation !== "Ignore") {
    const lines = duplicates.map((line) => `\n  ${line}`).join("");
    const text = `error converting YAML to JSON: yaml: unmarshal errors:${lines}`;
    if (fieldValidation === "Strict") throw badRequest(`error strict decoding YAML: ${text}`);
    warn(text);
  }
  return cloneJson(value) as unknown as KubeObject;
}

/** An applied configuration belongs to its path; where it says nothing it takes name and namespace from there. */
function placeApplied(applied: KubeObject, context: WriteContext): void {
  const meta = applied.metadata ??= {};
  if ((meta.name ?? "") === "") meta.name = context.name;
  if (context.definition.namespaced && (meta.namespace ?? "") === "") {
    meta.namespace = context.namespace;
  }
}

/** A configuration may name the revision that it was made from. */
function checkAppliedRevision(
  { metadata }: KubeObject,
  resourceVersion: string,
  { definition, name }: WriteContext,
): void {
  const asked = metadata?.resourceVersion ?? "";
  if (asked !== "" && asked !== resourceVersion) {
    throw conflict(groupResource(definition), name, OBJECT_MODIFIED);
  }
}

/** A JSON patch may test the revision, so it must find one. */
function withRevision(document: JsonObject, resourceVersion: string): JsonObject {
  const metadata = document["metadata"];
  return isJsonObject(metadata)
    ? { ...document, metadata: { ...metadata, resourceVersion } }
    : document;
}

/** What the patch left alone is no demand of the caller's. */
function withoutSame(document: JsonObject, resourceVersion: string): JsonObject {
  const metadata = document["metadata"];
  if (isJsonObject(metadata) && metadata["resourceVersion"] === resourceVersion) {
    delete metadata["resourceVersion"];
  }
  return document;
}
