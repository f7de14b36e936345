import type { JsonObject, JsonValue } from "../../../components/base/mod.ts";
import type { Step } from "./parity_case.ts";

export const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** A definition of `things.GROUP`, of one version with a status and a scale, and whatever `more` changes. */
export function thing(group: string, properties: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "things", kind: "Thing", shortNames: ["tg"], categories: ["all"] },
      versions: [version("v1", properties)],
      ...more,
    },
  };
}

export function version(
  name: string,
  properties: JsonObject,
  more: JsonObject = {},
): JsonObject {
  return {
    name,
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: {
          spec: { type: "object", properties },
          status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      },
    },
    subresources: { status: {} },
    ...more,
  };
}

export function created(definition: JsonObject): Step[] {
  const { name } = definition["metadata"] as { name: string };
  return [
    { send: `POST ${DEFINITIONS}`, body: definition, code: 201 },
    established(name),
  ];
}

export function established(name: string): Step {
  return {
    send: `GET ${DEFINITIONS}/${name}`,
    eventually: true,
    code: 200,
    has: {
      status: {
        conditions: [
          { type: "NamesAccepted", status: "True", reason: "NoConflicts" },
          { type: "Established", status: "True", reason: "InitialNamesAccepted" },
        ],
      },
    },
  };
}

/** Where things of a group are, in the case's namespace. */
export const things = (group: string, version = "v1"): string =>
  `/apis/${group}/${version}/namespaces/$ns/things`;

export function object(group: string, spec: JsonValue, more: JsonObject = {}): JsonObject {
  return { apiVersion: `${group}/v1`, kind: "Thing", metadata: { name: "a" }, spec, ...more };
}
