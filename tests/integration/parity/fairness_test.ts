import { testCases } from "./parity_case.ts";

const FLOW = "/apis/flowcontrol.apiserver.k8s.io/v1";
const LEVELS = `${FLOW}/prioritylevelconfigurations`;
const SCHEMAS = `${FLOW}/flowschemas`;
const TYPE = { apiVersion: "flowcontrol.apiserver.k8s.io/v1" };
const REFERENCES = "This FlowSchema references the PriorityLevelConfiguration object named";

const LEVEL = {
  ...TYPE,
  kind: "PriorityLevelConfiguration",
  metadata: { name: "tight" },
  spec: {
    type: "Limited",
    limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } },
  },
};
const SCHEMA = {
  ...TYPE,
  kind: "FlowSchema",
  metadata: { name: "eve" },
  spec: {
    matchingPrecedence: 10,
    priorityLevelConfiguration: { name: "tight" },
    rules: [{
      subjects: [{ kind: "User", user: { name: "eve" } }],
      nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
    }],
  },
};
const dangling = (status: string, reason: string, message: string) => ({
  status: {
    conditions: [{ type: "Dangling", status, reason, message: `${REFERENCES} ${message}` }],
  },
});

testCases("priority and fairness", {
  "an answer says how its request was classified": [
    {
      send: `GET ${SCHEMAS}/exempt`,
      code: 200,
      headers: { "x-kubernetes-pf-flowschema-uid": "", "x-kubernetes-pf-prioritylevel-uid": "" },
      keep: { exempt: "metadata.uid" },
    },
    { send: "GET /version", code: 200, headers: { "x-kubernetes-pf-flowschema-uid": "$exempt" } },
    { send: `GET ${SCHEMAS}/global-default`, code: 200, keep: { default: "metadata.uid" } },
    {
      send: "GET pods",
      user: "eve",
      code: 403,
      headers: { "x-kubernetes-pf-flowschema-uid": "$default" },
    },
  ],
  "a schema says whether its level exists, and then holds": [
    { send: `POST ${SCHEMAS}`, body: SCHEMA, code: 201, keep: { eve: "metadata.uid" } },
    {
      send: `GET ${SCHEMAS}/eve`,
      eventually: true,
      code: 200,
      has: dangling("True", "NotFound", '"tight" but there is no such object'),
    },
    { send: `POST ${LEVELS}`, body: LEVEL, code: 201, keep: { tight: "metadata.uid" } },
    {
      send: `GET ${SCHEMAS}/eve`,
      eventually: true,
      code: 200,
      has: dangling("False", "Found", '"tight" and it exists'),
    },
    {
      send: "GET /version",
      user: "eve",
      eventually: true,
      code: 200,
      headers: {
        "x-kubernetes-pf-flowschema-uid": "$eve",
        "x-kubernetes-pf-prioritylevel-uid": "$tight",
      },
    },
    { send: `DELETE ${LEVELS}/tight`, code: 200 },
    {
      send: `GET ${SCHEMAS}/eve`,
      eventually: true,
      code: 200,
      has: dangling("True", "NotFound", '"tight" but there is no such object'),
    },
  ],
  "the first objects are kept right while they say so": [
    {
      send: `PATCH ${LEVELS}/workload-low`,
      type: "merge",
      body: { spec: { limited: { nominalConcurrencyShares: 7 } } },
      code: 200,
    },
    {
      send: `PATCH ${LEVELS}/workload-high`,
      type: "merge",
      body: {
        metadata: { annotations: { "apf.kubernetes.io/autoupdate-spec": "false" } },
        spec: { limited: { nominalConcurrencyShares: 7 } },
      },
      code: 200,
    },
    {
      send: `PATCH ${SCHEMAS}/catch-all`,
      type: "merge",
      body: {
        metadata: { annotations: { "apf.kubernetes.io/autoupdate-spec": "false" } },
      },
      code: 200,
    },
    {
      send: `PATCH ${SCHEMAS}/catch-all`,
      type: "merge",
      body: { spec: { matchingPrecedence: 9 } },
      code: 422,
      has: {
        details: { causes: [{ reason: "FieldValueInvalid", field: "spec" }] },
      },
    },
    {
      send: `PATCH ${LEVELS}/catch-all`,
      type: "merge",
      body: { spec: { limited: { nominalConcurrencyShares: 6 } } },
      code: 422,
      has: { details: { causes: [{ reason: "FieldValueInvalid", field: "spec" }] } },
    },
    { send: `DELETE ${LEVELS}/catch-all`, code: 200 },
    {
      send: `PATCH ${LEVELS}/exempt`,
      type: "merge",
      body: {
        metadata: { annotations: { "apf.kubernetes.io/autoupdate-spec": "false" } },
        spec: { exempt: { lendablePercent: 50 } },
      },
      code: 200,
    },
    { send: `DELETE ${SCHEMAS}/service-accounts`, code: 200 },
    { send: "GET /version", later: 61, code: 200 },
    {
      send: `GET ${LEVELS}/workload-low`,
      eventually: true,
      code: 200,
      has: { spec: { limited: { nominalConcurrencyShares: 100 } } },
    },
    {
      send: `GET ${LEVELS}/workload-high`,
      code: 200,
      has: { spec: { limited: { nominalConcurrencyShares: 7 } } },
    },
    {
      send: `GET ${LEVELS}/exempt`,
      code: 200,
      has: { spec: { exempt: { lendablePercent: 50 } } },
    },
    {
      send: `GET ${SCHEMAS}/catch-all`,
      eventually: true,
      code: 200,
      has: {
        metadata: { annotations: { "apf.kubernetes.io/autoupdate-spec": "true" } },
        spec: { matchingPrecedence: 10000 },
      },
    },
    { send: `GET ${LEVELS}/catch-all`, eventually: true, code: 200 },
    { send: `GET ${SCHEMAS}/service-accounts`, eventually: true, code: 200 },
  ],
  "what no flow control could follow is refused": [
    {
      send: `POST ${SCHEMAS}`,
      body: {
        ...SCHEMA,
        metadata: { name: "first" },
        spec: { ...SCHEMA.spec, matchingPrecedence: 1 },
      },
      code: 422,
      reason: "Invalid",
      message:
        'FlowSchema.flowcontrol.apiserver.k8s.io "first" is invalid: spec.matchingPrecedence: ' +
        "Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    },
  ],
  "dumps are text": [
    { send: "GET /debug/api_priority_and_fairness/dump_priority_levels", code: 200 },
    { send: "GET /debug/api_priority_and_fairness/dump_queues", code: 200 },
    {
      send: "GET /debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1",
      code: 200,
      headers: { "content-type": "text/plain; charset=utf-8" },
    },
    { send: "GET /debug/api_priority_and_fairness/dump_nothing", code: 404 },
    { send: "GET /debug/api_priority_and_fairness/dump_queues", user: "eve", code: 403 },
  ],
});
