import assert from "node:assert/strict";
import { ApiError } from "../base/mod.ts";
import { parseFieldSelector } from "./field_selector.ts";
import { ageOf, humanDuration } from "./human_duration.ts";
import { formatLabelSelector, labelSelectorMatcher, parseLabelSelector } from "./label_selector.ts";

function rejects(run: () => unknown, message: string): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 400);
    assert.equal(error.message, message);
    return true;
  });
}

Deno.test("parseLabelSelector() matches as Kubernetes does", () => {
  const labels = { app: "web", tier: "front", size: "10", empty: "" };
  const cases: [string, boolean][] = [
    ["", true],
    ["app=web", true],
    ["app==web", true],
    ["app = web , tier = front", true],
    ["app=db", false],
    ["app!=db", true],
    ["none!=x", true],
    ["app in (web,db)", true],
    ["app in (db)", false],
    ["app notin (db)", true],
    ["none notin (db)", true],
    ["app", true],
    ["!app", false],
    ["!none", true],
    ["size>9", true],
    ["size<9", false],
    ["app>9", false],
    ["empty=", true],
    ["empty in (,a)", true],
    ["in in (in)", false],
  ];
  for (const [text, expected] of cases) {
    assert.equal(parseLabelSelector(text).matches(labels), expected, text);
  }
  assert.equal(parseLabelSelector("b=2,a in (y,x)").toString(), "a in (x,y),b=2");
  assert.equal(parseLabelSelector("a").matches(undefined), false);
  assert.equal(parseLabelSelector("constructor").matches({}), false);
});

Deno.test("parseLabelSelector() refuses in upstream's words", () => {
  const cases: [string, string][] = [
    [",a", "found ',', expected: !, identifier, or 'end of string'"],
    ["a,", "found '', expected: identifier after ','"],
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a=b c", "found 'c', expected: ',' or 'end of string'"],
    ["a in b", "unable to parse requirement: found 'b' expected: '('"],
    [
      "a in ()",
      "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      "a>b",
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ["!", "unable to parse requirement: found '', expected: identifier"],
  ];
  for (const [text, message] of cases) rejects(() => parseLabelSelector(text), message);
  assert.throws(() => parseLabelSelector("a=-b"), /values\[0\]\[a\]: Invalid value: "-b": a valid/);
  assert.throws(() => parseLabelSelector("-a=b"), /<nil>: Invalid value: "-a": name part must/);
});

Deno.test("labelSelectorMatcher() takes objects", () => {
  assert.equal(labelSelectorMatcher(undefined).matches({}), false);
  assert.equal(labelSelectorMatcher({}).matches(undefined), true);
  const selector = {
    matchLabels: { app: "web" },
    matchExpressions: [{ key: "tier", operator: "In", values: ["b", "a"] }],
  };
  assert.equal(labelSelectorMatcher(selector).matches({ app: "web", tier: "a" }), true);
  assert.equal(labelSelectorMatcher(selector).matches({ app: "web" }), false);
  assert.equal(formatLabelSelector(selector), "app=web,tier in (a,b)");
  assert.equal(formatLabelSelector({}), "<none>");
  rejects(
    () => labelSelectorMatcher({ matchExpressions: [{ key: "a", operator: "Gt" }] }),
    `"Gt" is not a valid label selector operator`,
  );
});

Deno.test("parseFieldSelector() reads, matches and refuses", () => {
  const labels = ["metadata.name", "metadata.namespace", "status.phase"];
  const cases: [string, boolean][] = [
    ["", true],
    ["metadata.name=a", true],
    ["metadata.name==a,status.phase!=Running", true],
    ["status.phase!=Failed", false],
    ["metadata.namespace=x\\,y\\=z", true],
  ];
  const fields = {
    "metadata.name": "a",
    "metadata.namespace": "x,y=z",
    "status.phase": "Failed",
  };
  for (const [text, expected] of cases) {
    assert.equal(parseFieldSelector(text, labels).matches(fields), expected, text);
  }
  assert.equal(
    parseFieldSelector("metadata.namespace=x\\,y", labels).toString(),
    "metadata.namespace=x\\,y",
  );
  rejects(() => parseFieldSelector("spec.x=1", labels), "field label not supported: spec.x");
  rejects(
    () => parseFieldSelector("spec.x=1", ["metadata.name"]),
    `"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
  rejects(
    () => parseFieldSelector("metadata.name", labels),
    "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
  );
  assert.throws(() => parseFieldSelector("metadata.name=a=b", labels), /unescaped character/);
  assert.throws(() => parseFieldSelector("metadata.name=a\\b", labels), /escape sequence/);
});

Deno.test("humanDuration() shows two figures at most", () => {
  const [s, m, h, d] = [1e3, 6e4, 36e5, 864e5];
  const cases: [number, string][] = [
    [-5 * s, "<invalid>"],
    [-1, "0s"],
    [119 * s, "119s"],
    [120 * s, "2m"],
    [3 * m + 12 * s, "3m12s"],
    [10 * m + 5 * s, "10m"],
    [179 * m, "179m"],
    [3 * h, "3h"],
    [3 * h + 5 * m, "3h5m"],
    [8 * h + 5 * m, "8h"],
    [47 * h, "47h"],
    [48 * h, "2d"],
    [50 * h, "2d2h"],
    [8 * d + 5 * h, "8d"],
    [729 * d, "729d"],
    [731 * d, "2y1d"],
    [8 * 365 * d, "8y"],
  ];
  for (const [ms, expected] of cases) assert.equal(humanDuration(ms), expected, String(ms));
  assert.equal(ageOf(undefined, 0), "<unknown>");
  assert.equal(ageOf("1970-01-01T00:00:00Z", 5000), "5s");
});
