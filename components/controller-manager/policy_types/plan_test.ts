import assert from "node:assert/strict";
import type { CustomResourceDefinition, ValidatingAdmissionPolicy } from "../../api/mod.ts";
import { checkedKinds, kindsOf, typeWarnings } from "./plan.ts";

type Rule = NonNullable<
  NonNullable<NonNullable<ValidatingAdmissionPolicy["spec"]>["matchConstraints"]>["resourceRules"]
>[number];

const policyOf = (rules: Rule[], spec: ValidatingAdmissionPolicy["spec"] = {}) => ({
  spec: { matchConstraints: { resourceRules: rules }, ...spec },
});
const DEPLOYMENTS: Rule = {
  apiGroups: ["apps"],
  apiVersions: ["v1"],
  resources: ["deployments"],
  operations: ["*"],
};

Deno.test("kindsOf() names the kinds that rules name one by one", () => {
  const cases: [string, Rule[], string[]][] = [
    ["one", [DEPLOYMENTS], ["Deployment"]],
    ["two", [{ ...DEPLOYMENTS, resources: ["replicasets", "deployments"] }], [
      "Deployment",
      "ReplicaSet",
    ]],
    ["any", [{ ...DEPLOYMENTS, resources: ["*"] }], []],
    ["any group", [{ ...DEPLOYMENTS, apiGroups: ["*"] }], []],
    ["subresource", [{ ...DEPLOYMENTS, resources: ["deployments/scale"] }], []],
    ["unknown", [{ ...DEPLOYMENTS, resources: ["things"] }], []],
  ];
  for (const [name, rules, kinds] of cases) {
    const found = kindsOf(policyOf(rules), checkedKinds([])).map(({ kind }) => kind);
    assert.deepEqual(found, kinds, name);
  }
});

Deno.test("typeWarnings() tells what does not fit", () => {
  const warnings = typeWarnings(
    policyOf([DEPLOYMENTS], {
      variables: [{ name: "replicas", expression: "object.spec.replicas" }],
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      validations: [
        { expression: "object.spec.replicas > '1'" },
        { expression: "object.spec.replicas > 1", messageExpression: "object.spec.nothing" },
        { expression: "variables.replicas < 3 && params.data['a'] == 'b'" },
        { expression: "has(object.metadata.labels) && object.metadata.name != ''" },
      ],
    }),
    checkedKinds([]),
  );
  assert.deepEqual(warnings, [
    {
      fieldRef: "spec.validations[0].expression",
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n",
    },
    {
      fieldRef: "spec.validations[1].messageExpression",
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'nothing'\n | object.spec.nothing\n | ...........^\n",
    },
  ]);
});

Deno.test("typeWarnings() knows kinds that definitions bring", () => {
  const definition: CustomResourceDefinition = {
    spec: {
      group: "stable.test",
      names: { plural: "crontabs", kind: "CronTab" },
      scope: "Namespaced",
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", properties: { replicas: { type: "integer" } } },
            },
          },
        },
      }],
    },
  };
  const rule: Rule = {
    apiGroups: ["stable.test"],
    apiVersions: ["v1"],
    resources: ["crontabs"],
    operations: ["*"],
  };
  const policy = policyOf([rule], {
    validations: [
      { expression: "object.spec.replicas > '1'" },
      { expression: "object.metadata.labels['a'] == 'b' && object.spec.replicas > 1" },
    ],
  });
  assert.deepEqual(typeWarnings(policy, checkedKinds([definition])), [{
    fieldRef: "spec.validations[0].expression",
    warning:
      "stable.test/v1, Kind=CronTab: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n",
  }]);
  assert.deepEqual(typeWarnings(policy, checkedKinds([])), []);
});
