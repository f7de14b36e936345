import {
  ApiError,
  badRequest,
  conflict,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  OBJECT_MODIFIED,
} from "../../base/mod.ts";
import {
  applyJsonPatch,
  applyMergePatch,
  applyPatch,
  applyStrategicPatch,
  type FieldValidation,
  fitObject,
  type KubeObject,
  readYaml,
} from "../../api/mod.ts";
import { apiVersionOf, asJson } from "./encoding.ts";
import type { Change } from "./update.ts";
import { groupResource, type WriteContext } from "./write_context.ts";

const TYPES = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
} as const;
type PatchType = typeof TYPES[keyof typeof TYPES];

/** A patch without a revision is made anew when another write comes between, as often as upstream does. */
const PATCH_RETRIES = 5;

export interface PatchBody {
  readonly type: PatchType;
  readonly value: JsonValue;
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
    if (duplicates.length > 0) {
      throw badRequest(
        `error decoding YAML: ${duplicates.map((path) => `duplicate field "${path}"`).join(", ")}`,
      );
    }
    return { type, value };
  }
  try {
    return { type, value: JSON.parse(text) as JsonValue };
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : error}`);
  }
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
  const fit = (document: ReturnType<typeof asJson>): KubeObject => {
    const { object, warnings } = fitObject(document, definition, {
      fieldValidation: options.fieldValidation,
    });
    for (const warning of warnings) context.warn(warning);
    definition.applyDefaults(object);
    return object;
  };
  if (patch.type === "apply") {
    return {
      createsMissing: true,
      unconditional: true,
      retries: PATCH_RETRIES,
      ownership: "stated",
      make: (existing, resourceVersion) => {
        const { object: applied, warnings } = fitObject(
          asJson(structuredClone(patch.value) as KubeObject),
          definition,
          {
            fieldValidation: options.fieldValidation,
          },
        );
        for (const warning of warnings) context.warn(warning);
        placeApplied(applied, context);
        if (existing !== undefined) checkAppliedRevision(applied, resourceVersion, context);
        const { resetFields } = definition.strategy;
        const { object } = applyPatch({
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
        const next = object === existing ? structuredClone(object) : object;
        definition.applyDefaults(next);
        return next;
      },
    };
  }
  return {
    createsMissing: false,
    unconditional: true,
    retries: PATCH_RETRIES,
    make: (existing, resourceVersion) => {
      const document = asJson(structuredClone(existing!));
      switch (patch.type) {
        case "json":
          return fit(withoutSame(
            applyJsonPatch(withRevision(document, resourceVersion), patch.value),
            resourceVersion,
          ));
        case "merge":
          return fit(applyMergePatch(document, patch.value));
        default:
          return fit(applyStrategicPatch(document, patch.value, definition.schema));
      }
    },
  };
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
