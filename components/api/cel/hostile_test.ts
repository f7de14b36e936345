import assert from "node:assert/strict";
import { CelFailure, CelTypes, compileCel } from "./mod.ts";

const { dyn, int, list, map, string } = CelTypes;
const variables = { s: string, l: list(int), ls: list(string), d: dyn, m: map(string, string) };
const count = (length: number): number[] => Array.from({ length }, (_, i) => i);
const values = {
  s: "a".repeat(300_000),
  l: count(100_000),
  ls: count(30_000).map((i) => `s${i}`),
  d: JSON.parse("[".repeat(400) + "]".repeat(400)),
  m: Object.fromEntries(count(20_000).map((i) => [`k${i}`, "v"])),
};

/** The value, the kind of failure, or what the first line of the compile error says. */
function outcome(expression: string): unknown {
  const compiled = compileCel(expression, { variables });
  if (!compiled.ok) {
    return compiled.message.split("\n")[0]?.replace(/^compilation failed: ERROR: \S+ /, "");
  }
  const budget = { callLimit: 1_000_000, remaining: 10_000_000 };
  const value = compiled.program.evaluate(values, budget);
  return value instanceof CelFailure ? value.kind : value;
}

Deno.test("deep nesting is an error, however deep", () => {
  const recursion = "expression recursion limit exceeded: 250";
  const depth = "max recursion depth exceeded";
  const cases: [string, unknown][] = [
    ["(".repeat(10_000) + "1" + ")".repeat(10_000), recursion],
    ["[".repeat(10_000) + "]".repeat(10_000), recursion],
    ["[".repeat(10_000), recursion],
    ["dyn(".repeat(10_000) + "1" + ")".repeat(10_000), recursion],
    ["{1:".repeat(10_000) + "1" + "}".repeat(10_000), recursion],
    ["[1].all(x, ".repeat(5_000) + "true" + ")".repeat(5_000), recursion],
    ["true ? 1 : ".repeat(9_000) + "2", recursion],
    ["1" + "+1".repeat(9_000), depth],
    ["d" + ".a".repeat(9_000), depth],
    ["d" + "[0]".repeat(9_000), depth],
    ["'a'" + ".trim()".repeat(9_000), depth],
    ["!".repeat(10_001) + "true", false],
    ["-".repeat(10_001) + "1", -1],
    ["true" + " && true".repeat(9_000), true],
    ["[" + "1,".repeat(20_000) + "1].size()", 20_001],
  ];
  for (const [expression, expected] of cases) {
    assert.equal(outcome(expression), expected, expression.slice(0, 40));
  }
});

Deno.test("huge literals are errors or values", () => {
  const cases: [string, unknown][] = [
    ["9".repeat(50_000), "invalid int literal"],
    ["1".repeat(400) + ".0", "invalid double literal"],
    ["1e999999999", "invalid double literal"],
    [`'${"x".repeat(90_000)}'.size()`, 90_000],
    [
      `'${"x".repeat(200_000)}'`,
      "expression code point size exceeds limit: size: 200002, limit 100000",
    ],
    [`'${"\\u0041".repeat(10_000)}'.size()`, 10_000],
  ];
  for (const [expression, expected] of cases) {
    assert.equal(outcome(expression), expected, expression.slice(0, 40));
  }
});

Deno.test("what grows without bound ends", () => {
  const cases: string[] = [
    "['a']" + ".map(x, x + x)".repeat(60),
    "[[1]]" + ".map(x, x + x)".repeat(200) + "[0].size()",
    "['a']" + ".map(x, dyn(x) + dyn(x))".repeat(100),
    "[b'a']" + ".map(x, dyn(x) + dyn(x))".repeat(100),
    "[dyn([1])]" + ".map(x, dyn(x) + dyn(x))".repeat(100) + "[0].size()",
    "optional.of(1)" + ".optMap(x, x + 1)".repeat(200) + ".value()",
    "s.replace('', s).size()",
    "ls.join(s).size()",
    `'${"%s".repeat(200)}'.format([${"s,".repeat(199)}s])`,
    "lists.range(1000000000000).size()",
    "l.all(a, l.all(b, l.all(c, a + b + c >= 0)))",
    "l.exists(a, l.exists(b, a + b < 0))",
    // Little cost and much work.
    "l.all(i, s.findAll('').size() > 0)",
    "l.all(i, size(s) > 0)",
    "l.all(i, m == m)",
    "l.all(i, ls.indexOf('zz') < 0)",
    "l.all(i, '%s'.format([ls]) != '')",
    "l.distinct().size()",
    "sets.equivalent(l, l)",
  ];
  for (const expression of cases) {
    assert.equal(outcome(expression), "cost", expression.slice(0, 60));
  }
});

Deno.test("patterns of expressions match in linear time", () => {
  const cases: [string, unknown][] = [
    ["s.matches('^(a+)+$')", true],
    ["s.matches('^(a+)+b$')", false],
    ["s.matches('^(a|a)*$')", true],
    ["s.matches('(x+x+)+y')", false],
    ["s.matches('a{100000}')", "invalid matches argument"],
    ["s.matches(s)", "budget"],
    ["(s + '!').matches('^(a+)+$')", false],
  ];
  for (const [expression, expected] of cases) {
    assert.equal(outcome(expression), expected, expression);
  }
});

Deno.test("names of the language below are no names of expressions", () => {
  const cases: [string, unknown][] = [
    ["m.__proto__", "error"],
    ["has(m.constructor)", false],
    ["has(m.hasOwnProperty) || 'toString' in m", false],
    ["d.toString", "error"],
    ["constructor", "undeclared reference to 'constructor' (in container '')"],
    ["toString()", "undeclared reference to 'toString' (in container '')"],
    ["s.constructor()", "undeclared reference to 'constructor' (in container '')"],
    ["l.constructor(x, x)", "undeclared reference to 'constructor' (in container '')"],
    ["hasOwnProperty{}", "undeclared reference to 'hasOwnProperty' (in container '')"],
    ["{'__proto__': 1}['__proto__']", 1],
    ["{'__proto__': 1}.size()", 1],
    ["d == d", true],
  ];
  for (const [expression, expected] of cases) {
    assert.equal(outcome(expression), expected, expression);
  }
});

Deno.test("no text makes the compiler throw", () => {
  // Parts of expressions in an order that a seed gives.
  const parts =
    "1 'a' x s l m d . ? [ ] ( ) { } , : + - * / % < == && || ! in true null .all( .map( has( size( b'x' r' \" ` @ 0x 1. .5 é 😀 \\ // \n"
      .split(" ");
  let seed = 7;
  for (let i = 0; i < 3_000; i++) {
    let text = "";
    for (let j = 0; j < 12; j++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += parts[seed % parts.length];
      if (seed % 3 === 0) text += " ";
    }
    const compiled = compileCel(text, { variables });
    if (!compiled.ok) assert.match(compiled.message, /^(compilation|program)/);
    else compiled.program.evaluate(values, { callLimit: 10_000, remaining: 10_000 });
  }
});
