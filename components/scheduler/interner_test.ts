import assert from "node:assert/strict";
import { caseNode, casePod } from "./core_case.ts";
import { Core } from "./core_wasm.ts";
import { Interner } from "./interner.ts";

Deno.test("Interner keeps what is needed or was asked for in this generation, and gives other numbers anew", () => {
  const interner = new Interner(3);
  const [a, b, c] = ["a", "b", "c"].map((text) => interner.of(text));
  assert.equal(interner.sweepIsDue, false);
  interner.of("d");
  assert.equal(interner.sweepIsDue, true);
  interner.sweep([a!]);
  assert.equal(interner.size, 4);
  assert.equal(interner.of("c"), c);
  interner.sweep([a!]);
  assert.deepEqual([a, b, c].map((number) => interner.text(number!)), ["a", "", "c"]);
  const e = interner.of("e");
  const f = interner.of("f");
  assert.deepEqual([e, f].sort(), [2, 4]);
  assert.equal(interner.of("a"), a);
});

Deno.test("Core forgets strings of pods that are gone, and decides as before", () => {
  const core = new Core(64);
  for (const name of ["a", "b"]) core.putNode(caseNode({ name, labels: { zone: name } }));
  const anti = (app: string) =>
    casePod({
      labels: { app },
      spec: {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{
              topologyKey: "zone",
              labelSelector: { matchLabels: { app } },
            }],
          },
        },
      },
    });
  core.putPod(1, "a", anti("kept"));
  const early = core.encode(2, anti("kept"));
  const foreign = core.encode(3, anti("early"));
  for (let i = 0; i < 3000; i++) {
    core.putPod(100, "b", anti(`other-${i}`));
    assert.equal(core.schedule(core.encode(101, anti(`other-${i}`))).node, "a");
  }
  core.removePod(100);
  assert.ok(core.strings < 200, `${core.strings} strings`);
  // What was encoded long ago still means the same.
  assert.equal(core.schedule(early).node, "b");
  assert.equal(core.schedule(foreign).feasible, 2);
  core.assume(foreign, "b");
  assert.equal(core.schedule(core.encode(4, anti("early"))).node, "a");
  core.end();
});
