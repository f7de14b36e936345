/** Pods that ask for far more than any honest one: the core decides, and does not grow without bound. */
import assert from "node:assert/strict";
import type { PodAffinityTerm } from "../api/mod.ts";
import { caseNode, casePod } from "./core_case.ts";
import { Core } from "./core_wasm.ts";

const NODES = 1000;
const TERMS = 5000;
const MANY = Array.from({ length: TERMS }, (_, i) => i);

function cluster(): Core {
  const core = new Core();
  for (let i = 0; i < NODES; i++) {
    core.putNode(caseNode({ name: `n${i}`, labels: { "kubernetes.io/hostname": `n${i}` } }));
  }
  for (let i = 0; i < NODES; i++) core.putPod(i + 1, `n${i}`, casePod({ labels: { app: "x" } }));
  return core;
}

const term = (topologyKey: string, i: number): PodAffinityTerm => ({
  topologyKey,
  labelSelector: { matchExpressions: [{ key: "app", operator: "NotIn", values: [`v${i}`] }] },
});

const asks: Record<string, (topologyKey: (i: number) => string) => Parameters<typeof casePod>[0]> =
  {
    "anti-affinity": (key) => ({
      spec: {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: MANY.map((i) => term(key(i), i)),
          },
        },
      },
    }),
    "preferred affinity": (key) => ({
      spec: {
        affinity: {
          podAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: MANY.map((i) => ({
              weight: 1,
              podAffinityTerm: term(key(i), i),
            })),
          },
        },
      },
    }),
    "topology spread": (key) => ({
      spec: {
        topologySpreadConstraints: MANY.map((i) => ({
          maxSkew: 1,
          topologyKey: key(i),
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: term("", i).labelSelector!,
        })),
      },
    }),
  };

for (const [name, ask] of Object.entries(asks)) {
  for (
    const [keys, key] of [["one key", () => "kubernetes.io/hostname"], [
      "as many keys",
      (i: number) => `key-${i}`,
    ]] as const
  ) {
    if (name === "topology spread" && keys === "one key") continue;
    Deno.test(`Core: ${TERMS} terms of ${name} over ${keys}`, () => {
      const core = cluster();
      const before = core.memoryBytes;
      const pod = ask(key);
      for (let handle = 5001; handle < 5004; handle++) {
        const encoded = core.encode(
          handle,
          casePod({ ...pod, labels: { app: "x", n: `${handle}` } }),
        );
        const decision = core.schedule(encoded);
        const refused = name === "anti-affinity" && keys === "one key";
        assert.equal(decision.node === undefined, refused);
        core.putPod(handle, "n0", casePod(pod));
      }
      const grown = core.memoryBytes - before;
      assert.ok(grown < 60e6, `${grown} bytes more`);
      core.end();
    });
  }
}
