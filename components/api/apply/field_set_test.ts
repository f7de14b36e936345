import assert from "node:assert/strict";
import {
  difference,
  EMPTY_SET,
  type FieldSet,
  intersection,
  isFieldSet,
  isSubset,
  recursiveDifference,
  setOfPaths,
  union,
} from "./field_set.ts";
import { pathTexts } from "./path_element.ts";

const set = (text: string): FieldSet => JSON.parse(text);
const a = set(`{"f:a":{".":{},"f:b":{},"f:c":{}},"f:d":{}}`);

Deno.test("union() joins nodes and what is below them", () => {
  assert.deepEqual(union(set(`{"f:a":{}}`), set(`{"f:a":{"f:b":{}}}`)), {
    "f:a": { ".": {}, "f:b": {} },
  });
  assert.deepEqual(union(set(`{"f:a":{"f:b":{}}}`), set(`{"f:a":{"f:c":{}},"f:d":{}}`)), {
    "f:a": { "f:b": {}, "f:c": {} },
    "f:d": {},
  });
  assert.equal(union(a, set(`{"f:a":{"f:b":{}}}`)), a);
  assert.equal(union(a, EMPTY_SET), a);
  assert.equal(union(EMPTY_SET, a), a);
});

Deno.test("difference() removes paths, not what is below them", () => {
  assert.deepEqual(difference(a, set(`{"f:a":{}}`)), {
    "f:a": { "f:b": {}, "f:c": {} },
    "f:d": {},
  });
  assert.deepEqual(difference(a, set(`{"f:a":{"f:b":{},"f:c":{}}}`)), {
    "f:a": { ".": {} },
    "f:d": {},
  });
  assert.equal(difference(a, set(`{"f:x":{},"f:d":{"f:y":{}}}`)), a);
  assert.deepEqual(difference(a, a), {});
});

Deno.test("recursiveDifference() and intersection()", () => {
  assert.deepEqual(recursiveDifference(a, setOfPaths(["a"])), { "f:d": {} });
  assert.deepEqual(recursiveDifference(a, setOfPaths(["a.b", "d"])), {
    "f:a": { ".": {}, "f:c": {} },
  });
  assert.deepEqual(intersection(a, set(`{"f:a":{"f:b":{},"f:z":{}},"f:d":{}}`)), {
    "f:a": { "f:b": {} },
    "f:d": {},
  });
  assert.equal(isSubset(set(`{"f:a":{"f:b":{}}}`), a), true);
  assert.equal(isSubset(set(`{"f:a":{"f:z":{}}}`), a), false);
});

Deno.test("isFieldSet() knows sets from other values", () => {
  assert.equal(isFieldSet(a), true);
  for (const bad of [null, 1, [], { x: {} }, { "f:a": 1 }, { "f:a": { b: {} } }]) {
    assert.equal(isFieldSet(bad), false, JSON.stringify(bad));
  }
});

Deno.test("pathTexts() shows paths in upstream's order", () => {
  const shown = set(
    `{"f:z":{},"f:a":{"k:{\\"name\\":\\"x\\",\\"port\\":1}":{".":{},"f:i":{}},"v:\\"s\\"":{},"i:0":{}}}`,
  );
  assert.deepEqual(pathTexts(shown), [
    ".z",
    '.a[name="x",port=1]',
    '.a[="s"]',
    ".a[0]",
    '.a[name="x",port=1].i',
  ]);
});
