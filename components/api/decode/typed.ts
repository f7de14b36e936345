import type { JsonObject, JsonValue } from "../../base/mod.ts";
import {
  canonicalQuantity,
  formatQuantity,
  parseQuantity,
  QuantityError,
  roundUpToMilli,
} from "../quantity.ts";
import { fieldSchema, type ScalarSchema, type Schema, type StructSchema } from "../schema.ts";
import { schemaOf } from "../schema/mod.ts";
import { MAX_NESTING, pathText } from "./json_scan.ts";
import { normalBytes, normalMicroTime, normalTime, ScalarError } from "./scalar.ts";

/** As many unknown fields as upstream reports. */
const MAX_UNKNOWN = 100;

const MAX_INT32 = 2 ** 31 - 1;
const MIN_INT32 = -(2 ** 31);
const MAX_INT64 = 2 ** 63;

/** A value that does not fit its type; the message is Go's. */
export class TypeMismatch extends Error {}

/** Metadata of a custom resource that is none; the message tells why, and where. */
export class MetadataMismatch extends Error {}

/**
 * Fits a parsed object to its schema, in place: drops unknown members, nulls and zeros that are no values, writes times, quantities and bytes
 * in their one form, and throws `TypeMismatch` where a value is of a wrong type. Custom resources (`lenient`) keep
 * nulls and wrong types outside their metadata: their own schema judges them later.
 */
export class Fitting {
  /** Paths of the members that the schema does not know. */
  readonly unknown: string[] = [];
  /** Members seen, to be compared with the members written in the text. */
  members = 0;
  readonly #path: (string | number)[] = [];
  /** Where in the path stand keys of maps, which Go's messages leave out. */
  readonly #keys: number[] = [];
  #lenient: boolean;

  constructor(lenient: boolean) {
    this.#lenient = lenient;
  }

  root(object: JsonObject, schema: StructSchema): void {
    this.#struct(object, schema);
  }

  #struct(object: JsonObject, schema: StructSchema): void {
    const path = this.#path;
    if (path.length > MAX_NESTING) throw new TypeMismatch("exceeded max depth");
    for (const name in object) {
      this.members++;
      const value = object[name];
      const field = schema.fields[name];
      path.push(name);
      if (field?.schema === undefined) {
        this.#countBelow(value, path.length);
        if (schema.preserveUnknown !== true) {
          if (this.unknown.length < MAX_UNKNOWN) this.unknown.push(pathText(path));
          delete object[name];
        }
      } else if (value === null) {
        if (!this.#lenient) delete object[name];
      } else {
        const lenient = this.#lenient;
        // The metadata of a custom resource is as typed as any.
        if (path.length === 1 && name === "metadata") this.#lenient = false;
        const fitted = this.#value(value as JsonValue, fieldSchema(field), schema.name);
        if (field.dropZero === true && isZero(fitted)) delete object[name];
        else if (fitted !== value) object[name] = fitted;
        this.#lenient = lenient;
      }
      path.pop();
    }
  }

  #value(value: JsonValue, schema: Schema, struct: string): JsonValue {
    switch (schema.type) {
      case "string":
        return typeof value === "string" ? value : this.#mismatch(value, struct, schema);
      case "struct":
        if (!isObject(value)) return this.#mismatch(value, struct, schema);
        this.#struct(value, schema);
        return value;
      case "list":
        if (!Array.isArray(value)) return this.#mismatch(value, struct, schema);
        for (let i = 0; i < value.length; i++) {
          this.#path.push(i);
          value[i] = this.#item(value[i] ?? null, schema.items, struct);
          this.#path.pop();
        }
        return value;
      case "map":
        if (!isObject(value)) return this.#mismatch(value, struct, schema);
        this.#keys.push(this.#path.length);
        for (const key in value) {
          this.members++;
          this.#path.push(key);
          const item = value[key] ?? null;
          const fitted = this.#item(item, schema.values, struct);
          if (fitted !== item) value[key] = fitted;
          this.#path.pop();
        }
        this.#keys.pop();
        return value;
      case "any":
        return this.#any(value, schema);
      default:
        return this.#scalar(value, schema, struct);
    }
  }

  #any(value: JsonValue, { object }: ScalarSchema): JsonValue {
    if (object === undefined) this.#countBelow(value, this.#path.length);
    else if (isObject(value)) this.#struct(value, object());
    else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) {
        this.#path.push(i);
        if (isObject(item)) this.#struct(item, object());
        else if (typeof item !== "string") this.#fail("JSON schema or string array expected");
        this.#path.pop();
      }
    } else if (typeof value !== "boolean") this.#fail("boolean or JSON schema expected");
    return value;
  }

  /** An element that is null is its type's zero, as in Go. */
  #item(value: JsonValue, schema: Schema, struct: string): JsonValue {
    if (value !== null || this.#lenient) return this.#value(value, schema, struct);
    switch (schema.type) {
      case "struct":
      case "map":
        return {};
      case "list":
        return [];
      case "boolean":
        return false;
      case "int32":
      case "int64":
      case "double":
      case "intOrString":
        return 0;
      case "quantity":
        return "0";
      case "any":
      // No text stands for Go's zero time.
      case "time":
      case "microTime":
        return null;
      default:
        return "";
    }
  }

  #scalar(value: JsonValue, schema: Schema, struct: string): JsonValue {
    switch (schema.type) {
      case "boolean":
        return typeof value === "boolean" ? value : this.#mismatch(value, struct, schema);
      case "int32":
      case "int64": {
        const [min, max] = schema.type === "int32"
          ? [MIN_INT32, MAX_INT32]
          : [-MAX_INT64, MAX_INT64];
        return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
          ? value
          : this.#mismatch(value, struct, schema);
      }
      case "double":
        return typeof value === "number" ? value : this.#mismatch(value, struct, schema);
      case "intOrString":
        if (typeof value === "string") return value;
        if (Number.isInteger(value) && Math.abs(Number(value)) <= MAX_INT32) return value;
        return this.#lenient ? value : this.#fail(
          `json: cannot unmarshal ${wordFor(value)} into Go value of type int32`,
        );
      case "quantity":
        if (typeof value !== "string" && typeof value !== "number") {
          return this.#mismatch(value, struct, schema);
        }
        return this.#checked(value, () => {
          const text = canonicalQuantity(String(value).trim());
          const inResourceList = this.#keys.at(-1) === this.#path.length - 1;
          return inResourceList && /[nu]$/.test(text)
            ? formatQuantity(roundUpToMilli(parseQuantity(text)))
            : text;
        });
      case "time":
      case "microTime":
      case "bytes": {
        if (typeof value !== "string") return this.#mismatch(value, struct, schema);
        const normal = schema.type === "time"
          ? normalTime
          : schema.type === "microTime"
          ? normalMicroTime
          : normalBytes;
        return this.#checked(value, () => normal(value));
      }
      default:
        return typeof value === "string" ? value : this.#mismatch(value, struct, schema);
    }
  }

  #checked(value: JsonValue, normal: () => string): JsonValue {
    try {
      return normal();
    } catch (error) {
      if (!(error instanceof ScalarError || error instanceof QuantityError)) throw error;
      return this.#lenient ? value : this.#fail(error.message);
    }
  }

  #mismatch(value: JsonValue, struct: string, schema: Schema): JsonValue {
    if (this.#lenient) {
      this.#countBelow(value, this.#path.length);
      return value;
    }
    const field = this.#path.filter((step, index) =>
      typeof step === "string" && !this.#keys.includes(index)
    ).join(".");
    const owner = struct.slice(struct.lastIndexOf(".") + 1);
    return this.#fail(
      `json: cannot unmarshal ${wordFor(value, schema)} into Go struct field ` +
        `${owner}.${field} of type ${goType(schema)}`,
    );
  }

  #fail(message: string): never {
    throw new TypeMismatch(message);
  }

  /** Counts the members below a value that has no schema. */
  #countBelow(value: JsonValue | undefined, depth: number): void {
    if (depth > MAX_NESTING) throw new TypeMismatch("exceeded max depth");
    if (Array.isArray(value)) {
      for (const item of value) this.#countBelow(item, depth + 1);
    } else if (typeof value === "object" && value !== null) {
      for (const key in value) {
        this.members++;
        this.#countBelow(value[key], depth + 1);
      }
    }
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What Go leaves out of a member that may be left out. */
function isZero(value: JsonValue): boolean {
  if (typeof value !== "object" || value === null) {
    return value === "" || value === 0 || value === false;
  }
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

/** How Go's JSON calls a value; numbers that an integer cannot hold are shown. */
function wordFor(value: JsonValue, schema?: Schema): string {
  if (typeof value === "number") {
    return schema?.type === "int32" || schema?.type === "int64" ? `number ${value}` : "number";
  }
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? "array" : "object";
}

/** The Go type that a schema stands for. */
function goType(schema: Schema): string {
  switch (schema.type) {
    case "struct":
      return schema.name.slice(schema.name.indexOf(".") + 1);
    case "list":
      return `[]${goType(schema.items)}`;
    case "map":
      return `map[string]${goType(schema.values)}`;
    case "boolean":
      return "bool";
    case "double":
      return "float64";
    case "bytes":
      return "[]uint8";
    case "quantity":
      return "resource.Quantity";
    case "intOrString":
      return "intstr.IntOrString";
    case "any":
      return "interface {}";
    case "int32":
    case "int64":
      return schema.type;
    default:
      return "string";
  }
}

/** Fits metadata that stands somewhere in an object, in place; `error` is why it is none, in Go's words. */
export function fitMetadata(
  metadata: JsonValue,
): { readonly unknown: readonly string[]; readonly error?: string } {
  if (metadata === null) return { unknown: [] };
  const fitting = new Fitting(false);
  try {
    if (!isObject(metadata)) {
      const word = wordFor(metadata);
      throw new TypeMismatch(`json: cannot unmarshal ${word} into Go value of type v1.ObjectMeta`);
    }
    fitting.root(metadata, schemaOf("meta.v1.ObjectMeta"));
    return { unknown: fitting.unknown };
  } catch (error) {
    if (!(error instanceof TypeMismatch)) throw error;
    return { unknown: [], error: error.message };
  }
}
