/**
 * The type of a CEL value. Types of variables also carry what the estimator of costs needs (`maxElements`: items,
 * entries, characters or bytes at most) and how Kubernetes compares lists; neither matters to the checker.
 */
export type CelType =
  | CelScalarType
  | CelListType
  | CelMapType
  | CelObjectType
  | CelOpaqueType
  | CelTypeType
  | CelTypeParameter;

/**
 * `null` is CEL's `null_type`. `dyn` is any value: its type is known when it is evaluated. `error` marks what the
 * checker has already complained about.
 */
export interface CelScalarType {
  readonly kind:
    | "bool"
    | "int"
    | "uint"
    | "double"
    | "string"
    | "bytes"
    | "null"
    | "duration"
    | "timestamp"
    | "dyn"
    | "error";
  readonly maxElements?: number;
  /** `dyn` only: int-or-string, or data without a schema, that expressions can only compare. */
  readonly wire?: "intOrString" | "unknown";
  /** `null` is a value of it on the wire too. */
  readonly nullable?: boolean;
  /** Timestamps that are written as a date alone. */
  readonly dateOnly?: boolean;
}

/** Lists of type `set` and `map` compare without order, and `+` merges them. `keys` are the wire's names. */
export interface CelListType {
  readonly kind: "list";
  readonly element: CelType;
  readonly listType?: "atomic" | "set" | "map";
  readonly keys?: readonly string[];
  readonly maxElements?: number;
  readonly nullable?: boolean;
}

export interface CelMapType {
  readonly kind: "map";
  readonly key: CelType;
  readonly value: CelType;
  readonly maxElements?: number;
  readonly nullable?: boolean;
}

/** An object with declared fields. Two objects are of one type when their names are the same. */
export interface CelObjectType {
  readonly kind: "object";
  readonly name: string;
  /** By the name that expressions use (`my__dash__name`). */
  readonly fields: CelFields;
  readonly maxElements?: number;
  readonly nullable?: boolean;
}

/** A `Map` serves; types that refer to themselves answer from a table instead. */
export interface CelFields {
  get(name: string): CelField | undefined;
}

export interface CelField {
  readonly type: CelType;
  /** The member's name in JSON. */
  readonly wireName: string;
}

/** A type that only functions make and read: `optional_type(T)`, `kubernetes.Quantity`. */
export interface CelOpaqueType {
  readonly kind: "opaque";
  readonly name: string;
  readonly parameters: readonly CelType[];
  readonly nullable?: boolean;
}

/** The type of a type: `int` in an expression is a value of it. */
export interface CelTypeType {
  readonly kind: "type";
  readonly of: CelType | undefined;
}

/** Stands for any one type in the signature of a function. */
export interface CelTypeParameter {
  readonly kind: "parameter";
  readonly name: string;
}

export const BOOL: CelScalarType = { kind: "bool" };
export const INT: CelScalarType = { kind: "int" };
export const UINT: CelScalarType = { kind: "uint" };
export const DOUBLE: CelScalarType = { kind: "double" };
export const STRING: CelScalarType = { kind: "string" };
export const BYTES: CelScalarType = { kind: "bytes" };
export const NULL: CelScalarType = { kind: "null" };
export const DURATION: CelScalarType = { kind: "duration" };
export const TIMESTAMP: CelScalarType = { kind: "timestamp" };
export const DYN: CelScalarType = { kind: "dyn" };
export const ERROR: CelScalarType = { kind: "error" };

export function listOf(element: CelType): CelListType {
  return { kind: "list", element };
}

export function mapOf(key: CelType, value: CelType): CelMapType {
  return { kind: "map", key, value };
}

export function optionalOf(of: CelType): CelOpaqueType {
  return { kind: "opaque", name: "optional_type", parameters: [of] };
}

export function opaque(name: string): CelOpaqueType {
  return { kind: "opaque", name, parameters: [] };
}

export function parameter(name: string): CelTypeParameter {
  return { kind: "parameter", name };
}

/** An object type of a record of fields whose names need no escape. */
export function objectOf(
  name: string,
  fields: Readonly<Record<string, CelType>>,
): CelObjectType {
  const map = new Map<string, CelField>();
  for (const [field, type] of Object.entries(fields)) map.set(field, { type, wireName: field });
  return { kind: "object", name, fields: map };
}

/** The types under one name, for other rooms. */
export const CelTypes = {
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
  null: NULL,
  duration: DURATION,
  timestamp: TIMESTAMP,
  dyn: DYN,
  list: listOf,
  map: mapOf,
  optional: optionalOf,
  object: objectOf,
} as const;

/** The types that `T` stands for inside the type, in order. */
export function typeParameters(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case "list":
      return [type.element];
    case "map":
      return [type.key, type.value];
    case "opaque":
      return type.parameters;
    case "type":
      return type.of === undefined ? [] : [type.of];
    default:
      return [];
  }
}

/** The type's name without its parameters, as `type(x)` prints it. */
export function typeName(type: CelType): string {
  switch (type.kind) {
    case "null":
      return "null_type";
    case "duration":
      return "google.protobuf.Duration";
    case "timestamp":
      return "google.protobuf.Timestamp";
    case "error":
      return "!error!";
    case "object":
    case "opaque":
    case "parameter":
      return type.name;
    default:
      return type.kind;
  }
}

/** The type as compile errors print it. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case "null":
    case "duration":
    case "timestamp":
      return type.kind;
    default: {
      const parameters = typeParameters(type);
      if (parameters.length === 0) return typeName(type);
      return `${typeName(type)}(${parameters.map(formatType).join(", ")})`;
    }
  }
}

/** Whether two types are one and the same, parameters included. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (typeName(a) !== typeName(b)) return false;
  const left = typeParameters(a);
  const right = typeParameters(b);
  return left.length === right.length &&
    left.every((parameter, i) => sameType(parameter, right[i] as CelType));
}
