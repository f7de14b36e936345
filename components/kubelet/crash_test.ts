import assert from "node:assert/strict";
import { randomInteger, seededRandom } from "../base/mod.ts";
import { FakeNode, testPod } from "./fake_node.ts";
import { POD_NAME_LABEL } from "./labels.ts";
import { RuntimeError } from "./runtime.ts";

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const PODS = 5;
const KUBELET_CRASHES = 6;

for (const seed of SEEDS) {
  Deno.test(`Kubelet restarts nothing through crashes of itself and of the runtime (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const node = new FakeNode({ sandboxMilliseconds: 30, startMilliseconds: 60 });
    let broken = true;
    const list = node.runtime.listContainers.bind(node.runtime);
    // Every operation may fail before it does anything, as when the runtime's service is down.
    const flaky = <A extends unknown[], R>(operation: (...args: A) => Promise<R>) => (...args: A) =>
      broken && random.next() < 0.25
        ? Promise.reject(new RuntimeError("Unavailable", "the runtime is gone"))
        : operation(...args);
    const { runtime } = node;
    runtime.listContainers = flaky(runtime.listContainers.bind(runtime));
    runtime.listSandboxes = flaky(runtime.listSandboxes.bind(runtime));
    runtime.runSandbox = flaky(runtime.runSandbox.bind(runtime));
    runtime.createContainer = flaky(runtime.createContainer.bind(runtime));
    runtime.removeContainer = flaky(runtime.removeContainer.bind(runtime));
    /** Containers that ran at some crash, by pod and name: a request under way may have made one twice. */
    const ran = new Map<string, Set<string>>();
    const note = async () => {
      for (const { id, name, labels, state } of await list()) {
        if (state !== "running") continue;
        const key = `${labels[POD_NAME_LABEL]} ${name}`;
        ran.set(key, (ran.get(key) ?? new Set()).add(id));
      }
    };

    for (let i = 0; i < PODS; i++) {
      node.api.putPod(testPod(`p${i}`, {
        containers: [{ name: "c", image: "x:1" }, { name: "d", image: "x:1" }],
      }));
    }
    for (let crash = 0; crash < KUBELET_CRASHES; crash++) {
      for (let step = 0; step < 1 + randomInteger(random, 12); step++) {
        await node.clock.advance(randomInteger(random, 60));
        await node.settle();
      }
      await note();
      await node.restart();
    }
    broken = false;
    await node.advance(60);
    for (let i = 0; i < PODS; i++) {
      assert.equal(node.phase(`p${i}`), "Running", `p${i}`);
    }
    const containers = await runtime.listContainers();
    const running = containers.filter(({ state }) => state === "running");
    assert.equal(running.length, PODS * 2);
    assert.deepEqual(running.map(({ attempt }) => attempt), new Array(PODS * 2).fill(0));
    for (const { id, name, labels } of running) {
      const before = ran.get(`${labels[POD_NAME_LABEL]} ${name}`);
      assert.ok(before === undefined || before.has(id), "what ran before a crash still runs");
    }
    assert.equal((await runtime.listSandboxes()).filter(({ ready }) => ready).length, PODS);

    for (let i = 0; i < PODS; i++) node.api.deletePod(`p${i}`, 1);
    await node.advance(10);
    assert.equal((await runtime.listContainers()).length, 0);
    assert.equal((await runtime.listSandboxes()).length, 0);
    for (let i = 0; i < PODS; i++) assert.equal(node.api.pod(`p${i}`), undefined);
    await node.end();
  });
}
