import assert from "node:assert/strict";
import { FakeClock } from "../base/mod.ts";
import { MemoryTrim, thisProcess } from "./memory_trim.ts";

const MB = 1024 * 1024;

Deno.test("memory is given back when a process has grown since the last time", async () => {
  // What is resident at each look, what a trim then leaves, and whether there is one.
  const cases: [number, number, boolean][] = [
    [100, 90, true],
    [97, 80, false],
    [98, 95, true],
    [40, 30, false],
    [47, 40, false],
    [48, 45, true],
  ];
  const clock = new FakeClock();
  let resident = 0;
  let left = 0;
  let trims = 0;
  const trim = new MemoryTrim(clock, {
    resident: () => resident,
    trim() {
      trims++;
      resident = left;
      return Promise.resolve();
    },
  });
  for (const [at, leaves, trimmed] of cases) {
    resident = at * MB;
    left = leaves * MB;
    const before = trims;
    await clock.advance(2000);
    assert.equal(trims > before, trimmed, `${at} MB`);
  }
  trim.end();
  resident = 1000 * MB;
  await clock.advance(20_000);
  assert.equal(trims, 3);
});

// The C library stays loaded.
Deno.test({
  name: "this process can be trimmed",
  sanitizeResources: false,
  async fn() {
    const process = thisProcess();
    assert.ok(process !== undefined && process.resident() > MB);
    await process.trim();
  },
});
