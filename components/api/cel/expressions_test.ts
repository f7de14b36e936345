import assert from "node:assert/strict";
import {
  CelFailure,
  type CelSchema,
  type CelType,
  celTypeOfSchema,
  CelTypes,
  compileCel,
} from "./mod.ts";

/**
 * `[expression, outcome, cost, least estimate, most]`, as Kubernetes' own compiler and evaluator have it: values,
 * failures, compile errors with their places, what the run cost and what it was estimated to cost.
 */
type GoldenRow = readonly [
  expression: string,
  outcome: { readonly value: unknown } | { readonly fails: string } | { readonly wrong: string },
  cost?: number,
  least?: number,
  most?: number,
];

interface Golden {
  readonly variables: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly expressions: readonly GoldenRow[];
  readonly rules: readonly {
    readonly schema: CelSchema;
    readonly root: boolean;
    readonly self: unknown;
    readonly oldSelf: unknown;
    readonly rows: readonly GoldenRow[];
  }[];
}

const golden: Golden = JSON.parse(
  Deno.readTextFileSync(new URL("../../../tests/golden/cel_expressions.json", import.meta.url)),
);

const NAMED: Readonly<Record<string, CelType>> = {
  "list(int)": CelTypes.list(CelTypes.int),
  "list(string)": CelTypes.list(CelTypes.string),
  "map(string,int)": CelTypes.map(CelTypes.string, CelTypes.int),
  bool: CelTypes.bool,
  double: CelTypes.double,
  duration: CelTypes.duration,
  dyn: CelTypes.dyn,
  int: CelTypes.int,
  string: CelTypes.string,
  timestamp: CelTypes.timestamp,
};

/** As JSON tells it: ints are numbers, and what is no number has a name. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, inner) => {
    if (typeof inner === "bigint") return Number(inner);
    if (typeof inner !== "number" || Number.isFinite(inner)) return inner;
    return Number.isNaN(inner) ? "NaN" : inner > 0 ? "+Inf" : "-Inf";
  }));
}

function check(
  rows: readonly GoldenRow[],
  variables: Readonly<Record<string, CelType>>,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const [expression, outcome, cost, least, most] of rows) {
    const compiled = compileCel(expression, { variables });
    if (!compiled.ok) {
      assert.deepEqual({ wrong: compiled.message }, outcome, expression);
      continue;
    }
    const budget = { callLimit: 1_000_000, remaining: 10_000_000 };
    const value = compiled.program.evaluate(values, budget);
    const found = value instanceof CelFailure ? { fails: value.message } : { value: plain(value) };
    assert.deepEqual(found, outcome, expression);
    assert.deepEqual(
      [10_000_000 - budget.remaining, compiled.cost.min, compiled.cost.max],
      [cost, least, most],
      expression,
    );
  }
}

Deno.test("expressions mean, fail and cost what they do upstream", () => {
  const variables: Record<string, CelType> = {};
  for (const [name, type] of Object.entries(golden.variables)) {
    const named = NAMED[type];
    assert.ok(named, type);
    variables[name] = named;
  }
  assert.ok(golden.expressions.length > 1000);
  check(golden.expressions, variables, golden.values);
});

Deno.test("rules of custom resources mean, fail and cost what they do upstream", () => {
  assert.ok(golden.rules.length > 10);
  for (const { schema, root, self, oldSelf, rows } of golden.rules) {
    const type = celTypeOfSchema(schema, { root });
    assert.ok(type);
    check(rows, { self: type, oldSelf: type }, { self, oldSelf });
  }
});

Deno.test("a program has no state: it gives the same value over and over", () => {
  const compiled = compileCel("l.map(i, i * x).sum()", {
    variables: { l: CelTypes.list(CelTypes.int), x: CelTypes.int },
  });
  assert.ok(compiled.ok);
  assert.deepEqual([...compiled.program.reads], ["l", "x"]);
  for (const [l, x, sum] of [[[1, 2], 2, 6], [[], 9, 0], [[5], 5, 25], [[1, 2], 2, 6]] as const) {
    const value = compiled.program.evaluate({ l, x }, { callLimit: 1e6, remaining: 1e7 });
    assert.equal(value, sum);
  }
});
