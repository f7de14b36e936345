import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { matchGolden } from "../golden_test.ts";
import { BUILTIN_KINDS, builtinKind } from "../kinds.ts";
import type { ResourceDefinition } from "../resource_definition.ts";
import {
  openApiHash,
  type OpenApiResource,
  openApiV2Document,
  openApiV3Document,
  openApiV3Index,
} from "./mod.ts";

const version = (group: string, name: string): OpenApiResource[] =>
  BUILTIN_KINDS.filter((kind) => kind.group === group && kind.version === name)
    .map((definition) => ({ definition }));

function custom(customSchema: JsonObject): OpenApiResource {
  const lease = builtinKind({ group: "coordination.k8s.io", version: "v1", kind: "Lease" });
  assert.ok(lease);
  const definition: ResourceDefinition = {
    ...lease,
    group: "stable.example.com",
    version: "v1",
    kind: "Foo",
    listKind: "FooList",
    plural: "foos",
  };
  return { definition, customSchema };
}

function at(value: JsonValue | undefined, ...path: string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (inner, step) => (inner as JsonObject | undefined)?.[step],
    value,
  );
}

/** Every reference in a document that leads nowhere. */
function dangling(document: JsonObject): string[] {
  const missing = new Set<string>();
  const walk = (value: JsonValue | undefined) => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) return value.forEach(walk);
    const reference = value["$ref"];
    if (typeof reference === "string") {
      const target = at(document, ...reference.slice(2).split("/"));
      if (target === undefined) missing.add(reference);
    }
    Object.values(value).forEach(walk);
  };
  walk(document["paths"]);
  walk(document["definitions"]);
  walk(document["components"]);
  return [...missing];
}

Deno.test("a version's document is as it was", () => {
  matchGolden("openapi_v3_coordination", openApiV3Document(version("coordination.k8s.io", "v1")));
});

Deno.test("no reference leads nowhere", () => {
  const groups = new Set(BUILTIN_KINDS.map(({ group, version }) => `${group}/${version}`));
  for (const text of groups) {
    const [group = "", name = ""] = text.split("/");
    assert.deepEqual(dangling(openApiV3Document(version(group, name))), [], text);
  }
  const all = BUILTIN_KINDS.map((definition) => ({ definition }));
  assert.deepEqual(dangling(openApiV2Document([...all, custom({ type: "object" })])), []);
});

Deno.test("what kubectl looks for is where it looks", () => {
  const document = openApiV3Document(version("apps", "v1"));
  const patch = at(
    document,
    "paths",
    "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
    "patch",
  );
  assert.deepEqual(at(patch, "x-kubernetes-group-version-kind"), {
    group: "apps",
    kind: "Deployment",
    version: "v1",
  });
  const names = (at(patch, "parameters") as JsonObject[]).map(({ name }) => name);
  assert.ok(names.includes("fieldValidation") && names.includes("dryRun"));
  const schemas = at(document, "components", "schemas");
  const strategy = at(schemas, "io.k8s.api.apps.v1.DeploymentSpec", "properties", "strategy");
  assert.deepEqual(strategy, {
    allOf: [{ $ref: "#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy" }],
    "x-kubernetes-patch-strategy": "retainKeys",
  });
  assert.deepEqual(at(schemas, "io.k8s.api.core.v1.PodSpec", "properties", "volumes"), {
    type: "array",
    items: { $ref: "#/components/schemas/io.k8s.api.core.v1.Volume" },
    "x-kubernetes-list-map-keys": ["name"],
    "x-kubernetes-list-type": "map",
    "x-kubernetes-patch-strategy": "merge,retainKeys",
    "x-kubernetes-patch-merge-key": "name",
  });
});

Deno.test("a custom schema is shown with apiVersion, kind and metadata", () => {
  const schema: JsonObject = {
    type: "object",
    description: "a foo",
    properties: {
      spec: {
        type: "object",
        properties: {
          port: {
            "x-kubernetes-int-or-string": true,
            anyOf: [{ type: "integer" }, { type: "string" }],
          },
          size: { type: "integer", nullable: true },
        },
      },
    },
  };
  const shown = at(
    openApiV3Document([custom(schema)]),
    "components",
    "schemas",
    "com.example.stable.v1.Foo",
  );
  assert.equal(at(shown, "description"), "a foo");
  assert.deepEqual(Object.keys(at(shown, "properties") as JsonObject).sort(), [
    "apiVersion",
    "kind",
    "metadata",
    "spec",
  ]);
  assert.deepEqual(at(shown, "properties", "spec"), at(schema, "properties", "spec"));
  const old = at(openApiV2Document([custom(schema)]), "definitions", "com.example.stable.v1.Foo");
  assert.deepEqual(at(old, "properties", "spec", "properties"), {
    port: { "x-kubernetes-int-or-string": true },
    size: {},
  });
  const open = { "x-kubernetes-preserve-unknown-fields": true, type: "object" };
  assert.deepEqual(
    at(openApiV2Document([custom(open)]), "definitions", "com.example.stable.v1.Foo"),
    {
      type: "object",
      "x-kubernetes-group-version-kind": [
        { group: "stable.example.com", kind: "Foo", version: "v1" },
      ],
    },
  );
});

Deno.test("openApiHash() changes with a custom schema, and the index carries it", () => {
  const one = openApiHash([custom({ type: "object" })]);
  assert.equal(one, openApiHash([custom({ type: "object" })]));
  assert.notEqual(one, openApiHash([custom({ type: "object", description: "x" })]));
  assert.deepEqual(
    openApiV3Index([{ group: "", version: "v1", hash: "H" }, {
      group: "apps",
      version: "v1",
      hash: "G",
    }]),
    {
      paths: {
        "api/v1": { serverRelativeURL: "/openapi/v3/api/v1?hash=H" },
        "apis/apps/v1": { serverRelativeURL: "/openapi/v3/apis/apps/v1?hash=G" },
      },
    },
  );
});
