/**
 * Measures a Kubernetes API server, this project's own or any other:
 *
 *     deno task bench                                       starts a hollow cluster of its own
 *     deno task bench --server URL --token T [--ca FILE]    measures one that runs
 *     deno task bench --kubeconfig FILE                     the same; certificates work too
 *
 * `--seconds S` is how long each read runs, `--directory D` where the own cluster keeps its data (the disk decides how
 * fast writes are). 32 clients, each with connections of its own over TLS (HTTP/2, HTTP/1.1 for bodies); JSON both
 * ways. The load generator is this process: where the server is on the same machine it takes its share of the cores.
 */
import { parseArgs } from "node:util";
import { ACCESS_FLAGS, givenAccess } from "./access_flags.ts";
import { type Access, ApiClient } from "./api_client.ts";
import { measureCustomResources } from "./custom_resources.ts";
import { printRows, type Row } from "./measure.ts";
import { type OwnCluster, startOwnCluster } from "./own_cluster.ts";
import { makeNamespace } from "./pods.ts";
import { measureGet, measureList, measureListByLabel } from "./reads.ts";
import { measureWatch } from "./watches.ts";
import { measureApply, measureCreate, measureDelete, measureMergePatch } from "./writes.ts";

const CLIENTS = 32;
/** Since the start; by then the garbage of the start is collected, and what is resident is what an idle one needs. */
const IDLE_MILLISECONDS = 60_000;

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    ...ACCESS_FLAGS,
    seconds: { type: "string", default: "3" },
    directory: { type: "string" },
  },
});

const given = await givenAccess(flags);
if (given !== undefined) {
  await run(given);
} else {
  const directory = flags.directory ?? await Deno.makeTempDir({ prefix: "coracle-bench-" });
  await Deno.mkdir(directory, { recursive: true });
  const cluster = await startOwnCluster(directory);
  try {
    await run(cluster.access, cluster);
  } finally {
    await cluster.end();
    if (flags.directory === undefined) await Deno.remove(directory, { recursive: true });
  }
}

async function run(access: Access, own?: OwnCluster): Promise<void> {
  if (own !== undefined) await new Promise((resolve) => setTimeout(resolve, IDLE_MILLISECONDS));
  const idle = await own?.resident();
  const clients = Array.from({ length: CLIENTS }, () => new ApiClient(access));
  const { gitVersion } = await clients[0]!.json<{ gitVersion: string }>("GET", "/version");
  const namespace = await makeNamespace(clients[0]!);
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const seconds = Number(flags.seconds);

  const rows: Row[] = [];
  const parts: (() => Promise<Row>)[] = [
    () => measureCreate(clients, pods),
    () => measureGet(clients, pods, seconds),
    () => measureList(clients, pods, seconds),
    () => measureListByLabel(clients, pods, seconds),
    () => measureWatch(access, clients, pods),
    () => measureMergePatch(clients, pods),
    () => measureApply(clients, pods),
    () => measureDelete(clients, pods),
  ];
  for (const part of parts) {
    const row = await part();
    rows.push(row);
    console.error(`${row.name}: ${row.perSecond.toFixed(0)}/s`);
  }
  rows.push(...await measureCustomResources(clients, namespace, seconds));
  const after = await own?.resident();
  if (own !== undefined) await new Promise((resolve) => setTimeout(resolve, IDLE_MILLISECONDS));
  const later = await own?.resident();
  await clients[0]!.request("DELETE", `/api/v1/namespaces/${namespace}`);
  for (const client of clients) client.close();

  const credential = access.token === undefined ? "client certificate" : "bearer token";
  const cores = navigator.hardwareConcurrency;
  console.log(`\n${gitVersion}, ${new Date().toISOString().slice(0, 10)}, ${cores} cores`);
  console.log(`JSON, ${credential}, ${CLIENTS} clients over TLS: HTTP/2, HTTP/1.1 for bodies\n`);
  printRows(rows);
  if (own !== undefined && idle !== undefined && after !== undefined && later !== undefined) {
    console.log(`\nAPI server ready            ${own.readySeconds.toFixed(2)} s`);
    console.log(`default service account     ${own.serviceAccountSeconds.toFixed(2)} s`);
    console.log(`resident, idle              ${idle.toFixed(0)} MB (its hollow node included)`);
    console.log(`resident, after the run     ${after.toFixed(0)} MB`);
    console.log(`resident, a minute later    ${later.toFixed(0)} MB`);
  }
  if (rows.some(({ errors }) => errors > 0)) Deno.exitCode = 1;
}
