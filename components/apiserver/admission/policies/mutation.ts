import {
  cloneJson,
  equalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../../base/mod.ts";
import {
  applyJsonPatch,
  fieldSchema,
  mergeApplied,
  type Schema,
  type StructSchema,
} from "../../../api/served.ts";

/** The object that an apply configuration makes of another; shares with it what stays. Throws an `Error`. Pure. */
export function withConfiguration(
  object: JsonObject,
  configuration: unknown,
  schema: StructSchema,
): JsonObject {
  const applied = plain(configuration);
  if (!isJsonObject(applied)) throw new Error("unsupported return type from ApplyConfiguration");
  const problems: string[] = [];
  const { apiVersion = null, kind = null } = object;
  const atomic = atomicIn(applied, schema, "");
  if (atomic !== undefined) {
    throw new Error(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic}`,
    );
  }
  const merged = mergeApplied(object, { ...applied, apiVersion, kind }, schema, problems);
  if (problems.length > 0) {
    throw new Error(
      `error applying patch: failed to convert patch object to typed object: ${
        problems.join(", ")
      }`,
    );
  }
  return merged;
}

/** The first list or map that is one value and would become another: a configuration would drop what others put there. */
function atomicIn(value: JsonValue | undefined, schema: Schema, path: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (schema.type === "list") {
    if (schema.listType === "atomic") return path;
    if (!Array.isArray(value)) return undefined;
    return firstOf(value.entries(), ([i, item]) => atomicIn(item, schema.items, `${path}[${i}]`));
  }
  if (schema.type !== "struct" && schema.type !== "map") return undefined;
  if (schema.atomic === true) return path;
  return firstOf(Object.entries(value), ([name, member]) => {
    const field = schema.type === "map"
      ? schema.values
      : Object.hasOwn(schema.fields, name)
      ? fieldSchema(schema.fields[name]!)
      : undefined;
    return field === undefined ? undefined : atomicIn(member, field, `${path}.${name}`);
  });
}

function firstOf<T>(all: Iterable<T>, find: (each: T) => string | undefined): string | undefined {
  for (const each of all) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The object that operations make of another. A test that fails means that there is nothing to do. Throws an `Error` for
 * operations that do not fit. Pure.
 */
export function withOperations(object: JsonObject, operations: unknown): JsonObject {
  const list = plain(operations);
  if (!Array.isArray(list)) throw new Error("unsupported return type from JSONPatch");
  try {
    return applyJsonPatch(object, list);
  } catch (error) {
    if (failedTest(object, list)) return object;
    throw new Error(`JSON Patch: ${error instanceof Error ? error.message : error}`);
  }
}

/** True where the operation that fails is a test. */
function failedTest(object: JsonObject, operations: readonly JsonValue[]): boolean {
  for (const [i, operation] of operations.entries()) {
    try {
      applyJsonPatch(object, operations.slice(0, i + 1) as JsonValue);
    } catch {
      return isJsonObject(operation) && operation["op"] === "test";
    }
  }
  return false;
}

/** A value of an expression as JSON of its own; whole numbers past what JSON keeps lose their end. */
function plain(value: unknown): JsonValue {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return cloneJson(value) as JsonValue;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

export const unchanged = (a: JsonObject, b: JsonObject): boolean => a === b || equalJson(a, b);
