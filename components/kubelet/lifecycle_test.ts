import assert from "node:assert/strict";
import { FakeNode, testPod } from "./fake_node.ts";

/** A node whose commands succeed or fail by name, with everything that was run. */
function nodeWithCommands(): { node: FakeNode; commands: string[] } {
  const commands: string[] = [];
  const node = new FakeNode({
    stopMilliseconds: 1000,
    command: (_, command) => {
      commands.push(command.join(" "));
      return { exitCode: command[0] === "false" ? 1 : 0, output: "said so" };
    },
  });
  return { node, commands };
}

const messages = async (node: FakeNode, reason: string) => {
  await node.kubelet.context.events.recorder.flush();
  return node.api.events().filter((event) => event.reason === reason).map(({ message }) => message);
};

Deno.test("Kubelet runs postStart before the container counts as running, preStop before its end", async () => {
  const { node, commands } = nodeWithCommands();
  node.api.putPod(testPod("a", {
    containers: [{
      name: "c",
      image: "x:1",
      lifecycle: {
        postStart: { exec: { command: ["hello"] } },
        preStop: { exec: { command: ["bye"] } },
      },
    }],
  }));
  await node.until("running", () => node.phase("a") === "Running");
  assert.deepEqual(commands, ["hello"]);
  node.api.deletePod("a", 30);
  await node.advance(3);
  await node.until("gone", () => node.api.pod("a") === undefined);
  assert.deepEqual(commands, ["hello", "bye"]);
  await node.end();
});

Deno.test("Kubelet kills a container whose postStart hook fails, and backs off", async () => {
  const { node } = nodeWithCommands();
  node.api.putPod(testPod("a", {
    terminationGracePeriodSeconds: 2,
    containers: [{
      name: "c",
      image: "x:1",
      lifecycle: { postStart: { exec: { command: ["false"] } } },
    }],
  }));
  await node.advance(3);
  const waiting = () => node.api.pod("a")?.status?.containerStatuses?.[0]?.state?.waiting;
  await node.until("error", () => waiting()?.reason === "PostStartHookError");
  assert.match(
    (await messages(node, "FailedPostStartHook"))[0] ?? "",
    /command 'false' exited with 1: said so/,
  );
  assert.ok(!(await node.runtime.listContainers()).some(({ state }) => state === "running"));
  await node.end();
});

Deno.test("Kubelet ends a pod although its preStop hook uses up the grace", async () => {
  const { node } = nodeWithCommands();
  node.api.putPod(testPod("a", {
    containers: [{
      name: "c",
      image: "x:1",
      lifecycle: { preStop: { sleep: { seconds: 60 } } },
    }],
  }));
  await node.until("running", () => node.phase("a") === "Running");
  node.api.deletePod("a", 5);
  await node.advance(4);
  assert.ok((await node.runtime.listContainers()).some(({ state }) => state === "running"));
  await node.advance(5);
  await node.until("gone", () => node.api.pod("a") === undefined);
  await node.end();
});

Deno.test("Kubelet stops sidecars after the main containers, the last first", async () => {
  const ended: string[] = [];
  const node = new FakeNode({ stopMilliseconds: 500 });
  const stop = node.runtime.stopContainer.bind(node.runtime);
  node.runtime.stopContainer = async (id, grace) => {
    const name = (await node.runtime.listContainers()).find((each) => each.id === id)?.name;
    await stop(id, grace);
    ended.push(name ?? "");
  };
  node.api.putPod(testPod("a", {
    initContainers: [
      { name: "one", image: "x:1", restartPolicy: "Always" },
      { name: "two", image: "x:1", restartPolicy: "Always" },
    ],
    containers: [{ name: "c", image: "x:1" }],
  }));
  await node.until("running", () => node.phase("a") === "Running");
  node.api.deletePod("a", 30);
  await node.advance(4);
  await node.until("gone", () => node.api.pod("a") === undefined);
  assert.deepEqual(ended, ["c", "two", "one"]);
  await node.end();
});

Deno.test("Kubelet starts an ephemeral container in a running pod", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "x:1" }] }));
  await node.until("running", () => node.phase("a") === "Running");
  const pod = node.api.pod("a");
  node.api.putPod({
    ...pod,
    spec: {
      ...pod?.spec,
      ephemeralContainers: [{ name: "debug", image: "x:2", targetContainerName: "c" }],
    },
  });
  const status = () => node.api.pod("a")?.status?.ephemeralContainerStatuses?.[0];
  await node.until("debug", () => status()?.state?.running !== undefined);
  assert.equal(node.api.pod("a")?.status?.containerStatuses?.[0]?.restartCount, 0);
  await node.end();
});

Deno.test("Kubelet makes a lost sandbox again and counts the restart", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", {
    initContainers: [{ name: "i", image: "x:exit-0" }],
    containers: [{ name: "c", image: "x:1" }],
  }));
  await node.until("running", () => node.phase("a") === "Running");
  const [sandbox] = await node.runtime.listSandboxes();
  await node.runtime.stopSandbox(sandbox?.id ?? "");
  const status = () => node.api.pod("a")?.status;
  await node.until("restarted", () => status()?.containerStatuses?.[0]?.restartCount === 1);
  await node.until("ready", () => status()?.containerStatuses?.[0]?.ready === true);
  assert.equal(status()?.podIP, "10.1.0.2");
  assert.deepEqual(status()?.podIPs, [{ ip: "10.1.0.2" }]);
  assert.equal(status()?.initContainerStatuses?.[0]?.restartCount, 1);
  assert.deepEqual(await messages(node, "SandboxChanged"), [
    "Pod sandbox changed, it will be killed and re-created.",
  ]);
  await node.end();
});
