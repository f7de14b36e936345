import assert from "node:assert/strict";
import { FakeNode, testPod } from "./fake_node.ts";
import { POD_NAME_LABEL } from "./labels.ts";

Deno.test("Kubelet registers its node, renews its lease and reports Ready", async () => {
  const node = new FakeNode();
  await node.until("node", () => node.api.objects.has("/api/v1/nodes/node-1"));
  await node.kubelet.ready;
  const lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1";
  await node.until("lease", () => node.api.objects.has(lease));
  const stored = node.api.objects.get("/api/v1/nodes/node-1") as {
    status: { conditions: { type: string; status: string }[]; capacity: Record<string, string> };
    metadata: { labels: Record<string, string> };
  };
  assert.equal(stored.status.conditions.find(({ type }) => type === "Ready")?.status, "True");
  assert.equal(stored.status.capacity["pods"], "110");
  assert.equal(stored.metadata.labels["kubernetes.io/hostname"], "node-1");
  const before = JSON.stringify(node.api.objects.get(lease));
  await node.advance(11);
  assert.notEqual(JSON.stringify(node.api.objects.get(lease)), before);
  await node.end();
});

Deno.test("Kubelet tells soon that its node has become ready", async () => {
  const node = new FakeNode();
  const status = node.runtime.status.bind(node.runtime);
  let networkReady = false;
  node.runtime.status = async () => ({ ...await status(), networkReady });
  const told = () => {
    const stored = node.api.objects.get("/api/v1/nodes/node-1") as
      | { status?: { conditions?: { type: string; status: string }[] } }
      | undefined;
    return stored?.status?.conditions?.find(({ type }) => type === "Ready")?.status;
  };
  await node.until("not ready", () => told() === "False");
  await node.settle();
  networkReady = true;
  await node.clock.advance(100);
  await node.until("ready", () => told() === "True");
  await node.end();
});

Deno.test("Kubelet runs a pod and writes its status", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "x:1" }] }));
  await node.until("running", () => node.phase("a") === "Running");
  const status = node.api.pod("a")?.status;
  assert.equal(status?.podIP, "10.1.0.1");
  assert.equal(status?.hostIP, "10.0.0.1");
  const [container] = status?.containerStatuses ?? [];
  assert.equal(container?.ready, true);
  assert.equal(container?.restartCount, 0);
  assert.ok(container?.containerID?.startsWith("hollow://"));
  assert.equal(status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
  const writes = node.api.requests.filter((each) =>
    each.startsWith("PATCH") && each.includes("pods/")
  );
  assert.ok(writes.length <= 4, `${writes.length} writes`);
  await node.advance(3);
  const after = node.api.requests.filter((each) =>
    each.startsWith("PATCH") && each.includes("pods/")
  );
  assert.equal(after.length, writes.length, "nothing is written when nothing changes");
  await node.kubelet.context.events.recorder.flush();
  const reasons = node.api.events().map(({ reason }) => reason);
  for (const reason of ["Pulling", "Pulled", "Created", "Started"]) {
    assert.ok(reasons.includes(reason));
  }
  await node.end();
});

Deno.test("Kubelet ends a deleted pod within its grace and lets the object go", async () => {
  const node = new FakeNode({ stopMilliseconds: 3000 });
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "x:1" }] }));
  await node.until("running", () => node.phase("a") === "Running");
  node.api.deletePod("a", 30);
  await node.settle();
  assert.ok(node.api.pod("a") !== undefined, "still stopping");
  await node.advance(4);
  await node.until("gone", () => node.api.pod("a") === undefined);
  await node.until("removed", () => node.kubelet.context.cache.uids().length === 0);
  assert.equal((await node.runtime.listSandboxes()).length, 0);
  await node.end();
});

Deno.test("Kubelet shortens a grace that is already running", async () => {
  const node = new FakeNode({ stopMilliseconds: 60_000 });
  node.api.putPod(testPod("a", {
    containers: [{ name: "c", image: "x:1" }],
    terminationGracePeriodSeconds: 50,
  }));
  await node.until("running", () => node.phase("a") === "Running");
  node.api.deletePod("a", 50);
  await node.advance(2);
  node.api.deletePod("a", 1);
  await node.advance(3);
  await node.until("gone", () => node.api.pod("a") === undefined);
  await node.end();
});

Deno.test("Kubelet stops what a forced deletion left behind", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "x:1" }] }));
  await node.until("running", () => node.phase("a") === "Running");
  node.api.remove("/api/v1/namespaces/default/pods/a");
  await node.until("removed", () => node.kubelet.context.cache.uids().length === 0);
  assert.equal((await node.runtime.listContainers()).length, 0);
  await node.end();
});

Deno.test("Kubelet backs off from a container that keeps ending", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "x:exit-3" }] }));
  const waiting = () => node.api.pod("a")?.status?.containerStatuses?.[0]?.state?.waiting;
  await node.until("back-off", () => waiting()?.reason === "CrashLoopBackOff");
  assert.match(
    waiting()?.message ?? "",
    /^back-off 10s restarting failed container=c pod=a_default/,
  );
  assert.equal(node.phase("a"), "Running");
  assert.equal(node.api.pod("a")?.status?.containerStatuses?.[0]?.restartCount, 1);
  await node.advance(9);
  assert.equal(node.api.pod("a")?.status?.containerStatuses?.[0]?.restartCount, 1);
  await node.advance(2);
  const again = () => node.api.pod("a")?.status?.containerStatuses?.[0];
  await node.until("third", () => again()?.restartCount === 2);
  await node.until("20s", () => waiting()?.message?.includes("back-off 20s") === true);
  assert.equal(again()?.lastState?.terminated?.exitCode, 3);
  await node.end();
});

Deno.test("Kubelet runs pods to their end", async () => {
  const node = new FakeNode();
  const cases = [
    ["ok", "Never", "x:exit-0", "Succeeded"],
    ["bad", "Never", "x:exit-1", "Failed"],
    ["fine", "OnFailure", "x:exit-0", "Succeeded"],
  ] as const;
  for (const [name, restartPolicy, image] of cases) {
    node.api.putPod(testPod(name, { restartPolicy, containers: [{ name: "c", image }] }));
  }
  for (const [name, , , phase] of cases) {
    await node.until(`${name} ${phase}`, () => node.phase(name) === phase);
    const conditions = node.api.pod(name)?.status?.conditions ?? [];
    const ready = conditions.find(({ type }) => type === "Ready");
    assert.equal(ready?.reason, phase === "Succeeded" ? "PodCompleted" : "PodFailed");
    assert.ok(node.api.pod(name)?.status?.podIP);
  }
  assert.equal((await node.runtime.listContainers()).length, 3, "logs stay until deletion");
  await node.end();
});

Deno.test("Kubelet runs init containers in order, sidecars beside the main ones", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", {
    restartPolicy: "Never",
    initContainers: [
      { name: "one", image: "x:exit-0-after-1s" },
      { name: "side", image: "x:1", restartPolicy: "Always" },
      { name: "two", image: "x:exit-0-after-1s" },
    ],
    containers: [{ name: "c", image: "x:exit-0-after-2s" }],
  }));
  const names = async () =>
    (await node.runtime.listContainers()).filter(({ state }) => state === "running")
      .map(({ name }) => name).sort().join();
  let running = "";
  const runs = (wanted: string) =>
    node.until(wanted, () => {
      void names().then((text) => running = text);
      return running === wanted;
    });
  await runs("one");
  assert.equal(node.phase("a"), "Pending");
  await node.advance(1);
  await runs("side,two");
  await node.advance(1);
  await runs("c,side");
  await node.until("running", () => node.phase("a") === "Running");
  await node.advance(2);
  await runs("");
  await node.until("succeeded", () => node.phase("a") === "Succeeded");
  await node.end();
});

Deno.test("Kubelet takes over what runs and restarts nothing", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "x:1" }] }));
  node.api.putPod(testPod("b", { containers: [{ name: "c", image: "x:1" }] }));
  await node.until("running", () => node.phase("a") === "Running" && node.phase("b") === "Running");
  const ids = async () =>
    (await node.runtime.listContainers()).map(({ id, labels }) => `${labels[POD_NAME_LABEL]} ${id}`)
      .sort();
  const before = await ids();
  await node.kubelet.end();
  node.api.remove("/api/v1/namespaces/default/pods/b");
  const requests = node.api.requests.length;
  await node.restart();
  await node.kubelet.ready;
  await node.until("orphan removed", () => node.kubelet.context.cache.uids().length === 1);
  assert.deepEqual(await ids(), before.slice(0, 1));
  assert.equal(node.api.pod("a")?.status?.containerStatuses?.[0]?.restartCount, 0);
  const patched = node.api.requests.slice(requests).filter((each) =>
    each.startsWith("PATCH") && each.includes("pods/a")
  );
  assert.deepEqual(patched, [], "a status that is right is not written again");
  await node.end();
});

Deno.test("Kubelet refuses a pod for which the node has no room", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("big", {
    containers: [{ name: "c", image: "x:1", resources: { requests: { cpu: "64" } } }],
  }));
  await node.until("failed", () => node.phase("big") === "Failed");
  assert.equal(node.api.pod("big")?.status?.reason, "OutOfcpu");
  assert.equal((await node.runtime.listSandboxes()).length, 0);
  await node.end();
});

Deno.test("Kubelet ends a pod at its active deadline", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", {
    activeDeadlineSeconds: 5,
    containers: [{ name: "c", image: "x:1" }],
  }));
  await node.until("running", () => node.phase("a") === "Running");
  await node.advance(6);
  await node.until("failed", () => node.phase("a") === "Failed");
  assert.equal(node.api.pod("a")?.status?.reason, "DeadlineExceeded");
  await node.end();
});

Deno.test("Kubelet waits longer and longer for an image that cannot be had", async () => {
  let missing = true;
  const node = new FakeNode({ missing: (image) => missing && image === "gone:1" });
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "gone:1" }] }));
  const waiting = () => node.api.pod("a")?.status?.containerStatuses?.[0]?.state?.waiting;
  await node.until("error", () => waiting()?.reason === "ErrImagePull");
  await node.advance(3);
  assert.equal(waiting()?.reason, "ImagePullBackOff");
  assert.match(waiting()?.message ?? "", /^Back-off pulling image "gone:1": ErrImagePull: /);
  missing = false;
  await node.advance(8);
  await node.until("running", () => node.phase("a") === "Running");
  await node.end();
});

Deno.test("Kubelet probes: readiness gates Ready, liveness restarts, startup comes first", async () => {
  const healthy: Record<string, boolean> = {};
  const node = new FakeNode({
    probe: ({ path = "" }) => ({ ok: healthy[path] === true, output: `HTTP probe of ${path}` }),
  });
  const http = (path: string) => ({
    httpGet: { path, port: 80 },
    periodSeconds: 1,
    failureThreshold: 2,
  });
  node.api.putPod(testPod("a", {
    terminationGracePeriodSeconds: 1,
    containers: [{
      name: "c",
      image: "x:1",
      startupProbe: { ...http("/start"), failureThreshold: 30 },
      readinessProbe: http("/ready"),
      livenessProbe: http("/live"),
    }],
  }));
  const status = () => node.api.pod("a")?.status?.containerStatuses?.[0];
  await node.until("running", () => status()?.state?.running !== undefined);
  await node.advance(3);
  assert.equal(status()?.started, false);
  healthy["/start"] = true;
  healthy["/live"] = true;
  await node.advance(2);
  assert.equal(status()?.started, true);
  assert.equal(status()?.ready, false);
  healthy["/ready"] = true;
  await node.advance(2);
  assert.equal(status()?.ready, true);
  healthy["/live"] = false;
  await node.advance(4);
  await node.until("restarted", () => status()?.restartCount === 1);
  await node.kubelet.context.events.recorder.flush();
  const messages = node.api.events().map(({ message }) => message);
  assert.ok(messages.includes("Container c failed liveness probe, will be restarted"));
  assert.ok(messages.includes("Readiness probe failed: HTTP probe of /ready"));
  await node.end();
});

Deno.test("a node whose runtime cannot apply limits says so, once", async () => {
  const node = new FakeNode();
  const status = node.runtime.status.bind(node.runtime);
  node.runtime.status = async () => ({
    ...await status(),
    limitsUnavailable: true,
    negativeOomScoreUnavailable: true,
  });
  const reasons = () =>
    node.api.events().map(({ reason }) => reason).filter((reason) =>
      reason.endsWith("Unavailable")
    );
  await node.until("both are told", () => reasons().length === 2);
  await node.advance(60);
  assert.deepEqual(reasons().sort(), ["OOMScoreUnavailable", "ResourceLimitsUnavailable"]);
  await node.end();
});
