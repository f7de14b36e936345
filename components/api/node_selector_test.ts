import assert from "node:assert/strict";
import { matchesNodeTerm, selectsNode } from "./node_selector.ts";
import { tolerates, untolerated } from "./toleration.ts";

const node = { name: "n1", labels: { zone: "a", cores: "16", huge: "9223372036854775808" } };
const expression = (key: string, operator: string, ...values: string[]) => ({
  key,
  operator,
  values,
});

Deno.test("expressions of node selector terms", async (t) => {
  const cases: [string, string, string[], boolean][] = [
    ["zone", "In", ["b", "a"], true],
    ["zone", "In", ["b"], false],
    ["rack", "In", [""], false],
    ["zone", "NotIn", ["a"], false],
    ["rack", "NotIn", ["a"], true],
    ["zone", "Exists", [], true],
    ["rack", "Exists", [], false],
    ["constructor", "Exists", [], false],
    ["zone", "DoesNotExist", [], false],
    ["rack", "DoesNotExist", [], true],
    ["cores", "Gt", ["15"], true],
    ["cores", "Gt", ["16"], false],
    ["cores", "Lt", ["17"], true],
    ["cores", "Lt", ["+16"], false],
    ["zone", "Gt", ["1"], false],
    ["cores", "Gt", ["1.5"], false],
    ["huge", "Gt", ["1"], false],
    ["cores", "Near", ["16"], false],
  ];
  for (const [key, operator, values, expected] of cases) {
    await t.step(`${key} ${operator} ${values}`, () => {
      const term = { matchExpressions: [expression(key, operator, ...values)] };
      assert.equal(matchesNodeTerm(term, node), expected);
    });
  }
});

Deno.test("terms are any of, their parts all of", () => {
  const is = (name: string) => expression("metadata.name", "In", name);
  const zone = expression("zone", "In", "a");
  assert.equal(matchesNodeTerm({}, node), false);
  assert.equal(matchesNodeTerm({ matchFields: [is("n1")] }, node), true);
  assert.equal(matchesNodeTerm({ matchFields: [is("n2")], matchExpressions: [zone] }, node), false);
  const required = (...nodeSelectorTerms: object[]) => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  });
  assert.equal(selectsNode({}, node), true);
  assert.equal(selectsNode({ nodeSelector: { zone: "b" } }, node), false);
  assert.equal(selectsNode({ nodeSelector: { zone: "a" }, ...required({}) }, node), false);
  const either = required({ matchFields: [is("n2")] }, { matchExpressions: [zone] });
  assert.equal(selectsNode({ nodeSelector: { zone: "a" }, ...either }, node), true);
});

Deno.test("tolerations cover taints by key, value and effect", () => {
  const taint = { key: "load", value: "7", effect: "NoSchedule" };
  const cases: [object, boolean][] = [
    [{ operator: "Exists" }, true],
    [{ key: "load", operator: "Exists", effect: "NoExecute" }, false],
    [{ key: "load", value: "7" }, true],
    [{ key: "load", value: "8" }, false],
    [{ value: "7" }, false],
    [{ key: "other", operator: "Exists" }, false],
    [{ key: "load", operator: "Lt", value: "8" }, true],
    [{ key: "load", operator: "Lt", value: "7" }, false],
    [{ key: "load", operator: "Gt", value: "6" }, true],
    [{ key: "load", operator: "Gt", value: "many" }, false],
  ];
  for (const [toleration, expected] of cases) {
    assert.equal(tolerates(toleration, taint), expected, JSON.stringify(toleration));
  }
  const soft = { key: "load", effect: "PreferNoSchedule" };
  assert.deepEqual(untolerated([taint, soft], [], ["NoSchedule"]), [taint]);
  assert.deepEqual(untolerated([taint, soft], [{ operator: "Exists" }], ["NoSchedule"]), []);
});
