import {
  ApiError,
  badRequest,
  cloneJson,
  equalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../base/mod.ts";

/** Upstream's limit of operations in one patch. */
const MAX_OPERATIONS = 10_000;
/** What `copy` operations may add together; copies of copies grow exponentially. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

type Operation = JsonObject & { op: string; path: string };

/**
 * Applies a JSON patch (RFC 6902) and answers the new document; the given one stays as it is.
 * Throws 400 for what is no patch, 413 for too many operations, 422 for one that does not apply.
 */
export function applyJsonPatch(document: JsonObject, patch: JsonValue): JsonObject {
  const operations = readOperations(patch);
  const holder: JsonObject = { root: cloneJson(document) };
  let copied = 0;
  for (const operation of operations) {
    if (operation.op === "copy") {
      copied += JSON.stringify(lookup(holder, pointer(operation["from"]))).length;
      if (copied > MAX_COPIED_BYTES) throw rejected();
    }
    applyOperation(holder, operation);
  }
  const result = holder["root"];
  if (!isJsonObject(result)) throw rejected();
  return result;
}

function readOperations(patch: JsonValue): Operation[] {
  if (!Array.isArray(patch)) {
    const kind = isJsonObject(patch) ? "object" : patch === null ? "null" : typeof patch;
    throw badRequest(
      `json: cannot unmarshal ${
        kind === "boolean" ? "bool" : kind
      } into Go value of type jsonpatch.Patch`,
    );
  }
  if (patch.length > MAX_OPERATIONS) {
    throw new ApiError(
      413,
      "RequestEntityTooLarge",
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  }
  for (const operation of patch) {
    if (!isJsonObject(operation)) {
      throw badRequest(
        `json: cannot unmarshal ${
          Array.isArray(operation) ? "array" : typeof operation
        } into Go value of type jsonpatch.Operation`,
      );
    }
    if (typeof operation["op"] !== "string" || typeof operation["path"] !== "string") {
      throw rejected();
    }
  }
  return patch as Operation[];
}

/** Upstream says no more than this of an operation that fails. */
function rejected(): ApiError {
  return new ApiError(
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
    {},
  );
}

function applyOperation(holder: JsonObject, operation: Operation): void {
  const path = pointer(operation.path);
  switch (operation.op) {
    case "add":
      return add(holder, path, valueOf(operation));
    case "remove":
      remove(holder, path);
      return;
    case "replace":
      lookup(holder, path);
      return set(holder, path, valueOf(operation));
    case "move": {
      const from = pointer(operation["from"]);
      // A place cannot move into itself.
      if (path.length > from.length && from.every((step, i) => step === path[i])) throw rejected();
      return add(holder, path, remove(holder, from));
    }
    case "copy":
      return add(holder, path, cloneJson(lookup(holder, pointer(operation["from"]))));
    case "test": {
      const expected = operation["value"] ?? null;
      const actual = lookup(holder, path, true) ?? null;
      if (!equalJson(actual, expected)) throw rejected();
      return;
    }
    default:
      throw rejected();
  }
}

function valueOf(operation: Operation): JsonValue {
  const value = operation["value"];
  if (value === undefined) throw rejected();
  return cloneJson(value);
}

/** `/a~1b/0` to its steps, below the holder's own. */
function pointer(text: JsonValue | undefined): string[] {
  if (typeof text !== "string" || (text !== "" && !text.startsWith("/"))) throw rejected();
  const steps = text.split("/").slice(1);
  return ["root", ...steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))];
}

function lookup(holder: JsonObject, path: readonly string[]): JsonValue;
function lookup(
  holder: JsonObject,
  path: readonly string[],
  orMissing: true,
): JsonValue | undefined;
function lookup(
  holder: JsonObject,
  path: readonly string[],
  orMissing = false,
): JsonValue | undefined {
  let value: JsonValue | undefined = holder;
  for (const [i, step] of path.entries()) {
    const next = member(value, step);
    if (next === undefined) {
      if (orMissing && i === path.length - 1 && isJsonObject(value)) return undefined;
      throw rejected();
    }
    value = next;
  }
  return value;
}

function member(value: JsonValue | undefined, step: string): JsonValue | undefined {
  if (Array.isArray(value)) return value[index(step, value.length - 1)];
  if (isJsonObject(value) && Object.hasOwn(value, step)) return value[step];
  return undefined;
}

function index(step: string, last: number): number {
  if (!/^(0|[1-9][0-9]{0,8})$/.test(step)) throw rejected();
  const at = Number(step);
  if (at > last) throw rejected();
  return at;
}

function parentOf(holder: JsonObject, path: readonly string[]): [JsonValue, string] {
  return [lookup(holder, path.slice(0, -1)), path[path.length - 1] ?? ""];
}

function add(holder: JsonObject, path: readonly string[], value: JsonValue): void {
  const [parent, step] = parentOf(holder, path);
  if (Array.isArray(parent)) {
    parent.splice(step === "-" ? parent.length : index(step, parent.length), 0, value);
  } else if (isJsonObject(parent)) define(parent, step, value);
  else throw rejected();
}

function set(holder: JsonObject, path: readonly string[], value: JsonValue): void {
  const [parent, step] = parentOf(holder, path);
  if (Array.isArray(parent)) parent[index(step, parent.length - 1)] = value;
  else if (isJsonObject(parent)) define(parent, step, value);
}

function remove(holder: JsonObject, path: readonly string[]): JsonValue {
  const value = lookup(holder, path);
  const [parent, step] = parentOf(holder, path);
  if (Array.isArray(parent)) parent.splice(index(step, parent.length - 1), 1);
  else if (isJsonObject(parent)) delete parent[step];
  return value;
}

/** Sets an own member, `__proto__` too. */
function define(parent: JsonObject, name: string, value: JsonValue): void {
  if (name === "__proto__") {
    Object.defineProperty(parent, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else parent[name] = value;
}
