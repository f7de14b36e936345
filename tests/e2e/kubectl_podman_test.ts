/**
 * The real kubectl against a cluster whose nodes run containers under Podman: as root, and, run by an ordinary user,
 * rootless. All cases share one cluster and follow each other.
 */
import { missingRequirements } from "../../components/host/mod.ts";
import { BUSYBOX, busyboxTar, IMAGE } from "./busybox_image.ts";
import { TestCluster } from "./cluster_fixture.ts";
import { faultCases } from "./podman_fault_cases.ts";
import { podCases } from "./podman_pod_cases.ts";
import { serviceCases } from "./podman_service_cases.ts";

const NODES = 2;
const rootless = Deno.uid() !== 0;
const missing = await missingRequirements(rootless);
const reasons = [
  ...missing.programs.map((program) => `no ${program}`),
  ...missing.problems,
  ...await Deno.stat(BUSYBOX).then(() => [], () => [`no ${BUSYBOX}`]),
];
if (reasons.length > 0) console.log(`kubectl, podman: skipped: ${reasons.join("; ")}`);

let started: Promise<TestCluster> | undefined;
const cluster = () => started ??= start();

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start("podman", NODES);
  await cluster.importImage(await busyboxTar(cluster.directory), IMAGE);
  return cluster;
}

function check(name: string, body: (cluster: TestCluster) => Promise<void>): void {
  Deno.test({
    name: `kubectl, ${rootless ? "rootless podman" : "podman"}: ${name}`,
    ignore: reasons.length > 0,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => await body(await cluster()),
  });
}

podCases(check);
serviceCases(check);
faultCases(check);
