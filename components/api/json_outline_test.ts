import assert from "node:assert/strict";
import { jsonOutline } from "./json_outline.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("jsonOutline() empties every list and keeps all else", () => {
  const cases: [unknown, unknown][] = [
    [{}, {}],
    [{ a: [] }, { a: [] }],
    [{ a: [1, [2, [3]], { b: [4] }], c: "d" }, { a: [], c: "d" }],
    [{ a: { b: { c: [{ d: "]" }], e: null } }, f: [] }, { a: { b: { c: [], e: null } }, f: [] }],
    [{ "[": "]", 'q"[': '\\"]', a: ["[", '"]', "\\"], b: "é€😀[" }, {
      "[": "]",
      'q"[': '\\"]',
      a: [],
      b: "é€😀[",
    }],
    [{ a: ["x".repeat(200_000)], b: "y".repeat(100_000) }, { a: [], b: "y".repeat(100_000) }],
  ];
  for (const [value, expected] of cases) {
    for (const indent of [0, 2]) {
      assert.deepEqual(jsonOutline(utf8(JSON.stringify(value, null, indent))), expected);
    }
  }
});

Deno.test("jsonOutline() of what is no object", () => {
  for (const text of ["", "[]", "k8s\0", " {}"]) assert.equal(jsonOutline(utf8(text)), undefined);
  for (const text of ["{", '{"a":[', '{"a":["b]}', '{"a', '{"a":[1}']) {
    assert.throws(() => jsonOutline(utf8(text)), SyntaxError, text);
  }
});
