import type { JsonObject, StatusCause } from "../base/mod.ts";
import type { KubeObject } from "./object.ts";
import type { StructSchema } from "./schema.ts";

/** Verbs as discovery lists them. */
export type Verb =
  | "create"
  | "delete"
  | "deletecollection"
  | "get"
  | "list"
  | "patch"
  | "update"
  | "watch";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What a subresource answers to; `kind` is that of its body, which may be of another group. */
export interface SubresourceDefinition {
  readonly name: string;
  readonly verbs: readonly Verb[];
  readonly body: GroupVersionKind;
  /** The schema of the body where it differs from the parent's. */
  readonly schema?: StructSchema;
}

/** One served version of one resource: everything the API server needs to serve it. Built-in or from a CRD. */
export interface ResourceDefinition extends GroupVersionKind {
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: ReadonlyMap<string, SubresourceDefinition>;
  /** Absent for kinds that are not stored (reviews, bindings). */
  readonly storage?: StorageDefinition;
  readonly schema: StructSchema;
  readonly columns: readonly TableColumn[];
  readonly strategy: Strategy;

  /** The cells of one row, in the order of `columns`; `now` in milliseconds. */
  cells(object: KubeObject, now: number): TableCell[];
  /** Fills in defaults, in place. */
  applyDefaults(object: KubeObject): void;
  /** Values of this kind's field selectors, `metadata.name` and `metadata.namespace` included. */
  selectableFields(object: KubeObject): Readonly<Record<string, string>>;
  /** The names a field selector may use. */
  readonly fieldLabels: readonly string[];
  /** What every answer warns of, where clients should use something else. */
  readonly deprecation?: string;
  /** Set for custom resources only. */
  readonly custom?: CustomResource;
}

/** What a custom resource has beside what every resource has. */
export interface CustomResource {
  /**
   * Brings an object into the shape that its schema knows, in place; `unknown` collects the paths of what goes. Throws
   * `MetadataMismatch`.
   */
  coerce(object: JsonObject, unknown?: string[]): void;
  /** Where its scale reads and writes; absent without that subresource. */
  readonly scale?: ScalePaths;
  /** What documents of OpenAPI show; absent where its definition has no schema. */
  readonly openApiSchema?: JsonObject;
  /** Texts for the `Warning` header of every answer. */
  readonly warnings: readonly string[];
  /** Nothing is created any more: the definition is about to go. */
  readonly terminating: boolean;
}

/** Where a custom resource keeps what its scale shows; each as `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly labelSelector: string | undefined;
}

export interface StorageDefinition {
  /** `group/version/Kind` whose hash discovery shows; not always the served version. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Upstream's etcd prefix: `/registry/pods/`, `/registry/minions/`; a slash at the end. */
  readonly prefix: string;
}

export interface TableColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  /** 1 shows only with `-o wide`. */
  readonly priority: 0 | 1;
  readonly description?: string;
}

export type TableCell = string | number | boolean | null;

/** A failed rule: `field` is a path as upstream writes it, `reason` one of the FieldValue… reasons. */
export type FieldError = Required<StatusCause>;

/**
 * The rules of writing one kind (upstream's strategy). `prepare…` change `next` in place before validation: they reset
 * what the caller may not set (status on the main resource, spec on `status`) and keep `metadata.generation`.
 * All are pure but for the given object.
 */
export interface Strategy {
  prepareForCreate(next: KubeObject): void;
  prepareForUpdate(next: KubeObject, previous: KubeObject): void;
  /** For the `status` subresource. */
  prepareForStatusUpdate(next: KubeObject, previous: KubeObject): void;
  validateCreate(next: KubeObject): FieldError[];
  validateUpdate(next: KubeObject, previous: KubeObject): FieldError[];
  validateStatusUpdate(next: KubeObject, previous: KubeObject): FieldError[];
  /** Warnings for the `Warning` header (deprecations and the like). */
  warnings(next: KubeObject, previous: KubeObject | undefined): string[];
  /** False where a PUT must name a resourceVersion. */
  readonly allowUnconditionalUpdate: boolean;
  /** True where a PUT to a name that does not exist creates it. */
  readonly allowCreateOnUpdate: boolean;
  /** What a DELETE does by default to dependents. */
  readonly defaultPropagation: "Background" | "Orphan";
  /** True where a finished DELETE answers the last object instead of a Status. */
  readonly returnDeletedObject: boolean;
  /** The grace a DELETE without one gets, in seconds; undefined where deletion is not graceful. */
  defaultGraceSeconds(object: KubeObject): number | undefined;
  /** What a DELETE puts on an object that nothing held before: finalizers, conditions. Answers a new object. */
  prepareForDelete?(object: KubeObject, now: number): KubeObject;
  /** Paths (`status`, `metadata.x`) that server-side apply must not track on the main resource / on `status`. */
  readonly resetFields: { readonly main: readonly string[]; readonly status: readonly string[] };
}
