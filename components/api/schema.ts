/**
 * The shape of a value of the API: what decoding, unknown-field warnings, patches, server-side apply, OpenAPI,
 * `kubectl explain` and protobuf all read. Built-in kinds come from generated tables, custom resources from their CRD.
 */
export type Schema =
  | ScalarSchema
  | StructSchema
  | MapSchema
  | ListSchema;

/**
 * `any` is arbitrary JSON that is kept as it is. `intOrString`, `quantity`, `time`, `microTime`, `duration` and
 * `bytes` (base64) are strings on the wire but for `intOrString`, which may be a number.
 */
export interface ScalarSchema {
  readonly type:
    | "string"
    | "boolean"
    | "int32"
    | "int64"
    | "double"
    | "intOrString"
    | "quantity"
    | "time"
    | "microTime"
    | "duration"
    | "bytes"
    | "any";
  /** Of `any`: an object is one of this struct, as is each object of a list. */
  readonly object?: () => StructSchema;
}

/** A struct with named members. */
export interface StructSchema {
  readonly type: "struct";
  /** `core.v1.PodSpec`; for custom resources a name of the CRD's. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** x-kubernetes-map-type: atomic. Server-side apply owns it as one leaf. */
  readonly atomic?: boolean;
  /** Of a custom resource: nothing of it is there before it is set. */
  readonly custom?: boolean;
  /** Members that the schema does not name are kept (x-kubernetes-preserve-unknown-fields). */
  readonly preserveUnknown?: boolean;
}

export interface MapSchema {
  readonly type: "map";
  readonly values: Schema;
  readonly atomic?: boolean;
}

/** `listType` rules server-side apply; the strategic-merge rules stand on the `Field`. */
export interface ListSchema {
  readonly type: "list";
  readonly items: Schema;
  readonly listType: "atomic" | "set" | "map";
  /** Keys of a `map` list, with the default that stands for a missing key (`protocol`: TCP). */
  readonly keys?: readonly {
    readonly name: string;
    readonly default?: string | number | boolean;
  }[];
}

/** A member of a struct. `schema` is a thunk where a type refers to itself. */
export interface Field {
  readonly schema: Schema | (() => Schema);
  readonly required?: boolean;
  /** An optional `""`, 0, false, empty list or map is no value: reading drops it, as Go's `omitempty` does. */
  readonly dropZero?: boolean;
  /** Strategic merge: how a patch of this member is taken, and the key of a merged list. */
  readonly patchStrategy?: readonly ("merge" | "replace" | "retainKeys")[];
  readonly patchMergeKey?: string;
  /** Values a closed enum allows. */
  readonly enum?: readonly string[];
  readonly description?: string;
}

/** The schema a field holds, thunk or not. */
export function fieldSchema(field: Field): Schema {
  return typeof field.schema === "function" ? field.schema() : field.schema;
}
