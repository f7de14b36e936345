import { ApiError, hasReason, type JsonObject, type JsonValue } from "../../base/mod.ts";
import {
  type FieldValidation,
  fitObject,
  type KubeObject,
  type ResourceDefinition,
} from "../../api/served.ts";

/**
 * Reads what a patch made as an object again. What does not fit is the patch's fault: 422 that shows `shown`, the
 * patched document or the patch, which is asked for only then.
 */
export function patchedObject(
  document: JsonObject,
  definition: ResourceDefinition,
  fieldValidation: FieldValidation,
  shown: () => string,
): { readonly object: KubeObject; readonly warnings: readonly string[] } {
  try {
    return fitObject(document, definition, { fieldValidation });
  } catch (error) {
    const { kind, version } = definition;
    const prefix = `${kind} in version "${version}" cannot be handled as a ${kind}: `;
    if (!hasReason(error, "BadRequest") || !error.message.startsWith(prefix)) throw error;
    const why = `Invalid value: ${JSON.stringify(shown())}: ${error.message.slice(prefix.length)}`;
    throw new ApiError(422, "Invalid", ` "" is invalid: patch: ${why}`, {
      causes: [{ reason: "FieldValueInvalid", message: why, field: "patch" }],
    });
  }
}

/** A value as Go prints it: how a strategic patch is shown. */
export function goText(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  return `map[${Object.keys(value).sort().map((key) => `${key}:${goText(value[key])}`).join(" ")}]`;
}
