import assert from "node:assert/strict";
import { ApiError } from "../../base/mod.ts";
import { encodeProtobuf } from "../protobuf/mod.ts";
import { builtinKind } from "../kinds.ts";
import { MAX_DUPLICATES } from "./json_scan.ts";
import { decodeObject, loadYaml, readYaml } from "./mod.ts";
import { MAX_LEXEMES } from "./yaml.ts";
import { type NodeKinds, YamlWalk } from "./yaml_walk.ts";

const SIZE = 60_000;

function fill(line: (index: number) => string, size = SIZE): string {
  const parts: string[] = [];
  for (let length = 0, i = 0; length < size; i++) {
    const part = line(i);
    parts.push(part);
    length += part.length;
  }
  return parts.join("");
}

Deno.test("readYaml() names repeated keys with their lines, the first of very many", async () => {
  await loadYaml();
  assert.deepEqual(readYaml("a: 1\nb: {c: 1, c: 2}\n2: x\na: 3\n2: z\n"), {
    value: { a: 3, b: { c: 2 }, "2": "z" },
    error: undefined,
    duplicates: [
      'line 2: key "c" already set in map',
      'line 4: key "a" already set in map',
      'line 5: key "2" already set in map',
    ],
  });
  const many = readYaml(fill(() => "a: 1\n"));
  assert.deepEqual(many.value, { a: 1 });
  assert.equal(many.duplicates.length, MAX_DUPLICATES);
  assert.equal(many.duplicates.at(-1), 'line 101: key "a" already set in map');
  const long = "k".repeat(10_000);
  const shown = readYaml(`{? ${long} : 1, ? ${long} : 2}`).duplicates;
  assert.equal(shown.length, 1);
  assert.ok((shown[0]?.length ?? 0) < 400);
});

Deno.test("readYaml() looks at each node once, at an alias without a search", async () => {
  await loadYaml();
  const text = fill((i) => `k${i}: &a${i} x\nl${i}: *a${i}\n`, 30_000);
  const { LineCounter: _, ...yaml } = await import("yaml");
  let asked = 0;
  const count = <T extends (node: unknown) => boolean>(is: T) =>
    ((node: unknown) => {
      asked++;
      return is(node);
    }) as T;
  const kinds: NodeKinds = {
    isAlias: count(yaml.isAlias),
    isMap: count(yaml.isMap),
    isScalar: count(yaml.isScalar),
    isSeq: count(yaml.isSeq),
  };
  const { contents } = yaml.parseDocument(text, { uniqueKeys: false });
  const value = new YamlWalk(kinds, () => 0).read(contents) as Record<string, string>;
  const keys = Object.keys(value).length;
  assert.equal(value[`l${keys / 2 - 1}`], "x");
  assert.ok(asked < keys * 12, `${asked} questions about ${keys} keys`);
});

Deno.test("readYaml() refuses what would exhaust the stack, the memory or the time", async () => {
  await loadYaml();
  const bomb = fill(
    (i) => `a${i}: &a${i} [${i === 0 ? "x" : Array(10).fill(`*a${i - 1}`)}]\n`,
    700,
  );
  const cases: [string, RegExp][] = [
    ["[".repeat(SIZE), /^yaml: line 1: exceeded max depth$/],
    [`${'{"a":'.repeat(SIZE)}1${"}".repeat(SIZE)}`, /^yaml: exceeded max depth$/],
    ["{a: ".repeat(SIZE / 4), /exceeded max depth/],
    ["- ".repeat(SIZE / 2), /exceeded max depth/],
    ["? ".repeat(SIZE / 2), /exceeded max depth/],
    ["[".repeat(2_000) + "]".repeat(2_000), /exceeded max depth/],
    ["[".repeat(2 * MAX_LEXEMES), /^yaml: more than 500000 tokens$/],
    ["]".repeat(SIZE), /^yaml: line 1: /],
    [`[${",".repeat(SIZE)}]`, /^yaml: line 1: Unexpected ,/],
    [bomb, /^yaml: document contains excessive aliasing$/],
    [
      `a: &a ${"x".repeat(SIZE)}\nb: [${"*a,".repeat(99)}]\n`,
      /^yaml: document contains excessive aliasing$/,
    ],
    ["a: &a [*a]\n", /^yaml: anchor 'a' value contains itself$/],
    ["a: *b\n", /^yaml: unknown anchor 'b' referenced$/],
    ["a: .nan\n", /^yaml: line 1: json: unsupported value: NaN$/],
    ["a: 1\n? [b]\n: 2\n", /^yaml: line 2: invalid map key$/],
    ["<<: 1\n", /^yaml: line 1: map merge requires map or sequence of maps as the value$/],
  ];
  for (const [text, error] of cases) {
    const reading = readYaml(text);
    assert.match(reading.error ?? "none", error);
    assert.equal(reading.value, null);
  }
});

Deno.test("readYaml() gives each alias a value of its own, as it stood there", async () => {
  await loadYaml();
  const { value } = readYaml(
    "a: &x {k: 1}\nb: &y [*x]\nc: &x 2\nd: *y\ne: *x\nf: {<<: *y, k: 3, __proto__: z}\ng: !!binary aGk=\n",
  );
  const read = value as Record<string, unknown>;
  assert.deepEqual(
    JSON.stringify(value),
    '{"a":{"k":1},"b":[{"k":1}],"c":2,"d":[{"k":1}],"e":2,"f":{"k":3,"__proto__":"z"},"g":"aGk="}',
  );
  assert.notEqual((read["b"] as unknown[])[0], read["a"]);
  assert.deepEqual(readYaml("a: 1\n---\n*b\n"), {
    value: { a: 1 },
    error: undefined,
    duplicates: [],
  });
});

Deno.test("decodeObject() answers deep nesting with a 400 in every encoding", async () => {
  await loadYaml();
  const revision = builtinKind({ group: "apps", version: "v1", kind: "ControllerRevision" });
  assert.ok(revision);
  const [open, close] = ["[".repeat(SIZE), "]".repeat(SIZE)];
  for (
    const text of [
      open,
      open + close,
      `{"data":${open}${close}}`,
      `{"unknown":${open}${close}}`,
      `{"metadata":{"labels":${'{"a":'.repeat(SIZE)}1${"}".repeat(SIZE)}}}`,
      `{"data":${'{"a":'.repeat(SIZE)}1${"}".repeat(SIZE)}}`,
    ]
  ) {
    for (const contentType of ["application/json", "application/yaml"]) {
      assert.throws(
        () =>
          decodeObject(new TextEncoder().encode(text), contentType, revision, {
            fieldValidation: "Strict",
          }),
        (error) => error instanceof ApiError && error.code === 400 && error.message.length < 1_000,
        `${contentType} ${text.slice(0, 40)}`,
      );
    }
  }
});

Deno.test("decodeObject() keeps an empty time in a map as null, through protobuf too", () => {
  const budget = builtinKind({ group: "policy", version: "v1", kind: "PodDisruptionBudget" });
  assert.ok(budget);
  const read = (bytes: Uint8Array, contentType: string) =>
    decodeObject(bytes, contentType, budget, { fieldValidation: "Strict" }).object;
  const text = (times: unknown) =>
    new TextEncoder().encode(JSON.stringify({ status: { disruptedPods: times } }));
  const times = { k0: null, k1: "2026-01-02T03:04:05Z" };
  const object = read(text(times), "application/json");
  assert.deepEqual(
    (object as { status?: { disruptedPods?: unknown } }).status?.disruptedPods,
    times,
  );
  assert.deepEqual(
    read(new TextEncoder().encode(JSON.stringify(object)), "application/json"),
    object,
  );
  const wire = encodeProtobuf(object, budget);
  assert.ok(wire);
  const back = read(wire, "application/vnd.kubernetes.protobuf");
  assert.deepEqual((back as { status?: { disruptedPods?: unknown } }).status?.disruptedPods, times);
  assert.throws(
    () => read(text({ k0: "" }), "application/json"),
    (error) => error instanceof ApiError && error.code === 400,
  );
});
