/** What a namespace may hold at most. */
import type { JsonObject } from "../../../components/base/mod.ts";
import { type Cases, testCases } from "./parity_case.ts";

/** A quota whose controller has counted: nothing is there yet. */
const quota = (
  hard: Record<string, string>,
  used: Record<string, string>,
  spec: JsonObject = {},
) => [
  {
    send: "POST resourcequotas",
    body: { metadata: { name: "q" }, spec: { hard, ...spec } },
    code: 201,
  },
  {
    send: "PATCH resourcequotas/q/status",
    type: "merge",
    body: { status: { hard, used } },
    code: 200,
  },
];
const pod = (name: string, spec: JsonObject = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});

const QUOTA: Cases = {
  "nothing counts before the controller has": [
    {
      send: "POST resourcequotas",
      body: { metadata: { name: "q" }, spec: { hard: { secrets: "0" } } },
      code: 201,
    },
    { send: "POST secrets", body: { metadata: { name: "a" } }, code: 201 },
  ],
  "a limit of objects": [
    ...quota({ secrets: "1" }, { secrets: "0" }),
    { send: "POST secrets?dryRun=All", body: { metadata: { name: "a" } }, code: 201 },
    { send: "POST secrets", body: { metadata: { name: "a" } }, code: 201 },
    { send: "GET resourcequotas/q", code: 200, has: { status: { used: { secrets: "1" } } } },
    {
      send: "POST secrets",
      body: { metadata: { name: "b" } },
      code: 403,
      reason: "Forbidden",
      message:
        'secrets "b" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=1, limited: secrets=1',
      has: { details: { name: "b", kind: "secrets" } },
    },
    { send: "POST configmaps", body: { metadata: { name: "b" } }, code: 201 },
  ],
  "any resource by its name": [
    ...quota({ "count/roles.rbac.authorization.k8s.io": "0" }, {
      "count/roles.rbac.authorization.k8s.io": "0",
    }),
    {
      send: "POST /apis/rbac.authorization.k8s.io/v1/namespaces/$ns/roles",
      body: { metadata: { name: "a" }, rules: [] },
      code: 403,
      message: 'roles.rbac.authorization.k8s.io "a" is forbidden: exceeded quota: q, requested: ' +
        "count/roles.rbac.authorization.k8s.io=1, used: count/roles.rbac.authorization.k8s.io=0, " +
        "limited: count/roles.rbac.authorization.k8s.io=0",
    },
  ],
  "what a pod must say": [
    ...quota({ "limits.memory": "1Gi" }, { "limits.memory": "0" }),
    {
      send: "POST pods",
      body: pod("p"),
      code: 403,
      message: 'pods "p" is forbidden: failed quota: q: must specify limits.memory for: c',
    },
    {
      send: "POST pods",
      body: pod("p", {
        containers: [{ name: "c", image: "i", resources: { limits: { memory: "600Mi" } } }],
      }),
      code: 201,
    },
    {
      send: "POST pods",
      body: pod("p2", {
        containers: [{ name: "c", image: "i", resources: { limits: { memory: "600Mi" } } }],
      }),
      code: 403,
      message:
        'pods "p2" is forbidden: exceeded quota: q, requested: limits.memory=600Mi, used: limits.memory=600Mi, ' +
        "limited: limits.memory=1Gi",
    },
  ],
  "usage that is not known": [
    ...quota({ pods: "1", "requests.cpu": "1" }, {}),
    {
      send: "POST pods",
      body: pod("p", {
        containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1" } } }],
      }),
      code: 403,
      message: 'pods "p" is forbidden: status unknown for quota: q, resources: pods,requests.cpu',
    },
  ],
  "only pods in the scopes": [
    ...quota({ pods: "0" }, { pods: "0" }, { scopes: ["BestEffort"] }),
    {
      send: "POST pods",
      body: pod("p"),
      code: 403,
      message:
        'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
    },
    {
      send: "POST pods",
      body: pod("p", {
        containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1" } } }],
      }),
      code: 201,
    },
  ],
  "a service's ports": [
    ...quota({ "services.nodeports": "1" }, { "services.nodeports": "0" }),
    {
      send: "POST services",
      body: { metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } },
      code: 201,
    },
    {
      send: "PATCH services/s",
      type: "merge",
      body: { spec: { type: "NodePort" } },
      code: 200,
    },
    {
      send: "GET resourcequotas/q",
      code: 200,
      has: { status: { used: { "services.nodeports": "1" } } },
    },
    {
      send: "PATCH services/s",
      type: "merge",
      body: { spec: { ports: [{ name: "a", port: 80 }, { name: "b", port: 81 }] } },
      code: 403,
      message:
        'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, ' +
        "limited: services.nodeports=1",
    },
  ],
};

testCases("quotas", QUOTA);
