/**
 * Measures expressions: compiled and evaluated, one after the other, and patterns matched.
 * `deno run -A tests/bench/cel_bench.ts [--operations N]`.
 */
import { parseArgs } from "node:util";
import {
  CelFailure,
  type CelSchema,
  celTypeOfSchema,
  CelTypes,
  compileCel,
  compilePattern,
} from "../../components/api/served.ts";
import { percentiles, printTable } from "./measure.ts";

const { values: flags } = parseArgs({
  args: Deno.args,
  options: { operations: { type: "string", default: "100000" } },
});
const operations = Number(flags.operations);

const SCHEMA: CelSchema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        replicas: { type: "integer" },
        minReplicas: { type: "integer" },
        maxReplicas: { type: "integer" },
        name: { type: "string", maxLength: 63 },
        hosts: { type: "array", maxItems: 100, items: { type: "string", maxLength: 253 } },
      },
    },
  },
};
const self = {
  spec: {
    replicas: 3,
    minReplicas: 1,
    maxReplicas: 10,
    name: "my-widget",
    hosts: Array.from({ length: 20 }, (_, i) => `host-${i}.example.com`),
  },
};
const request = { userInfo: { username: "alice", groups: ["a", "b"] }, operation: "CREATE" };
const object = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ image: "registry/web:1" }, { image: "registry/log:2" }] },
};

const selfType = celTypeOfSchema(SCHEMA, { root: true });
if (selfType === undefined) throw new Error("no type");
const rule = { variables: { self: selfType, oldSelf: selfType } };
const { dyn, bool } = CelTypes;
const policy = { variables: { object: dyn, request: dyn }, expects: [bool] };

const rows: string[][] = [];
for (
  const [name, text, scope] of [
    ["a comparison", "self.spec.replicas <= self.spec.maxReplicas", rule],
    [
      "three comparisons and a pattern",
      "self.spec.minReplicas <= self.spec.replicas && " +
      "self.spec.replicas <= self.spec.maxReplicas && " +
      "self.spec.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
      rule,
    ],
    ["a loop over 20 texts", "self.spec.hosts.all(h, h.endsWith('.example.com'))", rule],
    ["a policy's loop over containers", policyText(), policy],
    [
      "a policy's labels",
      "'app' in object.metadata.labels && request.operation == 'CREATE'",
      policy,
    ],
  ] as const
) {
  rows.push(time(`compile ${name}`, operations / 50, () => compileCel(text, scope).ok));
  const compiled = compileCel(text, scope);
  if (!compiled.ok) throw new Error(compiled.message);
  const { program } = compiled;
  const values = { self, oldSelf: self, object, request };
  rows.push(time(`evaluate ${name}`, operations, () => {
    const value = program.evaluate(values, { callLimit: 1_000_000, remaining: 10_000_000 });
    return !(value instanceof CelFailure) && value === true;
  }));
}
const pattern = compilePattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$");
if ("error" in pattern) throw new Error(pattern.error);
rows.push(time("match a name", operations, () => pattern.test("my-name-is-this")));
const hostile = compilePattern("^(a+)+$");
if ("error" in hostile) throw new Error(hostile.error);
const text = `${"a".repeat(10_000)}!`;
rows.push(time("match ^(a+)+$ on 10 kB", operations / 1000, () => !hostile.test(text)));
printTable(["", "operations", "per second", "p50 µs", "p99 µs", "wrong"], rows);

function policyText(): string {
  return "object.spec.containers.all(c, c.image.startsWith('registry/') && " +
    "!c.image.endsWith(':latest'))";
}

/** Times batches of a hundredth of all; the first batch only warms up. */
function time(name: string, count: number, once: () => boolean): string[] {
  const batch = Math.max(1, Math.floor(count / 100));
  const latencies: number[] = [];
  let wrong = 0;
  for (let i = 0; i <= 100; i++) {
    const started = performance.now();
    for (let j = 0; j < batch; j++) if (!once()) wrong++;
    if (i > 0) latencies.push((performance.now() - started) / batch);
  }
  const mean = latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length;
  const { p50Milliseconds, p99Milliseconds } = percentiles(latencies);
  return [
    name,
    String(batch * 100),
    (1000 / mean).toFixed(0),
    (p50Milliseconds * 1000).toFixed(2),
    (p99Milliseconds * 1000).toFixed(2),
    String(wrong),
  ];
}
