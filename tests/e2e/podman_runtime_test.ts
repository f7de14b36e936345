/**
 * Podman's runtime against a real Podman, in a node namespace of its own: as root, and, run by an ordinary user,
 * rootless. The cases themselves run inside the namespace (`podman_runtime_cases.ts`); this file makes it, reboots it
 * and looks at what is left.
 */
import assert from "node:assert/strict";
import {
  type Fabric,
  listLinks,
  missingRequirements,
  type NodeNamespace,
  openFabric,
  openNodeNamespace,
  PortInUseError,
  removeNodeDirectory,
  run,
} from "../../components/host/mod.ts";

const rootless = Deno.uid() !== 0;
const cases = new URL("./podman_runtime_cases.ts", import.meta.url).pathname;
const missing = await missingRequirements(rootless);
const reasons = [
  ...missing.programs.map((program) => `no ${program}`),
  ...missing.problems,
  ...await Deno.stat("/usr/bin/busybox").then(() => [], () => ["no /usr/bin/busybox"]),
];
if (reasons.length > 0) console.log(`podman runtime: skipped: ${reasons.join("; ")}`);

/** Runs the cases of one phase inside the node; throws with their output when one fails. */
async function runInside(node: NodeNamespace, phase: string): Promise<void> {
  const [program = "", ...args] = node.enter([
    Deno.execPath(),
    "test",
    "-A",
    "--no-check",
    `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
    cases,
  ]);
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: {
      NO_COLOR: "1",
      CORACLE_E2E_NODE: node.directory,
      CORACLE_E2E_PHASE: phase,
      CORACLE_E2E_MACHINE_UID: String(Deno.uid()),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  // The closing line of the inner run is not one of ours.
  const text = decoder.decode(stdout).replaceAll(/^(ok|FAILED) \| /gm, "inside: $1, ");
  if (!success) {
    throw new Error(`${phase} failed inside the node:\n${text}${decoder.decode(stderr)}`);
  }
  assert.match(text, /inside: ok, [1-9]\d* passed/);
}

Deno.test({
  name: `podman runtime, ${rootless ? "rootless" : "as root"}`,
  ignore: reasons.length > 0,
  async fn(t) {
    const directory = await Deno.makeTempDir({ prefix: "coracle-e2e-" });
    let fabric: Fabric | undefined, node: NodeNamespace | undefined;
    const open = async () => {
      fabric = await openFabric({ name: directory, directory: `${directory}/fabric`, rootless });
      return node = await openNodeNamespace({
        fabric,
        name: "node-1",
        directory: `${directory}/node-1`,
        clusterCidr: "10.244.0.0/16",
      });
    };
    const step = async (name: string, work: () => Promise<void>) => {
      assert.ok(await t.step(name, work), name);
    };
    try {
      await step("a node comes up", async () => {
        assert.equal((await open()).adopted, false);
      });
      await step("its pods and containers do what a kubelet asks", async () => {
        assert.ok(node !== undefined);
        await runInside(node, "first boot");
      });
      await step("another process adopts it, and what runs in it", async () => {
        const { holderPid } = node ?? {};
        const again = await open();
        assert.equal(again.adopted, true);
        assert.equal(again.holderPid, holderPid);
        await runInside(again, "adopted");
      });
      await step("a killed holder is a reboot: states stay, sandboxes are not ready", async () => {
        assert.ok(node !== undefined);
        const killed = node;
        Deno.kill(killed.holderPid, "SIGKILL");
        await until(async () => !await killed.isAlive());
        const again = await open();
        assert.equal(again.adopted, false);
        await runInside(again, "second boot");
      });
      await step("nothing is left", async () => {
        assert.ok(node !== undefined && fabric !== undefined);
        const { bridge } = fabric;
        await node.destroy();
        await fabric.destroy();
        node = fabric = undefined;
        assert.deepEqual(
          (await listLinks()).filter(({ ifname, master }) =>
            ifname === bridge || master === bridge
          ),
          [],
        );
        assert.deepEqual(await processesOf(directory), []);
        const mounts = await Deno.readTextFile("/proc/self/mountinfo");
        assert.ok(!mounts.includes(directory), "a mount is left");
      });
    } finally {
      await node?.destroy();
      await fabric?.destroy();
      await removeNodeDirectory(directory, rootless);
    }
  },
});

Deno.test({
  name: `nodes of one machine, ${rootless ? "rootless" : "as root"}`,
  ignore: reasons.length > 0,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "coracle-e2e-" });
    const fabric = await openFabric({
      name: directory,
      directory: `${directory}/fabric`,
      rootless,
    });
    const nodes = await Promise.all(
      ["a", "b"].map((name) =>
        openNodeNamespace({ fabric, name, directory: `${directory}/${name}` })
      ),
    );
    const [a, b] = nodes;
    const abort = new AbortController();
    const served = `busybox httpd -f -p 80 -h ${directory}/b`;
    await Deno.writeTextFile(`${directory}/b/hostname`, "b\n");
    const server = b === undefined
      ? undefined
      : run("/bin/sh", ["-c", b.enter(served.split(" ")).join(" ")], { signal: abort.signal });
    server?.catch(() => {});
    const machine = Deno.serve(
      { hostname: rootless ? "127.0.0.1" : fabric.machineAddress, port: 0, onListen() {} },
      () => new Response("the machine"),
    );
    try {
      assert.ok(a !== undefined && b !== undefined);
      assert.notEqual(a.address, b.address);
      const fetched = (url: string) => {
        const [program = "", ...args] = a.enter([
          Deno.execPath(),
          "eval",
          `console.log(await (await fetch("${url}")).text())`,
        ]);
        return run(program, args).then(({ code, stdout }) =>
          code === 0 ? stdout.trim() : undefined
        );
      };
      await until(async () => await fetched(`http://${b.address}/hostname`) === "b");
      assert.equal(
        await fetched(`http://${a.machineAddress}:${machine.addr.port}/`),
        "the machine",
      );
      const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = free.addr;
      await assert.rejects(b.forward("tcp", port, 80), PortInUseError);
      assert.deepEqual(await fabric.forwards(), []);
      free.close();
      await b.forward("tcp", port, 80);
      // Asked for again it is the same.
      await b.forward("tcp", port, 80);
      const answer = await fetch(`http://127.0.0.1:${port}/hostname`);
      assert.equal(await answer.text(), "b\n");
      assert.deepEqual(await fabric.forwards(), [{ protocol: "tcp", hostPort: port }]);
      assert.throws(
        () => Deno.listen({ hostname: "127.0.0.1", port }),
        Deno.errors.AddrInUse,
        "nobody else gets it",
      );
      // Who opens the fabric again knows it, leads it on, and takes it back.
      fabric.close();
      const again = await openFabric({
        name: directory,
        directory: `${directory}/fabric`,
        rootless,
      });
      assert.deepEqual(await again.forwards(), [{ protocol: "tcp", hostPort: port }]);
      await again.forward({
        protocol: "tcp",
        hostPort: port,
        nodeAddress: b.address,
        nodePort: 80,
      });
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/hostname`)).text(), "b\n");
      await again.unforward("tcp", port);
      assert.deepEqual(await again.forwards(), []);
      await assert.rejects(fetch(`http://127.0.0.1:${port}/hostname`));
      Deno.listen({ hostname: "127.0.0.1", port }).close();
    } finally {
      abort.abort(new Error("the test is over"));
      await machine.shutdown();
      for (const node of nodes) await node.destroy();
      await fabric.destroy();
      await removeNodeDirectory(directory, rootless);
    }
  },
});

async function until(ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!await ask()) assert.ok(performance.now() < end, "in time");
}

/** Command lines that name the directory, but for our own. */
async function processesOf(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (line.includes(directory)) found.push(line.replaceAll("\0", " "));
  }
  return found;
}
