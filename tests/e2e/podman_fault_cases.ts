/** What is killed, stopped or started again, and what must not notice. */
import assert from "node:assert/strict";
import { type TestCluster, until } from "./cluster_fixture.ts";

type Check = (name: string, body: (cluster: TestCluster) => Promise<void>) => void;

interface Run {
  readonly id: string;
  readonly restarts: number;
  readonly startedAt: string;
}

/** Every running container, by pod and name. */
async function running(c: TestCluster): Promise<Map<string, Run>> {
  const { items } = JSON.parse(await c.ok("get pods -A -o json")) as {
    items: {
      metadata: { uid: string };
      status: {
        containerStatuses?: {
          name: string;
          containerID?: string;
          restartCount: number;
          state: { running?: { startedAt: string } };
        }[];
      };
    }[];
  };
  const found = new Map<string, Run>();
  for (const { metadata, status } of items) {
    for (const { name, containerID = "", restartCount, state } of status.containerStatuses ?? []) {
      if (state.running === undefined) continue;
      const { startedAt } = state.running;
      found.set(`${metadata.uid}/${name}`, { id: containerID, restarts: restartCount, startedAt });
    }
  }
  return found;
}

/** Processes of this machine whose command line has all of these words. */
function processes(...having: string[]): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    try {
      const line = Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " ");
      if (having.every((word) => line.includes(word))) found.push(Number(name));
    } catch {
      // It has ended.
    }
  }
  return found;
}

/** A command runs in a pod again, as soon as the node has its way to the API server again. */
const works = (c: TestCluster) =>
  until("a command runs in a pod", async () => {
    assert.equal(await c.ok("exec talker -- echo still here"), "still here\n");
    return true;
  });

async function controlPlane(c: TestCluster): Promise<number> {
  const { stdout } = await c.coracle("status", "--output", "json");
  return (JSON.parse(stdout) as { pid: number }).pid;
}

/** The nodes' own word, newer than `since`: that their kubelets live. */
async function renewed(c: TestCluster, since: string): Promise<void> {
  await until("the nodes' leases are renewed", async () => {
    const times = await c.ok("get lease -n kube-node-lease -o jsonpath={.items[*].spec.renewTime}");
    return times.split(" ").every((time) => time > since) ? true : undefined;
  }, 60);
}

export function faultCases(check: Check): void {
  check("kill -9 of the control plane restarts no container", async (c) => {
    const before = await running(c);
    assert.ok(before.size > 10);
    Deno.kill(await controlPlane(c), "SIGKILL");
    await c.up();
    await c.ok("wait --for=condition=Ready node --all --timeout=60s");
    await works(c);
    await renewed(c, new Date().toISOString());
    assert.deepEqual(await running(c), before);
  });

  check("kill -9 of the nodes' processes restarts no container", async (c) => {
    const before = await running(c);
    const killed = processes(`${c.directory}/data/nodes/`, "/node.json");
    assert.ok(killed.length > 0);
    for (const pid of killed) Deno.kill(pid, "SIGKILL");
    await renewed(c, new Date().toISOString());
    await works(c);
    assert.deepEqual(await running(c), before);
    // Sockets of a node lie in the node: none stays when it goes, nor of the process that was killed.
    for (const pid of processes(`${c.directory}/data/nodes/`, "/node.json")) {
      const sockets = [...Deno.readDirSync(`/proc/${pid}/root/run/coracle/sockets`)];
      assert.equal(sockets.filter(({ name }) => name.startsWith("door-")).length, 1);
    }
  });

  check("kill -9 of Podman's service restarts no container", async (c) => {
    const before = await running(c);
    const killed = processes("system service", `${c.directory}/data/nodes/`);
    assert.ok(killed.length > 0);
    for (const pid of killed) Deno.kill(pid, "SIGKILL");
    await works(c);
    assert.deepEqual(await running(c), before);
  });

  if (Deno.uid() !== 0) {
    check("kill -9 of slirp4netns: it is started again, and so is what it led to", async (c) => {
      const before = await running(c);
      const [slirp, ...more] = processes("slirp4netns", `${c.directory}/data/nodes/fabric/`);
      assert.ok(slirp !== undefined && more.length === 0);
      const since = new Date().toISOString();
      Deno.kill(slirp, "SIGKILL");
      await renewed(c, since);
      await works(c);
      const [again] = processes("slirp4netns", `${c.directory}/data/nodes/fabric/`);
      assert.ok(again !== undefined && again !== slirp);
      assert.deepEqual(await running(c), before);
    });
  }

  check("stop --keep-containers and up adopt what runs", async (c) => {
    const before = await running(c);
    assert.equal((await c.coracle("stop", "--keep-containers")).code, 0);
    await c.up();
    // Ready means that pods find Services by name, at once.
    await c.ok("exec talker -- nslookup kubernetes.default.svc.cluster.local");
    await c.ok("wait --for=condition=Ready node --all --timeout=60s");
    await works(c);
    await renewed(c, new Date().toISOString());
    assert.deepEqual(await running(c), before);
  });

  check("stop ends the containers; up runs the pods again", async (c) => {
    const before = await running(c);
    assert.equal((await c.coracle("stop")).code, 0);
    assert.deepEqual(processes(c.directory), []);
    await c.up();
    // What the API says of containers is old until their kubelets have looked.
    const after = await until("every container runs again", async () => {
      const now = await running(c);
      const isNew = [...before].every(([name, { id }]) =>
        now.has(name) && now.get(name)?.id !== id
      );
      return isNew ? now : undefined;
    }, 60);
    for (const [name, { restarts }] of before) {
      assert.equal(after.get(name)?.restarts, restarts + 1);
    }
    await works(c);
    await c.ok("rollout status deployment/web --timeout=60s");
  });

  check("the end leaves nothing behind", async (c) => {
    await c.stop();
    assert.deepEqual(processes(c.directory), []);
    const mounts = await Deno.readTextFile("/proc/self/mountinfo");
    assert.ok(!mounts.includes(c.directory), "a mount is left");
    await assert.rejects(Deno.stat(c.directory), Deno.errors.NotFound);
  });
}
