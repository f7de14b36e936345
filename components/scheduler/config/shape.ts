import { isJsonObject, parseDuration } from "../../base/mod.ts";

/** What a member of a configuration may be. `object` is any object: its reader knows more. */
export type Shape =
  | "string"
  | "integer"
  | "boolean"
  | "duration"
  | "object"
  | { readonly list: Shape }
  | { readonly members: Readonly<Record<string, Shape>> };

/** A configuration that cannot be read; its message is upstream's. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

const GO_TYPES: Readonly<Record<string, string>> = {
  string: "string",
  integer: "int32",
  boolean: "bool",
  duration: "v1.Duration",
  object: "struct",
};

/** Names of the members that a value has and its shape does not, as paths. Throws for a value of the wrong type. Pure. */
export function unknownMembers(value: unknown, shape: Shape, kind: string, path = ""): string[] {
  if (value === null || value === undefined) return [];
  if (typeof shape === "string") {
    checkPlain(value, shape, kind, path);
    return [];
  }
  if ("list" in shape) {
    if (!Array.isArray(value)) throw mistyped(value, `[]${typeName(shape.list)}`, kind, path);
    return value.flatMap((item, i) => unknownMembers(item, shape.list, kind, `${path}[${i}]`));
  }
  if (!isJsonObject(value)) throw mistyped(value, "struct", kind, path);
  return Object.entries(value).flatMap(([name, member]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const known = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
    return known === undefined ? [at] : unknownMembers(member, known, kind, at);
  });
}

function checkPlain(value: unknown, shape: string, kind: string, path: string): void {
  const fits = shape === "string" || shape === "duration"
    ? typeof value === "string"
    : shape === "integer"
    ? Number.isInteger(value) && Math.abs(value as number) <= 0x7fffffff
    : shape === "boolean"
    ? typeof value === "boolean"
    : isJsonObject(value);
  if (!fits) throw mistyped(value, GO_TYPES[shape] ?? shape, kind, path);
  if (shape !== "duration") return;
  try {
    parseDuration(value as string);
  } catch (error) {
    throw new ConfigurationError((error as Error).message);
  }
}

function typeName(shape: Shape): string {
  return typeof shape === "string" ? GO_TYPES[shape] ?? shape : "struct";
}

function mistyped(value: unknown, wanted: string, kind: string, path: string): ConfigurationError {
  const what = Array.isArray(value)
    ? "array"
    : typeof value === "boolean"
    ? "bool"
    : typeof value === "number" && wanted.startsWith("int")
    ? `number ${value}`
    : typeof value;
  return new ConfigurationError(
    `json: cannot unmarshal ${what} into Go struct field ${kind}.${
      path.replaceAll(/\[\d+\]/g, "")
    } of type ${wanted}`,
  );
}
