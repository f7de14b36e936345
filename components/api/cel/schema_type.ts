import { escapeName } from "./escape.ts";
import {
  BOOL,
  BYTES,
  type CelField,
  type CelObjectType,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  STRING,
  TIMESTAMP,
} from "./type.ts";

/** What a structural schema says that matters to expressions; the schemas of CustomResourceDefinitions are of this shape. */
export interface CelSchema {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, CelSchema>>;
  /** A schema; `true` and `false` say nothing to expressions. */
  readonly additionalProperties?: unknown;
  /** A schema. */
  readonly items?: unknown;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
}

/** Bytes of the largest request, by which what has no bound of its own is bounded. */
const REQUEST_BYTES = 3 * 1024 * 1024;
/** A `""` of JSON. */
const QUOTES = 2;

/** Upstream takes keys of maps for empty, as it does what has no size. */
const KEY: CelType = { ...STRING, maxElements: 0 };

/** A type with the bytes that its least value takes in JSON. */
interface Declared {
  readonly type: CelType;
  readonly bytes: number;
}

/**
 * The type that expressions see of a structural schema; undefined where they see nothing of it, as of members
 * without a type. Roots of resources have `apiVersion`, `kind` and `metadata` whatever their schema says.
 */
export function celTypeOfSchema(
  schema: CelSchema,
  { root = false, name = "selfType" }: { readonly root?: boolean; readonly name?: string } = {},
): CelType | undefined {
  return declare(schema, root, name)?.type;
}

/**
 * How many values of a schema a request can hold at most: a rule on what lies under lists and maps without bounds may
 * run that often.
 */
export function celCardinality(schema: CelSchema, root = false): number {
  const bytes = declare(schema, root, "selfType")?.bytes ?? 0;
  return Math.floor(REQUEST_BYTES / (bytes + 1));
}

function declare(schema: CelSchema, root: boolean, name: string): Declared | undefined {
  const declared = declareValue(schema, root, name);
  if (declared === undefined || schema.nullable !== true) return declared;
  return { ...declared, type: { ...declared.type, nullable: true } as CelType };
}

function declareValue(schema: CelSchema, root: boolean, name: string): Declared | undefined {
  if (schema["x-kubernetes-int-or-string"] === true) {
    const maxElements = schema.maxLength === undefined
      ? REQUEST_BYTES - QUOTES
      : bytesOf(schema.maxLength);
    return { type: { ...DYN, wire: "intOrString", maxElements }, bytes: 1 };
  }
  switch (root ? "object" : schema.type) {
    case "array":
      return declareArray(schema, name);
    case "object":
      return declareObject(root ? withObjectMeta(schema) : schema, name);
    case "string":
      return declareString(schema);
    case "boolean":
      return { type: { ...BOOL, maxElements: 0 }, bytes: 4 };
    case "number":
      return { type: { ...DOUBLE, maxElements: 0 }, bytes: 1 };
    case "integer":
      return { type: { ...INT, maxElements: 0 }, bytes: 1 };
    default:
      return undefined;
  }
}

function declareArray(schema: CelSchema, name: string): Declared | undefined {
  const { items } = schema;
  if (!isSchema(items)) return undefined;
  const element = declare(items, isEmbedded(items), `${name}.@idx`);
  if (element === undefined) return undefined;
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"];
  return {
    type: {
      kind: "list",
      element: element.type,
      maxElements: schema.maxItems === undefined
        ? Math.floor((REQUEST_BYTES - 2) / (element.bytes + 1))
        : Math.max(schema.maxItems, 0),
      ...(listType === "set" || listType === "map" ? { listType } : {}),
      ...(keys === undefined ? {} : { keys: keys.map((key) => escapeName(key) ?? key) }),
    },
    bytes: 2,
  };
}

function declareObject(schema: CelSchema, name: string): Declared | undefined {
  if (isSchema(schema.additionalProperties)) {
    const values = schema.additionalProperties;
    const value = declare(values, isEmbedded(values), `${name}.@elem`);
    if (value === undefined) return undefined;
    // A key, its quotes, a colon and a comma.
    const maxElements = schema.maxProperties === undefined
      ? Math.floor((REQUEST_BYTES - 2) / (value.bytes + 6))
      : Math.max(schema.maxProperties, 0);
    return { type: { kind: "map", key: KEY, value: value.type, maxElements }, bytes: 2 };
  }
  const required = new Set(schema.required ?? []);
  const fields = new Map<string, CelField>();
  let bytes = 2;
  for (const [wireName, property] of Object.entries(schema.properties ?? {})) {
    const field = escapeName(wireName);
    const declared = declare(property, isEmbedded(property), `${name}.${field ?? wireName}`);
    if (declared === undefined) continue;
    if (field !== undefined) fields.set(field, { type: declared.type, wireName });
    if (required.has(wireName) && property.default === undefined) {
      bytes += utf8Length(wireName) + declared.bytes + 4;
    }
  }
  return { type: { kind: "object", name, fields, maxElements: 0 } satisfies CelObjectType, bytes };
}

function declareString(schema: CelSchema): Declared {
  switch (schema.format) {
    case "byte": {
      const maxElements = schema.maxLength === undefined
        ? REQUEST_BYTES - QUOTES
        : Math.max(schema.maxLength, 0);
      return { type: { ...BYTES, maxElements }, bytes: QUOTES };
    }
    case "duration":
      return { type: { ...DURATION, maxElements: 32 }, bytes: 3 };
    case "date":
      return { type: { ...TIMESTAMP, maxElements: 12, dateOnly: true }, bytes: 12 };
    case "date-time":
      return { type: { ...TIMESTAMP, maxElements: 32 }, bytes: 21 };
  }
  const { maxLength, enum: values } = schema;
  const maxElements = maxLength !== undefined
    ? bytesOf(maxLength)
    : values !== undefined && values.length > 0
    ? Math.max(0, ...values.map((value) => typeof value === "string" ? utf8Length(value) : 0))
    : REQUEST_BYTES - QUOTES;
  return { type: { ...STRING, maxElements }, bytes: QUOTES };
}

/** A schema counts characters, each of up to four bytes. */
const bytesOf = (characters: number): number => Math.max(characters, 0) * 4;

const utf8Length = (text: string): number => new TextEncoder().encode(text).length;

function isSchema(value: unknown): value is CelSchema {
  return typeof value === "object" && value !== null;
}

const isEmbedded = (schema: CelSchema): boolean =>
  schema["x-kubernetes-embedded-resource"] === true;

/** What every resource has. A schema that declares `metadata` otherwise gets the plain one. */
function withObjectMeta(schema: CelSchema): CelSchema {
  const string: CelSchema = { type: "string" };
  const { kind, apiVersion, metadata } = schema.properties ?? {};
  const isString = (property: CelSchema | undefined): boolean => property?.type === "string";
  const declared = isString(kind) && isString(apiVersion) && metadata?.type === "object" &&
    isString(metadata.properties?.["name"]) && isString(metadata.properties?.["generateName"]);
  if (declared) return schema;
  return {
    ...schema,
    properties: {
      ...schema.properties,
      kind: string,
      apiVersion: string,
      metadata: { type: "object", properties: { name: string, generateName: string } },
    },
  };
}
