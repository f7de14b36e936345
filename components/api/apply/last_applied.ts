import { isJsonObject, type JsonObject } from "../../base/mod.ts";
import type { StructSchema } from "../schema.ts";
import { appliedFields } from "./extract.ts";
import { compareObjects } from "./compare.ts";
import { difference, EMPTY_SET, type FieldSet } from "./field_set.ts";

/** Where `kubectl apply` without `--server-side` keeps what it applied. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** The only manager that takes over from client-side apply: kubectl's own server-side one. */
const UPGRADING_MANAGER = "kubectl";
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const metadata = object["metadata"];
  const annotations = isJsonObject(metadata) ? metadata["annotations"] : undefined;
  return isJsonObject(annotations) ? annotations : undefined;
}

function lastApplied(object: JsonObject): string | undefined {
  const text = annotationsOf(object)?.[LAST_APPLIED];
  return typeof text === "string" && text !== "" ? text : undefined;
}

/**
 * The fields that server-side `kubectl apply` may take without force, since client-side apply set them: those of the
 * last configuration whose live value is still the same.
 */
export function upgradableFields(
  live: JsonObject,
  manager: string,
  schema: StructSchema,
): FieldSet {
  const text = manager === UPGRADING_MANAGER ? lastApplied(live) : undefined;
  if (text === undefined) return EMPTY_SET;
  let last: unknown;
  try {
    last = JSON.parse(text);
  } catch {
    return EMPTY_SET;
  }
  if (!isJsonObject(last)) return EMPTY_SET;
  const fields = appliedFields(last, schema);
  const changes = compareObjects(last, live, schema);
  return changes === undefined ? fields : difference(fields, changes.changed);
}

/** Keeps the annotation true for an object that both kinds of apply take turns at. */
export function refreshLastApplied(
  object: JsonObject,
  live: JsonObject,
  applied: JsonObject,
  manager: string,
): JsonObject {
  if (manager !== UPGRADING_MANAGER || lastApplied(live) === undefined) return object;
  const metadata = isJsonObject(applied["metadata"]) ? applied["metadata"] : {};
  const { managedFields: _, ...kept } = metadata;
  const { [LAST_APPLIED]: __, ...annotations } = annotationsOf(applied) ?? {};
  const text = `${JSON.stringify({ ...applied, metadata: { ...kept, annotations } })}\n`;
  const current = annotationsOf(object) ?? {};
  if (current[LAST_APPLIED] === text || text.length > MAX_ANNOTATIONS_BYTES) return object;
  return {
    ...object,
    metadata: {
      ...(object["metadata"] as JsonObject),
      annotations: { ...current, [LAST_APPLIED]: text },
    },
  };
}
