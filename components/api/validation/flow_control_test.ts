import assert from "node:assert/strict";
import { created, type Json } from "./validation_suite.ts";

const SCHEMA = "flowcontrol.apiserver.k8s.io/v1 FlowSchema";
const LEVEL = "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration";
const RULE = {
  subjects: [{ kind: "User", user: { name: "a" } }],
  resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["*"] }],
};
const schema = (spec: Json, rule: Json = {}): Json => ({
  spec: {
    matchingPrecedence: 100,
    priorityLevelConfiguration: { name: "p" },
    rules: [{ ...RULE, ...rule }],
    ...spec,
  },
});
const limited = (limited: Json): Json => ({ spec: { type: "Limited", limited } });
const queued = (queuing: Json): Json =>
  limited({
    nominalConcurrencyShares: 1,
    limitResponse: {
      type: "Queue",
      queuing: { queues: 8, handSize: 2, queueLengthLimit: 5, ...queuing },
    },
  });
const AT = "spec.rules[0]";

const cases: readonly [string, Json, readonly string[]][] = [
  [SCHEMA, schema({}), []],
  [SCHEMA, schema({ matchingPrecedence: -1 }), [
    "spec.matchingPrecedence: Invalid value: -1: must be a positive value",
  ]],
  [SCHEMA, schema({ matchingPrecedence: 10_001 }), [
    "spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000",
  ]],
  [SCHEMA, schema({ matchingPrecedence: 1 }), [
    "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  ]],
  [SCHEMA, schema({ priorityLevelConfiguration: { name: "" } }), [
    "spec.priorityLevelConfiguration.name: Required value: must reference a priority level",
  ]],
  [SCHEMA, schema({ distinguisherMethod: { type: "ByAge" } }), [
    'spec.distinguisherMethod.type: Unsupported value: {"type":"ByAge"}: supported values: "ByNamespace", "ByUser"',
  ]],
  [SCHEMA, schema({}, { subjects: [] }), [
    `${AT}.subjects: Required value: subjects must contain at least one value`,
  ]],
  [SCHEMA, schema({}, { subjects: [{ kind: "Robot" }] }), [
    `${AT}.subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`,
  ]],
  [SCHEMA, schema({}, { subjects: [{ kind: "Group", user: { name: "a" } }] }), [
    `${AT}.subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'`,
    `${AT}.subjects[0].group: Required value: group is required when subject kind is 'Group'`,
  ]],
  [SCHEMA, schema({}, { subjects: [{ kind: "ServiceAccount", serviceAccount: { name: "*" } }] }), [
    `${AT}.subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account`,
  ]],
  [SCHEMA, schema({}, { resourceRules: [] }), [
    `${AT}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`,
  ]],
  [
    SCHEMA,
    schema({}, {
      resourceRules: [{
        verbs: ["*", "get"],
        apiGroups: [],
        resources: ["*", "a"],
        namespaces: [],
      }],
    }),
    [
      `${AT}.resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
      `${AT}.resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group`,
      `${AT}.resourceRules[0].resources: Invalid value: ["*","a"]: if '*' is present, must not specify other resources`,
      `${AT}.resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
    ],
  ],
  [
    SCHEMA,
    schema({}, {
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["a", "/b//c", "/d*", "/e/*"] }],
    }),
    [
      `${AT}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash`,
      `${AT}.nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/b//c": must not contain double slash`,
      `${AT}.nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/d*": wildcard can only do suffix matching`,
    ],
  ],
  [LEVEL, queued({}), []],
  [LEVEL, { spec: { type: "Exempt" } }, [
    "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if `name` is 'exempt'",
  ]],
  [LEVEL, { spec: { type: "Limited" } }, [
    "spec.limited: Required value: must not be empty when type is Limited",
  ]],
  [
    LEVEL,
    limited({
      nominalConcurrencyShares: -1,
      lendablePercent: 101,
      borrowingLimitPercent: -1,
      limitResponse: { type: "Wait" },
    }),
    [
      "spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
      "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
      'spec.limited.limitResponse.type: Unsupported value: "Wait": supported values: "Queue", "Reject"',
      "spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
    ],
  ],
  [LEVEL, queued({ queues: 10_000_001, handSize: 1 }), [
    "spec.limited.limitResponse.queuing.queues: Invalid value: 10000001: must not be greater than 10000000",
  ]],
  [LEVEL, queued({ handSize: 9 }), [
    "spec.limited.limitResponse.queuing.handSize: Invalid value: 9: should not be greater than queues (8)",
  ]],
  [LEVEL, queued({ queues: 512, handSize: 8 }), [
    "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and " +
    "handSize 8 should not be greater than 60",
  ]],
];

for (const [kind, object, expected] of cases) {
  Deno.test(`${kind} with ${JSON.stringify(object)}`.slice(0, 150), () => {
    assert.deepEqual(created(kind, object), expected);
  });
}
