import assert from "node:assert/strict";
import type { KubeObject, ResourceQuota } from "../../../api/served.ts";
import { checkQuotas, type QuotaQuestion } from "./check.ts";
import type { LimitedResource } from "./configuration.ts";

type Amounts = Readonly<Record<string, string>>;

const quota = (
  hard: Amounts,
  used: Amounts,
  spec: ResourceQuota["spec"] = {},
  name = "q",
): ResourceQuota => ({ metadata: { name }, spec: { hard, ...spec }, status: { hard, used } });

const create = (plural: string, object: object, group = ""): QuotaQuestion => ({
  operation: "CREATE",
  group,
  plural,
  subresource: "",
  object: object as KubeObject,
  oldObject: undefined,
});
const update = (plural: string, before: object, after: object): QuotaQuestion => ({
  ...create(plural, after),
  operation: "UPDATE",
  oldObject: before as KubeObject,
});

const pod = (resources: object | undefined, spec: object = {}) =>
  create("pods", { spec: { containers: [{ name: "c", resources }], ...spec } });
const claim = (storage: string, more: object = {}) => ({
  spec: { storageClassName: "fast", resources: { requests: { storage } }, ...more },
});
const service = (type: string) => ({ spec: { type, ports: [{ port: 1 }, { port: 2 }] } });
const inClass = (...values: string[]): ResourceQuota["spec"] => ({
  scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values }] },
});

const LIMITED: readonly LimitedResource[] = [
  {
    apiGroup: "",
    resource: "persistentvolumeclaims",
    matchContains: ["fast.storageclass.storage.k8s.io/requests.storage"],
    matchScopes: [],
  },
  {
    apiGroup: "",
    resource: "pods",
    matchContains: [],
    matchScopes: [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }],
  },
];

const cases: readonly [
  name: string,
  question: QuotaQuestion,
  quotas: readonly ResourceQuota[],
  expected: string | readonly Amounts[],
  limited?: readonly LimitedResource[],
][] = [
  ["nothing to count", create("configmaps", {}), [], []],
  ["a quota without a status", create("configmaps", {}), [{
    metadata: { name: "q" },
    spec: { hard: { configmaps: "0" } },
  }], []],
  ["one more", create("configmaps", {}), [quota({ configmaps: "2" }, { configmaps: "1" })], [
    { configmaps: "2" },
  ]],
  [
    "one too many",
    create("configmaps", {}),
    [quota({ configmaps: "2" }, { configmaps: "2" })],
    "exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2",
  ],
  [
    "of any resource",
    create("widgets", {}, "example.com"),
    [quota({ "count/widgets.example.com": "0" }, { "count/widgets.example.com": "0" })],
    "exceeded quota: q, requested: count/widgets.example.com=1, used: count/widgets.example.com=0, " +
    "limited: count/widgets.example.com=0",
  ],
  [
    "status unknown",
    create("secrets", {}),
    [quota({ secrets: "2", "count/secrets": "3" }, { secrets: "0" })],
    "status unknown for quota: q, resources: count/secrets,secrets",
  ],
  [
    "resources that are not said",
    pod({ requests: { cpu: "1" } }),
    [quota({ "limits.cpu": "2", "memory": "1Gi" }, {})],
    "failed quota: q: must specify limits.cpu for: c; memory for: c",
  ],
  [
    "resources that are said for the pod",
    pod(undefined, { resources: { limits: { cpu: "1" } } }),
    [quota({ "limits.cpu": "2" }, { "limits.cpu": "1" })],
    [{ "limits.cpu": "2" }],
  ],
  [
    "amounts",
    pod({ requests: { cpu: "1500m", memory: "1Gi" } }),
    [
      quota({ "requests.cpu": "2", "requests.memory": "1536Mi", pods: "9" }, {
        "requests.cpu": "1",
        "requests.memory": "1Gi",
        pods: "1",
      }),
    ],
    "exceeded quota: q, requested: requests.cpu=1500m,requests.memory=1Gi, " +
    "used: requests.cpu=1,requests.memory=1Gi, limited: requests.cpu=2,requests.memory=1536Mi",
  ],
  [
    "several quotas are charged together",
    create("secrets", {}),
    [
      quota({ secrets: "5" }, { secrets: "1" }),
      quota({ "count/secrets": "5" }, {
        "count/secrets": "2",
      }),
    ],
    [{ secrets: "2" }, { "count/secrets": "3" }],
  ],
  [
    "out of scope",
    pod(undefined, { priorityClassName: "low" }),
    [quota({ pods: "0" }, { pods: "0" }, inClass("high"))],
    [],
  ],
  [
    "in scope",
    pod(undefined, { priorityClassName: "high" }),
    [quota({ pods: "0" }, { pods: "0" }, inClass("high", "highest"))],
    "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0",
  ],
  [
    "a class that a quota must cover",
    pod(undefined, { priorityClassName: "high" }),
    [],
    "insufficient quota to match these scopes: [{PriorityClass In [high]}]",
    LIMITED,
  ],
  [
    "a class that a quota covers",
    pod(undefined, { priorityClassName: "high" }),
    [quota({ pods: "1" }, { pods: "0" }, inClass("high"))],
    [{ pods: "1" }],
    LIMITED,
  ],
  [
    "a resource that a quota must cover",
    create("persistentvolumeclaims", claim("1Gi")),
    [],
    "insufficient quota to consume: fast.storageclass.storage.k8s.io/requests.storage",
    LIMITED,
  ],
  [
    "a claim grows",
    update("persistentvolumeclaims", claim("1Gi"), claim("3Gi")),
    [quota({ "requests.storage": "4Gi", persistentvolumeclaims: "1" }, {
      "requests.storage": "1Gi",
      persistentvolumeclaims: "1",
    })],
    [{ "requests.storage": "3Gi", persistentvolumeclaims: "1" }],
  ],
  [
    "a claim grows too far",
    update("persistentvolumeclaims", claim("1Gi"), claim("5Gi")),
    [quota({ "requests.storage": "4Gi" }, { "requests.storage": "1Gi" })],
    "exceeded quota: q, requested: requests.storage=4Gi, used: requests.storage=1Gi, " +
    "limited: requests.storage=4Gi",
  ],
  [
    "a claim that comes into a scope is charged whole",
    update(
      "persistentvolumeclaims",
      claim("1Gi"),
      claim("1Gi", { volumeAttributesClassName: "v" }),
    ),
    [quota({ persistentvolumeclaims: "1" }, { persistentvolumeclaims: "0" }, {
      scopeSelector: {
        matchExpressions: [{ scopeName: "VolumeAttributesClass", operator: "In", values: ["v"] }],
      },
    })],
    [{ persistentvolumeclaims: "1" }],
  ],
  [
    "a service changes its type",
    update("services", service("ClusterIP"), service("NodePort")),
    [quota({ "services.nodeports": "1" }, { "services.nodeports": "0" })],
    "exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, " +
    "limited: services.nodeports=1",
  ],
  [
    "a service that changes nothing",
    update("services", service("NodePort"), service("NodePort")),
    [quota({ "services.nodeports": "1" }, { "services.nodeports": "2" })],
    [],
  ],
];

Deno.test("checkQuotas() charges or refuses", async (test) => {
  for (const [name, question, quotas, expected, limited = []] of cases) {
    await test.step(name, () => {
      const outcome = checkQuotas(question, quotas, limited, 0);
      const found = "refused" in outcome
        ? outcome.refused
        : outcome.changed.map(({ status }) => status?.used);
      assert.deepEqual(found, expected);
    });
  }
});
