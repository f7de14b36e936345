import assert from "node:assert/strict";
import { FakeNode, testPod } from "./fake_node.ts";

const restarts = (node: FakeNode) =>
  node.api.pod("a")?.status?.containerStatuses?.[0]?.restartCount ?? 0;

/** Lets so much time pass, all at once: nothing of what is looked at here lies between. */
async function pass(node: FakeNode, seconds: number): Promise<void> {
  await node.clock.advance(seconds * 1000);
  await node.settle();
}

async function crashing(tag: string): Promise<FakeNode> {
  const node = new FakeNode();
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: `x:${tag}` }] }));
  await node.until("started", () => node.api.pod("a")?.status?.startTime !== undefined);
  return node;
}

Deno.test("a container that ends at once waits 10 s, then twice as long each time, 300 s at most", async () => {
  const node = await crashing("exit-1");
  await node.until("restarted at once", () => restarts(node) === 1);
  let expected = 1;
  for (const seconds of [10, 20, 40, 80, 160, 300, 300]) {
    await pass(node, seconds - 1);
    assert.equal(restarts(node), expected, `not before ${seconds} s`);
    await pass(node, 2);
    assert.equal(restarts(node), ++expected, `after ${seconds} s`);
  }
  await node.end();
});

Deno.test("a container that was well for ten minutes is restarted at once", async () => {
  const node = await crashing("exit-1-after-601s");
  for (const expected of [1, 2, 3]) {
    await pass(node, 602);
    assert.equal(restarts(node), expected);
  }
  await node.end();
});

Deno.test("one that was not goes on waiting longer", async () => {
  const node = await crashing("exit-1-after-590s");
  await pass(node, 591);
  assert.equal(restarts(node), 1, "the first time at once");
  await pass(node, 591);
  assert.equal(restarts(node), 1, "then it waits");
  await pass(node, 10);
  assert.equal(restarts(node), 2);
  await node.end();
});
