/** The death of a node's holder: everything in the node dies with it, and the node boots. */
import assert from "node:assert/strict";
import { isAlive, type ProcessIdentity } from "../../components/host/mod.ts";
import { IMAGE } from "./busybox_image.ts";
import { type TestCluster, until } from "./cluster_fixture.ts";

const NODE = "node-1";

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: survivor}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: main, image: "${IMAGE}", command: [sleep, "1000000"]}
`;

/** A container as its status tells of it: equal before and after means that nothing restarted it. */
export interface ContainerRun {
  readonly containerID: string;
  readonly restartCount: number;
  readonly startedAt: string;
}

/** Starts the pod that is looked at and waits until it is ready. */
export async function startSurvivor(c: TestCluster): Promise<void> {
  await c.ok("wait --for=condition=Ready node --all --timeout=60s");
  await until("the default service account", async () => {
    await c.ok("get serviceaccount default");
    return true;
  });
  await c.ok("apply -f -", POD);
  await c.ok("wait --for=condition=Ready pod/survivor --timeout=60s");
}

/** What runs in the pod; undefined while nothing does. */
export async function containerRun(c: TestCluster): Promise<ContainerRun | undefined> {
  const { status } = JSON.parse(await c.ok("get pod survivor -o json")) as {
    status: {
      containerStatuses?: {
        containerID: string;
        restartCount: number;
        state: { running?: { startedAt: string } };
      }[];
    };
  };
  const [container] = status.containerStatuses ?? [];
  const startedAt = container?.state.running?.startedAt;
  if (container === undefined || startedAt === undefined) return undefined;
  const { containerID, restartCount } = container;
  return { containerID, restartCount, startedAt };
}

/** A command runs in the pod: API server, node and container reach each other. */
export async function answers(c: TestCluster): Promise<void> {
  await until("a command runs in the pod", async () => {
    assert.equal(await c.ok("exec survivor -- echo here"), "here\n");
    return true;
  }, 60);
}

/** A process that a file of the node's directory names. */
export async function processOfNode(
  c: TestCluster,
  file: string,
  select: (state: unknown) => ProcessIdentity,
): Promise<ProcessIdentity> {
  const path = `${c.directory}/data/nodes/${NODE}/${file}`;
  const identity = select(JSON.parse(await Deno.readTextFile(path)));
  assert.ok(await isAlive(identity), `${file} names a process that runs`);
  return identity;
}

/** Kills the node's holder and waits until its pod runs again. */
export async function rebootNode(c: TestCluster): Promise<void> {
  const before = await containerRun(c);
  assert.ok(before !== undefined, "the pod runs before the node's death");
  const holder = await processOfNode(
    c,
    "namespace.json",
    (state) => (state as { node: { holder: ProcessIdentity } }).node.holder,
  );
  Deno.kill(holder.pid, "SIGKILL");
  const after = await until("the pod runs again after the node's boot", async () => {
    const run = await containerRun(c);
    return run === undefined || run.containerID === before.containerID ? undefined : run;
  }, 90);
  assert.ok(after.restartCount > before.restartCount, "a boot counts as a restart");
  await answers(c);
}
