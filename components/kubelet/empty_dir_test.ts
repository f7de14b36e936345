import assert from "node:assert/strict";
import type { Container, Pod, Volume } from "../api/mod.ts";
import { FakeClock, silentLogger } from "../base/mod.ts";
import { followEmptyDirLimits } from "./empty_dir_limits.ts";
import { FakeNode, testPod } from "./fake_node.ts";
import { makeEmptyDir, type MemoryMounts, memorySize } from "./volumes/empty_dir.ts";

const MI = 1024 * 1024;
const container = (memory?: string): Container => ({
  name: "c",
  image: "x:1",
  ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
});

Deno.test("memorySize is the least of what the node has, the pod may use and the volume asks for", () => {
  const cases: [Pod["spec"], string | undefined, string | undefined, number][] = [
    [{ containers: [container()] }, undefined, undefined, 0],
    [{ containers: [container()] }, undefined, "100Mi", 100 * MI],
    [{ containers: [container()] }, "10Mi", "100Mi", 10 * MI],
    [{ containers: [container()] }, "10Mi", undefined, 10 * MI],
    [{ containers: [container()] }, "1Gi", "100Mi", 100 * MI],
    [{ containers: [container("20Mi")] }, "1Gi", "100Mi", 20 * MI],
    [{ containers: [container("20Mi"), container("30Mi")] }, undefined, "100Mi", 50 * MI],
    [{ containers: [container("20Mi"), container()] }, undefined, "100Mi", 100 * MI],
    [{ containers: [container("20Mi")] }, "5Mi", "100Mi", 5 * MI],
    [
      { containers: [container()], resources: { limits: { memory: "7Mi" } } },
      "8Mi",
      "100Mi",
      7 * MI,
    ],
  ];
  for (const [spec, sizeLimit, allocatable, bytes] of cases) {
    const volume: Volume = {
      name: "v",
      emptyDir: { medium: "Memory", ...(sizeLimit === undefined ? {} : { sizeLimit }) },
    };
    const text = `${JSON.stringify(spec)} ${sizeLimit} ${allocatable}`;
    assert.equal(memorySize(testPod("p", spec), volume, allocatable), bytes, text);
  }
});

Deno.test("makeEmptyDir mounts memory once, of its size, and leaves what it finds", async () => {
  const root = await Deno.makeTempDir();
  const mounted: [string, unknown][] = [];
  const mounts: MemoryMounts = {
    isMounted: (path) => Promise.resolve(mounted.some(([other]) => other === path)),
    mountTmpfs: (path, options) => {
      mounted.push([path, options]);
      return Promise.resolve();
    },
    unmountBelow: () => Promise.resolve(),
  };
  try {
    const pod = testPod("p", { containers: [container()] });
    for (const _ of [1, 2]) {
      await makeEmptyDir(pod, `${root}/sized`, { mounts, sizeBytes: 4096.5 });
      await makeEmptyDir(pod, `${root}/free`, { mounts, sizeBytes: 0 });
      await makeEmptyDir(pod, `${root}/disk`, undefined);
    }
    assert.deepEqual(mounted, [
      [`${root}/sized`, { mode: "777", sizeBytes: 4097 }],
      [`${root}/free`, { mode: "777" }],
    ]);
    for (const name of ["sized", "free", "disk"]) {
      assert.equal((await Deno.stat(`${root}/${name}`)).mode! & 0o7777, 0o777);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

const limited = (name: string, emptyDir: Volume["emptyDir"], more: Pod["spec"] = {}): Pod => ({
  ...testPod(name, {
    containers: [container()],
    volumes: [{ name: "v", emptyDir: emptyDir ?? {} }, { name: "other", emptyDir: {} }],
    ...more,
  }, { uid: name }),
  status: { phase: "Running", startTime: "2026-01-01T00:00:00Z" },
});

Deno.test("pods that keep too much in an emptyDir on the disk are evicted, once", async () => {
  const clock = new FakeClock();
  const ending = new AbortController();
  const evicted: [string, string][] = [];
  const looked: string[] = [];
  const used = new Map([["within", 10 * MI], ["failing", NaN]]);
  const pods = [
    limited("over", { sizeLimit: "10Mi" }),
    limited("within", { sizeLimit: "10Mi" }),
    limited("without", {}),
    limited("zero", { sizeLimit: "0" }),
    limited("memory", { sizeLimit: "10Mi", medium: "Memory" }),
    limited("critical", { sizeLimit: "10Mi" }, { priority: 2_000_000_000 }),
    limited("failing", { sizeLimit: "10Mi" }),
    { ...limited("done", { sizeLimit: "10Mi" }), status: { phase: "Succeeded" } },
  ];
  void followEmptyDirLimits({
    clock,
    logger: silentLogger,
    pods: () => pods,
    path: (uid, name) => `${uid}/${name}`,
    usage: (path) => {
      looked.push(path);
      const bytes = used.get(path.split("/")[0]!) ?? 10 * MI + 1;
      return Number.isNaN(bytes) ? Promise.reject(new Error("no")) : Promise.resolve(bytes);
    },
    evict: (pod, message) => evicted.push([pod.metadata?.name ?? "", message]),
  }, ending.signal);
  for (let i = 0; i < 3; i++) await clock.advance(10_000);
  ending.abort();
  assert.deepEqual(evicted, [
    ["over", 'Usage of EmptyDir volume "v" exceeds the limit "10Mi". '],
  ]);
  assert.deepEqual(new Set(looked), new Set(["over/v", "within/v", "failing/v"]));
});

Deno.test("what takes long to measure is measured seldom", async () => {
  const clock = new FakeClock();
  const ending = new AbortController();
  let looked = 0;
  void followEmptyDirLimits({
    clock,
    logger: silentLogger,
    pods: () => [limited("big", { sizeLimit: "10Mi" })],
    path: (uid) => uid,
    usage: async () => {
      looked++;
      await new Promise<void>((resolve) => clock.after(5_000, resolve));
      return 0;
    },
    evict: () => {},
  }, ending.signal);
  await clock.advance(10_000);
  assert.equal(looked, 1);
  await clock.advance(5_000);
  await clock.advance(99_000);
  assert.equal(looked, 1, "twenty times as long as it took");
  await clock.advance(1_000);
  assert.equal(looked, 2);
  ending.abort();
});

Deno.test("an evicted pod has failed, with the reason", async () => {
  const node = new FakeNode();
  node.api.putPod(testPod("a", { containers: [{ name: "c", image: "x:1" }] }));
  await node.until("running", () => node.phase("a") === "Running");
  const uid = node.api.pod("a")?.metadata?.uid ?? "";
  node.kubelet.pods.fail(uid, { reason: "Evicted", message: "Usage. " }, 1);
  await node.advance(2);
  await node.until("failed", () => node.phase("a") === "Failed");
  const { message, reason } = node.api.pod("a")?.status ?? {};
  assert.deepEqual([reason, message], ["Evicted", "Usage. "]);
  await node.end();
});
