import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { type Descriptions, NO_DESCRIPTIONS } from "../descriptions/mod.ts";
import { servedGroups } from "../discovery/mod.ts";
import { type Operation, operationsOf, rootOf, tagOf } from "./operations.ts";
import { pathParameter, queryParameter } from "./parameters.ts";
import { collectorFor, kindBody, type OpenApiResource, payloadSchema } from "./resource.ts";
import type { SchemaCollector } from "./schemas.ts";
import { CUSTOM_TYPES, DESCRIPTIONS, OPENAPI_INFO, patchTypes } from "./v3.ts";

const OBJECT_TYPES = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
];
const STREAM_TYPES = [
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];
/** Clients look for these two in the operation itself, not behind a reference. */
const INLINE = new Set(["dryRun", "fieldValidation"]);

/** `/openapi/v2`: everything that is served, in one document. */
export function openApiV2Document(
  resources: readonly OpenApiResource[],
  descriptions: Descriptions = NO_DESCRIPTIONS,
): JsonObject {
  const collector = collectorFor(resources, 2, descriptions);
  const parameters: JsonObject = {};
  const paths: Record<string, JsonObject> = {};
  for (const resource of resources) {
    for (const operation of operationsOf(resource.definition)) {
      const item = paths[operation.path] ??= {
        parameters: pathParameters(operation.path, parameters),
      };
      item[operation.method] = operationBody(operation, resource, collector, parameters);
    }
  }
  Object.assign(paths, discoveryPaths(resources, collector));
  return {
    swagger: "2.0",
    info: OPENAPI_INFO,
    paths: sorted(paths),
    definitions: collector.sorted(),
    parameters: sorted(parameters),
    securityDefinitions: {
      BearerToken: { type: "apiKey", name: "authorization", in: "header" },
    },
    security: [{ BearerToken: [] }],
  };
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pathParameters(path: string, parameters: JsonObject): JsonValue[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return [
    ...names.map((name) => pathParameter(name, 2)),
    reference("pretty", parameters),
  ];
}

/** A query parameter that stands once in the document. */
function reference(name: string, parameters: JsonObject): JsonObject {
  if (INLINE.has(name)) return queryParameter(name, 2);
  parameters[name] ??= queryParameter(name, 2);
  return { $ref: `#/parameters/${name}` };
}

function operationBody(
  operation: Operation,
  resource: OpenApiResource,
  collector: SchemaCollector,
  parameters: JsonObject,
): JsonObject {
  const { group, version } = resource.definition;
  const answer = payloadSchema(operation.answers, operation, resource, collector);
  const body: JsonObject[] = operation.takes === undefined ? [] : [{
    name: "body",
    in: "body",
    schema: payloadSchema(operation.takes, operation, resource, collector),
    ...(operation.takes === "options" ? {} : { required: true }),
  }];
  return {
    tags: [tagOf(group, version)],
    schemes: ["https"],
    operationId: operation.id,
    consumes: operation.takes === "patch" ? [...patchTypes(resource.definition)] : ["*/*"],
    produces: operation.answers === "text"
      ? ["*/*"]
      : resource.definition.custom !== undefined
      ? CUSTOM_TYPES
      : operation.action === "list"
      ? [...OBJECT_TYPES, ...STREAM_TYPES]
      : OBJECT_TYPES,
    parameters: [...body, ...operation.query.map((name) => reference(name, parameters))],
    responses: {
      ...Object.fromEntries(
        operation.codes.map((code) => [
          String(code),
          { description: DESCRIPTIONS[code] ?? "", schema: answer },
        ]),
      ),
      "401": { description: "Unauthorized" },
    },
    "x-kubernetes-action": operation.action,
    "x-kubernetes-group-version-kind": kindBody(operation.kind),
  };
}

const VERSION_INFO = "io.k8s.apimachinery.pkg.version.Info";
const INFO = "version.Info";

const described = (description: string | undefined): JsonObject =>
  description === undefined ? {} : { description };

/** The answer of `/version`. */
function versionInfo(descriptions: Descriptions): JsonObject {
  const required = [
    "major",
    "minor",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
    "buildDate",
    "goVersion",
    "compiler",
    "platform",
  ];
  const optional = [
    "emulationMajor",
    "emulationMinor",
    "minCompatibilityMajor",
    "minCompatibilityMinor",
  ];
  return {
    ...described(descriptions.struct(INFO)),
    type: "object",
    required,
    properties: Object.fromEntries(
      [...required, ...optional].sort().map((
        name,
      ) => [name, { type: "string", ...described(descriptions.field(INFO, name)) }]),
    ),
  };
}

/** What is served beside resources: discovery, the version, logs and keys. */
function discoveryPaths(
  resources: readonly OpenApiResource[],
  collector: SchemaCollector,
): Record<string, JsonObject> {
  const get = (id: string, tag: string, schema: JsonObject): JsonObject => ({
    get: {
      tags: [tag],
      schemes: ["https"],
      operationId: id,
      consumes: OBJECT_TYPES,
      produces: OBJECT_TYPES,
      responses: { "200": { description: "OK", schema }, "401": { description: "Unauthorized" } },
    },
  });
  const text = { type: "string" };
  const meta = (kind: string) => collector.ref(`meta.v1.${kind}`);
  const paths: Record<string, JsonObject> = {
    "/api/": get("getCoreAPIVersions", "core", meta("APIVersions")),
    "/apis/": get("getAPIVersions", "apis", meta("APIGroupList")),
    "/version/": get(
      "getCodeVersion",
      "version",
      collector.add(VERSION_INFO, versionInfo(collector.descriptions)),
    ),
    "/logs/": get("logFileListHandler", "logs", text),
    "/logs/{logpath}": {
      ...get("logFileHandler", "logs", text),
      parameters: [pathParameter("logpath", 2)],
    },
    "/openid/v1/jwks/": get("getServiceAccountIssuerOpenIDKeyset", "openid", text),
    "/.well-known/openid-configuration/": get(
      "getServiceAccountIssuerOpenIDConfiguration",
      "WellKnown",
      text,
    ),
  };
  for (const { name, versions } of servedGroups(resources.map(({ definition }) => definition))) {
    const upper = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
    for (const { version } of versions) {
      const tag = tagOf(name, version);
      const id = `get${tag.split("_").map(upper).join("")}APIResources`;
      paths[`${rootOf(name, version)}/`] = get(id, tag, meta("APIResourceList"));
    }
    if (name === "") continue;
    const tag = tagOf(name, "").slice(0, -1);
    paths[`/apis/${name}/`] = get(`get${upper(tag)}APIGroup`, tag, meta("APIGroup"));
  }
  return paths;
}
