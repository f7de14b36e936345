import assert from "node:assert/strict";
import type { Node } from "../api/mod.ts";
import { isReady, takesPods } from "./readiness.ts";

Deno.test("a node takes pods when it is Ready and was seen to be", () => {
  const node = (status: string | undefined, ...taints: string[]): Node => ({
    spec: { taints: taints.map((key) => ({ key, effect: "NoSchedule" })) },
    status: { conditions: status === undefined ? [] : [{ type: "Ready", status }] },
  });
  for (
    const [each, ready, takes] of [
      [{}, false, false],
      [node(undefined), false, false],
      [node("False"), false, false],
      [node("Unknown"), false, false],
      [node("True", "node.kubernetes.io/not-ready"), true, false],
      [node("True"), true, true],
      [node("True", "dedicated", "node.kubernetes.io/unschedulable"), true, true],
    ] as const
  ) {
    assert.equal(isReady(each), ready);
    assert.equal(takesPods(each), takes);
  }
});
