import assert from "node:assert/strict";
import type { RuleAttributes } from "./attributes.ts";
import { type Rule, ruleMatches } from "./rules.ts";

const POD: RuleAttributes = {
  operation: "CREATE",
  group: "",
  version: "v1",
  resource: "pods",
  subresource: "",
  namespace: "a",
  name: "p",
};
const ALL: Rule = { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] };

const CASES: [string, Rule, Partial<RuleAttributes>, boolean][] = [
  ["everything", ALL, {}, true],
  ["nothing", {}, {}, false],
  ["operation", { ...ALL, operations: ["UPDATE", "CREATE"] }, {}, true],
  ["other operation", { ...ALL, operations: ["DELETE"] }, {}, false],
  ["core group", { ...ALL, apiGroups: [""] }, {}, true],
  ["other group", { ...ALL, apiGroups: ["apps"] }, {}, false],
  ["other version", { ...ALL, apiVersions: ["v2"] }, {}, false],
  ["resource", { ...ALL, resources: ["pods"] }, {}, true],
  ["* is no subresource", ALL, { subresource: "status" }, false],
  ["*/* is all", { ...ALL, resources: ["*/*"] }, { subresource: "status" }, true],
  ["*/* is the resource, too", { ...ALL, resources: ["*/*"] }, {}, true],
  ["pods/*", { ...ALL, resources: ["pods/*"] }, { subresource: "exec" }, true],
  ["*/scale", { ...ALL, resources: ["*/scale"] }, { subresource: "scale" }, true],
  ["pods is not pods/status", { ...ALL, resources: ["pods"] }, { subresource: "status" }, false],
  ["pods/status", { ...ALL, resources: ["pods/status"] }, {}, false],
  ["namespaced", { ...ALL, scope: "Namespaced" }, {}, true],
  ["namespaced, not", { ...ALL, scope: "Namespaced" }, { namespace: "" }, false],
  ["cluster", { ...ALL, scope: "Cluster" }, { namespace: "" }, true],
  ["cluster, not", { ...ALL, scope: "Cluster" }, {}, false],
  ["any scope", { ...ALL, scope: "*" }, {}, true],
  [
    "a namespace is of the cluster",
    { ...ALL, scope: "Cluster" },
    { resource: "namespaces", namespace: "a" },
    true,
  ],
  [
    "a namespace is in none",
    { ...ALL, scope: "Namespaced" },
    { resource: "namespaces", namespace: "a" },
    false,
  ],
  ["name", { ...ALL, resourceNames: ["p"] }, {}, true],
  ["other name", { ...ALL, resourceNames: ["q"] }, {}, false],
];

Deno.test("ruleMatches() reads rules as upstream", () => {
  for (const [name, rule, change, expected] of CASES) {
    assert.equal(ruleMatches(rule, { ...POD, ...change }), expected, name);
  }
});
