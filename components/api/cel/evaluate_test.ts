import assert from "node:assert/strict";
import { CelFailure, type CelScope, CelTypes, compileCel } from "./mod.ts";

const { dyn, int, list, map, object, string } = CelTypes;
const scope: CelScope = {
  variables: {
    self: object("T", {
      replicas: int,
      name: string,
      items: list(string),
      any: dyn,
      labels: map(string, string),
    }),
    x: int,
  },
};
const values = {
  self: {
    replicas: 3,
    name: "abc",
    items: ["a", "b"],
    any: { a: [1, 2.5, "x"] },
    labels: { k: "v" },
  },
  x: 7,
};

/** The value of an expression, or `error: ` and why there is none. */
function run(expression: string): unknown {
  const compiled = compileCel(expression, scope);
  if (!compiled.ok) return compiled.message;
  const value = compiled.program.evaluate(values, { callLimit: 1_000_000, remaining: 1e7 });
  return value instanceof CelFailure ? `error: ${value.message}` : value;
}

Deno.test("expressions have values", () => {
  const cases: [string, unknown][] = [
    ["1 + 2 * 3", 7],
    ["self.replicas <= 5 && self.name.startsWith('a')", true],
    ["self.items.all(i, i.matches('^[a-z]$'))", true],
    ["self.items.map(i, i + '!')", ["a!", "b!"]],
    ["self.items.filter(i, i == 'a')", ["a"]],
    ["self.any.a.exists(v, v == 2.5)", true],
    ["[1, 2, 3].exists_one(v, v > 2)", true],
    ["self.labels.k", "v"],
    ["self.labels['z']", "error: no such key: z"],
    ["1 / 0 == 1 || true", true],
    ["1 / 0 == 1 || false", "error: division by zero"],
    ["timestamp('2020-01-01T00:00:00Z').getFullYear()", 2020],
    ["[1, 2].transformList(i, v, i + v)", [1, 3]],
    ["type(x) == int ? 'int' : 'other'", "int"],
  ];
  for (const [expression, value] of cases) assert.deepEqual(run(expression), value, expression);
});

Deno.test("what is wrong with an expression is told with its place", () => {
  assert.equal(
    run("self.nope"),
    "compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope\n | ....^",
  );
  assert.equal(
    run("1 + 'a'"),
    "compilation failed: ERROR: <input>:1:3: found no matching overload for '_+_' applied to " +
      "'(int, string)'\n | 1 + 'a'\n | ..^",
  );
});
