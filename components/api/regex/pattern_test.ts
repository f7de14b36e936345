import assert from "node:assert/strict";
import { compilePattern } from "./mod.ts";

function pattern(source: string) {
  const compiled = compilePattern(source);
  assert.ok(!("error" in compiled), `${source}: ${JSON.stringify(compiled)}`);
  return compiled;
}

Deno.test("test() finds a match anywhere, in RE2's syntax", () => {
  const cases: [string, string, boolean][] = [
    ["b", "abc", true],
    ["^b", "abc", false],
    ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "my-name", true],
    ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "my-name-", false],
    ["(?i)ABC", "xabcx", true],
    ["^\\pL+$", "héß", true],
    ["^.$", "\u{1f600}", true],
    ["a.c", "a\nc", false],
    ["(?s)a.c", "a\nc", true],
    ["^\\d{2,3}$", "1234", false],
    ["^\\d+$", "\u0663", false],
    ["[[:alpha:]]", "1a", true],
    ["\\bfoo\\b", "a foo b", true],
    ["", "", true],
    ["^$", "x", false],
    ["(?P<name>a)", "a", true],
  ];
  for (const [source, text, matches] of cases) {
    assert.equal(pattern(source).test(text), matches, `${source} on ${text}`);
  }
});

Deno.test("find() and findAll() answer matches, not groups", () => {
  assert.equal(pattern("[0-9]+").find("abc 123 45"), "123");
  assert.equal(pattern("[0-9]+").find("abc"), "");
  assert.deepEqual(pattern("([a-z])([0-9])").findAll("a1 b2 c3"), ["a1", "b2", "c3"]);
  assert.deepEqual(pattern("[0-9]+").findAll("1 2 3", 2), ["1", "2"]);
  assert.deepEqual(pattern("[0-9]+").findAll("1 2 3", 0), []);
  assert.deepEqual(pattern("x").findAll("1 2 3"), []);
  assert.deepEqual(pattern("a*").findAll("ab"), ["a", ""]);
});

Deno.test("a pattern that is none is an error value that says why", () => {
  const cases: [string, string][] = [
    ["(", "error parsing regexp: missing closing ): `(`"],
    ["a**", "error parsing regexp: invalid nested repetition operator: `**`"],
    ["[z-a]", "error parsing regexp: invalid character class range: `z-a`"],
    ["a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"],
    ["(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
    ["(a)\\1", "error parsing regexp: invalid escape sequence: `\\1`"],
    ["a\\", "error parsing regexp: trailing backslash at end of expression: ``"],
    ["*", "error parsing regexp: missing argument to repetition operator: `*`"],
  ];
  for (const [source, error] of cases) assert.deepEqual(compilePattern(source), { error });
});

Deno.test("patterns that stop others neither compile for long nor match for long", () => {
  const text = "a".repeat(100_000) + "!";
  for (const source of ["^(a+)+$", "^(a|a)*$", "(x+x+)+y", "^(a*)*b$", "(?:a?){50}a{50}!!"]) {
    assert.equal(pattern(source).test(text), false, source);
  }
  const large = { error: "error parsing regexp: expression too large" };
  assert.deepEqual(compilePattern("(((a{10}){10}){10})".repeat(1000)), large);
  assert.deepEqual(compilePattern("a{1000}".repeat(500)), large);
  assert.deepEqual(compilePattern("a".repeat(100_000)), large);
  assert.ok("error" in compilePattern("(".repeat(30_000)));
});

Deno.test("a compiled pattern is kept, and not all of them are", () => {
  const first = compilePattern("^kept$");
  assert.equal(compilePattern("^kept$"), first);
  for (let i = 0; i < 600; i++) compilePattern(`^other-${i}$`);
  assert.notEqual(compilePattern("^kept$"), first);
});
