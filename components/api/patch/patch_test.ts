import assert from "node:assert/strict";
import { ApiError, type JsonObject, type JsonValue } from "../../base/mod.ts";
import type { StructSchema } from "../schema.ts";
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from "./mod.ts";

function rejects(run: () => unknown, code: number, message: RegExp): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("applyJsonPatch() does each operation", () => {
  const cases: [JsonObject, JsonValue, JsonObject][] = [
    [{ a: 1 }, [{ op: "add", path: "/b", value: 2 }], { a: 1, b: 2 }],
    [{ a: [1, 3] }, [{ op: "add", path: "/a/1", value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: "add", path: "/a/-", value: 2 }], { a: [1, 2] }],
    [{ a: 1, b: 2 }, [{ op: "remove", path: "/a" }], { b: 2 }],
    [{ a: [1, 2] }, [{ op: "remove", path: "/a/0" }], { a: [2] }],
    [{ a: 1 }, [{ op: "replace", path: "/a", value: null }], { a: null }],
    [{ a: { b: 1 } }, [{ op: "move", from: "/a/b", path: "/c" }], { a: {}, c: 1 }],
    [{ a: { b: 1 } }, [{ op: "copy", from: "/a", path: "/c" }], { a: { b: 1 }, c: { b: 1 } }],
    [{ "x/y": { "~": 1 } }, [{ op: "replace", path: "/x~1y/~0", value: 2 }], { "x/y": { "~": 2 } }],
    [{ a: 1 }, [{ op: "test", path: "/a", value: 1 }], { a: 1 }],
    [{ a: 1 }, [{ op: "test", path: "/b", value: null }], { a: 1 }],
    [{ a: 1 }, [{ op: "replace", path: "", value: { b: 1 } }], { b: 1 }],
  ];
  for (const [document, patch, expected] of cases) {
    const before = structuredClone(document);
    assert.deepEqual(applyJsonPatch(document, patch), expected, JSON.stringify(patch));
    assert.deepEqual(document, before);
  }
});

Deno.test("applyJsonPatch() refuses what does not apply", () => {
  const rejected = /^the server rejected our request due to an error in our request$/;
  const cases: [JsonValue, number, RegExp][] = [
    [{}, 400, /cannot unmarshal object/],
    [["a"], 400, /cannot unmarshal string/],
    [[{ op: "test", path: "/a", value: 2 }], 422, rejected],
    [[{ op: "remove", path: "/x" }], 422, rejected],
    [[{ op: "replace", path: "/x", value: 1 }], 422, rejected],
    [[{ op: "add", path: "/x/y", value: 1 }], 422, rejected],
    [[{ op: "add", path: "a", value: 1 }], 422, rejected],
    [[{ op: "what", path: "/a" }], 422, rejected],
    [[{ op: "add", path: "/a" }], 422, rejected],
    [[{ op: "replace", path: "/l/01", value: 1 }], 422, rejected],
    [[{ op: "replace", path: "", value: 1 }], 422, rejected],
    [[{ op: "move", from: "/o", path: "/o/p" }], 422, rejected],
    [new Array(10_001).fill({ op: "test", path: "/a", value: 1 }), 413, /is 10000, got 10001$/],
  ];
  for (const [patch, code, message] of cases) {
    rejects(() => applyJsonPatch({ a: 1, l: [1, 2], o: {} }, patch), code, message);
  }
});

Deno.test("applyJsonPatch() bounds copies of copies", () => {
  const patch: JsonValue = [{ op: "add", path: "/a", value: ["0123456789"] }];
  for (let i = 0; i < 40; i++) patch.push({ op: "copy", from: "/a", path: "/a/-" });
  rejects(() => applyJsonPatch({}, patch), 422, /rejected/);
});

Deno.test("applyMergePatch() merges, replaces and removes", () => {
  const cases: [JsonObject, JsonValue, JsonObject][] = [
    [{ a: { b: 1, c: 2 } }, { a: { b: null, d: 3 } }, { a: { c: 2, d: 3 } }],
    [{ a: [1] }, { a: [2] }, { a: [2] }],
    [{ a: 1 }, { a: { b: { c: null } } }, { a: { b: {} } }],
    [{}, { constructor: { x: 1 } }, { constructor: { x: 1 } } as unknown as JsonObject],
  ];
  for (const [document, patch, expected] of cases) {
    assert.deepEqual(applyMergePatch(document, patch), expected);
  }
  rejects(() => applyMergePatch({}, []), 400, /Invalid JSON Patch/);
});

const string = { type: "string" } as const;
const container: StructSchema = {
  type: "struct",
  name: "Container",
  fields: {
    name: { schema: string },
    image: { schema: string },
    args: { schema: { type: "list", items: string, listType: "atomic" } },
    env: {
      schema: {
        type: "list",
        listType: "map",
        keys: [{ name: "name" }],
        items: {
          type: "struct",
          name: "Env",
          fields: { name: { schema: string }, value: { schema: string } },
        },
      },
      patchStrategy: ["merge"],
      patchMergeKey: "name",
    },
  },
};
const pod: StructSchema = {
  type: "struct",
  name: "PodSpec",
  fields: {
    containers: {
      schema: { type: "list", items: container, listType: "map", keys: [{ name: "name" }] },
      patchStrategy: ["merge"],
      patchMergeKey: "name",
    },
    finalizers: {
      schema: { type: "list", items: string, listType: "set" },
      patchStrategy: ["merge"],
    },
    labels: { schema: { type: "map", values: string } },
    strategy: {
      schema: {
        type: "struct",
        name: "Strategy",
        fields: { type: { schema: string }, rollingUpdate: { schema: { type: "any" } } },
      },
      patchStrategy: ["retainKeys"],
    },
    selector: {
      schema: { type: "map", values: string },
      patchStrategy: ["replace"],
    },
  },
};
const named = (...names: string[]): JsonValue[] => names.map((name) => ({ name }));

Deno.test("applyStrategicPatch() follows the schema's strategies", () => {
  const cases: [string, JsonObject, JsonValue, JsonObject][] = [
    [
      "merges lists by key",
      { containers: [{ name: "a", image: "1", args: ["x"] }, { name: "b" }] },
      { containers: [{ name: "a", image: "2", args: ["y"] }] },
      { containers: [{ name: "a", image: "2", args: ["y"] }, { name: "b" }] },
    ],
    [
      "adds items behind and merges deep",
      { containers: [{ name: "a", env: [{ name: "X", value: "1" }] }] },
      { containers: [{ name: "a", env: [{ name: "Y", value: "2" }] }] },
      { containers: [{ name: "a", env: [{ name: "Y", value: "2" }, { name: "X", value: "1" }] }] },
    ],
    [
      "deletes an item",
      { containers: named("a", "b") },
      { containers: [{ name: "a", $patch: "delete" }] },
      { containers: named("b") },
    ],
    [
      "replaces a list",
      { containers: named("a", "b") },
      { containers: [{ $patch: "replace" }, { name: "c" }] },
      { containers: named("c") },
    ],
    ["replaces a map", { labels: { a: "1" } }, { labels: { $patch: "replace", b: "2" } }, {
      labels: { b: "2" },
    }],
    ["empties a map", { labels: { a: "1" } }, { labels: { $patch: "delete" } }, { labels: {} }],
    ["replaces by strategy", { selector: { a: "1" } }, { selector: { b: "2" } }, {
      selector: { b: "2" },
    }],
    ["removes by null", { labels: { a: "1", b: "2" } }, { labels: { a: null } }, {
      labels: { b: "2" },
    }],
    [
      "keeps only retained keys",
      { strategy: { type: "RollingUpdate", rollingUpdate: { x: 1 } } },
      { strategy: { $retainKeys: ["type"], type: "Recreate" } },
      { strategy: { type: "Recreate" } },
    ],
    [
      "merges lists of primitives",
      { finalizers: ["a", "b"] },
      { finalizers: ["b", "c"] },
      { finalizers: ["a", "b", "c"] },
    ],
    [
      "deletes from a list of primitives",
      { finalizers: ["a", "b", "c"] },
      { "$deleteFromPrimitiveList/finalizers": ["b"] },
      { finalizers: ["a", "c"] },
    ],
    [
      "sets the order of items",
      { containers: named("a", "b", "s") },
      {
        "$setElementOrder/containers": named("b", "c", "a"),
        containers: [{ name: "c" }],
      },
      { containers: named("b", "c", "a", "s") },
    ],
    [
      "sets the order without a list",
      { containers: named("a", "b") },
      { "$setElementOrder/containers": named("b", "a") },
      { containers: named("b", "a") },
    ],
    [
      "sets the order and deletes from primitives",
      { finalizers: ["a", "b", "c"] },
      {
        "$setElementOrder/finalizers": ["d", "a"],
        "$deleteFromPrimitiveList/finalizers": ["b"],
        finalizers: ["d"],
      },
      { finalizers: ["d", "a", "c"] },
    ],
    [
      "drops directives of what is new",
      {},
      { containers: [{ name: "a", $patch: "delete" }, { name: "b", image: null }] },
      { containers: named("b") },
    ],
  ];
  for (const [name, document, patch, expected] of cases) {
    const before = structuredClone(document);
    assert.deepEqual(applyStrategicPatch(document, patch, pod), expected, name);
    assert.deepEqual(document, before, name);
  }
});

Deno.test("applyStrategicPatch() refuses malformed patches", () => {
  const document = { containers: named("a"), labels: {}, strategy: {} };
  const cases: [JsonValue, number, RegExp][] = [
    [[], 400, /invalid JSON document/],
    [{ labels: { $patch: "what" } }, 500, /unknown patch type: what in map: map\[\$patch:what\]/],
    [{ containers: [{ image: "x" }] }, 500, /map: map\[image:x\] does not contain declared merge/],
    [{ strategy: { $retainKeys: "x" } }, 400, /retainKeys/],
    [{ strategy: { $retainKeys: [], type: "x" } }, 400, /retainKeys/],
    [{ "$setElementOrder/containers": [], containers: named("a") }, 400, /setElementOrder/],
    [{ "$deleteFromPrimitiveList/x": 1 }, 400, /primitive list/],
  ];
  for (const [patch, code, message] of cases) {
    rejects(() => applyStrategicPatch(document, patch, pod), code, message);
  }
});
