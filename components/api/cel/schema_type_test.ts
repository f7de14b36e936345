import assert from "node:assert/strict";
import { celCardinality, CelFailure, type CelSchema, celTypeOfSchema, compileCel } from "./mod.ts";

const WIDGET: CelSchema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        replicas: { type: "integer" },
        ratio: { type: "number" },
        "my-name": { type: "string" },
        "a.b/c__d": { type: "string" },
        namespace: { type: "string" },
        at: { type: "string", format: "date-time" },
        day: { type: "string", format: "date" },
        wait: { type: "string", format: "duration" },
        data: { type: "string", format: "byte" },
        port: { "x-kubernetes-int-or-string": true },
        free: { "x-kubernetes-preserve-unknown-fields": true },
        open: {
          type: "object",
          "x-kubernetes-preserve-unknown-fields": true,
          properties: { known: { type: "string" } },
        },
        inner: { type: "object", "x-kubernetes-embedded-resource": true },
        maybe: { type: "string", nullable: true },
        tags: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
        ports: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            properties: { name: { type: "string" }, port: { type: "integer" } },
          },
        },
        labels: { type: "object", additionalProperties: { type: "string" } },
        plain: { type: "array", items: { type: "integer" } },
      },
    },
  },
};
const self = {
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "w", labels: { not: "seen" } },
  spec: {
    replicas: 3,
    ratio: 1,
    "my-name": "dashed",
    "a.b/c__d": "escaped",
    namespace: "reserved",
    at: "2024-02-03T04:05:06.7Z",
    day: "2024-02-03",
    wait: "1h30m",
    data: "aGVsbG8=",
    port: "http",
    free: { a: 1 },
    open: { known: "k", other: 1 },
    inner: { apiVersion: "v1", kind: "Pod", metadata: { name: "p" } },
    maybe: null,
    tags: ["a", "b"],
    ports: [{ name: "x", port: 1 }, { name: "y", port: 2 }],
    labels: { k: "v" },
    plain: [1, 2],
  },
};

function run(expression: string, values: Record<string, unknown> = { self }): unknown {
  const type = celTypeOfSchema(WIDGET, { root: true });
  assert.ok(type);
  const compiled = compileCel(expression, { variables: { self: type, oldSelf: type } });
  if (!compiled.ok) return compiled.message.split("\n")[0];
  const value = compiled.program.evaluate(values, { callLimit: 1e6, remaining: 1e7 });
  return value instanceof CelFailure ? `error: ${value.message}` : value;
}

Deno.test("celTypeOfSchema() lets expressions see what the schema declares", () => {
  const cases: [string, unknown][] = [
    ["self.spec.replicas + 1", 4],
    ["self.spec.ratio == 1.0", true],
    ["type(self.spec.ratio) == double", true],
    ["self.spec.my__dash__name", "dashed"],
    ["self.spec.a__dot__b__slash__c__underscores__d", "escaped"],
    ["self.spec.__namespace__", "reserved"],
    ["self.spec.at.getMilliseconds()", 700],
    ["self.spec.day.getDate()", 3],
    ["self.spec.wait == duration('90m')", true],
    ["string(self.spec.data)", "hello"],
    ["type(self.spec.port) == string && self.spec.port == 'http'", true],
    ["has(self.spec.free)", "compilation failed: ERROR: <input>:1:4: undefined field 'free'"],
    ["self.spec.open.known", "k"],
    ["self.spec.open.other", "compilation failed: ERROR: <input>:1:15: undefined field 'other'"],
    ["self.spec.inner.metadata.name + self.spec.inner.kind", "pPod"],
    ["self.metadata.name + self.kind + self.apiVersion", "wWidgetexample.com/v1"],
    ["self.metadata.labels", "compilation failed: ERROR: <input>:1:14: undefined field 'labels'"],
    ["has(self.spec.maybe)", false],
    ["self.spec.labels.k", "v"],
    ["has(self.spec.labels.z)", false],
  ];
  for (const [expression, value] of cases) assert.deepEqual(run(expression), value, expression);
});

Deno.test("lists of type set and map compare without order and merge", () => {
  const cases: [string, unknown][] = [
    ["self.spec.tags == ['b', 'a']", true],
    ["self.spec.tags == ['b', 'c']", false],
    ["self.spec.tags + ['b', 'c', 'c']", ["a", "b", "c"]],
    ["(self.spec.tags + ['c']) == ['c', 'b', 'a']", true],
    ["self.spec.plain == [2, 1]", false],
    ["self.spec.plain + [2]", [1, 2, 2]],
  ];
  for (const [expression, value] of cases) assert.deepEqual(run(expression), value, expression);
  const reversed = { ...self, spec: { ...self.spec, ports: [...self.spec.ports].reverse() } };
  const other = { ...self, spec: { ...self.spec, ports: [{ name: "y", port: 3 }] } };
  assert.equal(run("self.spec.ports == oldSelf.spec.ports", { self, oldSelf: reversed }), true);
  assert.equal(run("self == oldSelf", { self, oldSelf: reversed }), true);
  assert.equal(run("self.spec.ports == oldSelf.spec.ports", { self, oldSelf: other }), false);
  assert.deepEqual(run("self.spec.ports + oldSelf.spec.ports", { self, oldSelf: other }), [
    { name: "x", port: 1 },
    { name: "y", port: 3 },
  ]);
});

Deno.test("what does not fit its schema fails where it is used", () => {
  const wrong = { self: { ...self, spec: { ...self.spec, replicas: "x", at: "y", port: true } } };
  assert.equal(
    run("self.spec.replicas > 1", wrong),
    "error: invalid data, expected int, got string",
  );
  assert.match(String(run("self.spec.at.getDate()", wrong)), /^error: Invalid date-time/);
  assert.match(String(run("self.spec.port == 1", wrong)), /^error: invalid data, expected XIntOr/);
  assert.equal(run("self.spec.replicas > 1 || true", wrong), true);
});

Deno.test("celTypeOfSchema() sees nothing of what has no type", () => {
  assert.equal(celTypeOfSchema({}), undefined);
  assert.equal(celTypeOfSchema({ type: "array" }), undefined);
  assert.equal(celTypeOfSchema({ type: "array", items: {} }), undefined);
  assert.equal(celTypeOfSchema({ "x-kubernetes-preserve-unknown-fields": true }), undefined);
});

Deno.test("bounds come from the schema or from what a request can hold", () => {
  const size = (schema: CelSchema): unknown =>
    (celTypeOfSchema(schema) as { maxElements?: number } | undefined)?.maxElements;
  const cases: [CelSchema, number][] = [
    [{ type: "string" }, 3145726],
    [{ type: "string", maxLength: 10 }, 40],
    [{ type: "string", enum: ["a", "abc"] }, 3],
    [{ type: "string", format: "date-time" }, 32],
    [{ type: "array", items: { type: "integer" } }, 1572863],
    [{ type: "array", items: { type: "integer" }, maxItems: 5 }, 5],
    [{ type: "array", items: { type: "string" } }, 1048575],
    [{ type: "object", additionalProperties: { type: "string" } }, 393215],
    [{ type: "object", additionalProperties: { type: "string" }, maxProperties: 7 }, 7],
  ];
  for (const [schema, bound] of cases) {
    assert.equal(size(schema), bound, JSON.stringify(schema));
  }
  assert.equal(celCardinality({ type: "string" }), 1048576);
  assert.equal(
    celCardinality({
      type: "object",
      required: ["ab"],
      properties: { ab: { type: "integer" }, c: { type: "string" } },
    }),
    314572,
  );
});
