import { isJsonObject, type JsonValue, parseDuration } from "../../base/mod.ts";

/** A configuration that the server cannot be started with; the message says where and why. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** Reads one value of a configuration, or throws `ConfigurationError`. `path` is where it stands. */
export type Field<T> = (value: JsonValue | undefined, path: string) => T;

function wrong(path: string, value: JsonValue | undefined, why: string): never {
  if (value === undefined) throw new ConfigurationError(`${path}: Required value`);
  throw new ConfigurationError(`${path}: Invalid value: ${JSON.stringify(value)}: ${why}`);
}

export const text: Field<string> = (value, path) =>
  typeof value === "string" ? value : wrong(path, value, "must be a string");

export const flag: Field<boolean> = (value, path) =>
  typeof value === "boolean" ? value : wrong(path, value, "must be true or false");

export const integer: Field<number> = (value, path) =>
  typeof value === "number" && Number.isSafeInteger(value)
    ? value
    : wrong(path, value, "must be a whole number");

/** Any value at all; `null` where there is none. */
export const anything: Field<JsonValue> = (value) => value ?? null;

/** One of a few words. */
export const choice = <T extends string>(...words: readonly T[]): Field<T> => (value, path) => {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  if (value === undefined) return wrong(path, value, "");
  throw new ConfigurationError(
    `${path}: Unsupported value: ${JSON.stringify(value)}: supported values: ${
      [...words].sort().map((word) => JSON.stringify(word)).join(", ")
    }`,
  );
};

/** A length of time as `1h30m`, in milliseconds; never negative. */
export const duration: Field<number> = (value, path) => {
  if (typeof value !== "string") return wrong(path, value, "must be a duration");
  let length: number;
  try {
    length = parseDuration(value);
  } catch (error) {
    return wrong(path, value, error instanceof Error ? error.message : String(error));
  }
  return length < 0 ? wrong(path, value, "must not be negative") : length;
};

/** The field, or undefined where nothing stands there. */
export const optional = <T>(field: Field<T>): Field<T | undefined> => (value, path) =>
  value === undefined || value === null ? undefined : field(value, path);

/** The field, or another value where nothing stands there. */
export const fallback = <T>(field: Field<T>, other: T): Field<T> => (value, path) =>
  value === undefined || value === null ? other : field(value, path);

/** A list; none is an empty one. */
export const list = <T>(field: Field<T>): Field<readonly T[]> => (value, path) => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return wrong(path, value, "must be a list");
  return value.map((item, i) => field(item, `${path}[${i}]`));
};

/** Values by any name; none is an empty map. */
export const mapOf = <T>(field: Field<T>): Field<ReadonlyMap<string, T>> => (value, path) => {
  if (value === undefined || value === null) return new Map();
  if (!isJsonObject(value)) return wrong(path, value, "must be a map");
  return new Map(
    Object.entries(value).map(([name, item]) => [name, field(item, `${path}[${name}]`)]),
  );
};

/** An object of exactly these members. */
export const members = <T extends Readonly<Record<string, unknown>>>(
  fields: { readonly [K in keyof T]: Field<T[K]> },
): Field<T> =>
(value, path) => {
  if (!isJsonObject(value)) return wrong(path, value, "must be an object");
  const at = (name: string) => path === "" ? name : `${path}.${name}`;
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(fields, name)) {
      throw new ConfigurationError(
        `strict decoding error: unknown field ${JSON.stringify(at(name))}`,
      );
    }
  }
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields) as [string, Field<unknown>][]) {
    result[name] = field(value[name], at(name));
  }
  return result as T;
};
