import { type Random, randomInteger } from "../../components/base/mod.ts";
import { missingRequirements } from "../../components/host/mod.ts";
import { AcknowledgedWrites } from "../e2e/acknowledged_writes.ts";
import { BUSYBOX, busyboxTar, IMAGE } from "../e2e/busybox_image.ts";
import { TestCluster } from "../e2e/cluster_fixture.ts";
import { rebootNode, startSurvivor } from "../e2e/node_reboot.ts";
import type { SoakTask } from "./task.ts";

/** Ten rounds are fifty reboots. */
const REBOOTS_A_ROUND = 5;
const MOMENT_MILLISECONDS_MAXIMUM = 3_000;

interface Place {
  readonly cluster: TestCluster;
  readonly writes: AcknowledgedWrites;
  reboots: number;
}

let place: Place | undefined;

/** A node under Podman loses its holder at some moment: it boots, its pod runs again and no acknowledged write is lost. */
export const nodeReboots: SoakTask = {
  name: "reboots of a node",
  async run(random) {
    const missing = await missingRequirements(Deno.uid() !== 0);
    const reasons = [...missing.programs.map((program) => `no ${program}`), ...missing.problems];
    if (!await Deno.stat(BUSYBOX).then(() => true, () => false)) reasons.push(`no ${BUSYBOX}`);
    if (reasons.length > 0) return `skipped: ${reasons.join("; ")}`;

    const { cluster, writes } = place ??= await open();
    for (let i = 0; i < REBOOTS_A_ROUND; i++) {
      await writes.during(() => rebootAtSomeMoment(cluster, random), 1);
      await writes.verify();
      place.reboots++;
    }
    const { count } = writes;
    await writes.forget();
    return `${place.reboots} reboots, ${count} writes acknowledged, all found`;
  },
  async end() {
    const { cluster } = place ?? {};
    place = undefined;
    await cluster?.stop();
  },
};

async function open(): Promise<Place> {
  const cluster = await TestCluster.start("podman");
  try {
    await cluster.importImage(await busyboxTar(cluster.directory), IMAGE);
    await startSurvivor(cluster);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return { cluster, writes: new AcknowledgedWrites(cluster.kubeconfig), reboots: 0 };
}

async function rebootAtSomeMoment(cluster: TestCluster, random: Random): Promise<void> {
  await new Promise((resolve) =>
    setTimeout(resolve, randomInteger(random, MOMENT_MILLISECONDS_MAXIMUM))
  );
  await rebootNode(cluster);
}
