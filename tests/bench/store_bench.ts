/**
 * Measures the store alone: `deno run -A tests/bench/store_bench.ts [--directory DIR | --etcd URL[,URL]]`.
 * The directory decides which disk is measured; it must not exist yet and is removed again. With `--etcd` that etcd is
 * measured, under a prefix of its own, which stays.
 */
import { parseArgs } from "node:util";
import { silentLogger, systemClock } from "../../components/base/mod.ts";
import { openEtcdStore, openKvStore, type Store } from "../../components/storage/mod.ts";

const VALUE_BYTES = 2048;
const { values: flags } = parseArgs({
  args: Deno.args,
  options: { directory: { type: "string" }, etcd: { type: "string" } },
});
const directory = flags.directory ?? await Deno.makeTempDir({ prefix: "coracle-store-bench-" });
const options = { logger: silentLogger, clock: systemClock };
const endpoints = flags.etcd?.split(",");
const prefix = `/bench-${crypto.randomUUID()}`;
const open = (): Promise<Store> =>
  endpoints === undefined
    ? openKvStore({ directory, ...options })
    : openEtcdStore({ endpoints, prefix, ...options });
/** etcd is asked to do a fraction of what the file takes in the same time. */
const share = endpoints === undefined ? 1 : 0.2;

let store = await open();
const rows: Record<string, Record<string, string | number>> = {};
await measureWrites("create", 1, 2_000 * share);
await measureWrites("create", 64, 40_000 * share);
await measureWrites("create", 256, 40_000 * share);
await measureUpdates(64, 20_000 * share);
if (endpoints !== undefined) {
  await measureFresh(1, 2_000 * share);
  await measureFresh(64, 200_000 * share);
}
await measureList("list, warm or not", store);
await store.close();
const opening = performance.now();
store = await open();
rows["open with that history"] = { "p50 ms": round(performance.now() - opening) };
await measureList("list after reopening", store);
await store.close();
await Deno.remove(directory, { recursive: true });
console.table(rows);

async function measureWrites(name: string, writers: number, count: number): Promise<void> {
  let next = 0;
  await measure(`${name}, ${writers} writers`, writers, count, async () => {
    const key = `/registry/pods/${name}-${writers}/pod-${next++}`;
    await store.write({ op: "create", key, value: randomBytes(VALUE_BYTES) });
  });
}

/** What a read that must be fresh waits for, before it is answered from memory. */
async function measureFresh(readers: number, count: number): Promise<void> {
  const { freshRevision } = store;
  await measure(`fresh revision, ${readers} readers`, readers, count, async () => {
    await freshRevision.call(store);
  });
}

async function measureUpdates(writers: number, count: number): Promise<void> {
  const { entries } = await store.list("/registry/pods/create-64/", { limit: 5_000 });
  const revisions = new Map(entries.map((entry) => [entry.key, entry.revision]));
  const keys = [...revisions.keys()];
  let next = 0;
  await measure(`update, ${writers} writers`, writers, count, async () => {
    const key = keys[next++ % keys.length] as string;
    const revision = revisions.get(key) as number;
    const value = randomBytes(VALUE_BYTES);
    revisions.set(key, await store.write({ op: "update", key, value, revision }));
  });
}

async function measure(
  name: string,
  writers: number,
  count: number,
  once: () => Promise<void>,
): Promise<void> {
  const latencies: number[] = [];
  const started = performance.now();
  await Promise.all(Array.from({ length: writers }, async () => {
    for (let i = 0; i < count / writers; i++) {
      const before = performance.now();
      await once();
      latencies.push(performance.now() - before);
    }
  }));
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  rows[name] = {
    "per second": Math.round(latencies.length / seconds),
    "p50 ms": round(latencies[Math.floor(latencies.length * 0.5)] ?? 0),
    "p99 ms": round(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
  };
}

async function measureList(name: string, measured: Store): Promise<void> {
  const started = performance.now();
  const { entries } = await measured.list("/registry/pods/");
  const seconds = (performance.now() - started) / 1000;
  rows[name] = {
    "per second": Math.round(entries.length / seconds),
    entries: entries.length,
    "p50 ms": round(seconds * 1000),
  };
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
