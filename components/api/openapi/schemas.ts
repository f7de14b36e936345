import { invariant, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { type Descriptions, NO_DESCRIPTIONS } from "../descriptions/mod.ts";
import { type FieldRow, type StructRow, structRow, type TypeRow } from "../schema/table.ts";

/** OpenAPI 2 keeps schemas under `definitions`, OpenAPI 3 under `components.schemas`. */
export type OpenApiVersion = 2 | 3;

const PREFIXES: Readonly<Record<string, string>> = {
  meta: "io.k8s.apimachinery.pkg.apis.",
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.",
  apiregistration: "io.k8s.kube-aggregator.pkg.apis.",
};

/** `core.v1.Pod` to the name that clients know it by, `io.k8s.api.core.v1.Pod`. */
export function definitionName(struct: string): string {
  const prefix = PREFIXES[struct.slice(0, struct.indexOf("."))] ?? "io.k8s.api.";
  return prefix + struct;
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

/** Types that are no structs but have a name of their own, by their letter in the table. */
const NAMED_SCALARS: Readonly<Record<string, string>> = {
  t: `${META}Time`,
  m: `${META}MicroTime`,
  f: `${META}FieldsV1`,
  q: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  x: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  r: "io.k8s.apimachinery.pkg.runtime.RawExtension",
  j: `${EXTENSIONS}JSON`,
  A: `${EXTENSIONS}JSONSchemaPropsOrArray`,
  B: `${EXTENSIONS}JSONSchemaPropsOrBool`,
  S: `${EXTENSIONS}JSONSchemaPropsOrStringArray`,
};
const NAMED_BODIES: Readonly<Record<string, (version: OpenApiVersion) => JsonObject>> = {
  t: () => ({ type: "string", format: "date-time" }),
  m: () => ({ type: "string", format: "date-time" }),
  f: () => ({ type: "object" }),
  q: (version) =>
    version === 2 ? { type: "string" } : { oneOf: [{ type: "string" }, { type: "number" }] },
  x: (version) => ({
    format: "int-or-string",
    ...(version === 2 ? { type: "string" } : { oneOf: [{ type: "integer" }, { type: "string" }] }),
  }),
  r: () => ({ type: "object" }),
  j: () => ({}),
  A: () => ({}),
  B: () => ({}),
  S: () => ({}),
};
const PLAIN_SCALARS: Readonly<Record<string, JsonObject>> = {
  s: { type: "string" },
  b: { type: "boolean" },
  i: { type: "integer", format: "int32" },
  l: { type: "integer", format: "int64" },
  d: { type: "number", format: "double" },
  y: { type: "string", format: "byte" },
  u: { type: "string" },
  e: { type: "array", items: { type: "string" } },
};
const PATCH = `${META}Patch`;
const OBJECT_META = "meta.v1.ObjectMeta";
const LIST_META = "meta.v1.ListMeta";

/** Collects the schemas that a document refers to, and those that they refer to. */
export class SchemaCollector {
  readonly #schemas = new Map<string, JsonObject>();

  /** `kindsOf` says of which kinds a struct is the body; a document names them beside the schema. */
  constructor(
    readonly version: OpenApiVersion,
    readonly kindsOf: (struct: string) => JsonObject[],
    readonly descriptions: Descriptions = NO_DESCRIPTIONS,
  ) {}

  /** A reference to a struct, which then is among the schemas. */
  ref(struct: string): JsonObject {
    const name = definitionName(struct);
    if (!this.#schemas.has(name)) {
      // Set first: a struct may refer to itself.
      const body: JsonObject = {};
      this.#schemas.set(name, body);
      Object.assign(body, this.#structBody(struct));
    }
    return this.refTo(name);
  }

  /** A reference to the body of a PATCH, which is of any shape. */
  patch(): JsonObject {
    return this.#named(PATCH, { type: "object" });
  }

  /** A reference to a list of a struct. */
  list(struct: string, kinds: JsonObject[]): JsonObject {
    return this.listOf(`${definitionName(struct)}List`, this.ref(struct), kinds);
  }

  listOf(name: string, items: JsonObject, kinds: JsonObject[]): JsonObject {
    const of = (member: string, body: JsonObject) =>
      this.#described(body, this.descriptions.ofKinds(member));
    return this.add(name, {
      ...this.#described({}, this.descriptions.struct("meta.List")),
      type: "object",
      required: ["items"],
      properties: {
        apiVersion: of("apiVersion", { type: "string" }),
        items: of("items", { type: "array", items }),
        kind: of("kind", { type: "string" }),
        metadata: this.#described(this.ref(LIST_META), this.descriptions.struct(LIST_META)),
      },
      "x-kubernetes-group-version-kind": kinds,
    });
  }

  /** Puts a schema of the caller's among the others. */
  add(name: string, body: JsonObject): JsonObject {
    if (!this.#schemas.has(name)) this.#schemas.set(name, body);
    return this.refTo(name);
  }

  refTo(name: string): JsonObject {
    return { $ref: `${this.version === 2 ? "#/definitions/" : "#/components/schemas/"}${name}` };
  }

  /** All schemas by name. */
  sorted(): JsonObject {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #structBody(struct: string): JsonObject {
    const row = structRow(struct);
    invariant(row !== undefined, `no struct ${struct}`);
    const kinds = this.kindsOf(struct);
    const required = row.fields.filter((field) => field.required).map(({ name }) => name);
    const description = this.descriptions.struct(struct);
    return {
      ...(description === undefined ? {} : { description }),
      type: "object",
      ...(required.length === 0 ? {} : { required }),
      ...(row.fields.length === 0 ? {} : {
        properties: Object.fromEntries(row.fields.map((f) => [f.name, this.#property(row, f)])),
      }),
      ...(kinds.length === 0 ? {} : { "x-kubernetes-group-version-kind": kinds }),
      ...(row.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
    };
  }

  #property(row: StructRow, field: FieldRow): JsonObject {
    return this.#described(this.#undescribed(field), this.#descriptionOf(row, field));
  }

  /** A field's own text; else what stands for its type, which says more than what all kinds share. */
  #descriptionOf({ name, isKind }: StructRow, { name: field, type }: FieldRow): string | undefined {
    const own = this.descriptions.field(name, field);
    if (own !== undefined) return own;
    const common = isKind ? this.descriptions.ofKinds(field) : undefined;
    const struct = type.is === "struct" && type.name !== OBJECT_META
      ? this.descriptions.struct(type.name)
      : undefined;
    return struct ?? common;
  }

  /** A schema with a text. In OpenAPI 3 nothing may stand beside a reference. */
  #described(body: JsonObject, description: string | undefined): JsonObject {
    if (description === undefined) return body;
    return body["$ref"] !== undefined && this.version === 3
      ? { allOf: [body], description }
      : { ...body, description };
  }

  #undescribed(field: FieldRow): JsonObject {
    const body = this.#type(field.type);
    const extra: JsonObject = {};
    if (field.enum !== undefined && field.type.is === "scalar") extra["enum"] = [...field.enum];
    if (field.strategies.length > 0) {
      extra["x-kubernetes-patch-strategy"] = field.strategies.join(",");
    }
    if (field.mergeKey !== "") extra["x-kubernetes-patch-merge-key"] = field.mergeKey;
    if (Object.keys(extra).length === 0) return body;
    // In OpenAPI 3 nothing may stand beside a reference.
    return body["$ref"] !== undefined && this.version === 3
      ? { allOf: [body], ...extra }
      : { ...body, ...extra };
  }

  #type(type: TypeRow): JsonObject {
    switch (type.is) {
      case "struct":
        return this.ref(type.name);
      case "map":
        return {
          type: "object",
          additionalProperties: this.#type(type.values),
          ...(type.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
        };
      case "list":
        return {
          type: "array",
          items: this.#type(type.items),
          ...(type.listType === "map"
            ? { "x-kubernetes-list-map-keys": type.keys.map((key) => key.split("=")[0] ?? key) }
            : {}),
          "x-kubernetes-list-type": type.listType,
        };
      case "scalar":
        return this.#scalar(type.letter);
    }
  }

  #scalar(letter: string): JsonObject {
    const plain: JsonValue | undefined = PLAIN_SCALARS[letter];
    if (plain !== undefined) return { ...plain };
    const name = NAMED_SCALARS[letter];
    const body = NAMED_BODIES[letter];
    invariant(name !== undefined && body !== undefined, `no scalar ${letter}`);
    return this.#named(name, body(this.version));
  }

  /** Puts a type that is no struct among the schemas, with its text. */
  #named(name: string, body: JsonObject): JsonObject {
    const last = name.slice(name.lastIndexOf("."));
    const struct = name.startsWith(EXTENSIONS) ? `apiextensions${last}` : `meta${last}`;
    return this.add(name, this.#described(body, this.descriptions.struct(struct)));
  }
}
