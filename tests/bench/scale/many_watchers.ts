import { type Access, ApiClient } from "../api_client.ts";
import { percentiles, type Row } from "../measure.ts";
import { processorOf } from "./filling.ts";
import type { ServerProcess } from "./server_process.ts";

const WRITES_PER_SECOND = 10;
const SETTLE_MILLISECONDS = 30_000;
/** Watches that are opened at the same time. */
const OPENING = 32;
const MARK = '"example.com/seq":"';

export interface ManyWatchers {
  readonly row: Row;
  readonly openSeconds: number;
  /** Resident memory that came with each. */
  readonly bytesPerWatcher: number | undefined;
  /** Processor time of the server while events were sent, as a share of one core. */
  readonly coreShare: number | undefined;
}

/** Many watchers of one collection, each with its own connection, while one object of it is written ten times a second. */
export async function measureManyWatchers(
  access: Access,
  client: ApiClient,
  collection: { readonly path: string; readonly object: string },
  count: number,
  seconds: number,
  server: ServerProcess,
): Promise<ManyWatchers> {
  const { path, object } = collection;
  const writes = Math.max(1, Math.round(seconds * WRITES_PER_SECOND));
  const { metadata } = await client.json<{ metadata: { resourceVersion: string } }>(
    "GET",
    `${path}?limit=1`,
  );
  const before = await server.resident();
  const sent: number[] = [];
  const delays: number[] = [];
  const all = Promise.withResolvers<void>();
  const abort = new AbortController();
  const see = (text: string) => {
    const at = text.indexOf(MARK);
    if (at < 0) return;
    const start = at + MARK.length;
    delays.push(performance.now() - sent[Number(text.slice(start, text.indexOf('"', start)))]!);
    if (delays.length === count * writes) all.resolve();
  };
  const watchers = Array.from({ length: count }, () => new ApiClient(access));
  const url = `${path}?watch=true&resourceVersion=${metadata.resourceVersion}`;
  const opening = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: OPENING }, async () => {
    while (next < count) await watchers[next++]!.watch(url, abort.signal, see);
  }));
  const openSeconds = (performance.now() - opening) / 1000;
  const opened = await server.resident();

  let firstError: string | undefined;
  const started = performance.now();
  const [, used] = await server.during(async () => {
    for (let i = 0; i < writes; i++) {
      const wait = started + i * 1000 / WRITES_PER_SECOND - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const body = JSON.stringify({ metadata: { annotations: { "example.com/seq": `${i}` } } });
      sent[i] = performance.now();
      void client.request("PATCH", `${path}/${object}`, body, "application/merge-patch+json")
        .catch((error) => firstError ??= String(error));
    }
    const timeout = setTimeout(() => all.resolve(), SETTLE_MILLISECONDS);
    await all.promise;
    clearTimeout(timeout);
  });
  const took = (performance.now() - started) / 1000;
  abort.abort();
  for (const watcher of watchers) watcher.close();
  return {
    row: {
      name: `watch, ${count} watchers, ${WRITES_PER_SECOND} writes/s`,
      operations: delays.length,
      perSecond: delays.length / took,
      ...percentiles(delays),
      ...processorOf(used, delays.length),
      errors: count * writes - delays.length,
      ...(firstError === undefined ? {} : { firstError }),
    },
    openSeconds,
    bytesPerWatcher: before === undefined || opened === undefined
      ? undefined
      : (opened - before) * 1024 * 1024 / count,
    coreShare: used === undefined ? undefined : used / took,
  };
}
