import assert from "node:assert/strict";
import { CHUNK_BYTES, type Version } from "./kv_record.ts";
import { KvValues, readingPlan } from "./kv_values.ts";

const version = (revision: number, size = 100): Version => ({
  key: `/k${revision}`,
  revision,
  deleted: false,
  size,
  expiresAt: 0,
  previous: undefined,
});
const every = (step: number, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => version(from + i * step));

const CASES: [name: string, versions: Version[], runs: [number, number][], rest: number][] = [
  ["nothing", [], [], 0],
  ["few", every(1, 1, 63), [], 63],
  ["dense", every(1, 1, 64), [[1, 64]], 0],
  ["nearly dense", every(4, 1, 100), [[1, 397]], 0],
  ["sparse", every(5, 1, 500), [], 500],
  ["out of order", every(1, 1, 100).reverse(), [[1, 100]], 0],
  [
    "in chunks",
    every(1, 1, 100).map(({ revision }) => version(revision, CHUNK_BYTES + 1)),
    [],
    100,
  ],
  [
    "two runs and stragglers",
    [...every(2, 1, 100), ...every(50, 1000, 10), ...every(1, 5000, 200)],
    [[1, 199], [5000, 5199]],
    10,
  ],
];

for (const [name, versions, runs, rest] of CASES) {
  Deno.test(`readingPlan of ${name}`, () => {
    const plan = readingPlan(versions);
    assert.deepEqual(plan.runs.map((run) => [run[0]?.revision, run.at(-1)?.revision]), runs);
    assert.equal(plan.rest.length, rest);
  });
}

Deno.test("what a start has read is not read again, and is held no longer than until it is asked for", async () => {
  const reads: number[] = [];
  const value = Uint8Array.of(1, 2);
  const values = new KvValues({
    commit: () => Promise.resolve(),
    read: (keys) => {
      for (const [, revision] of keys) reads.push(Number(revision));
      return Promise.resolve(keys.map(() => undefined));
    },
    scan: () => {
      throw new Error("nothing is scanned for a few");
    },
    close: () => {},
  });
  for (const revision of [1, 2, 3, 4]) values.hold(version(revision), value);
  assert.deepEqual(await values.read([version(1), version(2)]), [value, value]);
  assert.equal(values.peek(version(3)), value);
  assert.deepEqual(reads, []);
  values.forget(version(4));
  assert.deepEqual(await values.read([version(1), version(4)]), [undefined, undefined]);
  assert.deepEqual(reads, [1, 4]);
  values.letGo();
  assert.equal(values.peek(version(3)), undefined);
});
