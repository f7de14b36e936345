import type { JsonObject } from "../../base/mod.ts";
import type { Descriptions } from "../descriptions/mod.ts";
import { publishedSchema } from "./custom_schema.ts";
import type { GroupVersionKind, ResourceDefinition } from "../resource_definition.ts";
import { structNameOf } from "../schema/mod.ts";
import type { Operation, Payload } from "./operations.ts";
import type { OpenApiVersion } from "./schemas.ts";
import { SchemaCollector } from "./schemas.ts";

/** What a document describes: a definition and, for a custom resource, the schema its version publishes. */
export interface OpenApiResource {
  readonly definition: ResourceDefinition;
  /** `openAPIV3Schema` of the custom resource's version. */
  readonly customSchema?: JsonObject;
}

/** Kinds that every group version has under its own name. */
const IN_EVERY_VERSION = new Set(["DeleteOptions", "WatchEvent"]);
const META_KINDS = new Set([
  "APIGroup",
  "APIGroupList",
  "APIResourceList",
  "APIVersions",
  "Status",
]);

/** Makes a collector that names the kinds of the schemas it collects. */
export function collectorFor(
  resources: readonly OpenApiResource[],
  version: OpenApiVersion,
  descriptions: Descriptions,
): SchemaCollector {
  const kinds = new Map<string, GroupVersionKind[]>();
  const versions = new Map<string, { group: string; version: string }>([
    ["/v1", { group: "", version: "v1" }],
  ]);
  const note = ({ group, version, kind }: GroupVersionKind) => {
    const name = structNameOf(group, version, kind);
    const known = kinds.get(name);
    if (known === undefined) kinds.set(name, [{ group, version, kind }]);
    else if (!known.some((other) => other.group === group)) known.push({ group, version, kind });
  };
  for (const { definition } of resources) {
    note(definition);
    versions.set(`${definition.group}/${definition.version}`, definition);
    for (const sub of definition.subresources.values()) {
      if (!sub.body.kind.endsWith("Options")) note(sub.body);
    }
  }
  return new SchemaCollector(version, (struct) => {
    const kind = struct.slice(struct.lastIndexOf(".") + 1);
    if (struct.startsWith("meta.")) {
      if (META_KINDS.has(kind)) return [kindBody({ group: "", version: "v1", kind })];
      if (!IN_EVERY_VERSION.has(kind)) return [];
      return [...versions.values()]
        .map(({ group, version }) => kindBody({ group, version, kind }));
    }
    return (kinds.get(struct) ?? []).map(kindBody);
  }, descriptions);
}

/** A kind with its members in the order in which documents show them. */
export function kindBody({ group, version, kind }: GroupVersionKind): JsonObject {
  return { group, kind, version };
}

/** `com.example.stable.v1.Foo`: the name of a custom kind's schema. */
export function customName({ group, version, kind }: GroupVersionKind): string {
  return [...group.split(".").reverse(), version, kind].join(".");
}

/** The reference that stands for what an operation takes or answers. */
export function payloadSchema(
  payload: Payload,
  operation: Operation,
  { definition, customSchema }: OpenApiResource,
  collector: SchemaCollector,
): JsonObject {
  const { group, version, kind, listKind } = definition;
  switch (payload) {
    case "own":
      return customSchema === undefined
        ? collector.ref(structNameOf(group, version, kind))
        : customRef(definition, customSchema, collector);
    case "list": {
      const kinds = [kindBody({ group, version, kind: listKind })];
      if (customSchema === undefined) {
        return collector.list(structNameOf(group, version, kind), kinds);
      }
      const items = customRef(definition, customSchema, collector);
      const name = customName({ group, version, kind: listKind });
      return collector.listOf(name, items, kinds);
    }
    case "body": {
      const own = operation.kind.group === group && operation.kind.version === version &&
        operation.kind.kind === kind;
      if (own) {
        return payloadSchema("own", operation, { definition, ...opt(customSchema) }, collector);
      }
      const { kind: body } = operation;
      return collector.ref(structNameOf(body.group, body.version, body.kind));
    }
    case "options":
      return collector.ref("meta.v1.DeleteOptions");
    case "patch":
      return collector.patch();
    case "status":
      return collector.ref("meta.v1.Status");
    case "event":
      return collector.ref("meta.v1.WatchEvent");
    case "text":
      return { type: "string" };
  }
}

function opt(customSchema: JsonObject | undefined): { customSchema?: JsonObject } {
  return customSchema === undefined ? {} : { customSchema };
}

/** A custom kind's schema as documents show it: with apiVersion, kind and metadata of every object. */
function customRef(
  definition: ResourceDefinition,
  schema: JsonObject,
  collector: SchemaCollector,
): JsonObject {
  const { version, descriptions } = collector;
  const fields = definition.fieldLabels.filter((label) => !label.startsWith("metadata."));
  return collector.add(customName(definition), {
    ...publishedSchema(schema, {
      version,
      descriptions,
      metadata: collector.ref("meta.v1.ObjectMeta"),
    }),
    "x-kubernetes-group-version-kind": [kindBody(definition)],
    ...(fields.length === 0
      ? {}
      : { "x-kubernetes-selectable-fields": fields.map((fieldPath) => ({ fieldPath })) }),
  });
}
