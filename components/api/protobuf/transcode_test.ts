import assert from "node:assert/strict";
import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { BUILTIN_KINDS } from "../kinds.ts";
import { structNames, structRow, type TypeRow } from "../schema/table.ts";
import { readMessage } from "./decode.ts";
import { writeMessage } from "./encode.ts";
import { hasPlan } from "./plan.ts";
import { transcodeJson } from "./transcode.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const transcoded = (json: string, struct: string): JsonObject =>
  readMessage(transcodeJson(utf8(json), struct), struct);

const DEPTH_MAXIMUM = 5;
const SCALARS: Readonly<Record<string, readonly JsonValue[]>> = {
  s: ["", "a", 'b"\\\n', "é€😀", "x".repeat(127), "y".repeat(128), "z".repeat(20_000)],
  b: [true, false],
  i: [0, 1, -1, 127, 128, 2_147_483_647, -2_147_483_648],
  l: [0, -1, 4_294_967_296, 9_007_199_254_740_991],
  d: [0, 1.5, -1e300],
  y: ["", "AAEC/w=="],
  q: ["0", "100m", "1Gi"],
  t: [
    "2026-01-02T03:04:05Z",
    "1970-01-01T00:00:00Z",
    "2024-02-29T23:59:59Z",
    "1969-12-31T00:00:00Z",
  ],
  m: ["2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.000000Z"],
  x: [0, 80, -1, "http", ""],
  e: [["a", "b"]],
  r: [{ a: [1, null, { b: '"}{' }] }],
  f: [{ "f:metadata": { ".": {}, 'k:{"name":"a"}': {} } }],
  j: [{ a: 1 }, "text", 5, [1, 2]],
  A: [{ type: "string" }, [{}, { type: "number" }]],
  B: [true, false, { type: "string" }],
  S: [["a", "b"], { type: "string" }],
};

/** An object that has every field of its struct, with one of the values that such a field can have. */
function filled(struct: string, depth: number, turn: number): JsonObject {
  const object: JsonObject = {};
  for (const { name, numbers, type } of structRow(struct)?.fields ?? []) {
    if (numbers.length > 0) object[name] = valueOf(type, depth, turn + name.length);
  }
  return object;
}

function valueOf(type: TypeRow, depth: number, turn: number): JsonValue {
  switch (type.is) {
    case "struct":
      return depth > DEPTH_MAXIMUM ? {} : filled(type.name, depth + 1, turn);
    case "list":
      return depth > DEPTH_MAXIMUM
        ? []
        : [valueOf(type.items, depth + 1, turn), valueOf(type.items, depth + 2, turn + 1)];
    case "map":
      return {
        [`key-${turn}`]: valueOf(type.values, depth + 1, turn),
        'a"b': valueOf(type.values, depth + 1, turn + 1),
      };
    case "scalar": {
      const values = SCALARS[type.letter] ?? [];
      assert.ok(values.length > 0, `a value of ${type.letter}`);
      return values[turn % values.length] as JsonValue;
    }
  }
}

Deno.test("JSON becomes the message that its object is written as, for every struct", () => {
  const kinds = new Set(BUILTIN_KINDS.map(({ schema }) => schema.name));
  for (const struct of structNames()) {
    if (!hasPlan(struct)) continue;
    for (let turn = 0; turn < (kinds.has(struct) ? 2 : 7); turn++) {
      const object = filled(struct, kinds.has(struct) ? 2 : 4, turn);
      const expected = readMessage(writeMessage(object, struct), struct);
      assert.deepEqual(transcoded(JSON.stringify(object), struct), expected, struct);
    }
  }
});

Deno.test("JSON as others write it is read as well", () => {
  const pod = { metadata: { name: "a", labels: { x: "y" } }, spec: { nodeName: "n" } };
  const cases: [string, JsonObject][] = [
    [JSON.stringify(pod, null, 2), pod],
    [`\n\t{ "metadata" : {"name" :"a" , "labels":{ "x" : "y" } },"spec":{"nodeName":"n"} }\n`, pod],
    ['{"kind":"Pod","apiVersion":"v1","unknown":{"a":["}",{"b":"\\""}]},"metadata":{"name":"a"}}', {
      metadata: { name: "a" },
    }],
    ['{"metadata":{"na\\u006de":"a","name":"b","labels":null},"spec":null}', {
      metadata: { name: "b" },
    }],
    ['{"metadata":{"labels":{"\\u0061":"\\u0062","":""}}}', {
      metadata: { labels: { a: "b", "": "" } },
    }],
    ['{"spec":{"containers":[{"name":"c","ports":[{"containerPort":8.0e1}]}]}}', {
      spec: { containers: [{ name: "c", ports: [{ containerPort: 80 }] }] },
    }],
    ['{"metadata":{"creationTimestamp":"2026-01-02T04:04:05+01:00"}}', {
      metadata: { creationTimestamp: "2026-01-02T03:04:05Z" },
    }],
    ["{}", {}],
    ["{ }", {}],
  ];
  for (const [json, expected] of cases) {
    assert.deepEqual(transcoded(json, "core.v1.Pod"), expected, json);
  }
});

Deno.test("what Go embeds is one message, wherever its members stand", () => {
  const volume = '{"secret":{"secretName":"s"},"name":"v","emptyDir":{"medium":"Memory"}}';
  assert.deepEqual(transcoded(volume, "core.v1.Volume"), JSON.parse(volume));
  const probe =
    '{"periodSeconds":1,"httpGet":{"port":"p"},"timeoutSeconds":2,"exec":{"command":["a"]}}';
  assert.deepEqual(transcoded(probe, "core.v1.Probe"), JSON.parse(probe));
});

Deno.test("what is no JSON is refused, and nothing is read behind its end", () => {
  const whole = JSON.stringify({
    metadata: {
      name: "a\\",
      labels: { a: "b" },
      generation: 12,
      managedFields: [{ fieldsV1: { a: {} } }],
    },
    spec: { hostNetwork: true, containers: [{ resources: { limits: { cpu: "1" } } }] },
  });
  for (let end = 0; end < whole.length; end++) {
    assert.throws(
      () => transcodeJson(utf8(whole.slice(0, end)), "core.v1.Pod"),
      SyntaxError,
      `${end}`,
    );
  }
  for (
    const json of ["", " ", "[]", "5", '{"a"}', '{"a":}', "{a:1}", '{"metadata":{"name":"a"};}']
  ) {
    assert.throws(() => transcodeJson(utf8(json), "core.v1.Pod"), SyntaxError, json);
  }
  // What failed leaves nothing.
  assert.deepEqual(transcoded('{"metadata":{"name":"b"}}', "core.v1.Pod"), {
    metadata: { name: "b" },
  });
});

Deno.test("messages of any size are whole", () => {
  for (const count of [1, 1000, 200_000]) {
    const data: JsonObject = {};
    for (let i = 0; i < count; i += 10) data[`k${i}`] = "v".repeat(i % 300);
    const object = { metadata: { name: "a" }, data };
    assert.deepEqual(transcoded(JSON.stringify(object), "core.v1.ConfigMap"), object);
  }
  const values = Array.from({ length: 50_000 }, (_, i) => -1 - i);
  const struct = "core.v1.ContainerRestartRuleOnExitCodes";
  assert.deepEqual(transcoded(JSON.stringify({ values }), struct), { values });
});
