/** The cases of `podman_runtime_test.ts`, run by it inside a node namespace, a phase at a time. */
import assert from "node:assert/strict";
import { lineLogger } from "../../components/base/mod.ts";
import {
  type ContainerConfig,
  type ContainerState,
  importImage,
  PodmanRuntime,
  type Sandbox,
  type SandboxConfig,
} from "../../components/kubelet/mod.ts";

const directory = Deno.env.get("CORACLE_E2E_NODE") ?? "";
const phase = Deno.env.get("CORACLE_E2E_PHASE");
const machineUid = Number(Deno.env.get("CORACLE_E2E_MACHINE_UID"));
const rootless = machineUid !== 0;
const IMAGE = "busybox:e2e";
const logs = `${directory}/logs`;
const encoder = new TextEncoder();
const logger = lineLogger((line) => console.log(line), () => Date.now(), { level: "warn" });

const open = () =>
  PodmanRuntime.open({ nodeName: "node-1", directory, rootless, machineUid, logger });

function pod(name: string, more: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    namespace: "default",
    name,
    uid: `uid-${name}`,
    attempt: 0,
    labels: { "io.kubernetes.pod.uid": `uid-${name}` },
    hostname: name,
    hostNetwork: false,
    hostPID: false,
    hostIPC: false,
    shareProcessNamespace: false,
    sysctls: {},
    hostPorts: [],
    cgroupParent: `kubepods/burstable/pod-${name}`,
    ...more,
  };
}

function container(
  name: string,
  script: string,
  more: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    name,
    attempt: 0,
    image: IMAGE,
    command: ["/bin/sh", "-c", script],
    env: [],
    mounts: [],
    labels: { "io.kubernetes.container.name": name },
    resources: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    logPath: `${logs}/${name}.log`,
    security: {
      privileged: false,
      supplementalGroups: [],
      readOnlyRootFilesystem: false,
      allowPrivilegeEscalation: true,
      addCapabilities: [],
      dropCapabilities: [],
    },
    ...more,
  };
}

/** Waits for a condition by asking again; the time only bounds a failure. */
async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const stateOf = async (runtime: PodmanRuntime, id: string): Promise<ContainerState> => {
  const found = (await runtime.listContainers()).find((state) => state.id === id);
  assert.ok(found !== undefined, `container ${id} is listed`);
  return found;
};

const exited = (runtime: PodmanRuntime, id: string) =>
  until(`${id} exited`, async () => {
    const state = await stateOf(runtime, id);
    return state.state === "exited" ? state : undefined;
  });

async function start(
  runtime: PodmanRuntime,
  sandbox: Sandbox,
  config: ContainerConfig,
): Promise<string> {
  const id = await runtime.createContainer(sandbox.id, config);
  await runtime.startContainer(id);
  return id;
}

/** Waits until a container has said its first line. */
const said = (name: string) =>
  until(
    `${name} says something`,
    () =>
      Deno.stat(`${logs}/${name}.log`).then(({ size }) => size > 0 || undefined, () => undefined),
  );

async function makeImage(): Promise<string> {
  const script = `
    root=$(mktemp -d)
    mkdir -p $root/bin $root/etc $root/tmp $root/usr
    cp /usr/bin/busybox $root/bin/busybox
    for name in $(/usr/bin/busybox --list | grep -vx busybox); do ln -sf busybox $root/bin/$name; done
    echo 'root:x:0:0:root:/:/bin/sh' >$root/etc/passwd
    tar -C $root -cf "$1" .
    rm -rf $root`;
  const path = `${directory}/busybox.tar`;
  const { success } = await new Deno.Command("/bin/sh", {
    args: ["-ec", script, "sh", path],
  }).output();
  assert.ok(success);
  return path;
}

/** Debian's registry on the node's loopback, which by custom speaks plain HTTP; password "secret" of user "ann". */
async function pullFromRegistry(runtime: PodmanRuntime): Promise<void> {
  const folder = `${directory}/registry`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/htpasswd`, `ann:${SECRET_HASH}\n`);
  const configuration = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: folder } },
    http: { addr: "127.0.0.1:5000" },
    auth: { htpasswd: { realm: "e2e", path: `${folder}/htpasswd` } },
  };
  await Deno.writeTextFile(`${folder}/config.yml`, JSON.stringify(configuration));
  const registry = new Deno.Command("/usr/bin/docker-registry", {
    args: ["serve", `${folder}/config.yml`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until(
      "the registry answers",
      () =>
        Deno.connect({ hostname: "127.0.0.1", port: 5000 }).then(
          (connection) => (connection.close(), true),
          () => undefined,
        ),
    );
    const name = "127.0.0.1:5000/team/busybox:1";
    await push(name);
    await runtime.removeImage(name);
    assert.equal(await runtime.imageStatus(name), undefined);
    await assert.rejects(
      runtime.pullImage(name),
      (error: { code?: string }) => error.code === "ImagePull",
    );
    const pulled = await runtime.pullImage(name, { username: "ann", password: "secret" });
    assert.deepEqual(pulled.repoTags.filter((tag) => tag === name), [name]);
    assert.ok(
      pulled.repoDigests.some((digest) => digest.startsWith("127.0.0.1:5000/team/busybox@")),
    );
    await runtime.removeImage(name);
    assert.notEqual(await runtime.imageStatus(IMAGE), undefined);
  } finally {
    registry.kill("SIGKILL");
    await registry.status;
  }
}

/** bcrypt of "secret". */
const SECRET_HASH = "$2b$04$zsRwb7hZJhasWBpZ.V.rYexBxN3bVNJScns913Mr5JLY4T1wQ9l0i";

/** Tags the test's image and sends it, as `podman push` does. */
async function push(name: string): Promise<void> {
  const init: RequestInit & { client: Deno.HttpClient } = {
    method: "POST",
    client: Deno.createHttpClient({
      proxy: { transport: "unix", path: `${directory}/podman.sock` },
    }),
    headers: { "x-registry-auth": btoa('{"username":"ann","password":"secret"}') },
  };
  const base = "http://podman/v4.0.0/libpod/images/";
  const [repo = "", tag = ""] = [name.slice(0, name.lastIndexOf(":")), "1"];
  const calls = [
    `${encodeURIComponent(`docker.io/library/${IMAGE}`)}/tag?repo=${repo}&tag=${tag}`,
    `${encodeURIComponent(name)}/push?destination=${encodeURIComponent(name)}&tlsVerify=false`,
  ];
  for (const call of calls) {
    const response = await fetch(base + call, init);
    const text = await response.text();
    assert.ok(response.ok && !text.includes('"error"'), text);
  }
  init.client.close();
}

function collector(): { stream: WritableStream<Uint8Array>; text(): string } {
  let text = "";
  const decoder = new TextDecoder();
  return {
    stream: new WritableStream({
      write: (chunk) => void (text += decoder.decode(chunk, { stream: true })),
    }),
    text: () => text,
  };
}

if (phase === "first boot") {
  Deno.test("a pod lives and is taken away", async (t) => {
    await Deno.mkdir(logs, { recursive: true });
    const runtime = await open();
    const abort = new AbortController();
    const hints = new Set<string>();
    const following = (async () => {
      for await (const { containerId } of runtime.events(abort.signal)) hints.add(containerId);
    })();

    await t.step("without a network the runtime says so", async () => {
      const status = await runtime.status();
      assert.equal(status.ready, true);
      assert.equal(status.networkReady, false);
      assert.match(status.message ?? "", /NetworkPluginNotReady/);
      await runtime.writeDefaultNetwork(["10.244.1.0/24"]);
      assert.equal((await runtime.status()).networkReady, true);
    });

    await t.step("images are imported, found, and missing ones are not", async () => {
      const image = await importImage(runtime.images, await makeImage(), IMAGE, [
        'ENTRYPOINT ["/bin/echo","entry"]',
        'CMD ["from","image"]',
        "USER 12:34",
      ]);
      assert.deepEqual(image.repoTags, [`docker.io/library/${IMAGE}`]);
      assert.equal(image.user, "12:34");
      assert.equal((await runtime.imageStatus(image.id))?.id, image.id);
      assert.equal(await runtime.imageStatus("busybox:absent"), undefined);
      assert.equal((await runtime.listImages()).length, 1);
      await assert.rejects(runtime.imageStatus("UPPER/case:"), /invalid reference format/);
      await assert.rejects(
        runtime.pullImage("127.0.0.1:1/nothing:here"),
        (error: { code?: string; message?: string }) =>
          error.code === "ImagePull" && /127\.0\.0\.1:1\/nothing:here/.test(error.message ?? ""),
      );
    });

    await t.step({
      name: "an image is pulled from a registry, with the password it asks for",
      ignore: !await Deno.stat("/usr/bin/docker-registry").then(() => true, () => false),
      fn: () => pullFromRegistry(runtime),
    });

    const sandbox = await runtime.runSandbox(pod("web", {
      sysctls: { "kernel.shm_rmid_forced": "1" },
      hostPorts: [{ protocol: "TCP", containerPort: 80, hostPort: 8080 }],
    }));

    await t.step("a sandbox has an address of the node's range", async () => {
      assert.match(sandbox.ips.join(), /^10\.244\.1\.\d+$/);
      assert.deepEqual(await runtime.listSandboxes(), [sandbox]);
      assert.equal(sandbox.ready, true);
    });

    await t.step("an unsafe sysctl is refused and leaves nothing", async () => {
      await assert.rejects(
        runtime.runSandbox(pod("bad", { sysctls: { "kernel.hostname": "x" } })),
        /not namespaced/,
      );
      assert.equal((await runtime.listSandboxes()).length, 1);
    });

    const root = { ...container("x", "").security, runAsUser: 0 };
    const server = await start(
      runtime,
      sandbox,
      container(
        "server",
        "echo out; echo err >&2; echo hi >/tmp/index.html; exec httpd -f -p 80 -h /tmp",
        {
          security: root,
          resources: { oomScoreAdjust: -997 },
        },
      ),
    );

    await t.step("its state, labels and image come back", async () => {
      const state = await stateOf(runtime, server);
      assert.equal(state.state, "running");
      assert.equal(state.sandboxId, sandbox.id);
      assert.equal(state.name, "server");
      assert.equal(state.image, IMAGE);
      assert.match(state.imageId, /@sha256:/);
      assert.deepEqual(state.labels, { "io.kubernetes.container.name": "server" });
      assert.ok((state.startedAt ?? 0) >= state.createdAt - 1_000);
    });

    await t.step("its log is a CRI file", async () => {
      const lines = await until("two lines", async () => {
        const text = await Deno.readTextFile(`${logs}/server.log`);
        return text.split("\n").length > 2 ? text.trim().split("\n") : undefined;
      });
      assert.match(
        lines.find((line) => line.includes("stdout")) ?? "",
        /^\S+\.\d{9}\S* stdout F out$/,
      );
      assert.match(lines.find((line) => line.includes("stderr")) ?? "", / stderr F err$/);
    });

    await t.step("commands run in it: output, code, input, time limit", async () => {
      const run = (script: string, limit = 20_000) =>
        runtime.execSync(server, ["/bin/sh", "-c", script], limit);
      assert.deepEqual(await run("hostname; exit 3"), { exitCode: 3, output: "web\n" });
      assert.deepEqual(await run("echo begun; exec sleep 100", 500), {
        exitCode: undefined,
        output: "begun\n",
      });
      assert.equal((await run("head -c 20000 /dev/zero | tr '\\0' x")).output.length, 10_240);
      assert.equal((await run("cat /proc/sys/kernel/shm_rmid_forced")).output, "1\n");
      assert.equal((await run("ps -o args | grep -c '^sleep 10[0]'")).output, "0\n");
      const [out, err] = [collector(), collector()];
      const code = await runtime.exec(server, ["/bin/sh", "-c", "cat; echo bad >&2; exit 7"], {
        stdin: ReadableStream.from([encoder.encode("one\n"), encoder.encode("two\n")]),
        stdout: out.stream,
        stderr: err.stream,
        tty: false,
        signal: abort.signal,
      });
      assert.deepEqual([code, out.text(), err.text()], [7, "one\ntwo\n", "bad\n"]);
    });

    await t.step("a terminal has the size that the client gives", async () => {
      const out = collector();
      const sized = Promise.withResolvers<void>();
      const code = await runtime.exec(
        server,
        [
          "/bin/sh",
          "-c",
          "until [ \"$(stty size)\" = '33 77' ]; do sleep 0.05; done; tty; echo sized",
        ],
        {
          stdout: out.stream,
          tty: true,
          signal: abort.signal,
          resize: new ReadableStream({
            async pull(controller) {
              controller.enqueue({ Height: 33, Width: 77 });
              await Promise.race([sized.promise, new Promise((done) => setTimeout(done, 100))]);
            },
          }, { highWaterMark: 0 }),
        },
      );
      sized.resolve();
      assert.equal(code, 0);
      assert.match(out.text(), /\/dev\/\S+\r\nsized\r\n/);
    });

    await t.step("probes tell what answers", async () => {
      const [host = ""] = sandbox.ips;
      const ask = (kind: "http" | "tcp" | "grpc", port: number, path = "/") =>
        runtime.probe({
          kind,
          sandboxId: sandbox.id,
          host,
          port,
          path,
          timeoutMilliseconds: 2_000,
        });
      assert.deepEqual(await ask("http", 80), { ok: true, output: "hi\n" });
      assert.deepEqual(await ask("http", 80, "/absent"), {
        ok: false,
        output: "HTTP probe failed with statuscode: 404",
      });
      assert.deepEqual(await ask("tcp", 80), { ok: true, output: "" });
      const refused = `dial tcp ${host}:81: connect: connection refused`;
      assert.deepEqual(await ask("tcp", 81), { ok: false, output: refused });
      assert.deepEqual(await ask("http", 81), {
        ok: false,
        output: `Get "http://${host}:81/": ${refused}`,
      });
      assert.equal((await ask("grpc", 81)).ok, false);
    });

    await t.step("a host port and a forwarded port lead to it", async () => {
      const [address = ""] = (await new Deno.Command("hostname", { args: ["-I"] }).output().then((
        { stdout },
      ) => new TextDecoder().decode(stdout))).trim().split(" ");
      const answer = await until(
        "the host port answers",
        () => fetch(`http://${address}:8080/`).then((response) => response.text(), () => undefined),
      );
      assert.equal(answer, "hi\n");
      const forwarded = await runtime.portForward(sandbox.id, 80, abort.signal);
      const writer = forwarded.writable.getWriter();
      await writer.write(encoder.encode("GET / HTTP/1.0\r\n\r\n"));
      let text = "";
      for await (const chunk of forwarded.readable) text += new TextDecoder().decode(chunk);
      assert.match(text, /200 OK[\s\S]*hi\n$/);
      await assert.rejects(runtime.portForward(sandbox.id, 81, abort.signal), /refused/);
    });

    await t.step("ends are told, with their codes", async () => {
      const three = await start(runtime, sandbox, container("three", "exit 3"));
      assert.equal((await exited(runtime, three)).exitCode, 3);
      await until("a hint", () => Promise.resolve(hints.has(three) ? true : undefined));
      const absent = await runtime.createContainer(
        sandbox.id,
        container("absent", "", { command: ["/no/such"] }),
      );
      await assert.rejects(
        runtime.startContainer(absent),
        (error: { code?: string }) => error.code === "StartContainer",
      );
      assert.equal((await exited(runtime, absent)).exitCode, 128);
      await assert.rejects(
        runtime.createContainer(sandbox.id, container("x", "", { image: "busybox:absent" })),
        (error: { code?: string }) => error.code === "ImageNotFound",
      );
    });

    await t.step("definitions reach the container", async () => {
      await Deno.mkdir(`${directory}/volume`, { recursive: true });
      await Deno.writeTextFile(`${directory}/volume/file`, "content\n");
      const id = await start(
        runtime,
        sandbox,
        container(
          "defined",
          "id -u; id -g; id -G; pwd; echo $A; cat /v/file; touch /v/x || echo ro; touch /x || echo ro;" +
            " grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; cat /proc/self/oom_score_adj;" +
            " df /dev/shm | tail -1; cat /etc/hostname",
          {
            workingDir: "/usr",
            env: [{ name: "A", value: "b c" }],
            mounts: [{ hostPath: `${directory}/volume`, containerPath: "/v", readOnly: true }],
            resources: { oomScoreAdjust: 1000 },
            security: {
              privileged: false,
              runAsUser: 1001,
              runAsGroup: 1002,
              supplementalGroups: [1003],
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              addCapabilities: [],
              dropCapabilities: ["ALL"],
              seccompProfile: "RuntimeDefault",
            },
          },
        ),
      );
      await exited(runtime, id);
      const log = (await Deno.readTextFile(`${logs}/defined.log`)).trim().split("\n")
        .map((line) => line.split(" ").slice(3).join(" "))
        .filter((line) => !line.includes("Read-only"));
      assert.deepEqual(log.slice(0, 9), [
        "1001",
        "1002",
        "1002 1003",
        "/usr",
        "b c",
        "content",
        "ro",
        "ro",
        "CapEff:\t0000000000000000",
      ]);
      assert.deepEqual(log.slice(9, 12), ["NoNewPrivs:\t1", "Seccomp:\t2", "1000"]);
      assert.match(log[12] ?? "", /^shm /);
      assert.equal(log[13], "web");
      const image = await start(runtime, sandbox, {
        ...container("image", ""),
        command: [],
        args: ["from", "args"],
      });
      await exited(runtime, image);
      assert.match(await Deno.readTextFile(`${logs}/image.log`), /F entry from args\n/);
    });

    await t.step("limits hold, where they can be given", async () => {
      const { limitsUnavailable } = await runtime.status();
      if (limitsUnavailable === true) {
        console.log("limits: not tested: no cgroups can be made here");
        assert.deepEqual(await runtime.containerStats(), []);
        return;
      }
      const hog = await start(
        runtime,
        sandbox,
        container("hog", "sleep 0.1; dd if=/dev/zero of=/dev/null bs=200M count=1; exit 0", {
          resources: { memoryLimitBytes: 32 << 20 },
          security: root,
        }),
      );
      // The shell outlives its child unless the child was the whole container's end.
      const state = await exited(runtime, hog);
      assert.ok([0, 137].includes(state.exitCode ?? -1));
      const eater = await start(
        runtime,
        sandbox,
        container("eater", "exec dd if=/dev/zero of=/dev/null bs=200M count=1", {
          resources: { memoryLimitBytes: 32 << 20, cpuShares: 100 },
          security: root,
        }),
      );
      const killed = await exited(runtime, eater);
      assert.deepEqual([killed.exitCode, killed.oomKilled], [137, true]);
      await runtime.updateResources(server, { memoryLimitBytes: 64 << 20, cpuShares: 200 });
      const stats = await runtime.containerStats();
      const own = stats.find(({ containerId }) => containerId === server);
      assert.ok(own !== undefined && own.cpuNanoseconds > 0 && own.memoryBytes > 0);
    });

    await t.step("a client joins a container's own streams", async () => {
      const id = await start(
        runtime,
        sandbox,
        container("reader", "read line; echo got $line; exit 4", { stdin: true }),
      );
      const out = collector();
      await runtime.attach(id, {
        stdin: ReadableStream.from([encoder.encode("a line\n")]),
        stdout: out.stream,
        tty: false,
        signal: abort.signal,
      });
      assert.equal(out.text(), "got a line\n");
      assert.equal((await exited(runtime, id)).exitCode, 4);
    });

    await t.step(
      "processes are shared where the pod asks, and host network is the node's",
      async () => {
        const shared = await runtime.runSandbox(pod("shared", { shareProcessNamespace: true }));
        const first = await start(runtime, shared, container("first", "exec sleep 1001"));
        const second = await start(runtime, shared, container("second", "exec sleep 1002"));
        const { output } = await runtime.execSync(second, ["/bin/ps", "-o", "pid,args"], 20_000);
        assert.match(output, /1 \/pause/);
        assert.match(output, /sleep 1001/);
        const debug = await start(
          runtime,
          sandbox,
          container("debug", "exec sleep 1003", { targetContainerId: server }),
        );
        const seen = await runtime.execSync(debug, ["/bin/ps", "-o", "args"], 20_000);
        assert.match(seen.output, /httpd/);
        // The one that was joined goes first.
        await runtime.removeContainer(first);
        await runtime.removeSandbox(shared.id);
        await runtime.stopContainer(debug, 0);
        await runtime.removeContainer(debug);
        const host = await runtime.runSandbox(pod("host", { hostNetwork: true }));
        assert.deepEqual(host.ips, []);
        const onHost = await start(runtime, host, container("net", "exec sleep 1004"));
        const links = await runtime.execSync(onHost, ["/bin/ip", "-o", "addr"], 20_000);
        assert.match(links.output, /10\.213\.|172\.29\.|192\.168\./);
        await runtime.removeSandbox(host.id);
      },
    );

    await t.step("a rotated log is begun anew", async () => {
      const id = await start(
        runtime,
        sandbox,
        container("talker", "while :; do echo tick; sleep 0.05; done"),
      );
      const path = `${logs}/talker.log`;
      await until(
        "a first tick",
        () => Deno.stat(path).then(({ size }) => size > 0 || undefined, () => undefined),
      );
      await Deno.rename(path, `${path}.1`);
      await runtime.reopenLog(id);
      await until(
        "a tick in the new file",
        () => Deno.stat(path).then(({ size }) => size > 0 || undefined, () => undefined),
      );
      await runtime.stopContainer(id, 0);
      await runtime.removeContainer(id);
    });

    await t.step("stopping waits for the grace, and less grace counts", async () => {
      const polite = await start(
        runtime,
        sandbox,
        container("polite", "trap 'exit 9' TERM; echo set; while :; do sleep 0.05; done"),
      );
      await said("polite");
      await runtime.stopContainer(polite, 30);
      assert.equal((await stateOf(runtime, polite)).exitCode, 9);
      const stubborn = await start(
        runtime,
        sandbox,
        container("stubborn", "trap '' TERM; echo set; while :; do sleep 0.05; done"),
      );
      await said("stubborn");
      const begun = performance.now();
      await Promise.all([
        runtime.stopContainer(stubborn, 60),
        runtime.stopContainer(stubborn, 1),
      ]);
      assert.ok(performance.now() - begun < 30_000);
      assert.equal((await stateOf(runtime, stubborn)).exitCode, 137);
      await runtime.stopContainer(stubborn, 1);
    });

    await t.step("a service that is killed comes back and ends nothing", async () => {
      const before = await runtime.serviceProcess();
      assert.ok(before !== undefined);
      const { output } = await runtime.execSync(server, ["/bin/sh", "-c", "echo $PPID"], 20_000);
      assert.notEqual(output, "");
      Deno.kill(before.pid, "SIGKILL");
      await until(
        "it is dead",
        async () => (await runtime.serviceProcess())?.pid !== before.pid || undefined,
      );
      assert.equal((await stateOf(runtime, server)).state, "running");
      const after = await runtime.serviceProcess();
      assert.ok(after !== undefined && after.pid !== before.pid);
      assert.equal((await runtime.execSync(server, ["/bin/true"], 20_000)).exitCode, 0);
    });

    await t.step("ten pods at once", async () => {
      const begun = performance.now();
      const sandboxes = await Promise.all(Array.from({ length: 10 }, async (_, i) => {
        const own = await runtime.runSandbox(pod(`many-${i}`));
        await start(runtime, own, container(`many-${i}`, "exec sleep 2000"));
        return own;
      }));
      console.log(`ten pods: ${(performance.now() - begun).toFixed(0)} ms`);
      assert.equal(new Set(sandboxes.flatMap(({ ips }) => ips)).size, 10);
      await Promise.all(sandboxes.map(async ({ id }) => {
        await runtime.stopSandbox(id);
        await runtime.stopSandbox(id);
        await runtime.removeSandbox(id);
      }));
      assert.equal((await runtime.listSandboxes()).length, 1);
      const folders = [];
      for (const root of ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"]) {
        const pods = `${root}/coracle/node-1/kubepods/burstable`;
        for (const name of [...new Array(10).keys()].map((i) => `pod-many-${i}`)) {
          if (await Deno.stat(`${pods}/${name}`).then(() => true, () => false)) folders.push(name);
        }
      }
      assert.deepEqual(folders, []);
    });

    abort.abort(new Error("the test is over"));
    await following;
    runtime.close();
  });
}

if (phase === "adopted") {
  Deno.test("a new process finds the pod, its containers and the service", async () => {
    const service = Deno.readTextFileSync(`${directory}/podman/service.json`);
    const runtime = await open();
    assert.equal(Deno.readTextFileSync(`${directory}/podman/service.json`), service);
    const [sandbox] = await runtime.listSandboxes();
    assert.equal(sandbox?.ready, true);
    const states = await runtime.listContainers();
    assert.equal(states.find(({ name }) => name === "server")?.state, "running");
    assert.equal(states.find(({ name }) => name === "three")?.exitCode, 3);
    assert.equal(states.find(({ name }) => name === "absent")?.exitCode, 128);
    runtime.close();
  });
}

if (phase === "second boot") {
  Deno.test("after a reboot states are kept, and everything can be taken away", async () => {
    const runtime = await open();
    const [sandbox] = await runtime.listSandboxes();
    assert.ok(sandbox !== undefined);
    assert.equal(sandbox.ready, false);
    const states = await runtime.listContainers();
    const server = states.find(({ name }) => name === "server");
    assert.deepEqual([server?.state, server?.exitCode], ["exited", 255]);
    assert.equal(states.find(({ name }) => name === "three")?.exitCode, 3);
    // Told the same the second time.
    assert.deepEqual(await runtime.listContainers(), states);
    assert.ok((await leases()).length > 0);
    await runtime.stopSandbox(sandbox.id);
    assert.deepEqual(await leases(), []);
    for (const { id } of states) await runtime.removeContainer(id);
    await runtime.removeSandbox(sandbox.id);
    assert.deepEqual([await runtime.listContainers(), await runtime.listSandboxes()], [[], []]);
    const again = await runtime.runSandbox(pod("again"));
    const id = await start(runtime, again, container("again", "exit 0"));
    assert.equal((await exited(runtime, id)).exitCode, 0);
    await runtime.removeSandbox(again.id);
    await runtime.removeImage(IMAGE);
    assert.deepEqual(await runtime.listImages(), []);
    await runtime.end();
  });
}

/** Addresses that are given out. */
async function leases(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(`${directory}/cni/leases/coracle`)) {
    if (/^\d+\./.test(name)) names.push(name);
  }
  return names;
}
