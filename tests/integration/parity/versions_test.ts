/** Objects in several versions: what webhooks, policies and managers of fields see of them. */
import type { JsonObject } from "../../../components/base/mod.ts";
import { created, DEFINITIONS, object, thing, things, version } from "./crd_definitions.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";
import { gone as policyGone, validating } from "./policy_steps.ts";
import { configuration, gone, openWebhook } from "./webhook_steps.ts";

const GROUP = "paint.test";
const COLOR = { color: { type: "string" }, size: { type: "integer" } };
const PAINT = {
  paint: { type: "object", properties: { name: { type: "string" } } },
  size: { type: "integer" },
};
const DEFINED = created(thing(GROUP, {}, {
  versions: [version("v1", COLOR), version("v2", PAINT, { storage: false })],
  conversion: {
    strategy: "Webhook",
    webhook: {
      conversionReviewVersions: ["v1"],
      clientConfig: { url: "$hook/convert", caBundle: "$ca" },
    },
  },
}));
const UNDEFINED: Step = { send: `DELETE ${DEFINITIONS}/things.${GROUP}`, code: 200 };
const rule = (apiVersion: string, matchPolicy = "Equivalent") => ({
  matchPolicy,
  rules: [{
    apiGroups: [GROUP],
    apiVersions: [apiVersion],
    resources: ["things"],
    operations: ["CREATE", "UPDATE"],
  }],
});
const make = (name: string, rest: Partial<Step>): Step => ({
  send: `POST ${things(GROUP)}?dryRun=All`,
  body: object(GROUP, { color: "red" }, { metadata: { name } }),
  code: 201,
  eventually: true,
  ...rest,
});
const apply = (
  apiVersion: string,
  manager: string,
  body: JsonObject,
  rest: Partial<Step>,
): Step => ({
  send: `PATCH ${things(GROUP, apiVersion)}/a?fieldManager=${manager}`,
  type: "apply",
  code: 200,
  body: object(GROUP, body, { apiVersion: `${GROUP}/${apiVersion}` }),
  ...rest,
});
const SCALERS = (apiVersion: string) =>
  `/apis/autoscaling/${apiVersion}/namespaces/$ns/horizontalpodautoscalers`;
const scaler = (apiVersion: string, spec: JsonObject): JsonObject => ({
  apiVersion: `autoscaling/${apiVersion}`,
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "h" },
  spec,
});
const TARGET = { kind: "Deployment", name: "d", apiVersion: "apps/v1" };
const cpu = (averageUtilization: number) => ({
  metrics: [{
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
  }],
});

const CASES: Cases = {
  "a webhook of another version sees and changes custom resources in it": [
    ...DEFINED,
    configuration("mutating", "m", [{ path: "/paint", ...rule("v2") }]),
    make("a", {
      has: { apiVersion: `${GROUP}/v1`, spec: { color: "green" } },
      lacks: ["spec.paint"],
    }),
    make("broken", {
      code: 500,
      reason: "InternalError",
      message: `Internal error occurred: conversion webhook for ${GROUP}/v1, Kind=Thing failed: ` +
        "it is broken",
    }),
    gone("mutating", "m"),
    make("a", { has: { spec: { color: "red" } } }),
    configuration("mutating", "m", [{ path: "/paint", ...rule("v2", "Exact") }]),
    configuration("validating", "v", [{
      path: "/deny",
      ...rule("v2"),
      matchConditions: [{ name: "red", expression: "object.spec.paint.name == 'red'" }],
    }]),
    make("a", { code: 418 }),
    make("b", { body: object(GROUP, { color: "blue" }, { metadata: { name: "b" } }) }),
    gone("mutating", "m"),
    gone("validating", "v"),
    UNDEFINED,
  ],
  "a policy of another version": [
    ...DEFINED,
    {
      send: "POST /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
      body: {
        metadata: { name: "p" },
        spec: {
          matchConstraints: { resourceRules: rule("v2").rules },
          validations: [{ expression: "object.spec.paint.name != 'red'", message: "no red" }],
        },
      },
      code: 201,
    },
    {
      send: "POST /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
      body: { metadata: { name: "p" }, spec: { policyName: "p", validationActions: ["Deny"] } },
      code: 201,
    },
    make("a", {
      code: 422,
      message: `things.${GROUP} "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' ` +
        "denied request: no red",
    }),
    make("broken", {
      code: 422,
      message:
        `things.${GROUP} "broken" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' ` +
        "denied request: failed to configure binding: failed to convert object version: " +
        `Internal error occurred: conversion webhook for ${GROUP}/v1, Kind=Thing failed: it is broken`,
    }),
    {
      send: "DELETE /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/p",
      code: 200,
    },
    {
      send: "DELETE /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/p",
      code: 200,
    },
    UNDEFINED,
  ],
  "parameters of another version": [
    ...DEFINED,
    {
      send: `POST ${things(GROUP)}`,
      body: object(GROUP, { color: "red" }, { metadata: { name: "limit" } }),
      code: 201,
      eventually: true,
    },
    ...validating("p", {
      paramKind: { apiVersion: `${GROUP}/v2`, kind: "Thing" },
      validations: [{ expression: "object.data.k == params.spec.paint.name" }],
    }, { paramRef: { name: "limit", parameterNotFoundAction: "Deny" } }),
    ...[["red", 201], ["blue", 422]].map(([k = "", code]): Step => ({
      send: "POST configmaps?dryRun=All",
      body: { metadata: { name: "c" }, data: { k } },
      code: Number(code),
      eventually: true,
    })),
    ...policyGone("validating", "p"),
    UNDEFINED,
  ],
  "fields that a manager set in another version stay its own": [
    ...DEFINED,
    apply("v1", "one", { color: "red", size: 1 }, { code: 201, eventually: true }),
    apply("v2", "two", { paint: { name: "blue" } }, {
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "one": .spec.color',
      has: { details: { causes: [{ reason: "FieldManagerConflict", field: ".spec.color" }] } },
    }),
    // The same value is owned by both, and what one states no more stays for the other.
    apply("v2", "two", { paint: { name: "red" } }, {}),
    apply("v1", "one", { size: 1 }, { has: { spec: { color: "red", size: 1 } } }),
    // Who applies another version gives up what it stated in the first.
    apply("v2", "one", { paint: { name: "red" } }, {
      has: { spec: { paint: { name: "red" } } },
      lacks: ["spec.size"],
    }),
    {
      send: `PATCH ${things(GROUP)}/a?fieldManager=three`,
      type: "merge",
      body: { spec: { color: "black" } },
      code: 200,
      has: {
        spec: { color: "black" },
        metadata: { managedFields: [{ manager: "three", apiVersion: `${GROUP}/v1` }] },
      },
    },
    UNDEFINED,
  ],
  "the same for built-in kinds": [
    {
      send: `PATCH ${SCALERS("v1")}/h?fieldManager=one`,
      type: "apply",
      body: scaler("v1", {
        maxReplicas: 2,
        scaleTargetRef: TARGET,
        targetCPUUtilizationPercentage: 50,
      }),
      code: 201,
    },
    {
      send: `PATCH ${SCALERS("v2")}/h?fieldManager=two`,
      type: "apply",
      body: scaler("v2", { ...cpu(60), maxReplicas: 2, scaleTargetRef: TARGET }),
      code: 409,
      message:
        'Apply failed with 1 conflict: conflict with "one": .spec.targetCPUUtilizationPercentage',
    },
    {
      send: `PATCH ${SCALERS("v2")}/h?fieldManager=two&force=true`,
      type: "apply",
      body: scaler("v2", { ...cpu(60), maxReplicas: 2, scaleTargetRef: TARGET }),
      code: 200,
      has: {
        metadata: {
          managedFields: [{
            manager: "one",
            apiVersion: "autoscaling/v1",
            fieldsV1: { "f:spec": { "f:maxReplicas": {}, "f:scaleTargetRef": {} } },
          }, { manager: "two", apiVersion: "autoscaling/v2" }],
        },
      },
    },
  ],
};

testCases("several versions", CASES, openWebhook);
