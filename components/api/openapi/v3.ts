import { createHash } from "node:crypto";
import { type JsonObject, type JsonValue, KUBERNETES_VERSION } from "../../base/mod.ts";
import type { ResourceDefinition } from "../resource_definition.ts";
import { RESOURCE_TABLE } from "../generated/resource_table.ts";
import { SCHEMA_TABLE } from "../generated/schema.ts";
import { type Descriptions, NO_DESCRIPTIONS } from "../descriptions/mod.ts";
import { groupVersionOf } from "../discovery/mod.ts";
import { type Operation, operationsOf, tagOf } from "./operations.ts";
import { pathParameter, queryParameter } from "./parameters.ts";
import { collectorFor, kindBody, type OpenApiResource, payloadSchema } from "./resource.ts";
import type { SchemaCollector } from "./schemas.ts";

/** What documents say of the server. */
export const OPENAPI_INFO: JsonObject = { title: "Kubernetes", version: KUBERNETES_VERSION };

/** Raised where documents of the same tables come out otherwise than before. */
const FORM = "2";

const OBJECT_TYPES = [
  "application/json",
  "application/vnd.kubernetes.protobuf",
  "application/yaml",
];
export const CUSTOM_TYPES = ["application/json", "application/yaml"];
const STREAM_TYPES = [
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];
const PATCH_TYPES = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

/** The bodies that a PATCH takes: clients read here whether a strategic one is among them. */
export function patchTypes({ custom }: ResourceDefinition): readonly string[] {
  return custom === undefined
    ? PATCH_TYPES
    : PATCH_TYPES.filter((type) => !type.includes("strategic"));
}

/** `/openapi/v3`: where each group version's document is, with the hash that tells its state. */
export function openApiV3Index(
  versions: Iterable<{ readonly group: string; readonly version: string; readonly hash: string }>,
): JsonObject {
  const paths: JsonObject = {};
  for (const { group, version, hash } of versions) {
    const path = `${group === "" ? "api" : "apis"}/${groupVersionOf(group, version)}`;
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

/** The state of a group version's document, without making it. */
export function openApiHash(
  resources: readonly OpenApiResource[],
  descriptions: Descriptions = NO_DESCRIPTIONS,
): string {
  const hash = createHash("sha512").update(FORM).update(RESOURCE_TABLE).update(SCHEMA_TABLE)
    .update(descriptions.hash);
  for (const { definition, customSchema } of resources) {
    const { group, version, kind, plural } = definition;
    hash.update(`${group}/${version}/${kind}/${plural}`);
    if (customSchema === undefined) continue;
    const { namespaced, verbs, subresources } = definition;
    hash.update(JSON.stringify([namespaced, verbs, [...subresources.keys()], customSchema]));
  }
  return hash.digest("hex").toUpperCase();
}

/** The document of one group version: give it that version's resources. */
export function openApiV3Document(
  resources: readonly OpenApiResource[],
  descriptions: Descriptions = NO_DESCRIPTIONS,
): JsonObject {
  const collector = collectorFor(resources, 3, descriptions);
  const paths: Record<string, JsonObject> = {};
  for (const resource of resources) {
    for (const operation of operationsOf(resource.definition)) {
      const item = paths[operation.path] ??= { parameters: pathParameters(operation.path) };
      item[operation.method] = operationBody(operation, resource, collector);
    }
  }
  return {
    openapi: "3.0.0",
    info: OPENAPI_INFO,
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: collector.sorted(),
      securitySchemes: {
        BearerToken: { type: "apiKey", name: "authorization", in: "header" },
      },
    },
  };
}

function pathParameters(path: string): JsonValue[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return [...names.map((name) => pathParameter(name, 3)), queryParameter("pretty", 3)];
}

function operationBody(
  operation: Operation,
  resource: OpenApiResource,
  collector: SchemaCollector,
): JsonObject {
  const { group, version } = resource.definition;
  const answer = payloadSchema(operation.answers, operation, resource, collector);
  const types = operation.answers === "text"
    ? ["*/*"]
    : resource.definition.custom !== undefined
    ? CUSTOM_TYPES
    : operation.action === "list"
    ? [...OBJECT_TYPES, ...STREAM_TYPES]
    : OBJECT_TYPES;
  return {
    tags: [tagOf(group, version)],
    operationId: operation.id,
    parameters: operation.query.map((name) => queryParameter(name, 3)),
    ...(operation.takes === undefined ? {} : {
      requestBody: {
        content: content(
          operation.takes === "patch" ? patchTypes(resource.definition) : ["*/*"],
          payloadSchema(operation.takes, operation, resource, collector),
        ),
        ...(operation.takes === "options" ? {} : { required: true }),
      },
    }),
    responses: {
      ...Object.fromEntries(
        operation.codes.map((code) => [
          String(code),
          { description: DESCRIPTIONS[code] ?? "", content: content(types, answer) },
        ]),
      ),
      "401": { description: "Unauthorized" },
    },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": kindBody(operation.kind),
  };
}

export const DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
};

function content(types: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}
