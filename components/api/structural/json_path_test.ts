import assert from "node:assert/strict";
import type { JsonValue } from "../../base/mod.ts";
import { JsonPathReader } from "./json_path.ts";
import { printerColumns } from "./printer_columns.ts";

const OBJECT = {
  metadata: { name: "a", labels: { "app.kubernetes.io/name": "x" } },
  spec: {
    list: [{ name: "a", n: 1 }, { name: "b", n: 2 }, { name: "c", n: 3 }],
    map: { k: { v: 1 }, l: { v: 2 } },
    zero: 0,
    no: null,
  },
  status: { conditions: [{ type: "Old", status: "False" }, { type: "Ready", status: "True" }] },
};

Deno.test("JsonPathReader.all() follows paths", () => {
  const cases: [string, JsonValue[]][] = [
    [".metadata.name", ["a"]],
    ["metadata.name", ["a"]],
    [".metadata.labels.app\\.kubernetes\\.io/name", ["x"]],
    [".metadata.labels['app.kubernetes.io/name']", ["x"]],
    ['.metadata["name"]', ["a"]],
    [".spec.zero", [0]],
    [".spec.no", [null]],
    [".spec.none.at.all", []],
    [".constructor", []],
    [".spec.list[0].name", ["a"]],
    [".spec.list[-1].name", ["c"]],
    [".spec.list[9].name", []],
    [".spec.list[0:2].name", ["a", "b"]],
    [".spec.list[::2].name", ["a", "c"]],
    [".spec.list[1:].n", [2, 3]],
    [".spec.list[*].n", [1, 2, 3]],
    [".spec.list[0,2].name", ["a", "c"]],
    [".spec.map.*.v", [1, 2]],
    ["..v", [1, 2]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    [".status.conditions[?(@.type=='Ready')].status", ["True"]],
    ['.status.conditions[?(@.type!="Ready")].status', ["False"]],
    [".spec.list[?(@.n>1)].name", ["b", "c"]],
    [".spec.list[?(@.n<=1)].name", ["a"]],
    [".spec.list[?(@.none)].name", []],
    [".spec.list[?(@.name)].n", [1, 2, 3]],
    [".", [OBJECT]],
  ];
  for (const [path, expected] of cases) {
    assert.deepEqual(JsonPathReader.of(path)?.all(OBJECT), expected, path);
  }
});

Deno.test("JsonPathReader.of() refuses what is no path", () => {
  for (
    const path of [
      ".a[",
      ".a[b]",
      ".a[?(b==1)]",
      ".a..",
      ".a[::0]",
      `.${"a".repeat(5000)}`,
      `${".a[?(@".repeat(12)}${")]".repeat(12)}`,
    ]
  ) assert.equal(JsonPathReader.of(path), undefined, path);
});

Deno.test("printerColumns() shows values as their columns say", () => {
  const cases: [string, string, JsonValue][] = [
    ["string", ".spec.list[0].name", "a"],
    ["string", ".spec.zero", "0"],
    ["string", ".spec.no", "<no value>"],
    ["string", ".spec.map", '{"k":{"v":1},"l":{"v":2}}'],
    ["string", ".none", null],
    ["integer", ".spec.list[1].n", 2],
    ["integer", ".metadata.name", null],
    ["number", ".spec.zero", 0],
    ["boolean", ".spec.zero", null],
    ["date", ".metadata.name", "<invalid>"],
    ["date", ".metadata.created", "2m5s"],
  ];
  const now = Date.parse("2026-01-01T00:02:05Z");
  const object = {
    ...OBJECT,
    metadata: { ...OBJECT.metadata, created: "2026-01-01T00:00:00Z" },
  };
  for (const [type, jsonPath, expected] of cases) {
    const { cells } = printerColumns([{ name: "X", type, jsonPath }]);
    assert.deepEqual(cells(object, now), ["a", expected], `${type} ${jsonPath}`);
  }
});
