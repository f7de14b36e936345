/**
 * Measures how a Kubernetes API server carries many objects and many watchers:
 *
 *     deno run -A tests/bench/scale_bench.ts                  starts a hollow cluster of its own
 *     deno run -A tests/bench/scale_bench.ts --objects 1000 --watchers 50 --seconds 1      the same, quickly
 *     deno run -A tests/bench/scale_bench.ts --server URL --token T [--ca FILE] [--pid P]  measures one that runs
 *     deno run -A tests/bench/scale_bench.ts --kubeconfig FILE [--pid P]                   the same
 *
 * `--objects N` of them half ConfigMaps of 1 KB and half pods of 3 KB; `--watchers N`; `--seconds S` for each read;
 * `--directory D` where the own cluster keeps its data. Memory and processor time are those of the server's processes:
 * of the own cluster, or of the process that `--pid` names. Only the own cluster is started again.
 */
import { parseArgs } from "node:util";
import { ACCESS_FLAGS, givenAccess } from "./access_flags.ts";
import { type Access, ApiClient } from "./api_client.ts";
import { measureCustomResources } from "./custom_resources.ts";
import { printRows, type Row } from "./measure.ts";
import { type OwnCluster, startOwnCluster } from "./own_cluster.ts";
import { makeNamespace, pod, podName } from "./pods.ts";
import { measureEncodings } from "./scale/encodings.ts";
import { fill, type Filled } from "./scale/filling.ts";
import { measureManyWatchers } from "./scale/many_watchers.ts";
import { configMap, configMapName, smallConfigMap } from "./scale/objects.ts";
import { ServerProcess } from "./scale/server_process.ts";
import { measureWholeLife } from "./scale/whole_life.ts";

const CLIENTS = 32;
/** Until what an idle server holds no longer shrinks. */
const SETTLE_MILLISECONDS = 15_000;
/** As many bytes as the objects of the custom resource have. */
const CUSTOM_BYTES = 2_300;

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    ...ACCESS_FLAGS,
    objects: { type: "string", default: "50000" },
    watchers: { type: "string", default: "1000" },
    seconds: { type: "string", default: "5" },
    pid: { type: "string" },
    directory: { type: "string" },
  },
});
const half = Math.max(1, Math.floor(Number(flags.objects) / 2));
const seconds = Number(flags.seconds);
const rows: Row[] = [];
const facts: [string, string][] = [];

const given = await givenAccess(flags);
if (given !== undefined) {
  await run(given, new ServerProcess(flags.pid === undefined ? undefined : Number(flags.pid)));
} else {
  const directory = flags.directory ?? await Deno.makeTempDir({ prefix: "coracle-scale-" });
  await Deno.mkdir(directory, { recursive: true });
  let cluster: OwnCluster = await startOwnCluster(directory);
  try {
    facts.push(["ready, empty", `${cluster.readySeconds.toFixed(2)} s`]);
    await settled();
    await run(cluster.access, new ServerProcess(cluster.pid));
    await cluster.end();
    cluster = await startOwnCluster(directory, cluster.port);
    facts.push(["ready, with these objects", `${cluster.readySeconds.toFixed(2)} s`]);
    await settled();
    facts.push(["resident after the restart", `${(await cluster.resident()).toFixed(0)} MB`]);
  } finally {
    await cluster.end();
    if (flags.directory === undefined) await Deno.remove(directory, { recursive: true });
  }
}
const load = Deno.loadavg().map((each) => each.toFixed(1)).join(" ");
console.log(`\n${new Date().toISOString().slice(0, 16)}, load ${load}`);
console.log(
  `${navigator.hardwareConcurrency} cores, ${CLIENTS} clients over TLS: HTTP/2, HTTP/1.1 for bodies\n`,
);
printRows(rows);
console.log();
for (const [name, value] of facts) console.log(`${name.padEnd(42)}${value}`);
if (rows.some(({ errors }) => errors > 0)) Deno.exitCode = 1;

async function run(access: Access, server: ServerProcess): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, () => new ApiClient(access));
  const client = clients[0]!;
  const namespace = await makeNamespace(client);
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const idle = await server.resident();
  if (idle !== undefined) facts.push(["resident, idle", `${idle.toFixed(0)} MB`]);
  const fillings = [
    { name: "ConfigMaps", path: configMaps, objects: half, body: smallConfigMap },
    { name: "pods", path: pods, objects: half, body: pod },
  ];
  for (const filling of fillings) {
    const filled = await fill(clients, filling, server, settled);
    show(...filled.rows);
    if (filled.bytesPerObject !== undefined) facts.push(memoryOf(filling.name, filled));
  }
  show(...await measureEncodings(access, "pods", pods, half, podName, seconds, server));
  show(
    ...await measureEncodings(
      access,
      "ConfigMaps",
      configMaps,
      half,
      configMapName,
      seconds,
      server,
    ),
  );
  await watchers(access, client, { path: pods, object: podName(0) }, server);
  // Beside objects that have no schema of their own to be checked against.
  const beside = await makeNamespace(client);
  const path = `/api/v1/namespaces/${beside}/configmaps`;
  show(
    ...await measureWholeLife(clients, "ConfigMap of that size", path, seconds, {
      name: configMapName,
      body: (i) => configMap(i, CUSTOM_BYTES),
    }),
  );
  show(...await measureCustomResources(clients, beside, seconds));
  await client.request("DELETE", `/api/v1/namespaces/${beside}`);
  for (const each of clients) each.close();
}

async function watchers(
  access: Access,
  client: ApiClient,
  collection: { readonly path: string; readonly object: string },
  server: ServerProcess,
): Promise<void> {
  const count = Number(flags.watchers);
  const many = await measureManyWatchers(access, client, collection, count, 2 * seconds, server);
  show(many.row);
  facts.push([`${count} watches opened in`, `${many.openSeconds.toFixed(2)} s`]);
  if (many.bytesPerWatcher !== undefined) {
    facts.push(["resident memory a watcher", `${(many.bytesPerWatcher / 1024).toFixed(0)} KB`]);
  }
  if (many.coreShare !== undefined) {
    facts.push(["one core's share while they watch", `${(100 * many.coreShare).toFixed(0)} %`]);
  }
}

function memoryOf(name: string, { bytesPerObject, objectBytes }: Filled): [string, string] {
  const resident = ((bytesPerObject ?? 0) / 1024).toFixed(1);
  return [`resident memory, one of the ${name}`, `${resident} KB for ${objectBytes.toFixed(0)} B`];
}

function show(...more: readonly Row[]): void {
  for (const row of more) {
    rows.push(row);
    console.error(`${row.name}: ${row.perSecond.toFixed(1)}/s`);
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
}
