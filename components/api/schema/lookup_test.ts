import assert from "node:assert/strict";
import { fieldSchema, type Schema } from "../schema.ts";
import { findSchema, schemaOf, schemaOfKind } from "./lookup.ts";
import { structNames } from "./table.ts";

function member(struct: string, name: string): Schema {
  const field = schemaOf(struct).fields[name];
  assert.ok(field, `${struct} has no ${name}`);
  return fieldSchema(field);
}

Deno.test("schemaOf() knows scalars beyond JSON's own", () => {
  const cases: [string, string, string][] = [
    ["core.v1.ServicePort", "targetPort", "intOrString"],
    ["core.v1.EmptyDirVolumeSource", "sizeLimit", "quantity"],
    ["coordination.v1.LeaseSpec", "renewTime", "microTime"],
    ["meta.v1.ObjectMeta", "creationTimestamp", "time"],
    ["apiregistration.v1.APIServiceSpec", "caBundle", "bytes"],
    ["core.v1.ContainerImage", "sizeBytes", "int64"],
    ["core.v1.ServicePort", "port", "int32"],
    ["apiextensions.v1.JSONSchemaProps", "maximum", "double"],
    ["apps.v1.ControllerRevision", "data", "any"],
  ];
  for (const [struct, name, type] of cases) {
    assert.equal(member(struct, name).type, type, `${struct}.${name}`);
  }
});

Deno.test("schemaOf() knows list types, keys and their defaults", () => {
  const ports = member("core.v1.Container", "ports");
  assert.equal(ports.type, "list");
  assert.equal(ports.listType, "map");
  assert.deepEqual(ports.keys, [{ name: "containerPort" }, { name: "protocol", default: "TCP" }]);
  const finalizers = member("meta.v1.ObjectMeta", "finalizers");
  assert.equal(finalizers.type === "list" && finalizers.listType, "set");
  const args = member("core.v1.Container", "args");
  assert.equal(args.type === "list" && args.listType, "atomic");
});

Deno.test("schemaOf() knows strategic merge, atomic structs and maps, and enums", () => {
  const volumes = schemaOf("core.v1.PodSpec").fields["volumes"];
  assert.deepEqual(volumes?.patchStrategy, ["merge", "retainKeys"]);
  assert.equal(volumes?.patchMergeKey, "name");
  assert.equal(schemaOf("core.v1.NodeSelector").atomic, true);
  assert.equal(schemaOf("core.v1.PodSpec").atomic, undefined);
  const selector = member("core.v1.ServiceSpec", "selector");
  assert.equal(selector.type === "map" && selector.atomic, true);
  assert.deepEqual(schemaOf("core.v1.PodSpec").fields["restartPolicy"]?.enum, [
    "Always",
    "OnFailure",
    "Never",
  ]);
  assert.equal(schemaOf("core.v1.PodSpec").fields["containers"]?.required, true);
});

Deno.test("schemaOf() answers one schema for a struct that refers to itself", () => {
  const not = member("apiextensions.v1.JSONSchemaProps", "not");
  assert.equal(not, schemaOf("apiextensions.v1.JSONSchemaProps"));
});

Deno.test("findSchema() does not know names that are no structs", () => {
  assert.equal(findSchema("core.v1.Nothing"), undefined);
  assert.equal(findSchema(""), undefined);
  assert.equal(schemaOfKind({ group: "example.com", version: "v1", kind: "Pod" }), undefined);
});

Deno.test("every struct of the table can be built", () => {
  for (const name of structNames()) {
    for (const field of Object.values(schemaOf(name).fields)) assert.ok(fieldSchema(field).type);
  }
});
