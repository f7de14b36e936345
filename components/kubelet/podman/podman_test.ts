import assert from "node:assert/strict";
import { FakeClock, type JsonObject } from "../../base/mod.ts";
import type { ContainerConfig, ContainerSecurity } from "../runtime.ts";
import { type ContainerRecord, containerState, type ListedContainer } from "./container_listing.ts";
import { containerSpec, resourceLimits, type SpecSurroundings } from "./container_spec.ts";
import { ContainerStops } from "./container_stop.ts";
import { containersConf } from "./containers_conf.ts";
import { parseEvent } from "./events.ts";
import { headEnd } from "./hijack.ts";
import { formatReference, isImageId, parseReference } from "./image_reference.ts";
import { candidates } from "./images.ts";
import { complaint } from "./libpod_error.ts";
import { engineName, foreignLabels } from "./names.ts";
import { tellsOutOfMemory } from "./out_of_memory.ts";
import { address, connectFailure } from "./probe.ts";
import { checkRequest, servingStatus } from "./probe_grpc.ts";
import { FrameReader } from "./raw_stream.ts";
import { RecordStore } from "./record_store.ts";
import { sysctlPath } from "./sandbox_namespaces.ts";
import { sandboxOf, type SandboxRecord } from "./sandbox_record.ts";
import { signalNumber } from "./signals.ts";

const sandbox: SandboxRecord = {
  id: "s1",
  boot: "b1",
  ready: true,
  createdAt: 1,
  labels: {},
  hostname: "web-0",
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  cgroupParent: "/coracle/n/kubepods/podu",
  ips: ["10.244.0.2"],
  portMappings: [],
  pod: { name: "web-0", namespace: "shop", uid: "u-1" },
};

const security: ContainerSecurity = {
  privileged: false,
  supplementalGroups: [],
  readOnlyRootFilesystem: false,
  allowPrivilegeEscalation: true,
  addCapabilities: [],
  dropCapabilities: [],
};

const config: ContainerConfig = {
  name: "app",
  attempt: 2,
  image: "busybox",
  env: [{ name: "A", value: "1" }, { name: "A", value: "2" }],
  mounts: [],
  labels: { mine: "yes" },
  resources: { memoryLimitBytes: 64, cpuShares: 2, oomScoreAdjust: -997 },
  stdin: false,
  stdinOnce: false,
  tty: false,
  logPath: "/logs/0.log",
  security,
};

const around: SpecSurroundings = {
  imageEngineId: "abc",
  imageId: "docker.io/library/busybox@sha256:1",
  imageUser: "daemon:bin",
  sandboxRun: "/run/s1",
  limits: true,
  cgroupsCanBeOff: false,
  lowestOomScore: 0,
  seccompDirectory: "/seccomp",
  unique: "0123456789",
};

const spec = (
  change: Partial<ContainerConfig> = {},
  place: Partial<SpecSurroundings> = {},
  pod: Partial<SandboxRecord> = {},
): JsonObject =>
  containerSpec({ ...sandbox, ...pod }, { ...config, ...change }, { ...around, ...place });

Deno.test("containerSpec() joins the sandbox's namespaces by path", () => {
  const plain = spec();
  assert.deepEqual(plain.netns, { nsmode: "path", value: "/run/netns/s1" });
  assert.deepEqual(plain.utsns, { nsmode: "path", value: "/run/s1/uts" });
  assert.deepEqual(plain.ipcns, { nsmode: "path", value: "/run/s1/ipc" });
  assert.deepEqual(plain.pidns, { nsmode: "private" });
  const shared = spec({}, { joinedPid: 77 });
  assert.deepEqual(shared.pidns, { nsmode: "path", value: "/proc/77/ns/pid" });
  const host = spec({}, {}, { hostNetwork: true, hostPID: true, hostIPC: true });
  for (const name of ["netns", "utsns", "pidns", "ipcns"]) {
    assert.deepEqual(host[name], { nsmode: "host" }, name);
  }
});

Deno.test("containerSpec() leaves command and arguments to the image where the pod does", () => {
  assert.equal(spec().entrypoint, undefined);
  assert.equal(spec().command, undefined);
  const both = spec({ command: ["/a"], args: ["b"] });
  assert.deepEqual([both.entrypoint, both.command], [["/a"], ["b"]]);
});

Deno.test("containerSpec() writes environment, labels and name", () => {
  const made = spec();
  assert.deepEqual(made.env, { HOSTNAME: "web-0", A: "2" });
  assert.equal(made.name, "k8s_app_web-0_shop_u-1_2_01234567");
  assert.deepEqual(foreignLabels(made.labels as Record<string, string>), { mine: "yes" });
  assert.match(engineName(["a/b c", "x".repeat(300)], "u"), /^k8s_a-b-c_x+_u$/);
});

Deno.test("containerSpec() brings shared memory and host name unless the pod mounts its own", () => {
  const targets = (made: JsonObject) =>
    (made.mounts as JsonObject[]).map(({ destination, source }) => `${source}:${destination}`);
  assert.deepEqual(targets(spec()), [
    "/run/s1/shm:/dev/shm",
    "/run/s1/hostname:/etc/hostname",
  ]);
  const own = spec({ mounts: [{ hostPath: "/v", containerPath: "/dev/shm/", readOnly: true }] });
  assert.deepEqual(targets(own), ["/v:/dev/shm/", "/run/s1/hostname:/etc/hostname"]);
  assert.deepEqual((own.mounts as JsonObject[])[0]?.options, ["rbind", "ro", "rprivate"]);
});

Deno.test("containerSpec() maps security settings", () => {
  const secured = (change: Partial<ContainerSecurity>) =>
    spec({ security: { ...security, ...change } });
  for (
    const [change, member, expected] of [
      [{}, "seccomp_profile_path", "unconfined"],
      [{ seccompProfile: "RuntimeDefault" }, "seccomp_profile_path", undefined],
      [{ seccompProfile: "Localhost/a.json" }, "seccomp_profile_path", "/seccomp/a.json"],
      [{ addCapabilities: ["net_admin", "CAP_KILL"] }, "cap_add", ["CAP_NET_ADMIN", "CAP_KILL"]],
      [{ dropCapabilities: ["ALL"] }, "cap_drop", ["ALL"]],
      [{ privileged: true, addCapabilities: ["X"] }, "cap_add", undefined],
      [{ allowPrivilegeEscalation: false }, "no_new_privileges", true],
      [{}, "user", undefined],
      [{ runAsUser: 5 }, "user", "5"],
      [{ runAsUser: 5, runAsGroup: 6 }, "user", "5:6"],
      [{ runAsGroup: 6 }, "user", "daemon:6"],
    ] as const
  ) assert.deepEqual(secured(change)[member], expected, JSON.stringify([change, member]));
});

Deno.test("containerSpec() gives limits where they can be given", () => {
  const limited = spec();
  assert.deepEqual(limited.resource_limits, {
    cpu: { shares: 2 },
    memory: { limit: 64, swap: 64 },
  });
  assert.equal(limited.cgroup_parent, "/coracle/n/kubepods/podu");
  assert.equal(limited.oom_score_adj, 0);
  assert.equal(spec({}, { lowestOomScore: -1000 }).oom_score_adj, -997);
  const without = spec({}, { limits: false });
  assert.deepEqual([without.resource_limits, without.cgroups_mode], [undefined, undefined]);
  assert.equal(spec({}, { limits: false, cgroupsCanBeOff: true }).cgroups_mode, "disabled");
  assert.deepEqual(resourceLimits({}), {});
  assert.deepEqual(resourceLimits({ cpuQuotaMicroseconds: 5 }), {
    cpu: { quota: 5, period: 100_000 },
  });
});

Deno.test("containerState() believes what was kept over what Podman forgot", () => {
  const listed = (State: string, more: Partial<ListedContainer> = {}): ListedContainer => ({
    Id: "c1",
    State,
    Labels: {},
    Created: "2026-01-01T00:00:00Z",
    StartedAt: 1_000,
    ExitedAt: -62135596800,
    ExitCode: 0,
    ...more,
  });
  const started: ContainerRecord = { boot: "b1", startedAt: 1_000_500 };
  const ended: ContainerRecord = { ...started, exit: { exitCode: 3, finishedAt: 7 } };
  const cases: [ListedContainer, ContainerRecord | undefined, string, string, number?][] = [
    [listed("created"), undefined, "b1", "created"],
    [listed("running"), started, "b1", "running"],
    [listed("stopping"), started, "b1", "running"],
    [listed("exited", { ExitCode: 5, ExitedAt: 1_002 }), started, "b1", "exited", 5],
    [listed("created"), started, "b1", "created"],
    [listed("created"), started, "b2", "exited", 255],
    [listed("created"), ended, "b2", "exited", 3],
    [listed("exited", { ExitCode: 0 }), ended, "b1", "exited", 3],
    [listed("odd"), started, "b1", "unknown"],
  ];
  for (const [item, record, boot, state, exitCode] of cases) {
    const result = containerState(item, record, boot, 9_000_000);
    assert.equal(result.state.state, state);
    assert.equal(result.state.exitCode, exitCode);
    assert.equal(result.learned === undefined, state !== "exited" || record?.exit !== undefined);
  }
  // Whole seconds never put an end before its start.
  const quick = containerState(listed("exited", { ExitedAt: 1_000 }), started, "b1", 0);
  assert.equal(quick.state.finishedAt, 1_000_500);
});

Deno.test("parseReference() fills in what everybody leaves out", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  for (
    const [text, full] of [
      ["busybox", "docker.io/library/busybox:latest"],
      ["busybox:1", "docker.io/library/busybox:1"],
      ["a/b", "docker.io/a/b:latest"],
      ["localhost/b:2", "localhost/b:2"],
      ["127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest"],
      ["registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"],
      [`busybox@${digest}`, `docker.io/library/busybox@${digest}`],
      [`busybox:1@${digest}`, `docker.io/library/busybox@${digest}`],
    ] as const
  ) assert.equal(formatReference(parseReference(text)), full);
  for (
    const text of ["", "UPPER/x y", "a:b:c", "a//b", "a@sha256:1", "-a", "a/", "x".repeat(2000)]
  ) assert.throws(() => parseReference(text), /invalid reference format/, text);
  assert.equal(isImageId("b".repeat(64)), true);
  assert.deepEqual(candidates("a:1"), ["docker.io/library/a:1", "localhost/a:1"]);
  assert.deepEqual(candidates(digest), ["a".repeat(64)]);
});

Deno.test("FrameReader takes frames apart wherever they are cut", () => {
  const bytes = [
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    2,
    65,
    66,
    2,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    67,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new FrameReader();
    const seen = { stdin: "", stdout: "", stderr: "" };
    for (let at = 0; at < bytes.length; at += size) {
      for (const { stream, payload } of reader.read(new Uint8Array(bytes.slice(at, at + size)))) {
        seen[stream] += new TextDecoder().decode(payload);
      }
    }
    assert.deepEqual(seen, { stdin: "", stdout: "AB", stderr: "C" }, `in pieces of ${size}`);
  }
  assert.throws(() => [...new FrameReader().read(new Uint8Array([9, 0, 0, 0, 0, 0, 0, 1]))]);
});

Deno.test("small texts of Podman, the kernel and HTTP are read", () => {
  assert.equal(headEnd(new TextEncoder().encode("HTTP/1.1 101 U\r\nA: b\r\n\r\nrest")), 24);
  assert.equal(headEnd(new TextEncoder().encode("HTTP/1.1 101 U\r\n")), -1);
  assert.equal(complaint('{"cause":"c","message":"m","response":500}', 500), "m");
  assert.equal(complaint("", 500), "Podman answered 500");
  assert.equal(complaint("<html>", 500), "<html>");
  assert.deepEqual(
    parseEvent(
      '{"Type":"container","Action":"died","Actor":{"ID":"c","Attributes":{"io.coracle.sandbox":"s"}}}',
    ),
    { containerId: "c", sandboxId: "s" },
  );
  assert.equal(parseEvent('{"Action":"exec","Actor":{"ID":"c"}}'), undefined);
  assert.equal(parseEvent("{"), undefined);
  const log = "x oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/p,task_memcg=/p/libpod-c1,task=dd";
  assert.equal(tellsOutOfMemory(log, "c1"), true);
  assert.equal(tellsOutOfMemory(log, "c2"), false);
  assert.equal(address("fd00::1", 80), "[fd00::1]:80");
  assert.equal(connectFailure(new Error("connect ECONNREFUSED 1.2.3.4:5")), "connection refused");
});

Deno.test("signalNumber() reads names and numbers", () => {
  for (
    const [name, number] of [
      ["SIGTERM", 15],
      ["term", 15],
      ["9", 9],
      ["SIGWINCH", 28],
      ["SIGRTMIN+3", 37],
      ["RTMAX-1", 63],
      ["RTMAX+1", undefined],
      ["SIGNONSENSE", undefined],
      ["0", undefined],
      ["65", undefined],
    ] as const
  ) assert.equal(signalNumber(name), number, name);
});

Deno.test("sysctlPath() takes only switches of a pod's own namespaces", () => {
  assert.equal(sysctlPath("net.core.somaxconn"), "net/core/somaxconn");
  assert.equal(sysctlPath("net/ipv4/conf/eth0.1/rp_filter"), "net/ipv4/conf/eth0.1/rp_filter");
  for (const name of ["kernel.hostname", "vm.swappiness", "net/../kernel/hostname", "net.a;b"]) {
    assert.throws(() => sysctlPath(name), /not namespaced/, name);
  }
});

Deno.test("containersConf() lowers limits only where they cannot be raised", () => {
  const base = { ociRuntime: "runc", networkDirectory: "/n" } as const;
  assert.match(containersConf(base), /^default_ulimits=\[\]$/m);
  assert.match(
    containersConf({ ...base, openFiles: 5, processes: 6 }),
    /^default_ulimits=\["nofile=5:5","nproc=6:6"\]$/m,
  );
});

Deno.test("gRPC health messages are framed", () => {
  assert.deepEqual([...checkRequest("ab")], [0, 0, 0, 0, 4, 0x0a, 2, 97, 98]);
  assert.deepEqual([...checkRequest("")], [0, 0, 0, 0, 0]);
  assert.equal(servingStatus(new Uint8Array([0, 0, 0, 0, 2, 8, 1])), 1);
  assert.equal(servingStatus(new Uint8Array([0, 0, 0, 0, 0])), 0);
});

Deno.test("sandboxOf() is not ready in another boot", () => {
  assert.equal(sandboxOf(sandbox, "b1").ready, true);
  assert.equal(sandboxOf(sandbox, "b2").ready, false);
});

Deno.test("ContainerStops: the signal, then at the shortest grace KILL", async () => {
  const clock = new FakeClock();
  const sent: string[] = [];
  const end = Promise.withResolvers<void>();
  const stops = new ContainerStops({
    signal(id, signal) {
      sent.push(`${id} ${signal}`);
      if (signal === 9) end.resolve();
      return Promise.resolve(true);
    },
    stopSignal: () => Promise.resolve(15),
    ended: () => end.promise,
  }, clock);
  const first = stops.stop("c", 60);
  const second = stops.stop("c", 2);
  const longer = stops.stop("c", 90);
  await clock.advance(1_900);
  assert.deepEqual(sent, ["c 15"]);
  await clock.advance(200);
  await Promise.all([first, second, longer]);
  assert.deepEqual(sent, ["c 15", "c 9"]);
});

Deno.test("RecordStore finds its records again, and passes over what was never finished", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const store = await RecordStore.open<{ a: number }>(folder);
    await store.put("aa", { a: 1 });
    await store.put("bb", { a: 2 });
    await store.delete("bb");
    await Deno.writeTextFile(`${folder}/cc.json`, "{");
    const again = await RecordStore.open<{ a: number }>(folder);
    assert.deepEqual(again.ids(), ["aa"]);
    assert.deepEqual(again.get("aa"), { a: 1 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
