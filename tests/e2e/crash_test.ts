/**
 * `kill -9` at moments that a printed seed decides: no acknowledged write is lost and no container restarted, except by
 * the death of a node's holder, which is a reboot of that node. `CORACLE_SEED` repeats a run.
 */
import assert from "node:assert/strict";
import { randomInteger, seededRandom } from "../../components/base/mod.ts";
import { missingRequirements, type ProcessIdentity } from "../../components/host/mod.ts";
import { AcknowledgedWrites } from "./acknowledged_writes.ts";
import { BUSYBOX, busyboxTar, IMAGE } from "./busybox_image.ts";
import { TestCluster, until } from "./cluster_fixture.ts";
import { answers, containerRun, processOfNode, rebootNode, startSurvivor } from "./node_reboot.ts";

const ROUNDS = 3;
const MOMENT_MILLISECONDS_MAXIMUM = 1_500;

const seed = Number(
  Deno.env.get("CORACLE_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]!,
);
const random = seededRandom(seed);
console.log(`crash: seed ${seed}`);

/** The moment is what is random, so this waits for nothing but time. */
const moment = () =>
  new Promise<void>((resolve) =>
    setTimeout(resolve, randomInteger(random, MOMENT_MILLISECONDS_MAXIMUM))
  );

async function killControlPlane(c: TestCluster): Promise<void> {
  const { stdout } = await c.coracle("status", "--output", "json");
  const { pid } = JSON.parse(stdout) as { pid: number };
  await moment();
  Deno.kill(pid, "SIGKILL");
}

Deno.test({
  name: `crash: kill -9 of the control plane, ${ROUNDS} times`,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const cluster = await TestCluster.start("hollow");
    try {
      const writes = new AcknowledgedWrites(cluster.kubeconfig);
      for (let round = 0; round < ROUNDS; round++) {
        const before = writes.count;
        await writes.during(() => killControlPlane(cluster));
        assert.ok(writes.count > before);
        await cluster.up();
        await writes.verify();
      }
    } finally {
      await cluster.stop();
    }
  },
});

const missing = await missingRequirements(Deno.uid() !== 0);
const reasons = [
  ...missing.programs.map((program) => `no ${program}`),
  ...missing.problems,
  ...await Deno.stat(BUSYBOX).then(() => [], () => [`no ${BUSYBOX}`]),
];
if (reasons.length > 0) console.log(`crash of nodes: skipped: ${reasons.join("; ")}`);

Deno.test({
  name: "crash: kill -9 of a node's process, of Podman's service and of a node's holder",
  ignore: reasons.length > 0,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    const cluster = await TestCluster.start("podman");
    try {
      await cluster.importImage(await busyboxTar(cluster.directory), IMAGE);
      await startSurvivor(cluster);
      const writes = new AcknowledgedWrites(cluster.kubeconfig);
      const restartsNothing = async (name: string, crash: () => Promise<void>) => {
        await t.step(name, async () => {
          const before = await containerRun(cluster);
          assert.ok(before !== undefined);
          await crash();
          await answers(cluster);
          assert.deepEqual(await containerRun(cluster), before);
          await writes.verify();
        });
      };
      await restartsNothing("the control plane's death restarts nothing", async () => {
        await writes.during(() => killControlPlane(cluster));
        const left = (await cluster.coracle("status")).stdout;
        assert.match(left, /^Left running: node-1 with 1 container; up goes on with them/m);
        await cluster.up();
        await renewed(cluster);
      });
      await restartsNothing("the node process' death restarts nothing", async () => {
        const node = await processOfNode(
          cluster,
          "process.json",
          (state) => state as ProcessIdentity,
        );
        await writes.during(async () => {
          await moment();
          Deno.kill(node.pid, "SIGKILL");
        });
        await renewed(cluster);
      });
      await restartsNothing("the death of Podman's service restarts nothing", async () => {
        const service = podmanServices(cluster);
        assert.ok(service.length > 0);
        await moment();
        for (const pid of service) Deno.kill(pid, "SIGKILL");
      });
      for (let round = 1; round <= ROUNDS; round++) {
        await t.step(`the holder's death is a reboot, ${round}`, async () => {
          await writes.during(async () => {
            await moment();
            await rebootNode(cluster);
          }, 1);
          await writes.verify();
        });
      }
      await t.step("stop ends what a killed control plane left running", async () => {
        await killControlPlane(cluster);
        const stopped = await cluster.coracle("stop");
        assert.equal(stopped.code, 0, stopped.stderr);
        assert.match(
          stopped.stdout,
          /ended what was left running: node-1 with \d+ containers?\.$/m,
        );
        assert.doesNotMatch((await cluster.coracle("status")).stdout, /Left running/);
      });
    } finally {
      await cluster.stop();
    }
  },
});

/** The node's own word from after now: its kubelet has looked. */
async function renewed(c: TestCluster): Promise<void> {
  const since = new Date().toISOString();
  await until("the node's lease is renewed", async () => {
    const time = await c.ok("get lease -n kube-node-lease -o jsonpath={.items[*].spec.renewTime}");
    return time > since ? true : undefined;
  }, 60);
}

/** Podman's services of this cluster's nodes: its directory's name is in their command lines and nobody else's. */
function podmanServices(c: TestCluster): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    try {
      const line = Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " ");
      if (line.includes("system service") && line.includes(`${c.directory}/data/nodes/`)) {
        found.push(Number(name));
      }
    } catch {
      // It has ended.
    }
  }
  return found;
}
