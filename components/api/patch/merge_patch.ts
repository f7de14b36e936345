import { badRequest, isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";

/**
 * Applies a JSON merge patch (RFC 7386): null removes, objects merge, all else replaces. Shares unchanged parts with
 * the document, which stays as it is. Throws 400 for a patch that is no object.
 */
export function applyMergePatch(document: JsonObject, patch: JsonValue): JsonObject {
  if (!isJsonObject(patch)) throw badRequest("Invalid JSON Patch");
  return merge(document, patch);
}

function merge(document: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...document };
  for (const name of Object.keys(patch)) {
    const change = patch[name];
    if (name === "__proto__") continue;
    if (change === null || change === undefined) delete result[name];
    else if (isJsonObject(change)) {
      const current = Object.hasOwn(result, name) ? result[name] : undefined;
      result[name] = merge(isJsonObject(current) ? current : {}, change);
    } else result[name] = change;
  }
  return result;
}
