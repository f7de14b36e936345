/** Two clusters with real nodes at once on one machine, neither of which takes the other's traffic. */
import assert from "node:assert/strict";
import { missingRequirements } from "../../components/host/mod.ts";
import { BUSYBOX, busyboxTar, IMAGE } from "./busybox_image.ts";
import { freePort } from "../free_port.ts";
import { run, TestCluster, until } from "./cluster_fixture.ts";

const rootless = Deno.uid() !== 0;
const missing = await missingRequirements(rootless);
const reasons = [
  ...missing.programs.map((program) => `no ${program}`),
  ...missing.problems,
  ...await Deno.stat(BUSYBOX).then(() => [], () => [`no ${BUSYBOX}`]),
];
if (reasons.length > 0) console.log(`two clusters: skipped: ${reasons.join("; ")}`);

const web = (text: string) => `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: "${IMAGE}"
    command: [sh, -c, 'mkdir /www; echo ${text} > /www/index.html; exec httpd -f -p 80 -h /www']
    readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80}]
`;

async function says(url: string, expected: string): Promise<true | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  return (await response.text()).trim() === expected ? true : undefined;
}

/** Asks each cluster's pod from the machine, in every way there is. */
async function askBoth(clusters: readonly TestCluster[]): Promise<void> {
  for (const [index, cluster] of clusters.entries()) {
    const name = `cluster-${index}`;
    const port = await cluster.ok("get service web -o jsonpath={.spec.ports[0].nodePort}");
    await until(`${name} at its node port`, () => says(`http://127.0.0.1:${port}/`, name));
    if (rootless) continue;
    await until(`${name} at its pod's address`, async () => {
      // A pod that was started again has another by and by.
      const address = await cluster.ok("get pod web -o jsonpath={.status.podIP}");
      return await says(`http://${address}/`, name);
    });
  }
}

Deno.test({
  name: `two clusters on one machine, ${rootless ? "rootless" : "as root"}`,
  ignore: reasons.length > 0,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    // Together, so that they choose at the same time.
    const clusters = await Promise.all([0, 1].map(() => TestCluster.start("podman")));
    const [first] = clusters;
    try {
      for (const [index, cluster] of clusters.entries()) {
        await cluster.importImage(await busyboxTar(cluster.directory), IMAGE);
        await until("the default service account", () => cluster.ok("get serviceaccount default"));
        await cluster.ok("apply -f -", web(`cluster-${index}`));
        await cluster.ok("wait --for=condition=Ready pod/web --timeout=60s");
      }
      await askBoth(clusters);
      const ranges = await Promise.all(
        clusters.map((cluster) => cluster.ok("get nodes -o jsonpath={.items[*].spec.podCIDR}")),
      );
      if (!rootless) {
        assert.equal(new Set(ranges).size, clusters.length, ranges.join());
        // A third that asks for what another has is told so.
        const directory = await Deno.makeTempDir({ prefix: "coracle-e2e-" });
        const [range = ""] = ranges;
        const refused = await run([
          `${new URL("../../", import.meta.url).pathname}deploy/coracle`,
          "up",
          "--data-dir",
          `${directory}/data`,
          "--listen",
          `127.0.0.1:${freePort()}`,
          "--cluster-cidr",
          range,
          "--kubeconfig",
          `${directory}/kubeconfig`,
        ]);
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, /is taken by another cluster .*--cluster-cidr/);
        await Deno.remove(directory, { recursive: true });
      }

      // One that ends and comes again keeps its range, and leaves the other alone.
      assert.ok(first !== undefined);
      const stopped = await first.coracle("stop");
      assert.equal(stopped.code, 0, stopped.stderr);
      await first.up();
      await first.ok("wait --for=condition=Ready pod/web --timeout=60s");
      await askBoth(clusters);
      assert.equal(await first.ok("get nodes -o jsonpath={.items[*].spec.podCIDR}"), ranges[0]);
    } finally {
      for (const cluster of clusters) await cluster.stop();
    }
  },
});
